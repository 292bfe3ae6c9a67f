package zones

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
	"github.com/flowhost/flowhost/sdk"
)

// What the source looks for in a duty.
var _ interface {
	duty.Duty
	duty.Listener
	duty.Speaker
	duty.Reporter
} = (*Duty)(nil)

// chassis is a node with the duty and a switch.
type chassis struct {
	*dutytest.Bench
	tb      dutytest.TB
	duty    *Duty
	flushed []int    // zones that the duty has had flushed, as told
	marks   []string // told, not confirmed
}

// newChassis makes a node with a bridge, with these names' zones.
func newChassis(t dutytest.TB, zones map[string]int) *chassis {
	t.Helper()
	c := &chassis{tb: t}
	c.Bench = dutytest.New(t, "br-int", Tables(), func(s *local.State) duty.Duty {
		c.duty = New(s, "br-int", hclog.NewNullLogger())
		return c.duty
	})
	keys := map[string]string{}
	for name, zone := range zones {
		keys[prefix+name] = strconv.Itoa(zone)
	}
	c.Transact(duty.Vswitch,
		duty.Insert(vswitch.BridgeTable, "b", libovsdb.Row{"name": "br-int", "external_ids": duty.Map(keys)}),
		duty.Insert(vswitch.OpenvSwitchTable, "", libovsdb.Row{"bridges": duty.Refs("b"),
			"external_ids": duty.Map(map[string]string{"system-id": "hv1"})}))
	return c
}

// restart makes another process of the duty, which begins with the rows that are there.
func (c *chassis) restart() {
	c.State = local.New("br-int")
	c.duty = New(c.State, "br-int", hclog.NewNullLogger())
	c.Duty, c.marks = c.duty, nil
	c.State.Watch(c.duty.Changed)
	replay[vswitch.OpenvSwitch](c, duty.Vswitch, vswitch.OpenvSwitchTable)
	replay[vswitch.Bridge](c, duty.Vswitch, vswitch.BridgeTable)
	replay[vswitch.Port](c, duty.Vswitch, vswitch.PortTable)
	replay[vswitch.Interface](c, duty.Vswitch, vswitch.InterfaceTable)
	replay[sb.DatapathBinding](c, duty.Southbound, sb.DatapathBindingTable)
	replay[sb.PortBinding](c, duty.Southbound, sb.PortBindingTable)
}

func replay[T any](c *chassis, from duty.Database, table string) {
	for id, row := range dutytest.Rows[T](c.Bench, from, table) {
		change := ovsdb.Change{UUID: mustParse(id), New: any(row).(ovsdb.Model)}
		c.State.Change(change)
		c.duty.Change(table, change)
	}
}

// bridge is the row of the bridge, with its UUID.
func (c *chassis) bridge() (id string, row *vswitch.Bridge) {
	for id, row := range dutytest.Rows[vswitch.Bridge](c.Bench, duty.Vswitch, vswitch.BridgeTable) {
		return id, row
	}
	c.tb.Fatalf("there is no bridge")
	return "", nil
}

// keys are the zones that are written, by name.
func (c *chassis) keys() map[string]int {
	_, row := c.bridge()
	zones := map[string]int{}
	for key, text := range row.ExternalIDs {
		zones[strings.TrimPrefix(key, prefix)], _ = strconv.Atoi(text)
	}
	return zones
}

// plug makes an interface for a logical port.
func (c *chassis) plug(port string) {
	c.add(port)
	c.number(port, 1)
}

// number has ovs-vswitchd give an interface its number, or -1, if it could not open it.
func (c *chassis) number(port string, ofport int) {
	for id, row := range dutytest.Rows[vswitch.Interface](c.Bench, duty.Vswitch, vswitch.InterfaceTable) {
		if row.Name == port {
			c.Transact(duty.Vswitch, duty.Update(vswitch.InterfaceTable, id, libovsdb.Row{"ofport": ofport}))
		}
	}
}

// add makes an interface for a logical port, which has no number yet.
func (c *chassis) add(port string) {
	id, _ := c.bridge()
	c.Transact(duty.Vswitch,
		duty.Insert(vswitch.InterfaceTable, "i", libovsdb.Row{"name": port,
			"external_ids": duty.Map(map[string]string{"iface-id": port})}),
		duty.Insert(vswitch.PortTable, "p", libovsdb.Row{"name": port, "interfaces": duty.Refs("i")}),
		duty.Mutate(vswitch.BridgeTable, id, *libovsdb.NewMutation("ports", libovsdb.MutateOperationInsert, duty.Refs("p"))))
}

// unplug takes it away.
func (c *chassis) unplug(port string) {
	id, _ := c.bridge()
	for p, row := range dutytest.Rows[vswitch.Port](c.Bench, duty.Vswitch, vswitch.PortTable) {
		if row.Name == port {
			c.Transact(duty.Vswitch, duty.Mutate(vswitch.BridgeTable, id,
				*libovsdb.NewMutation("ports", libovsdb.MutateOperationDelete, duty.Refs(p))))
		}
	}
}

// gateway makes a gateway router here and returns its UUID. request is its zone; "": none.
func (c *chassis) gateway(name, request string) string {
	c.Transact(duty.Southbound,
		duty.Insert(sb.DatapathBindingTable, "d", libovsdb.Row{"tunnel_key": 100 + int(name[len(name)-1])}),
		duty.Insert(sb.PortBindingTable, "p", libovsdb.Row{"logical_port": name, "type": "l3gateway", "datapath": duty.Ref("d"), "tunnel_key": 1,
			"options": duty.Map(map[string]string{"l3gateway-chassis": "hv1"})}))
	for _, row := range dutytest.Rows[sb.PortBinding](c.Bench, duty.Southbound, sb.PortBindingTable) {
		if row.LogicalPort == name {
			c.request(row.Datapath, request)
			return row.Datapath
		}
	}
	return ""
}

// request asks for a zone for a router.
func (c *chassis) request(datapath, zone string) {
	ids := map[string]string{}
	if zone != "" {
		ids["snat-ct-zone"] = zone
	}
	c.Transact(duty.Southbound, duty.Update(sb.DatapathBindingTable, datapath, libovsdb.Row{"external_ids": duty.Map(ids)}))
}

// tell lets the duty tell the host what there is to tell.
func (c *chassis) tell() (some bool) {
	operations, marks := c.duty.Take(1000)
	for _, o := range operations {
		for _, zone := range o.Flush {
			c.flushed = append(c.flushed, int(zone))
		}
	}
	for _, m := range marks {
		c.marks = append(c.marks, m.Value)
	}
	return len(operations) > 0
}

// confirm has the switch confirm what was told first.
func (c *chassis) confirm() {
	if len(c.marks) > 0 {
		c.duty.Marked(sdk.MarkInstalled{Name: Mark, Value: c.marks[0]})
		c.marks = c.marks[1:]
	}
}

// settle goes on until there is nothing to do, and returns what was flushed meanwhile.
func (c *chassis) settle() (flushed []int) {
	before := len(c.flushed)
	for range 20 {
		written := c.Settle()
		if told := c.tell(); !told && len(written)+len(c.marks) == 0 {
			return c.flushed[before:]
		}
		for len(c.marks) > 0 {
			c.confirm()
		}
	}
	c.tb.Fatalf("there is no end of it")
	return nil
}

func (c *chassis) expect(t *testing.T, what string, want map[string]int) {
	t.Helper()
	if got := c.keys(); !maps.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
