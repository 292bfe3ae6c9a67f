package patches

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
	"github.com/flowhost/flowhost/plugins/chassis/ports"
)

// model is a bench that is changed at random, and what the rules say of its rows when everything is worked out from the beginning.
type model struct {
	*bench
	t       *rapid.T
	plugged *string // the VIF that is
	mapped  *string // ovn-bridge-mappings
}

var names = []string{"ln0", "ln1", "gw"}

// edit changes something.
func (m model) edit() {
	name := dutytest.Pick(m.t, names...)
	binding := m.binding(name)
	switch dutytest.Pick(m.t, "binding", "binding", "gone", "bound", "plug", "mappings", "port", "port gone", "peer") {
	case "binding":
		if binding == "" {
			m.add(name, dutytest.Pick(m.t, "localnet", "l2gateway", "vtep"), dutytest.Pick(m.t, 0, 1), dutytest.Pick(m.t, "a", "b", "c", ""))
		} else {
			m.Transact(duty.Southbound, duty.Update(sb.PortBindingTable, binding, libovsdb.Row{"type": dutytest.Pick(m.t, "localnet", "l2gateway", "vtep"),
				"datapath": duty.Ref(m.datapath(dutytest.Pick(m.t, 0, 1))), "options": duty.Map(map[string]string{"network_name": dutytest.Pick(m.t, "a", "b", "c")})}))
		}
	case "gone":
		if binding != "" {
			m.Transact(duty.Southbound, duty.Delete(sb.PortBindingTable, binding))
		}
	case "bound":
		self := find(m.bench, duty.Southbound, sb.ChassisTable, func(*sb.Chassis) bool { return true })
		if binding != "" {
			m.Transact(duty.Southbound, duty.Update(sb.PortBindingTable, binding, libovsdb.Row{"chassis": dutytest.Pick(m.t, duty.Refs(), duty.Refs(self))}))
		}
	case "plug":
		*m.plugged = dutytest.Pick(m.t, "vif0", "vif1", "none")
		m.plug(*m.plugged)
	case "mappings":
		*m.mapped = dutytest.Pick(m.t, "a:br-a,b:br-b", "a:br-b,b:br-a", "b:br-b", "a:br-none", "")
		m.mappings(*m.mapped)
	case "port":
		ids := map[string]string{}
		if dutytest.Pick(m.t, true, true, false) {
			ids[dutytest.Pick(m.t, localnetPort, l2GatewayPort, l3GatewayPort)] = name
		}
		inner, outer := "patch-br-int-to-"+name, "patch-"+name+"-to-br-int"
		port := ports.Wanted{Name: fmt.Sprint("by-hand-", rapid.Uint16().Draw(m.t, "port")), Type: dutytest.Pick(m.t, "patch", "patch", "internal"),
			Options: map[string]string{"peer": dutytest.Pick(m.t, inner, outer)}, ExternalIDs: ids}
		if m.port(port.Name) == "" {
			m.Transact(duty.Vswitch, port.Insert(m.bridge(dutytest.Pick(m.t, "br-int", "br-a", "br-b")))...)
		}
	case "port gone":
		rows := slices.Sorted(maps.Keys(dutytest.Rows[vswitch.Port](m.Bench, duty.Vswitch, vswitch.PortTable)))
		if id := dutytest.Pick(m.t, rows...); id != m.port("tap0") {
			m.Transact(duty.Vswitch, m.Duty.(*Duty).ports.Remove(id)...)
		}
	case "peer":
		rows := slices.Sorted(maps.Keys(dutytest.Rows[vswitch.Interface](m.Bench, duty.Vswitch, vswitch.InterfaceTable)))
		m.Transact(duty.Vswitch, duty.Update(vswitch.InterfaceTable, dutytest.Pick(m.t, rows...), libovsdb.Row{"options": duty.Map(map[string]string{"peer": "x"})}))
	}
}

// want is the ways that there should be, and what for.
func (m model) want() map[way]string {
	ways := map[way]string{}
	for _, row := range dutytest.Rows[sb.PortBinding](m.Bench, duty.Southbound, sb.PortBindingTable) {
		outer := m.bridge(local.Mappings(*m.mapped)[row.Options["network_name"]])
		here := row.Datapath == m.datapath(0) && *m.plugged == "vif0" || row.Datapath == m.datapath(1) && *m.plugged == "vif1"
		if row.Type == "l2gateway" && row.Chassis == nil || row.Type != "l2gateway" && row.Type != "localnet" || outer == "" || !here {
			continue
		}
		ways[way{m.bridge("br-int"), "patch-" + row.LogicalPort + "-to-br-int"}] = row.LogicalPort
		ways[way{outer, "patch-br-int-to-" + row.LogicalPort}] = row.LogicalPort
	}
	return ways
}

// check: each way that is wanted is there, and no port of a logical port's own is there for another.
func (m model) check() {
	want, have := m.want(), map[way]int{}
	rows := dutytest.Rows[vswitch.Port](m.Bench, duty.Vswitch, vswitch.PortTable)
	interfaces := dutytest.Rows[vswitch.Interface](m.Bench, duty.Vswitch, vswitch.InterfaceTable)
	for bridge, row := range dutytest.Rows[vswitch.Bridge](m.Bench, duty.Vswitch, vswitch.BridgeTable) {
		for _, id := range row.Ports {
			i, of := interfaces[rows[id].Interfaces[0]], ""
			for _, key := range []string{localnetPort, l2GatewayPort, l3GatewayPort} {
				of += rows[id].ExternalIDs[key]
			}
			at := way{bridge, i.Options["peer"]}
			if i.Type == "patch" {
				have[at]++
			}
			leads := row.Name == "br-int" || rows[id].Name == "patch-"+of+"-to-br-int" || i.Type == "patch" && at.peer == "patch-br-int-to-"+of
			if of != "" && leads && (want[at] != of || i.Type != "patch") {
				m.t.Fatalf("%s on %s is for %s, which does not need it", rows[id].Name, row.Name, of)
			}
		}
	}
	for at, of := range want {
		if have[at] == 0 {
			m.t.Fatalf("%s has no port on bridge %s with peer %s", of, at.bridge, at.peer)
		}
	}
}

// strangers are the ports that are nobody's of the duty's.
func (m model) strangers() (list []string) {
	for _, row := range dutytest.Rows[vswitch.Port](m.Bench, duty.Vswitch, vswitch.PortTable) {
		if len(row.ExternalIDs) == 0 {
			list = append(list, row.Name)
		}
	}
	slices.Sort(list)
	return list
}

// Whatever has changed and however writes went: when nothing more is planned, the ports are what the rules say of the rows there are.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plugged, mapped := "vif0", "a:br-a,b:br-b"
		m := model{newBench(t), t, &plugged, &mapped}
		for range rapid.IntRange(1, 12).Draw(t, "rounds") {
			for range rapid.IntRange(1, 4).Draw(t, "edits") {
				m.edit()
			}
			m.Disturb(t, m.edit)
			before := m.strangers()
			m.Settle()
			m.check()
			if after := m.strangers(); !slices.Equal(before, after) {
				t.Fatalf("others' ports were %q, and are %q", before, after)
			}
		}
	})
}
