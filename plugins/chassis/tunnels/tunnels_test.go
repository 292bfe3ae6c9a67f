package tunnels

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
	"github.com/flowhost/flowhost/plugins/chassis/ports"
)

func start(state *local.State) duty.Duty { return New(state, "br-int", hclog.NewNullLogger()) }

// bench is a chassis hv1 with a bridge br-int, which may not be registered yet.
func bench(t dutytest.TB) *dutytest.Bench {
	b := dutytest.New(t, "br-int", Tables(), start)
	b.Transact(duty.Vswitch,
		duty.Insert(vswitch.BridgeTable, "b", libovsdb.Row{"name": "br-int"}),
		duty.Insert(vswitch.BridgeTable, "o", libovsdb.Row{"name": "br-other"}),
		duty.Insert(vswitch.OpenvSwitchTable, "", libovsdb.Row{"bridges": duty.Refs("b", "o"),
			"external_ids": duty.Map(map[string]string{"system-id": "hv1"})}))
	b.Transact(duty.Southbound, duty.Insert(sb.SBGlobalTable, "", libovsdb.Row{}))
	return b
}

// register is the operations that make a chassis with encapsulations "TYPE IP".
func register(name string, columns libovsdb.Row, encaps ...string) (operations []ovsdb.Operation) {
	var refs []string
	for i, encap := range encaps {
		kind, ip, _ := strings.Cut(encap, " ")
		id := fmt.Sprint("e", i)
		refs = append(refs, id)
		operations = append(operations, duty.Insert(sb.EncapTable, id, libovsdb.Row{"type": kind, "ip": ip, "chassis_name": name,
			"options": duty.Map(map[string]string{"csum": "true"})}))
	}
	row := libovsdb.Row{"name": name, "encaps": duty.Refs(refs...)}
	maps.Copy(row, columns)
	return append(operations, duty.Insert(sb.ChassisTable, "c", row))
}

// tunnels describes the ports of a bridge that have an ovn-chassis-id.
func tunnels(b *dutytest.Bench, bridge string) (list []string) {
	interfaces := dutytest.Rows[vswitch.Interface](b, duty.Vswitch, vswitch.InterfaceTable)
	ports := dutytest.Rows[vswitch.Port](b, duty.Vswitch, vswitch.PortTable)
	for _, row := range dutytest.Rows[vswitch.Bridge](b, duty.Vswitch, vswitch.BridgeTable) {
		for _, id := range row.Ports {
			if port := ports[id]; row.Name == bridge && port.ExternalIDs[chassisID] != "" {
				i := interfaces[port.Interfaces[0]]
				list = append(list, strings.TrimSpace(fmt.Sprint(port.Name, " ", i.Type, " ", port.ExternalIDs[chassisID], " ",
					text(i.Options), " ", text(i.BFD))))
			}
		}
	}
	slices.Sort(list)
	return list
}

func text(m map[string]string) string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, key+"="+m[key])
	}
	return strings.Join(pairs, ",")
}

func set(b *dutytest.Bench, to duty.Database, table, id string, columns libovsdb.Row) {
	b.Transact(to, duty.Update(table, id, columns))
}

// only is the UUID of the only row of a table, or of those that is suits.
func only[T any](b *dutytest.Bench, from duty.Database, table string, is func(*T) bool) string {
	for id, row := range dutytest.Rows[T](b, from, table) {
		if is == nil || is(row) {
			return id
		}
	}
	return ""
}

func named(name string) func(*sb.Chassis) bool {
	return func(c *sb.Chassis) bool { return c.Name == name }
}

func externalIDs(b *dutytest.Bench, pairs ...string) {
	ids := map[string]string{"system-id": "hv1"}
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		ids[key] = value
	}
	set(b, duty.Vswitch, vswitch.OpenvSwitchTable, only[vswitch.OpenvSwitch](b, duty.Vswitch, vswitch.OpenvSwitchTable, nil),
		libovsdb.Row{"external_ids": duty.Map(ids)})
}

func global(b *dutytest.Bench, columns libovsdb.Row) {
	set(b, duty.Southbound, sb.SBGlobalTable, only[sb.SBGlobal](b, duty.Southbound, sb.SBGlobalTable, nil), columns)
}

func TestTunnels(t *testing.T) {
	const plain = "csum=true,key=flow,remote_ip="
	remote := libovsdb.Row{"other_config": duty.Map(map[string]string{"is-remote": "true"})}
	for _, test := range []struct {
		name   string
		self   []ovsdb.Operation // nil: hv1 has geneve
		others [][]ovsdb.Operation
		ids    []string // of Open_vSwitch
		global libovsdb.Row
		want   []string
	}{
		{
			name:   "one to each chassis, and none to itself",
			others: [][]ovsdb.Operation{register("hv2", nil, "geneve 10.0.0.2"), register("computer3", nil, "geneve 10.0.0.3")},
			want:   []string{"ovn-comput-0 geneve computer3@10.0.0.3 " + plain + "10.0.0.3", "ovn-hv2-0 geneve hv2@10.0.0.2 " + plain + "10.0.0.2"},
		},
		{
			name:   "names are unique",
			others: [][]ovsdb.Operation{register("compute-a", nil, "geneve 10.0.0.2"), register("compute-b", nil, "geneve 10.0.0.3")},
			want: []string{"ovn-comput-0 geneve compute-a@10.0.0.2 " + plain + "10.0.0.2",
				"ovn-comput-1 geneve compute-b@10.0.0.3 " + plain + "10.0.0.3"},
		},
		{
			name:   "one to each address of the best type that both have",
			self:   register("hv1", nil, "geneve 10.0.0.1", "vxlan 10.0.0.1"),
			others: [][]ovsdb.Operation{register("hv2", nil, "vxlan 10.0.0.2", "geneve 10.0.0.2", "geneve 10.1.0.2"), register("hv3", nil, "vxlan 10.0.0.3")},
			want: []string{"ovn-hv2-0 geneve hv2@10.0.0.2 " + plain + "10.0.0.2", "ovn-hv2-1 geneve hv2@10.1.0.2 " + plain + "10.1.0.2",
				"ovn-hv3-0 vxlan hv3@10.0.0.3 " + plain + "10.0.0.3"},
		},
		{
			name:   "no type in common",
			others: [][]ovsdb.Operation{register("hv2", nil, "vxlan 10.0.0.2"), register("hv3", nil, "unheard-of 10.0.0.3")},
		},
		{
			name: "transport zones",
			ids:  []string{"ovn-transport-zones=a,b"},
			others: [][]ovsdb.Operation{register("hv2", libovsdb.Row{"transport_zones": "b"}, "geneve 10.0.0.2"),
				register("hv3", libovsdb.Row{"transport_zones": "c"}, "geneve 10.0.0.3"), register("hv4", nil, "geneve 10.0.0.4")},
			want: []string{"ovn-hv2-0 geneve hv2@10.0.0.2 " + plain + "10.0.0.2"},
		},
		{
			name:   "another availability zone",
			others: [][]ovsdb.Operation{register("hv2", remote, "geneve 10.0.0.2")},
		},
		{
			name:   "another availability zone, for a gateway to it",
			self:   register("hv1", libovsdb.Row{"other_config": duty.Map(map[string]string{"is-interconn": "true"})}, "geneve 10.0.0.1"),
			others: [][]ovsdb.Operation{register("hv2", remote, "geneve 10.0.0.2")},
			want:   []string{"ovn-hv2-0 geneve hv2@10.0.0.2 " + plain + "10.0.0.2"},
		},
		{
			name:   "settings, of which those of this chassis count more",
			ids:    []string{"ovn-encap-tos=inherit", "ovn-encap-df_default=true", "ovn-encap-df_default-hv1=false", "ovn-set-local-ip=true"},
			others: [][]ovsdb.Operation{register("hv2", nil, "geneve 10.0.0.2")},
			want: []string{"ovn-hv2-0 geneve hv2@10.0.0.2 " +
				"csum=true,df_default=false,key=flow,local_ip=10.0.0.1,remote_ip=10.0.0.2,tos=inherit"},
		},
		{
			name:   "IPsec",
			global: libovsdb.Row{"ipsec": true, "options": duty.Map(map[string]string{"ipsec_encapsulation": "true"})},
			others: [][]ovsdb.Operation{register("hv2", nil, "geneve 10.0.0.2")},
			want: []string{"ovn-hv2-0 geneve hv2@10.0.0.2 " +
				"csum=true,ipsec_encapsulation=yes,key=flow,local_ip=10.0.0.1,remote_ip=10.0.0.2,remote_name=hv2"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := bench(t)
			externalIDs(b, test.ids...)
			if test.global != nil {
				global(b, test.global)
			}
			for _, other := range test.others {
				b.Transact(duty.Southbound, other...)
			}
			if b.Settle(); len(tunnels(b, "br-int")) > 0 {
				t.Errorf("before this chassis is registered there is %q", tunnels(b, "br-int"))
			}
			if test.self == nil {
				test.self = register("hv1", nil, "geneve 10.0.0.1")
			}
			b.Transact(duty.Southbound, test.self...)
			b.Settle()
			if diff := cmp.Diff(test.want, tunnels(b, "br-int")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// pair is the bench of hv1 with a tunnel to hv2.
func pair(t *testing.T) *dutytest.Bench {
	b := bench(t)
	b.Transact(duty.Southbound, register("hv1", nil, "geneve 10.0.0.1")...)
	b.Transact(duty.Southbound, register("hv2", nil, "geneve 10.0.0.2")...)
	b.Settle()
	return b
}

// A tunnel stays the same row while what it leads to does, and goes with its chassis.
func TestTunnelStays(t *testing.T) {
	b := pair(t)
	before := only[vswitch.Port](b, duty.Vswitch, vswitch.PortTable, nil)
	encap := only(b, duty.Southbound, sb.EncapTable, func(e *sb.Encap) bool { return e.IP == "10.0.0.2" })
	set(b, duty.Southbound, sb.EncapTable, encap, libovsdb.Row{"options": duty.Map(map[string]string{"csum": "no", "dst_port": "6082"})})
	b.Settle()
	want := []string{"ovn-hv2-0 geneve hv2@10.0.0.2 dst_port=6082,key=flow,remote_ip=10.0.0.2"}
	if diff := cmp.Diff(want, tunnels(b, "br-int")); diff != "" {
		t.Error(diff)
	}
	if after := only[vswitch.Port](b, duty.Vswitch, vswitch.PortTable, nil); after != before {
		t.Error("the port was made anew")
	}
	b.Transact(duty.Southbound, duty.Delete(sb.ChassisTable, only(b, duty.Southbound, sb.ChassisTable, named("hv2"))))
	if b.Settle(); len(dutytest.Rows[vswitch.Port](b, duty.Vswitch, vswitch.PortTable)) > 0 {
		t.Errorf("there is still %q", tunnels(b, "br-int"))
	}
}

// port makes a port on a bridge, as anybody may.
func port(b *dutytest.Bench, bridge string, p ports.Wanted) {
	id := only(b, duty.Vswitch, vswitch.BridgeTable, func(row *vswitch.Bridge) bool { return row.Name == bridge })
	b.Transact(duty.Vswitch, p.Insert(id)...)
}

// What is there already is adopted; doubles, tunnels to nobody and those left on another bridge go; another chassis' on its bridge, and
// what is no tunnel, are not touched.
func TestAdoption(t *testing.T) {
	b := bench(t)
	options := map[string]string{"csum": "true", "key": "flow", "remote_ip": "10.0.0.2"}
	for _, p := range []struct{ bridge, name, id string }{
		{"br-int", "ovn-hv2-7", "hv2@10.0.0.2"}, {"br-int", "ovn-hv2-8", "hv2@10.0.0.2"}, {"br-int", "ovn-hv9-0", "hv9@10.0.0.9"},
		{"br-other", "ovn-hv3-0", "hv3@10.0.0.3"}, {"br-other", "ovn2-hv2-0", "hv2@10.0.0.2"}, {"br-int", "ovn2-hv2-1", "hv2@10.0.0.2"},
	} {
		port(b, p.bridge, ports.Wanted{Name: p.name, Type: "geneve", Options: options, ExternalIDs: map[string]string{chassisID: p.id}})
	}
	port(b, "br-int", ports.Wanted{Name: "ovn-hv3-1"})
	b.Transact(duty.Southbound, register("hv1", nil, "geneve 10.0.0.1")...)
	b.Transact(duty.Southbound, register("hv2", nil, "geneve 10.0.0.2")...)
	b.Settle()
	want := []string{"ovn-hv2-7 geneve hv2@10.0.0.2 csum=true,key=flow,remote_ip=10.0.0.2"}
	if diff := cmp.Diff(want, tunnels(b, "br-int")); diff != "" {
		t.Error(diff)
	}
	if got := tunnels(b, "br-other"); len(got) != 1 || !strings.HasPrefix(got[0], "ovn2-hv2-0") {
		t.Errorf("br-other has %q", got)
	}
	if len(dutytest.Rows[vswitch.Port](b, duty.Vswitch, vswitch.PortTable)) != 3 {
		t.Error("a port that is no tunnel was touched")
	}
}

// A further chassis on this Open vSwitch has an index in its names.
func TestIndex(t *testing.T) {
	b := bench(t)
	set(b, duty.Vswitch, vswitch.OpenvSwitchTable, only[vswitch.OpenvSwitch](b, duty.Vswitch, vswitch.OpenvSwitchTable, nil),
		libovsdb.Row{"other_config": duty.Map(map[string]string{"ovn-chassis-idx-hv1": "3"})})
	b.Transact(duty.Southbound, register("hv1", nil, "geneve 10.0.0.1")...)
	b.Transact(duty.Southbound, register("compute-2", nil, "geneve 10.0.0.2")...)
	b.Settle()
	if got := tunnels(b, "br-int"); len(got) != 1 || !strings.HasPrefix(got[0], "ovn3-compu-0 ") {
		t.Errorf("tunnels %q", got)
	}
}

// group makes an HA chassis group of these members, on which others depend.
func group(b *dutytest.Bench, name string, members, dependents []string) {
	uuids := func(names []string) (list []string) {
		for _, name := range names {
			list = append(list, only(b, duty.Southbound, sb.ChassisTable, named(name)))
		}
		return list
	}
	var operations []ovsdb.Operation
	var refs []string
	for i, chassis := range uuids(members) {
		refs = append(refs, fmt.Sprint("m", i))
		operations = append(operations, duty.Insert(sb.HAChassisTable, refs[i], libovsdb.Row{"chassis": duty.Ref(chassis), "priority": i}))
	}
	b.Transact(duty.Southbound, append(operations, duty.Insert(sb.HAChassisGroupTable, "", libovsdb.Row{"name": name,
		"ha_chassis": duty.Refs(refs...), "ref_chassis": duty.Refs(uuids(dependents)...)}))...)
}

// watched are the chassis whose tunnels have BFD, and how.
func watched(b *dutytest.Bench) map[string]string {
	found := map[string]string{}
	for _, line := range tunnels(b, "br-int") {
		if fields := strings.Fields(line); len(fields) > 4 {
			found[chassisOf(fields[2])] = fields[4]
		}
	}
	return found
}

func TestBFD(t *testing.T) {
	for _, test := range []struct {
		name                string
		members, dependents []string
		want                []string
	}{
		{"members watch each other and those that depend on them", []string{"hv1", "hv2"}, []string{"hv3"}, []string{"hv2", "hv3"}},
		{"those that depend on members watch them", []string{"hv2", "hv3"}, []string{"hv1", "hv4"}, []string{"hv2", "hv3"}},
		{"others watch nobody", []string{"hv2", "hv3"}, []string{"hv4"}, nil},
		{"a group of one", []string{"hv1"}, []string{"hv2"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := bench(t)
			for i := range 4 {
				b.Transact(duty.Southbound, register(fmt.Sprint("hv", i+1), nil, fmt.Sprint("geneve 10.0.0.", i+1))...)
			}
			group(b, "g", test.members, test.dependents)
			b.Settle()
			if got := slices.Sorted(maps.Keys(watched(b))); !slices.Equal(got, test.want) {
				t.Errorf("watched are %q, want %q", got, test.want)
			}
			global(b, libovsdb.Row{"options": duty.Map(map[string]string{"bfd-min-rx": "100", "bfd-mult": "5", "else": "1"})})
			b.Settle()
			for chassis, got := range watched(b) {
				if got != "check_tnl_key=true,enable=true,min_rx=100,mult=5" {
					t.Errorf("BFD to %s has %s", chassis, got)
				}
			}
			b.Transact(duty.Southbound, duty.Delete(sb.HAChassisGroupTable,
				only[sb.HAChassisGroup](b, duty.Southbound, sb.HAChassisGroupTable, nil)))
			if b.Settle(); len(watched(b)) > 0 {
				t.Errorf("without a group watched are %v", watched(b))
			}
		})
	}
}

// A member that becomes another chassis is followed, though the group's row stays as it is.
func TestBFDMember(t *testing.T) {
	b := bench(t)
	for i := range 3 {
		b.Transact(duty.Southbound, register(fmt.Sprint("hv", i+1), nil, fmt.Sprint("geneve 10.0.0.", i+1))...)
	}
	group(b, "g", []string{"hv1", "hv2"}, nil)
	b.Settle()
	hv2 := only(b, duty.Southbound, sb.ChassisTable, named("hv2"))
	member := only(b, duty.Southbound, sb.HAChassisTable, func(m *sb.HAChassis) bool { return *m.Chassis == hv2 })
	set(b, duty.Southbound, sb.HAChassisTable, member, libovsdb.Row{"chassis": duty.Ref(only(b, duty.Southbound, sb.ChassisTable, named("hv3")))})
	b.Settle()
	if got := slices.Sorted(maps.Keys(watched(b))); !slices.Equal(got, []string{"hv3"}) {
		t.Errorf("watched are %q, want hv3", got)
	}
}

// Two Writes on their way at the same time choose different names.
func TestNamesOnTheirWay(t *testing.T) {
	b := bench(t)
	b.Transact(duty.Southbound, register("hv1", nil, "geneve 10.0.0.1")...)
	b.Transact(duty.Southbound, register("compute-2", nil, "geneve 10.0.0.2")...)
	writes := b.Plan(9)
	b.Transact(duty.Southbound, register("compute-3", nil, "geneve 10.0.0.3")...)
	for _, w := range append(writes, b.Plan(9)...) {
		if err := b.Apply(w); err != nil {
			t.Errorf("%s: %v", w.What, err)
		}
	}
	if got := tunnels(b, "br-int"); len(got) != 2 {
		t.Errorf("tunnels %q", got)
	}
}

// Somebody who takes a tunnel away again and again is not fought without end, and told of.
func TestFight(t *testing.T) {
	b := pair(t)
	d := b.Duty.(*Duty)
	fights := 0
	for range 10 * patience {
		id := only[vswitch.Port](b, duty.Vswitch, vswitch.PortTable, nil)
		if id == "" {
			break
		}
		fights++
		b.Transact(duty.Vswitch, d.ports.Remove(id)...)
		b.Settle()
	}
	if fights != patience {
		t.Errorf("the tunnel was made %d times at once, want %d", fights, patience)
	}
	if b.Now = b.Now.Add(time.Minute); len(b.Settle()) != 1 || d.Note() == "" {
		t.Errorf("after a pause there is %q, and the status says %q", tunnels(b, "br-int"), d.Note())
	}
}

// Among a thousand chassis, a further one costs a look at itself, and one Write.
func TestCost(t *testing.T) {
	b := bench(t)
	b.Transact(duty.Southbound, register("hv1", nil, "geneve 10.0.0.1")...)
	const others = 1000
	for i := range others {
		b.Transact(duty.Southbound, register(fmt.Sprintf("c%03d", i), nil, fmt.Sprintf("geneve 10.1.%d.%d", i/200, i%200+1))...)
	}
	if writes := b.Settle(); len(writes) != others {
		t.Errorf("%d writes for %d chassis", len(writes), others)
	}
	d := b.Duty.(*Duty)
	b.Transact(duty.Southbound, register("new", nil, "geneve 10.2.0.1")...)
	if n := d.agenda.Len(); n != 1 {
		t.Errorf("%d chassis are looked at for a new one", n)
	}
	if writes := b.Settle(); len(writes) != 1 {
		t.Errorf("%d writes for a new chassis", len(writes))
	}
}
