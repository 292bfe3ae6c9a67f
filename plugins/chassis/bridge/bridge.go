// Package bridge is a duty of the chassis: that there is an integration bridge as OVN wants it, and the row of its datapath, which
// ovs-vswitchd fills with what the datapath can do.
package bridge

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// Keys of Open_vSwitch external_ids (ovn-controller(8), Configuration).
const (
	nameKey     = "ovn-bridge"
	datapathKey = "ovn-bridge-datapath-type"
)

// secure is the fail_mode in which a switch without a controller forwards nothing by itself.
const secure = "secure"

// thing is what there is to keep.
type thing uint8

const (
	integration thing = iota // the bridge
	datapath                 // its datapath's row
	limit                    // how many VLAN tags a datapath looks at
)

// Duty keeps the integration bridge.
type Duty struct {
	state  *local.State
	name   string // of the bridge
	agenda duty.Agenda[thing]

	root     *vswitch.OpenvSwitch // the only row of its table; nil before it is there
	rootID   string
	bridge   *vswitch.Bridge // nil while there is none
	bridgeID uuid.UUID
}

// New makes the duty for a bridge of this name.
func New(state *local.State, name string) *Duty { return &Duty{state: state, name: name} }

// Tables are what it reads.
func Tables() duty.Tables {
	return duty.Tables{Vswitch: []ovsdb.Table{
		{Name: vswitch.OpenvSwitchTable, Columns: []string{"external_ids", "other_config", "datapaths"}},
		{Name: vswitch.BridgeTable, Columns: []string{"name", "datapath_type", "fail_mode"}},
	}}
}

// Change is duty.Duty's.
func (d *Duty) Change(_ string, c ovsdb.Change) {
	switch row := rowOf(c).(type) {
	case *vswitch.OpenvSwitch:
		d.root, d.rootID = nil, c.UUID.String()
		if c.New != nil {
			d.root = row
		}
	case *vswitch.Bridge:
		switch {
		case c.New != nil && row.Name == d.name:
			d.bridge, d.bridgeID = row, c.UUID
		case c.UUID == d.bridgeID: // made anew in the same batch, it has another UUID
			d.bridge = nil
		default:
			return
		}
	default:
		return
	}
	for _, t := range []thing{integration, datapath, limit} {
		d.agenda.Mark(t)
	}
}

func rowOf(c ovsdb.Change) ovsdb.Model {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

// Changed is duty.Duty's: the rows say it all.
func (d *Duty) Changed(local.Fact) {}

// Lost is duty.Duty's.
func (d *Duty) Lost(db duty.Database) {
	if db == duty.Vswitch {
		d.agenda.Lost()
	}
}

// Plan is duty.Duty's.
func (d *Duty) Plan(now time.Time, max int) ([]duty.Write, time.Time) {
	return d.agenda.Plan(now, max, d.look)
}

// Note is duty.Reporter's.
func (d *Duty) Note() string {
	if d.isOurs() {
		return ""
	}
	return fmt.Sprintf("external_ids:%s is %s, and flowhost runs on %s", nameKey, d.state.Setting(nameKey), d.name)
}

// isOurs says whether flowhost's bridge is the one that the operator wants OVN to have.
func (d *Duty) isOurs() bool {
	name := d.state.Setting(nameKey)
	return name == "" || name == d.name
}

// look compares what is with what ovn-controller makes of it (ovn-controller.c, process_br_int).
func (d *Duty) look(t thing) duty.Write {
	w := duty.Write{Database: duty.Vswitch}
	if d.root == nil || !d.isOurs() {
		return w
	}
	switch t {
	case integration:
		w.What = "bridge " + d.name
		w.Operations = d.keepBridge()
	case datapath:
		w.What = "datapath of bridge " + d.name
		w.Operations = d.keepDatapath()
	case limit:
		w.What = "vlan-limit"
		w.Operations = d.keepLimit()
	}
	return w
}

func (d *Duty) keepBridge() []ovsdb.Operation {
	if d.bridge == nil {
		return d.makeBridge()
	}
	row := libovsdb.Row{}
	if want := d.datapathType(); d.bridge.DatapathType != want {
		row["datapath_type"] = want
	}
	if d.bridge.FailMode == nil || *d.bridge.FailMode != secure {
		row["fail_mode"] = secure
	}
	if len(row) == 0 {
		return nil
	}
	return []ovsdb.Operation{duty.Update(vswitch.BridgeTable, d.bridgeID.String(), row)}
}

// makeBridge makes a bridge with the port that each bridge has (ovs-vswitchd.conf.db(5), Bridge, ports).
func (d *Duty) makeBridge() []ovsdb.Operation {
	bridge, port, iface := duty.Name("bridge", d.name), duty.Name("port", d.name), duty.Name("interface", d.name)
	return []ovsdb.Operation{
		duty.Insert(vswitch.InterfaceTable, iface, libovsdb.Row{"name": d.name, "type": "internal"}),
		duty.Insert(vswitch.PortTable, port, libovsdb.Row{"name": d.name, "interfaces": duty.Refs(iface)}),
		duty.Insert(vswitch.BridgeTable, bridge, libovsdb.Row{
			"name": d.name, "ports": duty.Refs(port), "datapath_type": d.datapathType(), "fail_mode": secure,
			"other_config": duty.Map(map[string]string{"disable-in-band": "true"}),
		}),
		d.mutate("bridges", duty.Refs(bridge)),
	}
}

// mutate inserts something into a column of the root.
func (d *Duty) mutate(column string, what any) ovsdb.Operation {
	return duty.Mutate(vswitch.OpenvSwitchTable, d.rootID,
		libovsdb.Mutation{Column: column, Mutator: libovsdb.MutateOperationInsert, Value: what})
}

// datapathType is what the operator wants it to be, or what it is.
func (d *Duty) datapathType() string {
	if want := d.state.Setting(datapathKey); want != "" {
		return want
	}
	if d.bridge != nil && d.bridge.DatapathType != "" {
		return d.bridge.DatapathType
	}
	return "system"
}

func (d *Duty) keepDatapath() []ovsdb.Operation {
	kind := d.datapathType()
	if d.root.Datapaths[kind] != "" {
		return nil
	}
	name := duty.Name("datapath", kind)
	return []ovsdb.Operation{
		duty.Insert(vswitch.DatapathTable, name, libovsdb.Row{"external_ids": duty.Map(map[string]string{})}), // a row has to have a column
		d.mutate("datapaths", libovsdb.OvsMap{GoMap: map[any]any{kind: duty.Ref(name)}}),
	}
}

// keepLimit has the switch look at all VLAN tags of a packet, for those of a tenant are inside a network's (ovn-architecture(7)).
func (d *Duty) keepLimit() []ovsdb.Operation {
	const key, all = "vlan-limit", "0"
	if d.root.OtherConfig[key] == all {
		return nil
	}
	return []ovsdb.Operation{duty.SetKeys(vswitch.OpenvSwitchTable, d.rootID, "other_config", map[string]string{key: all})}
}
