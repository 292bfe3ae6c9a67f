package registration

import (
	"fmt"
	"maps"
	"slices"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// register is what makes the rows of this chassis what the settings want (chassis.c, chassis_run). Other keys of other_config, and
// columns that are not mentioned here, are others'.
func (d *Duty) register() (w duty.Write, is string) {
	want, problem := d.want()
	if d.problem = problem; len(want.encaps) == 0 {
		return w, ""
	}
	id := d.state.Self()
	row := d.state.Chassis(id)
	if d.problem = or(d.taken(want.encaps, row), problem); d.problem != problem {
		return w, ""
	}
	w = duty.Write{What: "chassis " + d.name(), Database: duty.Southbound}
	encaps, operations := d.keepEncaps(&want)
	if row == nil {
		id = duty.Name("chassis", d.name())
		operations = append(operations, duty.Insert(sb.ChassisTable, id, libovsdb.Row{
			"name": d.name(), "hostname": want.hostname, "encaps": duty.Refs(encaps...), "other_config": duty.Map(want.otherConfig),
			"transport_zones": stringSet(want.zones)}))
	} else {
		operations = append(operations, keepChassis(id, row, &want, encaps)...)
	}
	w.Operations = append(operations, d.keepPrivate(id)...)
	return w, d.name() + want.String()
}

// taken says that an encapsulation is another chassis' already: there are no two alike.
func (d *Duty) taken(encaps []encap, row *sb.Chassis) (problem string) {
	for _, e := range encaps {
		id := d.ids[e]
		if id == "" || row != nil && slices.Contains(row.Encaps, id) {
			continue
		}
		other := d.encaps[id].ChassisName
		return fmt.Sprintf("chassis %s has the encapsulation %v already; if it is gone, or was this one: ovn-sbctl chassis-del %s",
			other, e, other)
	}
	return ""
}

// keepEncaps returns the ids of the wanted Encaps, UUIDs or uuid-names, and what makes them so. One that no chassis names goes by itself.
func (d *Duty) keepEncaps(want *wanted) (ids []string, operations []ovsdb.Operation) {
	for _, e := range want.encaps {
		id := d.ids[e]
		if id == "" {
			id = duty.Name("encap", e.String())
			operations = append(operations, duty.Insert(sb.EncapTable, id, libovsdb.Row{
				"type": e.kind, "ip": e.ip, "options": duty.Map(want.options), "chassis_name": d.name()}))
		} else {
			operations = append(operations, d.keepEncap(id, want)...)
		}
		ids = append(ids, id)
	}
	return ids, operations
}

// keepEncap is what makes an Encap as wanted. It names what differs only: with access control, chassis_name is not for a chassis to change
// (ovn-sb(5), RBAC_Permission).
func (d *Duty) keepEncap(id string, want *wanted) []ovsdb.Operation {
	columns := libovsdb.Row{}
	if d.encaps[id].ChassisName != d.name() {
		columns["chassis_name"] = d.name()
	}
	if !maps.Equal(d.encaps[id].Options, want.options) {
		columns["options"] = duty.Map(want.options)
	}
	if len(columns) == 0 {
		return nil
	}
	return []ovsdb.Operation{duty.Update(sb.EncapTable, id, columns)}
}

// keepChassis is what makes the row as wanted.
func keepChassis(id string, row *sb.Chassis, want *wanted, encaps []string) (operations []ovsdb.Operation) {
	columns := libovsdb.Row{}
	if row.Hostname != want.hostname {
		columns["hostname"] = want.hostname
	}
	if !sameSet(row.Encaps, encaps) {
		columns["encaps"] = duty.Refs(encaps...)
	}
	if !sameSet(row.TransportZones, want.zones) {
		columns["transport_zones"] = stringSet(want.zones)
	}
	if len(columns) > 0 {
		operations = append(operations, duty.Update(sb.ChassisTable, id, columns))
	}
	others := map[string]string{}
	for key, value := range want.otherConfig {
		if is, there := row.OtherConfig[key]; !there || is != value {
			others[key] = value
		}
	}
	if len(others) > 0 {
		operations = append(operations, duty.SetKeys(sb.ChassisTable, id, "other_config", others))
	}
	return operations
}

// keepPrivate is what makes the row of Chassis_Private be of this chassis.
func (d *Duty) keepPrivate(id string) []ovsdb.Operation {
	switch {
	case d.private == nil:
		return []ovsdb.Operation{duty.Insert(sb.ChassisPrivateTable, duty.Name("private", d.name()), libovsdb.Row{
			"name": d.name(), "chassis": duty.Ref(id)})}
	case d.private.Chassis == nil || *d.private.Chassis != id:
		return []ovsdb.Operation{duty.Update(sb.ChassisPrivateTable, d.rowID.String(), libovsdb.Row{"chassis": duty.Ref(id)})}
	}
	return nil
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// stringSet is a set of strings as a column holds it.
func stringSet(list []string) libovsdb.OvsSet {
	set := libovsdb.OvsSet{GoSet: make([]any, len(list))}
	for i, one := range list {
		set.GoSet[i] = one
	}
	return set
}
