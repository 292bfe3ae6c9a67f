package bindings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
	"github.com/flowhost/flowhost/sdk"
)

// stage is the chassis hv1 in memory, with others that nobody is.
type stage struct {
	*dutytest.Bench
	duty *Duty
	t    dutytest.TB
}

// id is the UUID of what is called so.
func id(name string) string { return uuid.NewSHA1(uuid.Nil, []byte(name)).String() }

// insert makes a row with the UUID of a name.
func insert(table, name string, row libovsdb.Row) ovsdb.Operation {
	o := duty.Insert(table, "", row)
	o.UUID = id(name)
	return o
}

// newStage has chassis hv1 (this one, of two addresses) and hv2, a bridge and a datapath.
func newStage(t dutytest.TB) *stage {
	s := &stage{t: t}
	s.Bench = dutytest.New(t, "br-int", Tables(), func(state *local.State) duty.Duty {
		s.duty = New(state, Owners)
		return s.duty
	})
	s.Transact(duty.Vswitch,
		insert(vswitch.OpenvSwitchTable, "open", libovsdb.Row{"external_ids": duty.Map(map[string]string{"system-id": "hv1"}),
			"bridges": duty.Refs(id("br-int"))}),
		insert(vswitch.BridgeTable, "br-int", libovsdb.Row{"name": "br-int"}))
	s.chassis("hv1", "geneve 192.0.2.1", "vxlan 192.0.2.1", "geneve 192.0.2.11")
	s.chassis("hv2", "geneve 192.0.2.2")
	s.Transact(duty.Southbound, insert(sb.DatapathBindingTable, "sw", libovsdb.Row{"tunnel_key": 1}))
	return s
}

func (s *stage) chassis(name string, encaps ...string) {
	var operations []ovsdb.Operation
	var refs []string
	for _, encap := range encaps {
		kind, ip, _ := strings.Cut(encap, " ")
		refs = append(refs, id(encap))
		operations = append(operations, insert(sb.EncapTable, encap, libovsdb.Row{"type": kind, "ip": ip, "chassis_name": name}))
	}
	s.Transact(duty.Southbound, append(operations,
		insert(sb.ChassisTable, name, libovsdb.Row{"name": name, "hostname": "host-" + name, "encaps": duty.Refs(refs...)}))...)
}

// plug makes an interface for a port, of the same name; external are more of its external_ids, by keys and values in turn.
func (s *stage) plug(port string, ofport int, external ...string) {
	s.plugAs(port, port, ofport, external...)
}

func (s *stage) plugAs(name, port string, ofport int, external ...string) {
	ids := map[string]string{"iface-id": port}
	for i := 0; i < len(external); i += 2 {
		ids[external[i]] = external[i+1]
	}
	s.Transact(duty.Vswitch,
		insert(vswitch.InterfaceTable, "interface "+name, libovsdb.Row{"name": name, "ofport": ofport, "external_ids": duty.Map(ids)}),
		insert(vswitch.PortTable, "port "+name, libovsdb.Row{"name": name, "interfaces": duty.Refs(id("interface " + name))}),
		duty.Mutate(vswitch.BridgeTable, id("br-int"), mutation("ports", libovsdb.MutateOperationInsert, duty.Refs(id("port "+name)))))
}

func (s *stage) unplug(name string) {
	s.Transact(duty.Vswitch,
		duty.Mutate(vswitch.BridgeTable, id("br-int"), mutation("ports", libovsdb.MutateOperationDelete, duty.Refs(id("port "+name)))))
}

func (s *stage) setInterface(name string, row libovsdb.Row) {
	s.Transact(duty.Vswitch, duty.Update(vswitch.InterfaceTable, id("interface "+name), row))
}

func mutation(column string, mutator libovsdb.Mutator, value any) libovsdb.Mutation {
	return libovsdb.Mutation{Column: column, Mutator: mutator, Value: value}
}

// bind makes a Port_Binding that is not up; row may have more columns.
func (s *stage) bind(name string, row libovsdb.Row) {
	all := libovsdb.Row{"logical_port": name, "datapath": duty.Ref(id("sw")), "tunnel_key": s.key(), "up": false}
	for column, value := range row {
		all[column] = value
	}
	s.Transact(duty.Southbound, insert(sb.PortBindingTable, name, all))
}

func (s *stage) key() int {
	return len(dutytest.Rows[sb.PortBinding](s.Bench, duty.Southbound, sb.PortBindingTable)) + 1
}

func (s *stage) set(name string, row libovsdb.Row) {
	s.Transact(duty.Southbound, duty.Update(sb.PortBindingTable, id(name), row))
}

// options of a Port_Binding, by keys and values in turn.
func options(pairs ...string) libovsdb.OvsMap {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return duty.Map(m)
}

// mark lets owners say that the flows of a port are there.
func (s *stage) mark(port string, ofport int, owners ...string) {
	for _, owner := range owners {
		s.duty.Marked(sdk.MarkInstalled{Owner: owner, Name: "port/" + id(port), Value: strconv.Itoa(ofport)})
	}
}

// names are those of what has such UUIDs.
var names = func() map[string]string {
	names := map[string]string{}
	for _, name := range []string{"hv1", "hv2", "hv3", "geneve 192.0.2.1", "vxlan 192.0.2.1", "geneve 192.0.2.11", "geneve 192.0.2.2"} {
		names[id(name)] = name
	}
	return names
}()

// binding shows what of a Port_Binding is not as in a new one.
func (s *stage) binding(name string) string {
	row := dutytest.Rows[sb.PortBinding](s.Bench, duty.Southbound, sb.PortBindingTable)[id(name)]
	if row == nil {
		return "gone"
	}
	return show(row)
}

func show(row *sb.PortBinding) string {
	var list []string
	add := func(column string, values ...string) {
		var words []string
		for _, value := range values {
			if value != "" {
				words = append(words, value)
			}
		}
		if slices.Sort(words); len(words) > 0 {
			list = append(list, column+"="+strings.Join(words, ","))
		}
	}
	named := func(ids ...string) (words []string) {
		for _, id := range ids {
			words = append(words, names[id])
		}
		return words
	}
	add("chassis", named(deref(row.Chassis))...)
	add("encap", named(deref(row.Encap))...)
	add("additional_chassis", named(row.AdditionalChassis...)...)
	add("additional_encap", named(row.AdditionalEncap...)...)
	add("virtual_parent", deref(row.VirtualParent))
	if row.Up == nil {
		add("up", "[]")
	} else if *row.Up {
		add("up", "true")
	}
	return strings.Join(list, " ")
}

// installed says what of ovn-installed an interface has.
func (s *stage) installed(name string) string {
	row := dutytest.Rows[vswitch.Interface](s.Bench, duty.Vswitch, vswitch.InterfaceTable)[id("interface "+name)]
	if row == nil {
		return "gone"
	}
	return fmt.Sprint(row.ExternalIDs[installed], " ", row.ExternalIDs[installedTS])
}

// whats are what Writes are for.
func whats(writes []duty.Write) (list []string) {
	for _, w := range writes {
		list = append(list, w.Database.String()+": "+w.What)
	}
	slices.Sort(list)
	return list
}
