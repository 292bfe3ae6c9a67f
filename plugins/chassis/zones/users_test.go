package zones

import (
	"fmt"
	"testing"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
)

// Of gateways' ports that are gone, nothing stays.
func TestReadersAreForgotten(t *testing.T) {
	c := newChassis(t, nil)
	c.Transact(duty.Southbound,
		duty.Insert(sb.EncapTable, "e", libovsdb.Row{"type": "geneve", "ip": "192.0.2.1", "chassis_name": "hv1"}),
		duty.Insert(sb.ChassisTable, "hv1", libovsdb.Row{"name": "hv1", "encaps": duty.Refs("e")}),
		duty.Insert(sb.HAChassisTable, "m", libovsdb.Row{"chassis": duty.Refs("hv1"), "priority": 1}),
		duty.Insert(sb.HAChassisGroupTable, "g", libovsdb.Row{"name": "g", "ha_chassis": duty.Refs("m")}),
		duty.Insert(sb.DatapathBindingTable, "router", libovsdb.Row{"tunnel_key": 1}))
	var group, router string
	for group = range dutytest.Rows[sb.HAChassisGroup](c.Bench, duty.Southbound, sb.HAChassisGroupTable) {
	}
	for router = range dutytest.Rows[sb.DatapathBinding](c.Bench, duty.Southbound, sb.DatapathBindingTable) {
	}
	for i := range 5 {
		c.Transact(duty.Southbound, duty.Insert(sb.PortBindingTable, "p", libovsdb.Row{"logical_port": fmt.Sprint("cr-", i), "type": typeRedirect,
			"datapath": duty.Ref(router), "tunnel_key": 1, "ha_chassis_group": duty.Refs(group)}))
		c.Plan(9)
		for id := range dutytest.Rows[sb.PortBinding](c.Bench, duty.Southbound, sb.PortBindingTable) {
			c.Transact(duty.Southbound, duty.Delete(sb.PortBindingTable, id))
		}
		c.Plan(9)
	}
	for f, names := range c.duty.readers {
		t.Errorf("%v was read by %d ports that are gone", f, len(names))
	}
	if n := len(c.duty.facts); n > 0 {
		t.Errorf("what %d ports that are gone have read", n)
	}
}
