package bindings

import (
	"time"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/sdk"
)

// Owners are those whose flows a port needs to be up.
var Owners = []string{"lflow", "physical"}

// Tables are the columns that a Duty reads, besides those of local.State.
func Tables() duty.Tables {
	return duty.Tables{
		Vswitch: []ovsdb.Table{{Name: vswitch.InterfaceTable, Columns: []string{"external_ids"}}},
		Southbound: []ovsdb.Table{
			{Name: sb.PortBindingTable, Columns: []string{"logical_port", "type", "options", "parent_port", "virtual_parent", "ha_chassis_group",
				"chassis", "additional_chassis", "encap", "additional_encap", "up"}},
			{Name: sb.ChassisTable, Columns: []string{"name", "encaps"}},
			{Name: sb.EncapTable, Columns: []string{"type", "ip", "chassis_name"}},
		},
	}
}

// Duty is the duty of bindings. It implements duty.Duty.
type Duty struct {
	state      *local.State
	marks      marks
	encaps     encaps
	interfaces interfaces
	readers    readers

	bindings  duty.Agenda[string] // UUIDs of Port_Bindings to look at
	installed duty.Agenda[string] // UUIDs of Interfaces to look at
	// What was written of either.
	claims, reports history
	rivals          rivals

	// looked is how many rows were looked at, ever.
	looked int
}

// New makes the Duty of the chassis that the State knows. A port is up when all of these owners have installed its flows.
func New(state *local.State, owners []string) *Duty {
	return &Duty{
		state:      state,
		marks:      newMarks(owners),
		encaps:     encaps{rows: map[string]*sb.Encap{}},
		interfaces: newInterfaces(),
		readers:    newReaders(),
		claims:     newHistory(),
		reports:    newHistory(),
		rivals:     rivals{},
	}
}

// Change takes in the change of a row.
func (d *Duty) Change(_ string, c ovsdb.Change) {
	row := c.New
	if row == nil {
		row = c.Old
	}
	switch row.(type) {
	case *vswitch.Interface:
		d.changeInterface(c.UUID.String(), as[vswitch.Interface](c.Old), as[vswitch.Interface](c.New))
	case *sb.Encap:
		d.encaps.set(c.UUID.String(), as[sb.Encap](c.New))
	case *sb.PortBinding:
		d.changeBinding(c.UUID.String(), as[sb.PortBinding](c.Old), as[sb.PortBinding](c.New))
	}
}

// as gives a row its type; nil for none.
func as[T any](row ovsdb.Model) *T {
	typed, _ := row.(*T)
	return typed
}

// Changed takes in that a fact may be different.
func (d *Duty) Changed(f local.Fact) {
	switch f.Kind {
	case local.KindBinding:
		d.bindings.Mark(f.Name)
	case local.KindPort, local.KindInterface:
		d.touch(f.Name)
	case local.KindSelf:
		d.touchAll()
	case local.KindChassis:
		d.encaps.changed = true
	}
	for id := range d.readers.of[f] {
		d.bindings.Mark(id)
	}
}

// touch looks anew at a logical port, by name, at those that are where it is, and at its interfaces.
func (d *Duty) touch(port string) {
	for _, id := range d.state.Affected(port) {
		d.bindings.Mark(id)
	}
	for id := range d.interfaces.of[port] {
		d.installed.Mark(id)
	}
}

func (d *Duty) touchAll() {
	for id := range d.state.Bindings() {
		d.bindings.Mark(id)
	}
	for id := range d.interfaces.rows {
		d.installed.Mark(id)
	}
}

// Marked takes in that the switch has flows of an owner. What is not about a port, or not of one of the owners that count, is ignored.
func (d *Duty) Marked(m sdk.MarkInstalled) {
	id := d.marks.take(m)
	if id == "" {
		return
	}
	if row := d.state.Binding(id); row != nil {
		d.touch(row.LogicalPort)
	}
}

// Plan says what has to be written.
func (d *Duty) Plan(now time.Time, max int) (writes []duty.Write, again time.Time) {
	if d.encaps.settle(d.state) {
		for port := range d.interfaces.encapsulated() {
			d.touch(port)
		}
	}
	d.claims.wake(now, d.bindings.Mark)
	d.reports.wake(now, d.installed.Mark)
	d.rivals.forget(now)

	claims, again := d.bindings.Plan(now, max, func(id string) duty.Write { return d.lookBinding(id, now) })
	reports, again2 := d.installed.Plan(now, max-len(claims), func(id string) duty.Write { return d.lookInterface(id, now) })
	if writes = append(claims, reports...); len(writes) == max && d.bindings.Len()+d.installed.Len() > 0 {
		return writes, now
	}
	return writes, earliest(again, again2, d.claims.next(), d.reports.next(), d.rivals.next())
}

// earliest is the first of some times; zero ones are never.
func earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// Lost takes in that the connection to a database has ended.
func (d *Duty) Lost(from duty.Database) {
	if from == duty.Southbound {
		d.claims.lost()
		d.bindings.Lost()
	} else {
		d.reports.lost()
		d.installed.Lost()
	}
}
