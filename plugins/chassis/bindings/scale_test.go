package bindings

import (
	"fmt"
	"testing"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// A change costs in proportion to what it changes, on a chassis with 2,000 ports and 3,000 others elsewhere.
func TestCostOfChange(t *testing.T) {
	const here, elsewhere = 2000, 3000
	s := newStage(t)
	var bindings, plugs []ovsdb.Operation
	var ports []string
	for n := range here + elsewhere {
		name := fmt.Sprint("p", n)
		bindings = append(bindings, insert(sb.PortBindingTable, name, libovsdb.Row{"logical_port": name, "datapath": duty.Ref(id("sw")),
			"tunnel_key": n + 10, "up": false}))
		if n < here {
			plugs = append(plugs, insert(vswitch.InterfaceTable, "interface "+name, libovsdb.Row{"name": name, "ofport": n + 1,
				"external_ids": options("iface-id", name)}),
				insert(vswitch.PortTable, "port "+name, libovsdb.Row{"name": name, "interfaces": duty.Refs(id("interface " + name))}))
			ports = append(ports, id("port "+name))
		}
	}
	s.Transact(duty.Southbound, bindings...)
	s.Transact(duty.Vswitch, append(plugs, duty.Update(vswitch.BridgeTable, id("br-int"), libovsdb.Row{"ports": duty.Refs(ports...)}))...)
	s.Transact(duty.Southbound, insert(sb.HAChassisGroupTable, "group", libovsdb.Row{"name": "group", "ha_chassis": duty.Refs(id("first"))}),
		insert(sb.HAChassisTable, "first", libovsdb.Row{"chassis": duty.Refs(id("hv1")), "priority": 1}))
	s.bind("cr", libovsdb.Row{"type": "chassisredirect", "ha_chassis_group": duty.Ref(id("group")), "tunnel_key": 5})
	for n, writes := 0, s.Plan(500); len(writes) > 0; writes = s.Plan(500) {
		if n += len(writes); n > 3*here {
			t.Fatal("there is no end of it")
		}
		s.apply(writes)
	}

	for _, change := range []struct {
		name           string
		do             func()
		writes, looked int // at most
	}{
		{"another port, elsewhere", func() { s.bind("far", libovsdb.Row{"tunnel_key": 6}) }, 0, 2},
		{"a port here", func() {
			s.bind("near", libovsdb.Row{"tunnel_key": 7})
			s.plug("near", 9000)
		}, 1, 6},
		{"flows of a port", func() { s.mark("p7", 8, Owners...) }, 2, 6},
		{"a port taken away", func() { s.unplug("p8") }, 1, 6},
		{"a port moved", func() { s.set("p9", libovsdb.Row{"options": options("requested-chassis", "hv2")}) }, 1, 6},
		{"another chassis", func() { s.chassis("hv3", "geneve 192.0.2.3") }, 0, 0},
		{"a chassis of a group", func() {
			s.Transact(duty.Southbound, duty.Update(sb.ChassisTable, id("hv1"), libovsdb.Row{"other_config": options("x", "y")}))
		}, 0, 1},
		{"a group", func() {
			s.Transact(duty.Southbound, duty.Update(sb.HAChassisGroupTable, id("group"), libovsdb.Row{"ha_chassis": duty.Refs()}))
		}, 1, 4},
		{"an encapsulation", func() {
			s.setInterface("p10", libovsdb.Row{"external_ids": options("iface-id", "p10", "encap-ip", "192.0.2.1")})
		}, 1, 6},
		{"another encapsulation of this chassis", func() {
			s.Transact(duty.Southbound, insert(sb.EncapTable, "new", libovsdb.Row{"type": "geneve", "ip": "192.0.2.4", "chassis_name": "hv1"}),
				duty.Mutate(sb.ChassisTable, id("hv1"), mutation("encaps", libovsdb.MutateOperationInsert, duty.Refs(id("new")))))
		}, 0, 3},
		{"nothing", func() {}, 0, 0},
	} {
		before := s.duty.looked
		change.do()
		writes := s.Settle()
		if looked := s.duty.looked - before; len(writes) != change.writes || looked > change.looked {
			t.Errorf("%s: %d writes after %d rows were looked at, want %d after at most %d",
				change.name, len(writes), looked, change.writes, change.looked)
		}
	}
}
