package zones

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	libovsdb "github.com/ovn-org/libovsdb/model"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// network has logical ports of all types, of most types one that is here and one that is not.
const network = `
ls-add s0
lsp-add s0 vif
lsp-add s0 unplugged
lsp-add s0 elsewhere -- lsp-set-options elsewhere requested-chassis=hv2
lsp-add s0 container vif 5
lsp-add s0 container2 unplugged 6
lsp-add s0 localport -- lsp-set-type localport localport
lsp-add s0 localport2 -- lsp-set-type localport2 localport
lsp-add s0 localnet -- lsp-set-type localnet localnet -- lsp-set-options localnet network_name=none -- lsp-set-addresses localnet unknown
lsp-add s0 virtual -- lsp-set-type virtual virtual -- lsp-set-options virtual virtual-ip=10.0.0.9 virtual-parents=vif
lsp-add s0 virtual2 -- lsp-set-type virtual2 virtual -- lsp-set-options virtual2 virtual-ip=10.0.0.8 virtual-parents=vif
lsp-add s0 l2gateway -- lsp-set-type l2gateway l2gateway -- lsp-set-options l2gateway network_name=none l2gateway-chassis=hv1
lsp-add s0 l2gateway2 -- lsp-set-type l2gateway2 l2gateway -- lsp-set-options l2gateway2 network_name=none l2gateway-chassis=hv2
lsp-add s0 vtep -- lsp-set-type vtep vtep -- lsp-set-options vtep vtep-physical-switch=a vtep-logical-switch=b
ha-chassis-group-add here -- ha-chassis-group-add-chassis here hv1 10
ha-chassis-group-add both -- ha-chassis-group-add-chassis both hv1 10 -- ha-chassis-group-add-chassis both hv2 20
lsp-add s0 external -- lsp-set-type external external
lsp-add s0 external2 -- lsp-set-type external2 external
lsp-add s0 external3 -- lsp-set-type external3 external
lr-add r0
lrp-add r0 r0s0 02:00:00:00:01:01 10.0.0.254/24
lsp-add s0 s0r0 -- lsp-set-type s0r0 router -- lsp-set-addresses s0r0 router -- lsp-set-options s0r0 router-port=r0s0
ls-add s1 -- lsp-add s1 s1localnet -- lsp-set-type s1localnet localnet -- lsp-set-options s1localnet network_name=phys
lrp-add r0 r0s1 02:00:00:00:01:02 192.168.0.1/24 -- lrp-set-gateway-chassis r0s1 hv1 10
lsp-add s1 s1r0 -- lsp-set-type s1r0 router -- lsp-set-addresses s1r0 router -- lsp-set-options s1r0 router-port=r0s1
ls-add s2
lrp-add r0 r0s2 02:00:00:00:01:03 192.168.1.1/24 -- lrp-set-gateway-chassis r0s2 hv1 10 -- lrp-set-gateway-chassis r0s2 hv2 20
lsp-add s2 s2r0 -- lsp-set-type s2r0 router -- lsp-set-addresses s2r0 router -- lsp-set-options s2r0 router-port=r0s2
ls-add join
lr-add gw1 -- set Logical_Router gw1 options:chassis=hv1 options:snat-ct-zone=7
lr-add gw2 -- set Logical_Router gw2 options:chassis=hv1 options:snat-ct-zone=0
lr-add gw3 -- set Logical_Router gw3 options:chassis=hv2 options:snat-ct-zone=8
lrp-add gw1 gw1join 02:00:00:00:03:01 100.64.0.1/24
lrp-add gw2 gw2join 02:00:00:00:03:02 100.64.0.2/24
lrp-add gw3 gw3join 02:00:00:00:03:03 100.64.0.3/24
lsp-add join joingw1 -- lsp-set-type joingw1 router -- lsp-set-addresses joingw1 router -- lsp-set-options joingw1 router-port=gw1join
lsp-add join joingw2 -- lsp-set-type joingw2 router -- lsp-set-addresses joingw2 router -- lsp-set-options joingw2 router-port=gw2join
lsp-add join joingw3 -- lsp-set-type joingw3 router -- lsp-set-addresses joingw3 router -- lsp-set-options joingw3 router-port=gw3join
ls-add far -- lsp-add far far1 -- lsp-add far farnet -- lsp-set-type farnet localnet -- lsp-set-options farnet network_name=phys
`

// startNetwork starts a chassis with the network and interfaces for some of its ports, and ovn-controller.
func startNetwork(t *testing.T) *ovstest.Sandbox {
	ovstest.Need(t)
	s := ovstest.Start(t, ovstest.Options{OVN: true})
	s.Sbctl(t, "chassis-add", "hv2", "geneve", "127.0.0.2")
	s.Nbctl(t, append([]string{"--wait=sb"}, strings.Fields(strings.ReplaceAll(strings.TrimSpace(network), "\n", " -- "))...)...)
	for port, group := range map[string]string{"external": "here", "external2": "both"} {
		id := strings.TrimSpace(s.Nbctl(t, "--bare", "--columns=_uuid", "find", "HA_Chassis_Group", "name="+group))
		s.Nbctl(t, "--wait=sb", "set", "Logical_Switch_Port", port, "ha_chassis_group="+id)
	}
	s.Vsctl(t, "set", "Open_vSwitch", ".", "external_ids:ovn-bridge-mappings=phys:br-phys", "--", "add-br", "br-phys")
	for _, port := range []string{"vif", "elsewhere", "localport", "unknown", "r0s0", "s2r0"} {
		s.Vsctl(t, "add-port", ovstest.Bridge, port, "--", "set", "Interface", port, "external_ids:iface-id="+port)
	}
	s.Vsctl(t, "--no-wait", "add-port", ovstest.Bridge, "broken",
		"--", "set", "Interface", "broken", "type=none", "external_ids:iface-id=unplugged")
	s.StartController(t)
	ovstest.Eventually(t, 20*time.Second, func() error {
		if up := s.Sbctl(t, "--bare", "--columns=up", "find", "Port_Binding", "logical_port=vif"); !strings.Contains(up, "true") {
			return fmt.Errorf("vif is not up")
		}
		return nil
	})
	self := strings.TrimSpace(s.Sbctl(t, "--bare", "--columns=_uuid", "find", "Chassis", "name=hv1"))
	s.Sbctl(t, "set", "Port_Binding", "virtual", "virtual_parent=vif", "chassis="+self) // as a packet of vif's would
	s.Nbctl(t, "--wait=hv", "sync")
	s.Appctl(t, ovstest.Controller, "inc-engine/recompute") // else it gives virtual ports no zones until something makes it look at all
	s.Nbctl(t, "--wait=hv", "sync")
	return s
}

// written are the zones in the keys of the bridge.
func written(t *testing.T, s *ovstest.Sandbox) map[string]int {
	d := New(local.New(ovstest.Bridge), ovstest.Bridge, hclog.NewNullLogger())
	for c := range load(t, "Open_vSwitch", s.OVSDB(), vswitch.FullDatabaseModel, local.AllVswitchTables()) {
		d.Change("", c)
	}
	return d.written
}

// load gives the rows of a database.
func load(
	t *testing.T, name, endpoint string, model func() (libovsdb.ClientDBModel, error), tables []ovsdb.Table,
) func(func(ovsdb.Change) bool) {
	rows, err := model()
	if err != nil {
		t.Fatal(err)
	}
	client, err := ovsdb.New(ovsdb.Config{Database: name, Endpoints: endpoint, Model: rows, Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = client.Run(ctx) }() // its error is ctx's
	batch := <-client.Batches()
	return func(yield func(ovsdb.Change) bool) {
		for _, c := range batch.All() {
			if !yield(c) {
				return
			}
		}
	}
}

// The same names get zones as of ovn-controller, and those that ask for one the same; what ovn-controller has given is kept.
func TestAsController(t *testing.T) {
	s := startNetwork(t)
	theirs := map[string]int{}
	ovstest.Eventually(t, 20*time.Second, func() error {
		if theirs = written(t, s); theirs["virtual"] == 0 || theirs["vif"] == 0 {
			return fmt.Errorf("ovn-controller has written zones of %v", slices.Sorted(maps.Keys(theirs)))
		}
		return nil
	})
	for _, kept := range []bool{true, false} {
		state := local.New(ovstest.Bridge)
		d := New(state, ovstest.Bridge, hclog.NewNullLogger())
		state.Watch(d.Changed)
		for c := range load(t, "Open_vSwitch", s.OVSDB(), vswitch.FullDatabaseModel, local.AllVswitchTables()) {
			if bridge, is := c.New.(*vswitch.Bridge); is && !kept {
				bridge.ExternalIDs = nil
			}
			state.Change(c)
			d.Change("", c)
		}
		for c := range load(t, "OVN_Southbound", s.SB(), sb.FullDatabaseModel, local.AllSouthboundTables()) {
			state.Change(c)
			d.Change("", c)
		}
		state.Settle()
		writes, _ := d.Plan(time.Now(), 10)
		if want, got := slices.Sorted(maps.Keys(theirs)), slices.Sorted(maps.Keys(d.zones)); !slices.Equal(got, want) {
			t.Errorf("zones of\n%s\novn-controller's of\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if kept && (len(writes)+len(d.queue) > 0 || !maps.Equal(d.zones, theirs)) {
			t.Errorf("ovn-controller's %v become %v, with writes %v and flushes of %v", theirs, d.zones, writes, d.queue)
		}
		for name := range d.requests {
			if d.zones[name] != theirs[name] {
				t.Errorf("%s has zone %s, ovn-controller's %d", name, strconv.Itoa(d.zones[name]), theirs[name])
			}
		}
		if len(d.requests) != 3 {
			t.Errorf("requests %v, want 3", d.requests)
		}
	}
}
