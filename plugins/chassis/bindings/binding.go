package bindings

import (
	"fmt"
	"slices"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// changeBinding notices that another chassis has taken a port from this one.
func (d *Duty) changeBinding(id string, old, new *sb.PortBinding) {
	self := d.state.Self()
	if old == nil || new == nil || self == "" {
		return
	}
	if deref(old.Chassis) == self && new.Chassis != nil && *new.Chassis != self {
		d.claims.take(id, *new.Chassis)
	}
}

// lookBinding compares a Port_Binding with what it should be.
func (d *Duty) lookBinding(id string, now time.Time) duty.Write {
	d.looked++
	row := d.state.Binding(id)
	read := d.readers.begin(id)
	if row == nil || d.state.Self() == "" || !local.IsClaimed(row) {
		d.claims.see(id, false, now)
		return duty.Write{}
	}
	place := d.state.Claim(row, read)
	d.claims.see(id, place == local.Main, now)
	c := d.consider(id, row, place)
	if c.isEmpty() {
		return duty.Write{}
	}
	i := intent{what: c.String(), move: c.move, from: deref(row.Chassis), stale: d.marks.any(id, d.state.Bound(row))}
	if d.claims.postpone(id, i, now) {
		return duty.Write{}
	}
	if rival := d.claims.write(id, i, now); rival != "" {
		d.rivals.note(row.LogicalPort, d.describe(rival), now)
	}
	return duty.Write{What: c.what + " of port " + row.LogicalPort, Database: duty.Southbound, Operations: c.operations(id, row),
		Done: func(err error) { d.claims.done(id, err) }}
}

// describe says for people who a rival is: a chassis by its UUID, or somebody unknown.
func (d *Duty) describe(rival string) string {
	if chassis := d.state.Chassis(rival); chassis != nil {
		return "chassis " + chassis.Name
	}
	return rival
}

// change is how a Port_Binding has to become another.
type change struct {
	what      string // for people
	move      move
	columns   libovsdb.Row
	mutations []libovsdb.Mutation
}

// consider works out how a row has to change if it is to be in a place.
func (d *Duty) consider(id string, row *sb.PortBinding, place local.Place) *change {
	c := &change{what: "update", columns: libovsdb.Row{}}
	was := d.state.Place(row)
	vif, plug := d.state.Carrier(row)
	encap := d.encaps.find(d.state, d.interfaces.encapIP(plug))

	switch {
	case place == local.Main:
		if was != local.Main {
			c.what, c.move = "claim", claim
			c.columns["chassis"] = duty.Refs(d.state.Self())
		}
		if deref(row.Encap) != encap {
			c.columns["encap"] = optional(encap)
		}
	case was == local.Main: // binding.c, release_lport_main_chassis
		c.what, c.move = "release", release
		c.columns["chassis"] = duty.Refs()
		if row.Encap != nil {
			c.columns["encap"] = duty.Refs()
		}
		if row.VirtualParent != nil {
			c.columns["virtual_parent"] = libovsdb.OvsSet{}
		}
	}
	d.considerAdditional(c, row, place, encap)
	if up, known := d.isUp(id, row, vif, place); known && row.Up != nil && *row.Up != up {
		c.columns["up"] = up
	}
	return c
}

// considerAdditional does the part of consider that is about additional_chassis and additional_encap.
func (d *Duty) considerAdditional(c *change, row *sb.PortBinding, place local.Place, encap string) {
	self, is := d.state.Self(), place == local.Additional
	switch has := slices.Contains(row.AdditionalChassis, self); {
	case is && !has:
		c.mutate("additional_chassis", libovsdb.MutateOperationInsert, self)
	case !is && has:
		c.mutate("additional_chassis", libovsdb.MutateOperationDelete, self)
	}
	for _, one := range row.AdditionalEncap {
		if d.encaps.isOf(one, d.state.Name()) && !(is && one == encap) {
			c.mutate("additional_encap", libovsdb.MutateOperationDelete, one)
		}
	}
	if is && encap != "" && !slices.Contains(row.AdditionalEncap, encap) {
		c.mutate("additional_encap", libovsdb.MutateOperationInsert, encap)
	}
}

// isUp says whether a port is up, as far as that is known here and this chassis' to say. vif is what it is bound by.
func (d *Duty) isUp(id string, row, vif *sb.PortBinding, place local.Place) (up, known bool) {
	was := d.state.Place(row)
	switch {
	case place != local.Main: // who claims a gateway's port says that it is up (binding.c, release_lport)
		return false, was == local.Main && !local.IsGateway(row)
	case local.IsGateway(row):
		return true, true
	case was != local.Main: // the flows that follow are still to come
		return false, true
	case vif != row && !d.isParentUp(vif):
		return false, true
	}
	return d.marks.installed(id, d.state.Bound(row))
}

// isParentUp says whether a VIF that others are bound by is up, or is being made so. If it is another chassis' as well, that one says so.
func (d *Duty) isParentUp(vif *sb.PortBinding) bool {
	if d.state.Place(vif) == local.Main {
		if up, known := d.marks.installed(vif.UUID, d.state.Bound(vif)); known {
			return up
		}
	}
	return vif.Up != nil && *vif.Up
}

func (c *change) mutate(column string, mutator libovsdb.Mutator, id string) {
	c.mutations = append(c.mutations, libovsdb.Mutation{Column: column, Mutator: mutator, Value: duty.Refs(id)})
}

func (c *change) isEmpty() bool { return len(c.columns)+len(c.mutations) == 0 }

// operations are those of the transaction. It fails if the chassis has become another meanwhile, which does not matter to who becomes an
// additional one.
func (c *change) operations(id string, row *sb.PortBinding) (list []ovsdb.Operation) {
	if len(c.columns) > 0 {
		list = append(list, duty.Unchanged(sb.PortBindingTable, id, libovsdb.Row{"chassis": optional(deref(row.Chassis))}),
			duty.Update(sb.PortBindingTable, id, c.columns))
	}
	if len(c.mutations) > 0 {
		list = append(list, duty.Mutate(sb.PortBindingTable, id, c.mutations...))
	}
	return list
}

func optional(id string) libovsdb.OvsSet {
	if id == "" {
		return duty.Refs()
	}
	return duty.Refs(id)
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func (c *change) String() string { return fmt.Sprint(c.columns, c.mutations) }
