package ports

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

func id(kind string, n int) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, []byte(kind+string(rune('0'+n))))
}

// some draws some of the rows of a kind that nobody else has.
func some(t *rapid.T, kind string, taken map[string]bool) (ids []string) {
	for n := range 4 {
		if one := id(kind, n).String(); !taken[one] && rapid.Bool().Draw(t, "in") {
			taken[one] = true
			ids = append(ids, one)
		}
	}
	return ids
}

// world draws all rows: each port is on one bridge at most, and each interface of one port; names of a kind are unique.
func world(t *rapid.T) map[uuid.UUID]ovsdb.Model {
	rows := map[uuid.UUID]ovsdb.Model{}
	names := rapid.Permutation([]string{"a", "b", "c", "d", "e"})
	ports, interfaces := map[string]bool{}, map[string]bool{}
	of := [3][]string{names.Draw(t, "bridges"), names.Draw(t, "ports"), names.Draw(t, "interfaces")}
	for n := range 4 {
		there := rapid.IntRange(0, 7).Draw(t, "there")
		if there&1 != 0 {
			rows[id("bridge", n)] = &vswitch.Bridge{UUID: id("bridge", n).String(), Name: of[0][n], Ports: some(t, "port", ports)}
		}
		if there&2 != 0 {
			rows[id("port", n)] = &vswitch.Port{UUID: id("port", n).String(), Name: of[1][n], Interfaces: some(t, "interface", interfaces)}
		}
		if there&4 != 0 {
			rows[id("interface", n)] = &vswitch.Interface{UUID: id("interface", n).String(), Name: of[2][n]}
		}
	}
	return rows
}

// What is known is what the rows say, in whatever order a batch has them, and each port that has changed is told of.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		told := map[string]bool{}
		p := New(func(row *vswitch.Port) { told[row.UUID] = true })
		before, described := map[uuid.UUID]ovsdb.Model{}, map[string]string{}
		for range rapid.IntRange(1, 6).Draw(t, "batches") {
			now := world(t)
			var changes []ovsdb.Change
			for at := range maps.Keys(merged(before, now)) {
				changes = append(changes, ovsdb.Change{UUID: at, Old: before[at], New: now[at]})
			}
			slices.SortFunc(changes, func(a, b ovsdb.Change) int { return slices.Compare(a.UUID[:], b.UUID[:]) })
			clear(told)
			for _, c := range rapid.Permutation(changes).Draw(t, "order") {
				p.Change(c)
			}
			again := map[string]string{}
			for n := range 4 {
				at := id("port", n).String()
				again[at] = check(t, p, now, at)
				if again[at] != described[at] && !told[at] {
					t.Fatalf("port %d was %q, is %q, and is not told of", n, described[at], again[at])
				}
			}
			before, described = now, again
		}
	})
}

func merged(a, b map[uuid.UUID]ovsdb.Model) map[uuid.UUID]ovsdb.Model {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// check compares what is known of a port with the rows, and describes it.
func check(t *rapid.T, p *Ports, rows map[uuid.UUID]ovsdb.Model, port string) string {
	row, on, taken := p.Port(port), "", map[string]bool{}
	for at, other := range rows {
		switch other := other.(type) {
		case *vswitch.Bridge:
			if p.Bridge(other.Name) != at.String() {
				t.Fatalf("bridge %s is %q", other.Name, p.Bridge(other.Name))
			}
			if slices.Contains(other.Ports, port) {
				on = at.String()
			}
		case *vswitch.Port:
			taken[other.Name] = true
		case *vswitch.Interface:
			taken[other.Name] = true
		}
	}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		if p.Taken(name) != taken[name] {
			t.Fatalf("name %s is taken: %v", name, p.Taken(name))
		}
	}
	want, _ := rows[uuid.MustParse(port)].(*vswitch.Port)
	if row != want || p.On(port) != on {
		t.Fatalf("port %s is %v on %q, want %v on %q", port, row, p.On(port), want, on)
	}
	if row == nil {
		return ""
	}
	text := row.Name + " on " + on
	for _, i := range p.Interfaces(row) {
		text += " " + i.Name
	}
	if one := p.Interface(row); (one != nil) != (len(row.Interfaces) == 1 && len(p.Interfaces(row)) == 1) {
		t.Fatalf("the only interface is %v of %v", one, row.Interfaces)
	}
	return text
}
