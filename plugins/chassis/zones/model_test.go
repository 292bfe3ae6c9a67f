package zones

import (
	"maps"
	"slices"
	"strconv"
	"testing"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
	"github.com/flowhost/flowhost/sdk"
)

// model drives a chassis and knows which zones may have connections of somebody.
type model struct {
	*chassis
	gateways [2]struct{ datapath, port string } // UUIDs of routers'
	used     map[int]int                        // how often a zone's connections have become nobody's
	clean    map[int]bool                       // it has been flushed since then, and nobody has had it
	last     map[int]string                     // who had it last
	asked    map[string]map[int]int             // how used zones were when their flush was told, by the mark
	// base are the keys as of the last fixed point, of those that have needed a zone since; nil: somebody else has written meanwhile, or
	// asked for a zone.
	base map[string]int
}

// note takes in what the keys have become. By the duty, each new one has to be fit for its name.
func (m *model) note(t *rapid.T, before map[string]int, byDuty bool) {
	after := m.keys()
	for name, zone := range before {
		if now, is := after[name]; !is || now != zone {
			m.used[zone]++
			m.clean[zone], m.last[zone] = false, name
		}
	}
	for name, zone := range after {
		if then, was := before[name]; was && then == zone {
			continue
		}
		if byDuty {
			m.check(t, after, name, zone)
		}
		m.clean[zone] = false
	}
}

// check fails when a name may not have a zone that it has got.
func (m *model) check(t *rapid.T, keys map[string]int, name string, zone int) {
	shared := false
	for other, theirs := range keys {
		if other != name && theirs == zone {
			if shared = true; m.wants()[name] != zone || m.wants()[other] != zone {
				t.Fatalf("%s and %s share zone %d: %v", name, other, zone, keys)
			}
		}
	}
	if zone != 0 && !shared && !m.clean[zone] && m.last[zone] != name {
		t.Fatalf("%s has got zone %d before that was flushed: %v", name, zone, keys)
	}
}

// wants are the zones that are asked for, by name.
func (m *model) wants() map[string]int {
	wants := map[string]int{}
	for id, row := range dutytest.Rows[sb.DatapathBinding](m.Bench, duty.Southbound, sb.DatapathBindingTable) {
		if zone, err := strconv.Atoi(row.ExternalIDs["snat-ct-zone"]); err == nil {
			wants[snat(id)] = zone
		}
	}
	return wants
}

// names are those that need zones.
func (m *model) names() (names []string) {
	for _, row := range dutytest.Rows[vswitch.Interface](m.Bench, duty.Vswitch, vswitch.InterfaceTable) {
		if row.Ofport == nil || *row.Ofport > 0 {
			names = append(names, row.ExternalIDs["iface-id"])
		}
	}
	for _, row := range dutytest.Rows[sb.PortBinding](m.Bench, duty.Southbound, sb.PortBindingTable) {
		if row.Options["l3gateway-chassis"] == "hv1" {
			names = append(names, row.LogicalPort, dnat(row.Datapath), snat(row.Datapath))
		}
	}
	slices.Sort(names)
	return names
}

// isThere says whether there is an interface for a port.
func (m *model) isThere(port string) bool {
	for _, row := range dutytest.Rows[vswitch.Interface](m.Bench, duty.Vswitch, vswitch.InterfaceTable) {
		if row.Name == port {
			return true
		}
	}
	return false
}

// edit lets others change the rows.
func (m *model) edit(t *rapid.T) {
	name := string(rune('a' + rapid.IntRange(0, 4).Draw(t, "port")))
	gateway := m.gateways[rapid.IntRange(0, 1).Draw(t, "gateway")]
	switch rapid.IntRange(0, 4).Draw(t, "edit") {
	case 0:
		if m.isThere(name) {
			m.unplug(name)
		} else {
			m.add(name)
		}
	case 4:
		m.number(name, rapid.SampledFrom([]int{1, 1, -1}).Draw(t, "number"))
	case 1:
		at := rapid.SampledFrom([]string{"hv1", "hv2"}).Draw(t, "chassis")
		m.Transact(duty.Southbound, duty.Update(sb.PortBindingTable, gateway.port,
			libovsdb.Row{"options": duty.Map(map[string]string{"l3gateway-chassis": at})}))
	case 2:
		m.base = nil
		m.request(gateway.datapath, rapid.SampledFrom([]string{"", "0", "1", "2", "3", "x", "70000"}).Draw(t, "zone"))
	case 3:
		m.base = nil
		m.scribble(rapid.SampledFrom([]string{name, "stranger", snat(gateway.datapath)}).Draw(t, "key"), rapid.IntRange(-1, 4).Draw(t, "zone"))
	}
}

// scribble writes a key, or takes it away.
func (m *model) scribble(name string, zone int) {
	id, row := m.bridge()
	keys := maps.Clone(row.ExternalIDs)
	if delete(keys, prefix+name); zone >= 0 {
		keys[prefix+name] = strconv.Itoa(zone)
	}
	m.Transact(duty.Vswitch, duty.Update(vswitch.BridgeTable, id, libovsdb.Row{"external_ids": duty.Map(keys)}))
}

// told remembers how used the zones were when their flush was told.
func (m *model) told() {
	before := len(m.flushed)
	if m.tell() {
		m.asked[m.marks[len(m.marks)-1]] = map[int]int{}
		for _, zone := range m.flushed[before:] {
			m.asked[m.marks[len(m.marks)-1]][zone] = m.used[zone]
		}
	}
}

// confirmed has the switch confirm a flush, or a mark of long ago.
func (m *model) confirmed() {
	if len(m.marks) == 0 {
		return
	}
	for zone, used := range m.asked[m.marks[0]] {
		m.clean[zone] = m.clean[zone] || m.used[zone] == used
	}
	m.confirm()
}

func (m *model) step(t *rapid.T) {
	before := m.keys()
	switch step := rapid.IntRange(0, 9).Draw(t, "step"); step {
	case 0:
		m.told()
	case 1:
		m.confirmed()
	case 2:
		for _, w := range m.Plan(1) {
			if err := m.Apply(w); err != nil {
				t.Fatalf("%s: %v", w.What, err)
			}
		}
		m.note(t, before, true)
	case 3: // a resync
		m.marks = nil
		m.duty.Restart()
	case 4:
		m.restart()
		for mark := range m.asked { // of another life, which the host has kept
			m.duty.Marked(sdk.MarkInstalled{Name: Mark, Value: mark})
		}
		clear(m.last)
	case 5:
		m.settled(t)
	default:
		m.edit(t)
		m.note(t, before, false)
		names := m.names()
		maps.DeleteFunc(m.base, func(name string, _ int) bool { return !slices.Contains(names, name) })
	}
}

// settled goes on until there is nothing to do, and holds the result against what should be.
func (m *model) settled(t *rapid.T) {
	for range 20 {
		before := m.keys()
		written := m.Settle()
		m.note(t, before, true)
		if m.told(); len(written)+len(m.marks) == 0 {
			m.judge(t)
			return
		}
		for len(m.marks) > 0 {
			m.confirmed()
		}
	}
	t.Fatalf("there is no end of it")
}

func (m *model) judge(t *rapid.T) {
	keys, wants := m.keys(), m.wants()
	if got, want := slices.Sorted(maps.Keys(keys)), m.names(); !slices.Equal(got, want) {
		t.Fatalf("zones of %v, want them of %v", got, want)
	}
	taken := map[int]string{}
	for name, zone := range keys {
		want, asks := wants[name]
		if asks = asks && want <= maxZone; asks && zone != want {
			t.Fatalf("%s has zone %d and asks for %d", name, zone, want)
		}
		if !asks && (zone < 1 || zone > 20) { // there are fewer names
			t.Fatalf("%s has zone %d", name, zone)
		}
		if other, is := taken[zone]; is && (wants[name] != zone || wants[other] != zone) {
			t.Fatalf("%s and %s have zone %d", name, other, zone)
		}
		taken[zone] = name
		if before, had := m.base[name]; had && before != zone && !slices.Contains(slices.Collect(maps.Values(wants)), before) {
			t.Fatalf("%s has had zone %d, which nobody asks for, and has %d now", name, before, zone)
		}
	}
	m.base = keys
}

// Whatever happens in whichever order: no two names share a zone unless both have asked for it, none is written before it was flushed,
// and in the end exactly those have zones that need them, and those that had one before have it still.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{chassis: newChassis(t, map[string]int{"a": 1, "b": 2}), used: map[int]int{}, clean: map[int]bool{}, last: map[int]string{},
			asked: map[string]map[int]int{}}
		for i := range m.gateways {
			m.gateways[i].datapath = m.gateway("gw"+strconv.Itoa(i), "")
		}
		for id, row := range dutytest.Rows[sb.PortBinding](m.Bench, duty.Southbound, sb.PortBindingTable) {
			m.gateways[row.LogicalPort[2]-'0'].port = id
		}
		for range rapid.IntRange(5, 60).Draw(t, "steps") {
			m.step(t)
		}
		m.settled(t)
	})
}
