package local

import (
	"flag"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// world is the rows of both databases, and what the rules say of them when everything is worked out from the beginning.
type world map[uuid.UUID]ovsdb.Model

// rows gives the rows of one type.
func rows[T any](w world) map[uuid.UUID]*T {
	found := map[uuid.UUID]*T{}
	for id, row := range w {
		if typed, ok := row.(*T); ok {
			found[id] = typed
		}
	}
	return found
}

func (w world) externalIDs() map[string]string {
	for _, row := range rows[vswitch.OpenvSwitch](w) {
		return row.ExternalIDs
	}
	return nil
}

// names of this chassis, as requested-chassis may have them.
func (w world) names() []string {
	name, hostname := w.externalIDs()["system-id"], w.externalIDs()["hostname"]
	for _, row := range rows[sb.Chassis](w) {
		if row.Name == name {
			hostname = row.Hostname
		}
	}
	return slices.DeleteFunc([]string{name, hostname}, func(s string) bool { return s == "" })
}

func (w world) port(name string) *sb.PortBinding {
	for _, row := range rows[sb.PortBinding](w) {
		if row.LogicalPort == name {
			return row
		}
	}
	return nil
}

// interfaces are those of the bridge.
func (w world) interfaces() (found []*vswitch.Interface) {
	for _, bridge := range rows[vswitch.Bridge](w) {
		for id, port := range rows[vswitch.Port](w) {
			if bridge.Name != "br-int" || !slices.Contains(bridge.Ports, id.String()) {
				continue
			}
			for iid, i := range rows[vswitch.Interface](w) {
				if slices.Contains(port.Interfaces, iid.String()) {
					found = append(found, i)
				}
			}
		}
	}
	return found
}

// plugged says whether the bridge has an interface for a port.
func (w world) plugged(name, version string) bool {
	return slices.ContainsFunc(w.interfaces(), func(i *vswitch.Interface) bool {
		return i.ExternalIDs["iface-id"] == name && i.Ofport != nil && *i.Ofport > 0 &&
			(version == "" || i.ExternalIDs["iface-id-ver"] == version)
	})
}

// expected are the ports for which the bridge has an interface that has no number yet.
func (w world) expected() map[string]bool {
	found := map[string]bool{}
	for _, i := range w.interfaces() {
		if i.Ofport == nil {
			found[i.ExternalIDs["iface-id"]] = true
		}
	}
	return found
}

func (w world) allowed(row *sb.PortBinding) bool {
	requested := row.Options["requested-chassis"]
	return requested == "" || slices.ContainsFunc(strings.Split(requested, ","), func(s string) bool { return slices.Contains(w.names(), s) })
}

func (w world) here(row *sb.PortBinding) bool {
	self := w.externalIDs()["system-id"]
	switch row.Type {
	case "l2gateway", "l3gateway":
		return self != "" && row.Options[row.Type+"-chassis"] == self
	case "chassisredirect", "external":
		return w.member(row)
	case "virtual":
		parent := w.port(deref(row.VirtualParent))
		return parent != nil && parent.Type == "" && deref(parent.ParentPort) == "" && w.here(parent)
	case "":
		vif := row
		if row.ParentPort != nil && *row.ParentPort != "" {
			vif = w.port(*row.ParentPort)
			if vif == nil || vif.Type != "" || vif.ParentPort != nil && *vif.ParentPort != "" {
				return false
			}
		}
		return w.allowed(row) && w.plugged(vif.LogicalPort, vif.Options["iface-id-ver"])
	}
	return false
}

// member says whether this chassis is in the group that a port names.
func (w world) member(row *sb.PortBinding) bool {
	for group, g := range rows[sb.HAChassisGroup](w) {
		for at, m := range rows[sb.HAChassis](w) {
			for chassis, c := range rows[sb.Chassis](w) {
				if row.HaChassisGroup != nil && *row.HaChassisGroup == group.String() && slices.Contains(g.HaChassis, at.String()) &&
					m.Chassis != nil && *m.Chassis == chassis.String() && c.Name == w.externalIDs()["system-id"] {
					return true
				}
			}
		}
	}
	return false
}

// followed says whether the datapath behind a port with a peer is local with the one before it.
func (w world) followed(row *sb.PortBinding) bool {
	if peer := w.port(row.Options["peer"]); peer != nil && peer.Type == "l3gateway" && !w.here(peer) {
		return false
	}
	gateway := w.port(row.Options["chassis-redirect-port"])
	return gateway == nil || gateway.Options["always-redirect"] != "true" || w.member(gateway)
}

// local gives the tunnel keys of the local datapaths, by UUID.
func (w world) local() map[uuid.UUID]int {
	reached := map[string]bool{}
	for _, row := range rows[sb.PortBinding](w) {
		if w.here(row) {
			reached[row.Datapath] = true
		}
	}
	for range maxHops {
		before := maps.Clone(reached)
		for _, row := range rows[sb.PortBinding](w) {
			if (row.Type == "patch" || row.Type == "l3gateway" && w.here(row)) && before[row.Datapath] {
				if peer := w.port(row.Options["peer"]); peer != nil && w.followed(row) {
					reached[peer.Datapath] = true
				}
			}
		}
		if len(before) == len(reached) {
			break
		}
	}
	keys := map[uuid.UUID]int{}
	for id, row := range rows[sb.DatapathBinding](w) {
		if reached[id.String()] {
			keys[id] = row.TunnelKey
		}
	}
	return keys
}

// locations gives where the ports are, without those that are nowhere.
func (w world) locations() map[string]Location {
	found, keys := map[string]Location{}, w.local()
	for _, row := range rows[sb.PortBinding](w) {
		if key := keys[uuid.MustParse(row.Datapath)]; key != 0 {
			found[row.LogicalPort] = Location{Datapath: key, Port: row.TunnelKey}
		}
	}
	return found
}

// id makes a UUID that is easy to tell.
func id(table string, n int) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, []byte{table[0], table[1], byte(n)})
}

func pick[T any](t *rapid.T, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(t, label)
}

// edit draws the change of a row: that it goes, comes or becomes another. What is unique in the schema stays unique.
func (w world) edit(t *rapid.T) (uuid.UUID, ovsdb.Model) {
	n := rapid.IntRange(0, 5).Draw(t, "n")
	gone := rapid.IntRange(0, 5).Draw(t, "gone") == 0
	which := pick(t, "table", "open", "chassis", "bridge", "port", "interface", "interface", "datapath", "group", "member", "binding", "binding", "binding", "binding")
	at := id(which, n)
	if which == "open" {
		if at = id(which, n%2); w[id(which, 1-n%2)] != nil {
			return at, nil
		}
	}
	if gone {
		return at, nil
	}
	names := []string{"a", "b", "c", "d", "e", "f"}
	uuids := func(table string) (list []string) {
		for i := range 6 {
			if rapid.Bool().Draw(t, "in") {
				list = append(list, id(table, i).String())
			}
		}
		return list
	}
	switch which {
	case "open":
		return at, &vswitch.OpenvSwitch{ExternalIDs: map[string]string{"system-id": pick(t, "system-id", "hv1", "hv1", "hv2"), "hostname": "h0"}}
	case "chassis":
		name := "hv" + string(rune('0'+pick(t, "chassis name", 1, 1, 2, 3)))
		for other, row := range rows[sb.Chassis](w) {
			if other != at && row.Name == name {
				return at, nil
			}
		}
		return at, &sb.Chassis{Name: name, Hostname: pick(t, "hostname", "h1", "h2")}
	case "bridge":
		if n == 0 || n == 1 { // made anew: another row of the same name, while there is none
			if _, ok := w[id(which, 1-n)]; ok {
				return at, nil
			}
			return at, &vswitch.Bridge{Name: "br-int", Ports: uuids("port")}
		}
		return at, &vswitch.Bridge{Name: "br" + string(rune('0'+n)), Ports: uuids("port")}
	case "port":
		return at, &vswitch.Port{Interfaces: uuids("interface")}
	case "interface":
		var ofport *int
		if n := pick(t, "ofport", -1, 0, 1, 2, 3); n != 0 {
			ofport = &n
		}
		return at, &vswitch.Interface{Ofport: ofport, ExternalIDs: map[string]string{
			"iface-id": pick(t, "iface-id", names...), "iface-id-ver": pick(t, "version", "", "1", "2")}}
	case "group":
		return at, &sb.HAChassisGroup{HaChassis: uuids("member")}
	case "member":
		chassis := id("chassis", rapid.IntRange(0, 2).Draw(t, "of")).String()
		return at, &sb.HAChassis{Chassis: &chassis, Priority: 1}
	case "datapath":
		key := pick(t, "key", 1, 2, 3, 4, 5, 6, 7, 8)
		for other, row := range rows[sb.DatapathBinding](w) {
			if other != at && row.TunnelKey == key {
				return at, w[at]
			}
		}
		return at, &sb.DatapathBinding{TunnelKey: key}
	}
	row := &sb.PortBinding{
		LogicalPort: pick(t, "name", names...),
		Type:        pick(t, "type", "", "", "patch", "patch", "patch", "l2gateway", "l3gateway", "localport", "virtual", "external", "chassisredirect"),
		Datapath:    id("datapath", rapid.IntRange(0, 5).Draw(t, "datapath")).String(),
		TunnelKey:   rapid.IntRange(1, 3).Draw(t, "port key"),
		Options:     map[string]string{},
	}
	for _, other := range []string{"peer", "chassis-redirect-port"} {
		row.Options[other] = pick(t, other, names...)
	}
	row.Options["always-redirect"] = pick(t, "always", "", "true")
	virtual := row.Options["peer"]
	row.VirtualParent = &virtual
	group := id("group", rapid.IntRange(0, 1).Draw(t, "group")).String()
	row.HaChassisGroup = &group
	row.Options[row.Type+"-chassis"] = pick(t, "gateway", "", "hv1", "hv2")
	row.Options["requested-chassis"] = pick(t, "requested", "", "", "", "hv1", "hv2", "h1", "h0", "hv3,hv1")
	row.Options["iface-id-ver"] = pick(t, "wanted version", "", "", "1")
	if rapid.IntRange(0, 3).Draw(t, "container") == 0 {
		parent := pick(t, "parent", append(names, "")...)
		row.ParentPort = &parent
	}
	for other, r := range rows[sb.PortBinding](w) {
		if other != at && r.LogicalPort == row.LogicalPort {
			return at, nil
		}
	}
	return at, row
}

// batch draws edits and says what changes by them, in any order.
func (w world) batch(t *rapid.T) []ovsdb.Change {
	before := maps.Clone(w)
	for range rapid.IntRange(1, 12).Draw(t, "edits") {
		if at, row := w.edit(t); row == nil {
			delete(w, at)
		} else {
			w[at] = row
		}
	}
	var changes []ovsdb.Change
	for at, old := range before {
		if w[at] != old {
			changes = append(changes, ovsdb.Change{UUID: at, Old: old, New: w[at]})
		}
	}
	for at, row := range w {
		if before[at] == nil {
			changes = append(changes, ovsdb.Change{UUID: at, New: row})
		}
	}
	slices.SortFunc(changes, func(a, b ovsdb.Change) int { return slices.Compare(a.UUID[:], b.UUID[:]) })
	changes = rapid.Permutation(changes).Draw(t, "order")
	slices.SortStableFunc(changes, func(a, b ovsdb.Change) int { return successor(a) - successor(b) })
	return changes
}

// successor is 1 of the only row of a table, which comes after the one before has gone.
func successor(c ovsdb.Change) int {
	if _, is := c.New.(*vswitch.OpenvSwitch); is {
		return 1
	}
	return 0
}

// moreChecks has rapid try more than it does by itself: what matters needs several rows to fit together.
func moreChecks(t *testing.T) {
	const checks = 5000 // a second
	f := flag.Lookup("rapid.checks")
	if old := f.Value.String(); old == f.DefValue {
		t.Cleanup(func() { f.Value.Set(old) })
		if err := f.Value.Set(strconv.Itoa(checks)); err != nil {
			t.Fatal(err)
		}
	}
}

// The State says after each batch what follows from the rows there are, however they came about, and Settle what has changed.
func TestStateAgainstRules(t *testing.T) {
	moreChecks(t)
	rapid.Check(t, func(t *rapid.T) {
		state, w := New("br-int"), world{}
		local, locations, expected := map[uuid.UUID]int{}, map[string]Location{}, map[string]bool{}
		told := map[string]bool{}
		state.Watch(func(f Fact) { told[f.Name] = told[f.Name] || f.Kind == KindExpected })
		for range rapid.IntRange(1, 12).Draw(t, "batches") {
			for _, change := range w.batch(t) {
				state.Change(change)
			}
			delta := state.Settle()
			wantLocal, wantLocations := w.local(), w.locations()
			check(t, state, wantLocal, wantLocations)
			checkRelated(t, state, w)
			wantExpected := w.expected()
			checkExpected(t, state, told, expected, wantExpected)
			checkDelta(t, delta, local, wantLocal, locations, wantLocations)
			local, locations, expected = wantLocal, wantLocations, wantExpected
			clear(told)
		}
		for at, row := range w {
			state.Change(ovsdb.Change{UUID: at, Old: row})
		}
		state.Settle()
		if n := len(state.ports) + len(state.datapaths) + len(state.interfaces.all) + len(state.interfaces.plugged) +
			len(state.interfaces.expected) + len(state.bindings) + len(state.groups.of) + len(state.groups.ports) +
			len(state.interfaces.users) + len(state.settings.bridges) + len(state.settings.rows) + len(state.interfaces.rows) +
			len(state.wiring.wires) + len(state.wiring.tunnels) + len(state.zones) + len(state.keys); n != 0 {
			t.Fatalf("%d things are remembered of an empty world", n)
		}
	})
}

func check(t *rapid.T, state *State, local map[uuid.UUID]int, locations map[string]Location) {
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		if got := state.Port(name); got != locations[name] {
			t.Fatalf("port %s is at %v, want %v", name, got, locations[name])
		}
	}
	got := slices.SortedFunc(state.Datapaths(), compare)
	if want := slices.SortedFunc(maps.Keys(local), compare); !slices.Equal(got, want) {
		t.Fatalf("local are %v, want %v", got, want)
	}
	keys := slices.Collect(maps.Values(local))
	for key := range 10 {
		if got, want := state.HasKey(key), slices.Contains(keys, key); got != want {
			t.Fatalf("key %d is local: %v, want %v", key, got, want)
		}
	}
	for _, d := range state.flood.touched {
		t.Fatalf("datapath %v is still to be settled", d.id)
	}
}

func checkRelated(t *rapid.T, state *State, w world) {
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		row := w.port(name)
		want := row != nil && (slices.Contains([]string{"patch", "vtep", "localnet"}, row.Type) || w.here(row) ||
			row.Type == "localport" && w.plugged(name, ""))
		if got := state.Related(name); got != want {
			t.Fatalf("port %s is related: %v, want %v", name, got, want)
		}
	}
}

// checkExpected: what is another than before is told.
func checkExpected(t *rapid.T, state *State, told, before, want map[string]bool) {
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		if got := state.IsExpected(name); got != want[name] {
			t.Fatalf("port %s is expected: %v, want %v", name, got, want[name])
		}
		if before[name] != want[name] && !told[name] {
			t.Fatalf("port %s is expected: %v, which is not told", name, want[name])
		}
	}
}

// checkDelta: every difference is told, once, and nothing else is.
func checkDelta(t *rapid.T, delta Delta, local, wantLocal map[uuid.UUID]int, locations, wantLocations map[string]Location) {
	datapaths := map[uuid.UUID]bool{}
	keys := map[int]bool{}
	for d := range merged(local, wantLocal) {
		before, now := local[d], wantLocal[d]
		if (before == 0) != (now == 0) {
			datapaths[d] = true
		}
		if before != now {
			keys[before], keys[now] = true, true
		}
	}
	delete(keys, 0)
	ports := map[string]bool{}
	for name := range merged(locations, wantLocations) {
		if locations[name] != wantLocations[name] {
			ports[name] = true
		}
	}
	same(t, "datapaths", delta.Datapaths, datapaths)
	same(t, "keys", delta.Keys, keys)
	same(t, "ports", delta.Ports, ports)
}

func merged[K comparable, V any](a, b map[K]V) map[K]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func same[T comparable](t *rapid.T, what string, got []T, want map[T]bool) {
	for _, one := range got {
		if !want[one] {
			t.Fatalf("%s: %v is told twice or without need, of %v", what, one, got)
		}
		delete(want, one)
	}
	for one := range want {
		t.Fatalf("%s: %v is not told, only %v", what, one, got)
	}
}

func compare(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }
