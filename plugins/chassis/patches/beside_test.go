package patches

import (
	"slices"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
)

var scripts = []dutytest.Step{
	{
		Name: "localnet ports of local and other switches",
		NB: [][]string{
			{"ls-add", "ls0"}, {"lsp-add", "ls0", "vif0"}, {"ls-add", "ls1"}, {"lsp-add", "ls1", "vif1"},
			{"lsp-add", "ls0", "ln-a"}, {"lsp-set-type", "ln-a", "localnet"}, {"lsp-set-options", "ln-a", "network_name=a"},
			{"lsp-add", "ls0", "ln-b"}, {"lsp-set-type", "ln-b", "localnet"}, {"lsp-set-options", "ln-b", "network_name=b"},
			{"lsp-add", "ls1", "a localnet:port of no short name"}, {"lsp-set-type", "a localnet:port of no short name", "localnet"},
			{"lsp-set-options", "a localnet:port of no short name", "network_name=a"},
			{"lsp-add", "ls0", "gw"}, {"lsp-set-type", "gw", "l2gateway"}, {"lsp-set-options", "gw", "network_name=a", "l2gateway-chassis=hv1"},
			{"lsp-add", "ls0", "far"}, {"lsp-set-type", "far", "l2gateway"}, {"lsp-set-options", "far", "network_name=a", "l2gateway-chassis=hv2"},
		},
		Node: [][]string{
			{"set", "Open_vSwitch", ".", "external_ids:ovn-bridge-mappings=a:br-a,c:br-c"},
			{"add-port", "br-int", "tap0", "--", "set", "Interface", "tap0", "external_ids:iface-id=vif0"},
		},
	},
	{Name: "both switches are local", Node: [][]string{{"add-port", "br-int", "tap1", "--", "set", "Interface", "tap1", "external_ids:iface-id=vif1"}}},
	{Name: "no bridges", Node: [][]string{{"remove", "Open_vSwitch", ".", "external_ids", "ovn-bridge-mappings"}}},
	{Name: "other bridges", Node: [][]string{{"set", "Open_vSwitch", ".", "external_ids:ovn-bridge-mappings=a:br-b,b:br-a"}}},
	{
		Name: "fewer",
		NB:   [][]string{{"lsp-del", "ln-b"}, {"lsp-set-options", "gw", "network_name=a", "l2gateway-chassis=hv2"}},
		Node: [][]string{{"del-port", "tap1"}},
	},
}

// before are ports that are there before anybody runs: left behind by OVN of old, another chassis' of this Open vSwitch, and somebody's.
var before = slices.Concat([][]string{{"add-br", "br-a"}, {"add-br", "br-b"}},
	addPatch("br-int", "patch-stale", "nobody", "ovn-l3gateway-port=lr"),
	addPatch("br-int", "patch-br-int-to-old", "patch-old-to-br-int", "ovn-logical-patch-port=old"),
	addPatch("br-a", "patch-old-to-br-int", "patch-br-int-to-old", "ovn-logical-patch-port=old"),
	addPatch("br-a", "patch-ln-a-to-br-two", "patch-br-two-to-ln-a", "ovn-localnet-port=ln-a"),
	addPatch("br-b", "patch-by-hand", "else", "some=thing"),
)

// addPatch are the arguments that make a patch port by hand.
func addPatch(bridge, name, peer, id string) [][]string {
	return [][]string{{"add-port", bridge, name, "--", "set", "Interface", name, "type=patch", "options:peer=" + peer,
		"--", "set", "Port", name, "external_ids:" + id}}
}

// The rows are those that ovn-controller makes of the same southbound database, step by step: it runs on an Open vSwitch of its own.
func TestBesideController(t *testing.T) {
	his := ovstest.Start(t, ovstest.Options{OVN: true})
	ours := ovstest.Start(t, ovstest.Options{SB: his.SB()})
	for _, s := range []*ovstest.Sandbox{his, ours} {
		for _, args := range before {
			s.Vsctl(t, args...)
		}
	}
	his.StartController(t)
	// Patch ports are deleted only some seconds after its start (patch.c, daemon_started_recently).
	his.IgnoreStartupDelay(t)
	dutytest.Sides{His: his, Ours: ours}.Compare(t, Tables(), start, rows, scripts)
}

func start(state *local.State) duty.Duty { return New(state, ovstest.Bridge, hclog.NewNullLogger()) }

// rows are the patch ports and their interfaces, in all columns that a controller may write, and with the bridge that has them.
func rows(t *testing.T, s *ovstest.Sandbox) (list []string) {
	t.Helper()
	ports := dutytest.Table(t, s, "Port", []string{"name", "external_ids", "other_config", "qos", "tag"}, "patch", `"patch`)
	for _, bridge := range []string{"br-int", "br-a", "br-b"} {
		list = append(list, bridge+" "+s.Vsctl(t, "list-ports", bridge))
	}
	return slices.Concat(list, ports, dutytest.Table(t, s, "Interface", []string{"name", "type", "options", "bfd", "external_ids",
		"other_config", "ofport_request", "mtu_request", "lldp"}, "patch", `"patch`))
}
