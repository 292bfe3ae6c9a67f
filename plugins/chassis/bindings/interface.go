package bindings

import (
	"iter"
	"strconv"
	"strings"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// Keys of an Interface's external_ids (ovn-controller(8), OVN-controller's interface records).
const (
	ifaceID     = "iface-id"
	encapIP     = "encap-ip"
	installed   = "ovn-installed"
	installedTS = "ovn-installed-ts"
)

// interfaces are the rows of table Interface.
type interfaces struct {
	rows map[string]*vswitch.Interface  // by UUID
	of   map[string]map[string]struct{} // by the logical port that they name. Invariant: none is empty
	many map[string]struct{}            // the logical ports that several name
}

func newInterfaces() interfaces {
	return interfaces{rows: map[string]*vswitch.Interface{}, of: map[string]map[string]struct{}{}, many: map[string]struct{}{}}
}

func (s *interfaces) set(id string, new *vswitch.Interface) {
	if old := s.rows[id]; old != nil {
		s.index(id, old.ExternalIDs[ifaceID], false)
	}
	if delete(s.rows, id); new != nil {
		s.rows[id] = new
		s.index(id, new.ExternalIDs[ifaceID], true)
	}
}

// index has an interface, or has it no more, among those that name a port.
func (s *interfaces) index(id, port string, is bool) {
	if port == "" {
		return
	}
	if s.of[port] == nil {
		s.of[port] = map[string]struct{}{}
	}
	if s.of[port][id] = struct{}{}; !is {
		delete(s.of[port], id)
	}
	if delete(s.many, port); len(s.of[port]) > 1 {
		s.many[port] = struct{}{}
	}
	if len(s.of[port]) == 0 {
		delete(s.of, port)
	}
}

// encapIP is the address that ports of an interface are to be reached at; "" for any.
func (s *interfaces) encapIP(id string) string {
	if row := s.rows[id]; row != nil {
		return row.ExternalIDs[encapIP]
	}
	return ""
}

// encapsulated are the logical ports with an interface that names such an address.
func (s *interfaces) encapsulated() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, row := range s.rows {
			if row.ExternalIDs[encapIP] != "" && !yield(row.ExternalIDs[ifaceID]) {
				return
			}
		}
	}
}

func (d *Duty) changeInterface(id string, old, new *vswitch.Interface) {
	var before, after map[string]string
	if old != nil {
		before = old.ExternalIDs
	}
	if new != nil {
		after = new.ExternalIDs
	}
	d.interfaces.set(id, new)
	d.installed.Mark(id)
	if before[ifaceID] != after[ifaceID] || before[encapIP] != after[encapIP] {
		d.touch(before[ifaceID])
		d.touch(after[ifaceID])
	}
}

// lookInterface compares an Interface's external_ids:ovn-installed with what it should be.
func (d *Duty) lookInterface(id string, now time.Time) duty.Write {
	d.looked++
	row := d.interfaces.rows[id]
	if row == nil || d.state.Self() == "" || !d.state.HasInterface(id) {
		return duty.Write{}
	}
	port, is := row.ExternalIDs[ifaceID], strings.EqualFold(row.ExternalIDs[installed], "true")
	should, known := d.isInstalled(id, port)
	if !known || is == should {
		return duty.Write{}
	}
	what := "no " + installed
	if should {
		what = installed
	}
	if d.reports.postpone(id, intent{what: what}, now) {
		return duty.Write{}
	}
	if rival := d.reports.write(id, intent{what: what}, now); rival != "" {
		d.rivals.note(port, rival, now)
	}
	return duty.Write{What: what + " of interface for port " + port, Database: duty.Vswitch,
		Operations: []ovsdb.Operation{report(id, row, should, now)}, Done: func(err error) { d.reports.done(id, err) }}
}

// isInstalled says whether the flows of what an interface is for are there: of a VIF that is claimed. Containers have no interface.
func (d *Duty) isInstalled(id, port string) (is, known bool) {
	binding := d.state.Row(port)
	if binding == nil || d.state.Place(binding) == local.Elsewhere || d.state.Claim(binding, nil) == local.Elsewhere {
		return false, true
	}
	if vif, plug := d.state.Carrier(binding); vif != binding || plug != id {
		return false, true
	}
	return d.marks.installed(binding.UUID, d.state.Bound(binding))
}

// report says that flows are installed, or not; the time of the last that were stays. It changes nothing if the interface is for another
// port by then.
func report(id string, row *vswitch.Interface, is bool, now time.Time) ovsdb.Operation {
	remove := libovsdb.Mutation{Column: "external_ids", Mutator: libovsdb.MutateOperationDelete,
		Value: libovsdb.OvsSet{GoSet: []any{installed}}}
	o := duty.Mutate(vswitch.InterfaceTable, id, remove)
	if is {
		o.Mutations[0].Value = libovsdb.OvsSet{GoSet: []any{installed, installedTS}}
		o.Mutations = append(o.Mutations, libovsdb.Mutation{Column: "external_ids", Mutator: libovsdb.MutateOperationInsert,
			Value: duty.Map(map[string]string{installed: "true", installedTS: strconv.FormatInt(now.UnixMilli(), 10)})})
		o.Where = append(o.Where, libovsdb.NewCondition("external_ids", libovsdb.ConditionIncludes,
			duty.Map(map[string]string{ifaceID: row.ExternalIDs[ifaceID]})))
	}
	return o
}
