package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// more is joined to network: another switch of its router, a gateway router with its switch, a switch with an l2gateway, and one
// with a container's port.
var more = []string{
	"lsp-add ls1 other1", "lsp-set-addresses other1 unknown",
	"ls-add ls3", "lrp-add lr0 lr0-ls3 0a:ff:00:00:00:03 10.0.3.254/24",
	"lsp-add ls3 ls3-lr0", "lsp-set-type ls3-lr0 router", "lsp-set-addresses ls3-lr0 router", "lsp-set-options ls3-lr0 router-port=lr0-ls3",
	"lr-add lr4", "ls-add ls4", "lrp-add lr4 lr4-ls4 0a:ff:00:00:00:04 10.0.4.254/24",
	"lsp-add ls4 ls4-lr4", "lsp-set-type ls4-lr4 router", "lsp-set-addresses ls4-lr4 router", "lsp-set-options ls4-lr4 router-port=lr4-ls4",
	"ls-add ls5", "lsp-add ls5 gw5", "lsp-set-type gw5 l2gateway", "lsp-set-addresses gw5 unknown",
	"ls-add ls6", "lsp-add ls6 container", "lsp-set-addresses container unknown",
}

// What is local is what is local to ovn-controller: each step moves something, and the flows of rows on every router port and in
// every switch show where.
func TestLocalParity(t *testing.T) {
	p := startPair(t, append(network[:len(network):len(network)], more...), []string{"vif0"})
	p.onBoth(t, "set", "Open_vSwitch", ".", "external_ids:hostname=host1")
	fill(t, p)
	for _, step := range []struct {
		name  string
		nb    string // commands for ovn-nbctl
		vsctl string // a command for ovs-vsctl, on both bridges
		keys  int    // datapaths with flows afterwards
	}{
		{name: "one VIF", keys: 4},
		{name: "plugged in", vsctl: "add-port br-int vif2 -- set Interface vif2 external_ids:iface-id=vif2", keys: 6},
		{name: "requested elsewhere", nb: "lsp-set-options vif2 requested-chassis=hv2", keys: 4},
		{name: "requested here", nb: "lsp-set-options vif2 requested-chassis=hv1", keys: 6},
		{name: "requested by hostname, in a list", nb: "lsp-set-options vif2 requested-chassis=hv2,,host1", keys: 6},
		{name: "requested by nothing like a name", nb: "lsp-set-options vif2 requested-chassis=,", keys: 4},
		{name: "another version of the interface wanted", nb: "lsp-set-options vif2 iface-id-ver=2", keys: 4},
		{name: "that version there", vsctl: "set Interface vif2 external_ids:iface-id-ver=2", keys: 6},
		{name: "plugged out", vsctl: "del-port br-int vif2", keys: 4},
		{name: "container", nb: "set Logical_Switch_Port container parent_name=vif0 tag_request=5", keys: 5},
		{name: "container's parent elsewhere", nb: "lsp-set-options vif0 requested-chassis=hv2", keys: 1},
		{name: "container elsewhere", nb: "lsp-set-options container requested-chassis=hv2", keys: 0},
		{name: "both back", nb: "lsp-set-options vif0 requested-chassis=hv1 -- lsp-set-options container requested-chassis=hv1", keys: 5},
		{name: "container of nobody", nb: "set Logical_Switch_Port container parent_name=vif1", keys: 4},
		{name: "gateway router here", nb: "set Logical_Router lr4 options:chassis=hv1", keys: 6},
		{name: "gateway router elsewhere", nb: "set Logical_Router lr4 options:chassis=hv2", keys: 4},
		{name: "l2gateway here", nb: "lsp-set-options gw5 network_name=physnet l2gateway-chassis=hv1", keys: 5},
		{name: "l2gateway elsewhere", nb: "lsp-set-options gw5 network_name=physnet l2gateway-chassis=hv2", keys: 4},
		{name: "link of the router gone", nb: "lsp-del ls1-lr0", keys: 3},
		{name: "link of the router back", nb: "lsp-add ls1 ls1-lr0 -- lsp-set-type ls1-lr0 router -- lsp-set-addresses ls1-lr0 router -- lsp-set-options ls1-lr0 router-port=lr0-ls1", keys: 4},
		{name: "router port renumbered", nb: "set Logical_Router_Port lr0-ls0 options:requested-tnl-key=77", keys: 4},
		{name: "last VIF unplugged", vsctl: "del-port br-int vif0", keys: 0},
	} {
		ok := t.Run(step.name, func(t *testing.T) {
			if step.nb != "" {
				p.Nbctl(t, append([]string{"--wait=sb"}, strings.Fields(step.nb)...)...)
			}
			if step.vsctl != "" {
				p.onBoth(t, strings.Fields(step.vsctl)...)
			}
			// ovn-controller misses some of these changes until it recomputes (a renumbered port, a datapath that
			// is local no more), and may have recomputed before it heard of them.
			ovstest.Eventually(t, settle, func() error {
				p.Appctl(t, ovstest.Controller, "inc-engine/recompute")
				flows, err := p.equal(t, neighborTables...)
				if n := datapaths(flows); err == nil && n != step.keys {
					err = fmt.Errorf("flows in %d datapaths, want %d", n, step.keys)
				}
				return err
			})
		})
		if !ok {
			t.FailNow() // the next step goes on from this one
		}
	}
}

// onBoth runs ovs-vsctl on both.
func (p *pair) onBoth(t *testing.T, args ...string) {
	t.Helper()
	for _, s := range p.both() {
		s.Vsctl(t, args...)
	}
}

// fill makes MAC bindings on every router port, and an FDB row in every switch.
func fill(t *testing.T, p *pair) {
	r := newRows(t, p.Sandbox)
	r.good = true
	for _, port := range []string{"lr0-ls0", "lr0-ls1", "lr0-ls3", "lr1-ls2", "lr4-ls4"} {
		for range 3 {
			r.bind(port)
		}
	}
	for _, port := range []string{"vif0", "other1", "vif2", "ls3-lr0", "ls4-lr4", "gw5", "container"} {
		r.learn(port)
	}
}

// datapaths counts the tunnel keys of datapaths in flows.
func datapaths(flows []string) int {
	keys := map[string]bool{}
	for _, flow := range flows {
		keys[metadata.FindString(flow)] = true
	}
	return len(keys)
}

var metadata = regexp.MustCompile("metadata=[^, ]*")
