package packets

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/e2e/cloud"
	"github.com/flowhost/flowhost/e2e/machine"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// A scene is two nodes and a network:
//
//	a, b (hv1), c (hv2) ── ls0 ─┐
//	                            ├─ lr0 ── public ── outside (hv1)
//	      d (hv1), e (hv2) ── ls1 ─┘
//
// The port of lr0 at public is on hv1, too: what goes out from hv2 takes the way by there.
type scene struct {
	*cloud.Cloud
	who                    string // is at work on the nodes now
	a, b, c, d, e, outside *cloud.Workload
}

// Addresses that are nobody's own.
const (
	shared    = "172.16.0.100" // all that go out
	forE      = "172.16.0.101" // e
	hairpinIP = "10.9.9.10"    // b, as the only backend
	virtual   = "10.9.9.9:80"  // b and c
	virtualB  = hairpinIP + ":80"
)

// ip is a workload's address without the prefix.
func ip(w *cloud.Workload) string { a, _, _ := strings.Cut(w.Address, "/"); return a }

// newScene makes the network, and has start start what makes a chassis of each node. All ports must come up, and both nodes acknowledge.
func newScene(t *testing.T, start func(*cloud.Node, testing.TB)) *scene {
	programs, folder := cloud.Flowhosts(), t.TempDir()
	programs["caller"] = cloud.Caller
	ovstest.Build(t, folder, programs)
	s := &scene{Cloud: cloud.Start(t, machine.Start(t, folder), 2)}
	s.network(t)
	hv1, hv2 := s.Nodes[0], s.Nodes[1]
	s.a, s.b, s.c = s.plug(t, hv1, "ls0", "a", 1), s.plug(t, hv1, "ls0", "b", 2), s.plug(t, hv2, "ls0", "c", 3)
	s.d, s.e = s.plug(t, hv1, "ls1", "d", 4), s.plug(t, hv2, "ls1", "e", 5)
	s.outside = s.plug(t, hv1, "public", "outside", 6)
	s.b.Serve(t, 81)
	s.Central.NB(t, "acl-add ls0 to-lport 900 ip4 allow-related",
		`acl-add ls0 to-lport 1000 'outport == "b" && tcp.dst == 81' drop`,
		"lr-nat-add lr0 snat "+shared+" 10.0.0.0/16", "lr-nat-add lr0 dnat_and_snat "+forE+" "+ip(s.e),
		"lb-add lb0 "+virtual+" "+backends(s.b, s.c), "lb-add lb1 "+virtualB+" "+backends(s.b),
		"ls-lb-add ls0 lb0", "ls-lb-add ls1 lb0", "ls-lb-add ls0 lb1")
	for _, n := range s.Nodes {
		start(n, t)
	}
	var up []string
	for _, w := range []*cloud.Workload{s.a, s.b, s.c, s.d, s.e, s.outside} {
		up = append(up, "wait-until Logical_Switch_Port "+w.Name+" up=true") // before, there may be no chassis to wait for
	}
	s.Central.Run(t, "ovn-nbctl --timeout=60 "+strings.Join(up, " -- ")+"\novn-nbctl --wait=hv --timeout=60 sync")
	return s
}

// subnets are the first three bytes of the switches' addresses.
var subnets = map[string]string{"ls0": "10.0.0", "ls1": "10.0.1", "public": "172.16.0"}

// network makes the switches and the router.
func (s *scene) network(t *testing.T) {
	commands := []string{"lr-add lr0"}
	for i, ls := range []string{"ls0", "ls1", "public"} {
		toRouter, toSwitch := ls+"-lr0", "lr0-"+ls
		commands = append(commands, "ls-add "+ls, fmt.Sprintf("lrp-add lr0 %s 0a:ff:00:00:00:0%d %s.254/24", toSwitch, i, subnets[ls]),
			"lsp-add "+ls+" "+toRouter, "lsp-set-type "+toRouter+" router", "lsp-set-addresses "+toRouter+" router",
			"lsp-set-options "+toRouter+" router-port="+toSwitch)
	}
	s.Central.NB(t, append(commands, "lrp-set-gateway-chassis lr0-public "+s.Nodes[0].Name)...)
}

// plug makes a workload that serves, and its port.
func (s *scene) plug(t *testing.T, n *cloud.Node, ls, name string, number int) *cloud.Workload {
	p := cloud.Port{Name: name, MAC: fmt.Sprintf("0a:00:00:00:00:0%d", number),
		Address: fmt.Sprintf("%s.%d/24", subnets[ls], number), Gateway: subnets[ls] + ".254"}
	w := n.Workload(t, p)
	s.Central.NB(t, "lsp-add "+ls+" "+name, fmt.Sprintf("lsp-set-addresses %s '%s %s'", name, p.MAC, ip(w)))
	w.Serve(t, 80)
	return w
}

func backends(of ...*cloud.Workload) string {
	var all []string
	for _, w := range of {
		all = append(all, ip(w)+":80")
	}
	return strings.Join(all, ",")
}

// balance says who answers at the virtual address.
func (s *scene) balance(t *testing.T, among ...*cloud.Workload) {
	t.Helper()
	s.Central.NB(t, "--may-exist lb-add lb0 "+virtual+" "+backends(among...))
}

// translate says for whom the address stands that is e's at first.
func (s *scene) translate(t *testing.T, to *cloud.Workload) {
	t.Helper()
	s.Central.NB(t, "set NAT $(ovn-nbctl --bare --columns=_uuid find NAT type=dnat_and_snat) logical_ip="+ip(to))
}
