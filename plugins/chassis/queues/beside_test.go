package queues

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
)

// scripts change the northbound database, and both nodes alike.
var scripts = []struct {
	name     string
	nb, node [][]string // arguments of ovn-nbctl and of ovs-vsctl
	queues   int        // that the device has then
	// alone: ovn-controller 23.03 is not compared with. When one port changes it forgets the queues of all others. In other steps the port
	// that was changed last is therefore changed again, in an option that means nothing.
	alone bool
}{
	{
		name: "a port of three rates",
		nb: [][]string{
			{"ls-add", "ls0"}, {"lsp-add", "ls0", "vif0"}, {"lsp-add", "ls0", "vif1"}, {"lsp-add", "ls0", "far"},
			{"lsp-add", "ls0", "ln"}, {"lsp-set-type", "ln", "localnet"}, {"lsp-set-options", "ln", "network_name=a"},
			{"lsp-set-options", "far", "qos_max_rate=1000000"},
			{"lsp-set-options", "vif0", "qos_max_rate=1000000", "qos_min_rate=500000", "qos_burst=2000000"},
		},
		node: [][]string{
			{"add-br", "br-a", "--", "set", "Bridge", "br-a", "datapath_type=netdev"},
			{"set", "Open_vSwitch", ".", "external_ids:ovn-bridge-mappings=a:br-a"},
			{"add-port", "br-a", "phy", "--", "set", "Interface", "phy", "external_ids:ovn-egress-iface=true"},
			{"add-port", "br-int", "tap0", "--", "set", "Interface", "tap0", "external_ids:iface-id=vif0"},
			{"add-port", "br-int", "tap1", "--", "set", "Interface", "tap1", "external_ids:iface-id=vif1"},
		},
		queues: 1,
	},
	{name: "a highest rate", nb: [][]string{{"lsp-set-options", "vif0", "qos_max_rate=3000000"}}, queues: 1},
	{name: "a lowest rate", nb: [][]string{{"lsp-set-options", "vif0", "qos_min_rate=7000000", "qos_burst=100000"}}, queues: 1},
	{name: "two", nb: [][]string{{"lsp-set-options", "vif1", "qos_min_rate=7000000"}}, queues: 2, alone: true},
	{name: "one unplugged", node: [][]string{{"del-port", "tap0"}}, queues: 1, alone: true},
	{name: "none", nb: [][]string{{"lsp-set-options", "vif1"}}, alone: true},
	{name: "a localnet port's", nb: [][]string{{"lsp-set-options", "ln", "network_name=a", "qos_max_rate=5000000"}}, queues: 1},
	{name: "none again", nb: [][]string{{"lsp-set-options", "ln", "network_name=a"}}, alone: true},
}

// The device has the queues that ovn-controller gives it for the same southbound database, step by step. It runs on an Open vSwitch of
// its own, and in a network namespace of its own, where the device is.
func TestBesideController(t *testing.T) {
	ovstest.Need(t, "tc")
	his := start(t, ovstest.Options{OVN: true})
	ours := start(t, ovstest.Options{SB: his.SB()})
	his.StartController(t)
	live := dutytest.Start(t, [2]string{ours.OVSDB(), ours.SB()}, ovstest.Bridge, Tables(), func(state *local.State) duty.Duty {
		return New(state, hclog.NewNullLogger())
	})
	for _, step := range scripts {
		for _, s := range []*ovstest.Sandbox{his, ours} {
			for _, args := range step.node {
				s.Vsctl(t, args...)
			}
		}
		for _, args := range step.nb {
			his.Nbctl(t, append([]string{"--wait=hv"}, args...)...)
		}
		pokes := 0
		ovstest.Eventually(t, 15*time.Second, func() error {
			live.Settle()
			got := classes(t, ours)
			theirs := got
			if !step.alone {
				pokes++
				last := step.nb[len(step.nb)-1]
				his.Nbctl(t, slices.Concat([]string{"--wait=hv"}, last, []string{fmt.Sprint("poke=", pokes)})...)
				theirs = classes(t, his)
			}
			if diff := cmp.Diff(theirs, got); diff != "" || len(got) != step.queues {
				return fmt.Errorf("%s: want %d queues, have %q; ovn-controller's (-) and ours (+) differ: %s", step.name, step.queues, got, diff)
			}
			return nil
		})
	}
	if rows := ours.Vsctl(t, "list", "QoS") + ours.Vsctl(t, "list", "Queue"); strings.TrimSpace(rows) != "" {
		t.Errorf("rows are left:\n%s", rows)
	}
}

// start starts a sandbox in a network namespace with the devices tap0, tap1 and phy.
func start(t *testing.T, options ovstest.Options) *ovstest.Sandbox {
	options.Namespace, options.Datapath = ovstest.NewNamespace(t), ovstest.Netdev
	for _, device := range []string{"tap0", "tap1", "phy"} {
		options.Namespace.IP(t, "link", "add", device, "type", "veth", "peer", "name", device+"p")
		options.Namespace.IP(t, "link", "set", device, "up")
	}
	return ovstest.Start(t, options)
}

// classes are the queues of the device as the kernel has them, sorted; without class 1:1, queue 0, which ovs-vswitchd makes for what is in no
// queue, and ovn-controller does not.
func classes(t *testing.T, s *ovstest.Sandbox) (list []string) {
	t.Helper()
	var out string
	err := s.Options.Namespace.Do(func() (err error) {
		out, err = s.Run("tc", "-d", "class", "show", "dev", "phy")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out) {
		if strings.Contains(line, "parent") && !strings.Contains(line, "htb 1:1 ") { // without a parent it is the root
			list = append(list, strings.TrimSpace(line))
		}
	}
	slices.Sort(list)
	return list
}
