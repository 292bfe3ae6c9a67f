package tunnels

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
	"github.com/flowhost/flowhost/plugins/chassis/ports"
)

// model is a bench that is changed at random, and what the rules say of its rows when everything is worked out from the beginning.
type model struct {
	*dutytest.Bench
	t *rapid.T
}

// anyRow is the UUID of a row of a table; "" when it is empty.
func anyRow[T any](m model, from duty.Database, table string) string {
	ids := slices.Sorted(maps.Keys(dutytest.Rows[T](m.Bench, from, table)))
	if len(ids) == 0 {
		return ""
	}
	return ids[rapid.IntRange(0, len(ids)-1).Draw(m.t, "row")]
}

func (m model) some(names ...string) (list []string) {
	for _, name := range names {
		if rapid.Bool().Draw(m.t, name) {
			list = append(list, name)
		}
	}
	return list
}

func (m model) strings(names ...string) (list libovsdb.OvsSet) {
	for _, name := range m.some(names...) {
		list.GoSet = append(list.GoSet, name)
	}
	return list
}

func (m model) flags(pairs ...string) map[string]string {
	flags := map[string]string{}
	for _, pair := range m.some(pairs...) {
		key, value, _ := strings.Cut(pair, "=")
		flags[key] = value
	}
	return flags
}

// edit changes something.
func (m model) edit() {
	switch dutytest.Pick(m.t, "chassis", "chassis", "gone", "chassis row", "encap", "global", "settings", "group", "member", "group gone", "tunnel", "mess") {
	case "chassis":
		name := dutytest.Pick(m.t, "hv1", "hv2", "compute-3", "compute-4")
		if only(m.Bench, duty.Southbound, sb.ChassisTable, named(name)) == "" {
			encaps := m.some("geneve 10.0.0.", "geneve 10.1.0.", "vxlan 10.0.0.", "stt 10.0.0.", "odd 10.0.0.")
			for i := range encaps {
				encaps[i] += name[len(name)-1:]
			}
			m.Transact(duty.Southbound, register(name, m.chassis(), encaps...)...)
		}
	case "gone":
		if id := anyRow[sb.Chassis](m, duty.Southbound, sb.ChassisTable); id != "" {
			m.Transact(duty.Southbound, duty.Delete(sb.ChassisTable, id))
		}
	case "chassis row":
		if id := anyRow[sb.Chassis](m, duty.Southbound, sb.ChassisTable); id != "" {
			set(m.Bench, duty.Southbound, sb.ChassisTable, id, m.chassis())
		}
	case "encap":
		if id := anyRow[sb.Encap](m, duty.Southbound, sb.EncapTable); id != "" {
			set(m.Bench, duty.Southbound, sb.EncapTable, id, libovsdb.Row{"options": duty.Map(m.flags("csum=true", "csum=odd", "dst_port=1"))})
		}
	case "global":
		global(m.Bench, libovsdb.Row{"ipsec": rapid.Bool().Draw(m.t, "ipsec"),
			"options": duty.Map(m.flags("bfd-min-rx=1", "bfd-mult=3", "ipsec_encapsulation=true"))})
	case "settings":
		externalIDs(m.Bench, m.some("ovn-encap-tos=inherit", "ovn-encap-tos-hv1=none", "ovn-set-local-ip=true", "ovn-encap-df_default=false",
			"ovn-transport-zones=a,c")...)
	case "group":
		there := dutytest.Rows[sb.Chassis](m.Bench, duty.Southbound, sb.ChassisTable)
		names := func() (list []string) {
			for _, id := range m.some(slices.Sorted(maps.Keys(there))...) {
				list = append(list, there[id].Name)
			}
			return list
		}
		group(m.Bench, uuid.NewString(), names(), names())
	case "member":
		member, of := anyRow[sb.HAChassis](m, duty.Southbound, sb.HAChassisTable), anyRow[sb.Chassis](m, duty.Southbound, sb.ChassisTable)
		if member != "" && of != "" {
			// In two steps: libovsdb's database loses itself in a weak reference that was replaced by another.
			set(m.Bench, duty.Southbound, sb.HAChassisTable, member, libovsdb.Row{"chassis": duty.Refs()})
			set(m.Bench, duty.Southbound, sb.HAChassisTable, member, libovsdb.Row{"chassis": duty.Ref(of)})
		}
	case "group gone":
		if id := anyRow[sb.HAChassisGroup](m, duty.Southbound, sb.HAChassisGroupTable); id != "" {
			m.Transact(duty.Southbound, duty.Delete(sb.HAChassisGroupTable, id))
		}
	case "tunnel":
		name := dutytest.Pick(m.t, "ovn-hv2-0", "ovn-hv2-1", "ovn-comput-0", "ovn5-hv2-0")
		if !m.Duty.(*Duty).ports.Taken(name) {
			port(m.Bench, dutytest.Pick(m.t, "br-int", "br-int", "br-other"), ports.Wanted{Name: name, Type: dutytest.Pick(m.t, "geneve", "vxlan"),
				Options: m.flags("key=flow", "remote_ip=10.0.0.2"), ExternalIDs: m.flags("ovn-chassis-id=hv2@10.0.0.2", "ovn-chassis-id=compute-3@10.0.0.3")})
		}
	case "mess":
		if id := anyRow[vswitch.Interface](m, duty.Vswitch, vswitch.InterfaceTable); id != "" {
			set(m.Bench, duty.Vswitch, vswitch.InterfaceTable, id, libovsdb.Row{"options": duty.Map(m.flags("key=1")), "bfd": duty.Map(m.flags("enable=false"))})
		}
	}
}

// chassis is what may change of a chassis' row.
func (m model) chassis() libovsdb.Row {
	return libovsdb.Row{"transport_zones": m.strings("a", "b"), "other_config": duty.Map(m.flags("is-remote=true", "is-interconn=true"))}
}

// want is the tunnels that there should be, as tunnels describes them without their names. Nothing is known before this chassis has a row.
func (m model) want() (list []string, known bool) {
	all := dutytest.Rows[sb.Chassis](m.Bench, duty.Southbound, sb.ChassisTable)
	encaps := dutytest.Rows[sb.Encap](m.Bench, duty.Southbound, sb.EncapTable)
	var global *sb.SBGlobal
	for _, global = range dutytest.Rows[sb.SBGlobal](m.Bench, duty.Southbound, sb.SBGlobalTable) {
	}
	self := all[only(m.Bench, duty.Southbound, sb.ChassisTable, named("hv1"))]
	for id, row := range all {
		if self == nil || row == self || !m.reaches(self, row) {
			continue
		}
		for _, kind := range []string{"geneve", "stt", "vxlan"} {
			has := func(c *sb.Chassis) bool {
				return slices.ContainsFunc(c.Encaps, func(e string) bool { return encaps[e].Type == kind })
			}
			if !has(self) || !has(row) {
				continue
			}
			for _, e := range row.Encaps {
				if encap := encaps[e]; encap.Type == kind {
					list = append(list, strings.TrimSpace(fmt.Sprint(kind, " ", row.Name, "@", encap.IP, " ",
						text(m.options(global, row, encap, encaps[slices.Min(self.Encaps)].IP)), " ", text(m.bfd(global, self.UUID, id)))))
				}
			}
			break
		}
	}
	slices.Sort(list)
	return list, self != nil
}

func (m model) settings() map[string]string {
	for _, row := range dutytest.Rows[vswitch.OpenvSwitch](m.Bench, duty.Vswitch, vswitch.OpenvSwitchTable) {
		return row.ExternalIDs
	}
	return nil
}

func (m model) reaches(self, row *sb.Chassis) bool {
	if row.OtherConfig["is-remote"] == "true" && self.OtherConfig["is-interconn"] != "true" {
		return false
	}
	if m.settings()["ovn-transport-zones"] == "" {
		return len(row.TransportZones) == 0
	}
	return slices.Contains(row.TransportZones, "a")
}

func (m model) options(global *sb.SBGlobal, row *sb.Chassis, encap *sb.Encap, local string) map[string]string {
	ids := m.settings()
	options := map[string]string{"key": "flow", "remote_ip": encap.IP}
	if encap.Options["csum"] == "true" {
		options["csum"] = "true"
	}
	if encap.Options["dst_port"] == "1" {
		options["dst_port"] = "1"
	}
	if global.Ipsec {
		options["remote_name"] = row.Name
		if global.Options["ipsec_encapsulation"] == "true" {
			options["ipsec_encapsulation"] = "yes"
		}
	}
	if global.Ipsec || ids["ovn-set-local-ip"] == "true" {
		options["local_ip"] = local
	}
	if ids["ovn-encap-tos"] == "inherit" && ids["ovn-encap-tos-hv1"] == "" {
		options["tos"] = "inherit"
	}
	if ids["ovn-encap-df_default"] != "" {
		options["df_default"] = "false"
	}
	return options
}

func (m model) bfd(global *sb.SBGlobal, self, other string) map[string]string {
	members := dutytest.Rows[sb.HAChassis](m.Bench, duty.Southbound, sb.HAChassisTable)
	for _, g := range dutytest.Rows[sb.HAChassisGroup](m.Bench, duty.Southbound, sb.HAChassisGroupTable) {
		member := func(chassis string) bool {
			return slices.ContainsFunc(g.HaChassis, func(id string) bool { return members[id].Chassis != nil && *members[id].Chassis == chassis })
		}
		depends := func(chassis string) bool { return slices.Contains(g.RefChassis, chassis) }
		if len(g.HaChassis) < 2 || !(member(self) && (member(other) || depends(other)) || depends(self) && member(other)) {
			continue
		}
		bfd := map[string]string{"enable": "true", "check_tnl_key": "true"}
		for from, to := range map[string]string{"bfd-min-rx": "min_rx", "bfd-mult": "mult"} {
			if global.Options[from] != "" {
				bfd[to] = global.Options[from]
			}
		}
		return bfd
	}
	return nil
}

// got is what there is, without the names, and the ports of others.
func (m model) got() (ours, others []string) {
	for _, bridge := range []string{"br-int", "br-other"} {
		for _, line := range tunnels(m.Bench, bridge) {
			if name, rest, _ := strings.Cut(line, " "); bridge != "br-int" && strings.HasPrefix(name, "ovn5-") {
				others = append(others, bridge+" "+line)
			} else {
				ours = append(ours, rest)
			}
		}
	}
	slices.Sort(ours)
	return ours, others
}

// Whatever has changed and however writes went: when nothing more is planned, the tunnels are what the rules say of the rows there are.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := model{bench(t), t}
		for range rapid.IntRange(1, 12).Draw(t, "rounds") {
			for range rapid.IntRange(1, 5).Draw(t, "edits") {
				m.edit()
			}
			m.Disturb(t, m.edit)
			_, before := m.got()
			m.Settle()
			got, after := m.got()
			if want, known := m.want(); known && !slices.Equal(got, want) {
				t.Fatalf("tunnels are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if !slices.Equal(before, after) {
				t.Fatalf("another chassis' ports were\n%s\nand are\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
			}
		}
	})
}
