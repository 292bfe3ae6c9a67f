package tunnels

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/ports"
)

// chassisID is the key of external_ids that says which tunnel a Port is.
const chassisID = "ovn-chassis-id"

// Tables are what the duty reads.
func Tables() duty.Tables {
	return duty.Tables{
		Vswitch: append(ports.Tables(),
			ovsdb.Table{Name: vswitch.OpenvSwitchTable, Columns: []string{"other_config"}},
			ovsdb.Table{Name: vswitch.InterfaceTable, Columns: []string{"bfd"}},
		),
		Southbound: []ovsdb.Table{
			{Name: sb.ChassisTable, Columns: []string{"name", "encaps", "transport_zones", "other_config"}},
			{Name: sb.EncapTable, Columns: []string{"type", "ip", "options"}},
			{Name: sb.SBGlobalTable, Columns: []string{"ipsec", "options"}},
			{Name: sb.HAChassisGroupTable, Columns: []string{"ha_chassis", "ref_chassis"}},
			{Name: sb.HAChassisTable, Columns: []string{"chassis"}},
		},
	}
}

// patience is how often in a row something is written at once.
const patience = 10

// Duty keeps the tunnel ports.
type Duty struct {
	state  *local.State
	bridge string
	logger hclog.Logger

	agenda duty.Agenda[string] // chassis, by name
	now    time.Time           // of the last Plan
	known  common              // that the chassis not on the agenda were looked at with

	ports       *ports.Ports
	tunnels     map[string]map[string]bool // UUIDs of the Ports that have an ovn-chassis-id, by the chassis' name in it
	coming      map[string]bool            // names of ports on their way
	otherConfig map[string]string          // of Open_vSwitch
	global      sb.SBGlobal
	chassis     map[string]*sb.Chassis // by UUID
	named       map[string]string      // UUIDs of those by name
	encaps      map[string]*sb.Encap
	users       map[string]string // of encapsulations: UUIDs of chassis
	groups      groups
}

// New makes the Duty for the integration bridge of this name.
func New(state *local.State, bridge string, logger hclog.Logger) *Duty {
	d := &Duty{
		agenda:  duty.Agenda[string]{Patience: patience},
		state:   state,
		bridge:  bridge,
		logger:  logger,
		tunnels: map[string]map[string]bool{},
		coming:  map[string]bool{},
		chassis: map[string]*sb.Chassis{},
		named:   map[string]string{},
		encaps:  map[string]*sb.Encap{},
		users:   map[string]string{},
	}
	d.ports = ports.New(d.portChanged)
	d.groups = newGroups(d.mark)
	return d
}

// Change is duty.Duty's.
func (d *Duty) Change(_ string, c ovsdb.Change) {
	row := c.New
	if row == nil {
		row = c.Old
	}
	id := c.UUID.String()
	switch row.(type) {
	case *vswitch.OpenvSwitch:
		d.otherConfig = as[vswitch.OpenvSwitch](c.New).OtherConfig
	case *sb.SBGlobal:
		d.global = as[sb.SBGlobal](c.New)
	case *sb.Chassis:
		old, _ := c.Old.(*sb.Chassis)
		new, _ := c.New.(*sb.Chassis)
		d.setChassis(id, old, new)
	case *sb.Encap:
		delete(d.encaps, id)
		if new, ok := c.New.(*sb.Encap); ok {
			d.encaps[id] = new
		}
		d.mark(d.users[id])
	case *sb.HAChassisGroup:
		old, _ := c.Old.(*sb.HAChassisGroup)
		new, _ := c.New.(*sb.HAChassisGroup)
		d.groups.set(id, old, new)
	case *sb.HAChassis:
		new, _ := c.New.(*sb.HAChassis)
		d.groups.setMember(id, new)
	default:
		d.ports.Change(c)
	}
}

// as is a copy of a row; the zero row for none.
func as[T any](row ovsdb.Model) (value T) {
	if row, ok := row.(*T); ok {
		value = *row
	}
	return value
}

func (d *Duty) setChassis(id string, old, new *sb.Chassis) {
	d.mark(id)
	if delete(d.chassis, id); old != nil {
		if d.named[old.Name] == id { // not if another row has the name already
			delete(d.named, old.Name)
		}
		for _, encap := range old.Encaps {
			if d.users[encap] == id {
				delete(d.users, encap)
			}
		}
	}
	if new != nil {
		d.chassis[id], d.named[new.Name] = new, id
		for _, encap := range new.Encaps {
			d.users[encap] = id
		}
	}
	d.mark(id)
}

// mark has a chassis looked at, by the UUID of its row.
func (d *Duty) mark(id string) {
	if row := d.chassis[id]; row != nil {
		d.agenda.Mark(row.Name)
	}
}

// portChanged takes in a Port that may be a tunnel.
func (d *Duty) portChanged(row *vswitch.Port) {
	id, is := row.ExternalIDs[chassisID]
	if !is {
		return
	}
	name := chassisOf(id)
	if d.agenda.Mark(name); d.ports.Port(row.UUID) == row {
		if d.tunnels[name] == nil {
			d.tunnels[name] = map[string]bool{}
		}
		d.tunnels[name][row.UUID] = true
	} else if delete(d.tunnels[name], row.UUID); len(d.tunnels[name]) == 0 {
		delete(d.tunnels, name)
	}
}

// chassisOf is the chassis' name in an ovn-chassis-id.
func chassisOf(id string) string {
	if at := strings.LastIndexByte(id, '@'); at >= 0 {
		return id[:at]
	}
	return id
}

// Changed is duty.Duty's. What facts the duty depends on, all tunnels do.
func (*Duty) Changed(local.Fact) {}

// Plan is duty.Duty's. Nothing is known of the tunnels before this chassis is registered.
func (d *Duty) Plan(now time.Time, max int) (writes []duty.Write, again time.Time) {
	d.now = now
	if now := d.common(); !reflect.DeepEqual(now, d.known) {
		d.known = now
		d.groups.setSelf(now.self)
		d.markAll()
	}
	if d.known.self == "" || d.known.bridge == "" {
		return nil, time.Time{}
	}
	return d.agenda.Plan(now, max, d.look)
}

func (d *Duty) markAll() {
	for name := range d.named {
		d.agenda.Mark(name)
	}
	for name := range d.tunnels {
		d.agenda.Mark(name)
	}
}

// Note is duty.Reporter's.
func (d *Duty) Note() string {
	if n := d.agenda.Undone(d.now); n > 0 {
		return fmt.Sprintf("tunnels to %d chassis are changed by somebody else, too", n)
	}
	return ""
}

// Lost is duty.Duty's.
func (d *Duty) Lost(database duty.Database) {
	if database == duty.Vswitch {
		d.agenda.Lost()
		clear(d.coming)
	}
}
