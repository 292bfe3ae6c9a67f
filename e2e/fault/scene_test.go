package fault

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/e2e/cloud"
	"github.com/flowhost/flowhost/e2e/machine"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// A scene is three nodes: one that flowhost is alone on, one that ovn-controller is, and one that nothing happens to, also ovn-controller's.
// The first two have the same workloads, and a ping between two of the same node, and through a router to the third: this one needs a MAC binding.
type scene struct {
	*cloud.Cloud
	own, theirs side
	outside     *cloud.Workload
}

// A side is one that is broken.
type side struct {
	*cloud.Node
	a, b  *cloud.Workload
	flows int // that br-int has, when all is well
}

// bulk is how many ACLs of a thousand flows there are: what ovn-controller needs at its start grows with them.
func bulk() int {
	if os.Getenv("FLOWHOST_SOAK") == "1" {
		return 50
	}
	return 10
}

// Addresses of workloads: 10.0.0.N in ls0, N being 1 and 2 on the first node, 3 and 4 on the second; and outside, on the third, in ls1.
const outside, outsideMAC = "10.0.1.1", "0a:00:00:00:01:01"

func port(n int) cloud.Port {
	return cloud.Port{
		Name: fmt.Sprintf("w%d", n), MAC: fmt.Sprintf("0a:00:00:00:00:%02d", n), Address: fmt.Sprintf("10.0.0.%d/24", n), Gateway: "10.0.0.254",
	}
}

// address is a workload's without the prefix.
func address(w *cloud.Workload) string { a, _, _ := strings.Cut(w.Address, "/"); return a }

func newScene(t *testing.T) *scene {
	folder := t.TempDir()
	ovstest.Build(t, folder, cloud.Flowhosts())
	if wanted(clockSet) {
		buildWithClock(t, folder)
	}
	s := &scene{Cloud: cloud.Start(t, machine.Start(t, folder), 3)}
	s.network(t)
	s.outside = s.Nodes[2].Workload(t, cloud.Port{Name: "outside", MAC: outsideMAC, Address: outside + "/24", Gateway: "10.0.1.254"})
	for i, side := range []*side{&s.own, &s.theirs} {
		side.Node = s.Nodes[i]
		side.a, side.b = side.Workload(t, port(2*i+1)), side.Workload(t, port(2*i+2))
	}
	s.own.StartFlowhost(t)
	for _, n := range s.Nodes[1:] {
		n.StartController(t)
	}
	s.Central.Run(t, "ovn-nbctl --wait=hv --timeout=60 sync")
	for _, side := range s.sides() {
		side.a.Ping(t, address(side.b), 30*time.Second)
		side.a.Ping(t, outside, 30*time.Second)
		var err error
		if side.flows, err = side.FlowCount(); err != nil || side.flows < 1000*bulk() {
			t.Fatalf("%d flows on %s: %v", side.flows, side.Name, err)
		}
	}
	return s
}

// network makes two switches and a router. What is outside has no address of its own in OVN, but a static MAC binding.
func (s *scene) network(t *testing.T) {
	commands := []string{"lr-add lr0"}
	for i := range 2 {
		commands = append(commands, strings.Split(strings.ReplaceAll("ls-add ls# -- lrp-add lr0 lr0-ls# 0a:ff:00:00:00:0# 10.0.#.254/24 -- "+
			"lsp-add ls# ls#-lr0 -- lsp-set-type ls#-lr0 router -- lsp-set-addresses ls#-lr0 router -- "+
			"lsp-set-options ls#-lr0 router-port=lr0-ls#", "#", fmt.Sprint(i)), " -- ")...)
	}
	for n := 1; n <= 4; n++ {
		p := port(n)
		ip, _, _ := strings.Cut(p.Address, "/")
		commands = append(commands, "lsp-add ls0 "+p.Name, fmt.Sprintf("lsp-set-addresses %s '%s %s'", p.Name, p.MAC, ip))
	}
	commands = append(commands, "lsp-add ls1 outside", "lsp-set-addresses outside "+outsideMAC,
		fmt.Sprintf("static-mac-binding-add lr0-ls1 %s %s", outside, outsideMAC),
		"meter-add slow drop 100 pktps", "--log --meter=slow --name=log acl-add ls0 to-lport 900 udp.dst==9 allow")
	s.Central.NB(t, commands...)
	for list := range bulk() {
		var addresses []string
		for i := range 1000 {
			addresses = append(addresses, fmt.Sprintf("10.%d.%d.%d", 100+list, i>>8, i&255))
		}
		s.Central.NB(t, fmt.Sprintf("create Address_Set name=as%d addresses=%s", list, strings.Join(addresses, ",")),
			fmt.Sprintf("acl-add ls0 from-lport 1000 'ip4.src == $as%d && tcp.dst == %d' drop", list, 1+list))
	}
}
