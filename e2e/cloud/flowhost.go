package cloud

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/e2e/dump"
	"github.com/flowhost/flowhost/e2e/parity"
	"github.com/flowhost/flowhost/e2e/standin"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// settle is how long anything may take to be in the switch, on a machine that does other things, too.
const settle = 60 * time.Second

// Programs is the folder that machines have flowhost's programs in: those of [Flowhosts].
const Programs = "/opt/flowhost"

// Flowhosts are the programs that [Node.TakeOver] and [Node.StartFlowhost] need, for ovstest.Build.
func Flowhosts() map[string]string {
	const module = "github.com/flowhost/flowhost/"
	programs := map[string]string{"flowhost": module + "cmd/host"}
	for _, name := range standin.Alone {
		programs["flowhost-plugin-"+name] = module + "plugins/" + name
	}
	return programs
}

// configure says which plugins flowhost has: their flows are ovn-controller's, and one that was killed is back within a second.
func (n *Node) configure(t testing.TB, plugins []string) {
	t.Helper()
	text := "bridge: br-int\nplugins:\n"
	for _, name := range plugins {
		text += fmt.Sprintf("- {name: %s, path: %s, args: [%s], backoff-max: 1s}\n",
			name, standin.Path(Programs, name), strings.Join(standin.Args(name), ", "))
	}
	n.Run(t, "mkdir -p /run/flowhost; cat >/run/flowhost/config.yaml <<'end'\n"+text+"end\n")
	n.SetPrograms(Programs)
}

// StartFlowhost starts flowhost with all that a node needs, and waits until it has installed what there is: on a node that never had an
// ovn-controller.
func (n *Node) StartFlowhost(t testing.TB) {
	t.Helper()
	n.configure(t, standin.Alone)
	n.Start(t, Flowhost)
	n.await(t)
}

// TakeOver ends ovn-controller with SIGKILL, which leaves all that it has made, empties br-int, and starts flowhost with OVN's sources. What
// is no source's stays as ovn-controller has left it: which ports are bound to the node, its tunnels, and the zones of conntrack. The
// flows must be those that ovn-controller had.
func (n *Node) TakeOver(t testing.TB) {
	t.Helper()
	n.Run(t, "ovn-appctl -t ovn-controller inc-engine/recompute") // what it comes to step by step is not always that
	n.AwaitController(t, 1)                                       // it has, when it answers again
	before := n.side(t)
	n.keepPorts(t)
	n.Signal(t, Controller, "KILL")
	delete(n.daemons, Controller)
	n.Run(t, "for what in flows groups meters; do ovs-ofctl -O OpenFlow15 del-$what br-int; done")
	n.configure(t, standin.Sources)
	n.Start(t, Flowhost)
	n.await(t)
	for _, d := range parity.Compare(n.side(t), before, nil, nil).Differences {
		t.Errorf("on %s, %v:\nflowhost's       %v\novn-controller's %v", n.Name, d.Outcome, d.Ours, d.Theirs)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// side is what br-int has, as it is compared.
func (n *Node) side(t testing.TB) *parity.Side {
	t.Helper()
	has, err := dump.Read(func(program string, args ...string) (string, error) {
		return n.Try(program + " " + strings.Join(args, " "))
	}, "br-int")
	if err != nil {
		t.Fatal(err)
	}
	side, err := parity.ReadSide(has)
	if err != nil {
		t.Fatal(err)
	}
	return side
}

// keepPorts has ports keep their numbers when ovs-vswitchd is started again: the file has them.
func (n *Node) keepPorts(t testing.TB) {
	t.Helper()
	n.Run(t, `ovs-vsctl --timeout=30 $(for port in $(ovs-vsctl list-ports br-int); do
		echo -- set Interface $port ofport_request=$(ovs-vsctl get Interface $port ofport)
	done)`)
}

// SetPrograms says from which folder of programs flowhost is started.
func (n *Node) SetPrograms(folder string) {
	n.daemons[Flowhost] = fmt.Sprintf(`sed -i 's,path: .*/,path: %[1]s/,' /run/flowhost/config.yaml
		setsid %[1]s/flowhost run --config=/run/flowhost/config.yaml --state-dir=/run/flowhost/state --pidfile=%[2]s \
		>>/run/log/flowhost.log 2>&1 </dev/null &
		for try in $(seq 100); do if %[1]s/flowhost status >/dev/null 2>&1; then break; fi; sleep 0.1; done`, folder, pidfile(Flowhost))
}

// Status is what the node's `flowhost status` says.
func (n *Node) Status() (s admin.Status, err error) {
	out, err := n.Try(Programs + "/flowhost status -o json || true") // it exits with 1 when it is not ready
	if err == nil {
		err = json.Unmarshal([]byte(out), &s)
	}
	return s, err
}

// AwaitFlowhost waits until flowhost has so many flows installed, all of them wanted by plugins that run.
func (n *Node) AwaitFlowhost(t testing.TB, flows int) {
	t.Helper()
	ovstest.Eventually(t, settle, func() error { return n.flowhostLacks(flows) })
}

// Lacks is an error while the node lacks something of so many flows: nil once flowhost has them all installed, and nothing is amiss; where
// there is ovn-controller instead, once that has both databases, and br-int so many flows.
func (n *Node) Lacks(flows int) error {
	if n.daemons[Flowhost] != "" {
		return n.flowhostLacks(flows)
	}
	return n.controllerLacks(flows)
}

func (n *Node) flowhostLacks(flows int) error {
	s, err := n.amiss()
	if err == nil && s.Flows.Installed != flows {
		err = fmt.Errorf("flowhost on %s has %d flows installed, not %d", n.Name, s.Flows.Installed, flows)
	}
	return err
}

// amiss is an error until flowhost has all flows installed that plugins want which run, and nothing more is amiss.
func (n *Node) amiss() (admin.Status, error) {
	s, err := n.Status()
	if err != nil {
		return s, err
	}
	f := s.Flows
	if !s.Ready || s.Switch.Phase != "steady" || f.Pending+f.Quarantined+f.Stale+f.Held+f.Orphans+f.Lingering > 0 {
		err = fmt.Errorf("flowhost on %s says %+v", n.Name, s)
	}
	return s, err
}

// await waits until nothing is amiss.
func (n *Node) await(t testing.TB) {
	t.Helper()
	ovstest.Eventually(t, settle, func() error {
		_, err := n.amiss()
		return err
	})
}

// KillPlugin kills a plugin of flowhost's.
func (n *Node) KillPlugin(t testing.TB, name string) {
	t.Helper()
	s, err := n.Status()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Plugins {
		if p.Name == name && p.PID != 0 {
			n.Run(t, fmt.Sprintf("kill -KILL %d", p.PID))
			return
		}
	}
	t.Fatalf("%s has no plugin %s that runs: %+v", n.Name, name, s)
}

// AwaitController waits until ovn-controller has both databases, and br-int so many flows.
func (n *Node) AwaitController(t testing.TB, flows int) {
	t.Helper()
	ovstest.Eventually(t, settle, func() error { return n.controllerLacks(flows) })
}

func (n *Node) controllerLacks(flows int) error {
	out, err := n.Try("ovn-appctl -t ovn-controller connection-status")
	if err != nil {
		return err
	}
	has, err := n.FlowCount()
	if err == nil && (has < flows || out != "connected\n") {
		err = fmt.Errorf("ovn-controller on %s is %s with %d flows; want %d", n.Name, out, has, flows)
	}
	return err
}
