package compiler

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/sdk/flow"
)

// flows are those of the row in a network, and whether there was no error.
func (s *scene) flows(n *sets) (map[flow.Flow]bool, error) {
	c := newDeltaCompiler(s.dialect, n, s.limit)
	if err := c.Read(&s.row); err != nil {
		return nil, err
	}
	list, err := c.Flows(s.datapath)
	set := map[flow.Flow]bool{}
	for _, f := range list {
		set[f] = true
	}
	return set, err
}

// check compares what Delta tells with what all flows are, and says whether it tells anything, and how much.
func (s *scene) check(t *rapid.T) (ok bool, changes int) {
	c := newDeltaCompiler(s.dialect, s.after, s.limit)
	if err := c.Read(&s.row); err != nil {
		t.Skip(err)
	}
	added, removed, ok := c.Delta(s.datapath, s.change)
	if !ok {
		return false, 0
	}
	changes = len(added) + len(removed)
	before, errBefore := s.flows(s.before)
	after, errAfter := s.flows(s.after)
	if errBefore != nil && errAfter != nil && changes == 0 {
		return true, 0
	}
	if errBefore != nil || errAfter != nil {
		t.Fatalf("%s: errors %v and %v", s.row.Match, errBefore, errAfter)
	}
	for _, f := range removed {
		if !before[f] || after[f] {
			t.Errorf("removed, but was %v and is %v: %v", before[f], after[f], f)
		}
		delete(before, f)
	}
	for _, f := range added {
		if before[f] || !after[f] {
			t.Errorf("added, but was %v and is %v: %v", before[f], after[f], f)
		}
		before[f] = true
	}
	for f := range after {
		if !before[f] {
			t.Errorf("not added: %v", f)
		}
	}
	for f := range before {
		if !after[f] {
			t.Errorf("not removed: %v", f)
		}
	}
	if t.Failed() {
		t.Errorf("%s, %s: %s: %s to %s", s.dialect.Name, s.row.Match, s.change.Name, s.change.Before.Append(nil), s.change.After.Append(nil))
	}
	return true, changes
}

// TestDelta holds Delta against all flows before and after, in random matches.
func TestDelta(t *testing.T) {
	total, told, changed := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		total++
		var match string
		if rapid.IntRange(0, 3).Draw(t, "wild") == 0 {
			match = drawMatch(t, 3)
		} else {
			match = drawPlain(t)
		}
		if ok, changes := drawScene(t, match, nil).check(t); ok {
			told++
			changed += min(changes, 1)
		}
	})
	t.Logf("of %d matches %d are told, of which %d have other flows", total, told, changed)
}

// TestDeltaOfUsual sees that Delta tells what becomes of the matches that there are most of, when members come and go and two stay.
func TestDeltaOfUsual(t *testing.T) {
	for _, match := range []string{
		"ip4.src == $a",
		"ip6.src == $s",
		"inport == @p && ip4",
		"inport == @p",
		`inport == {@p, "p20"}`,
		"outport == @p && ip4.src == $a",
		"ip4.src == $a && outport == @p && tcp.dst == 80",
		"ip4.src == $a && outport == @p && tcp.dst == {80, 81}",
		"ip4.src == $a && ip4.dst == $b",
		"ip4.src == $a && ip4.dst == $one",
		"outport == @p && ip4.src == $one && udp",
		"ip4.src == $a || ip4.src == $b",
		"(ip4.src == $a || ip4.src == $b) && outport == @p && tcp.dst == {80, 81}",
		"ip4.src == {$a, $b, 9.9.9.9} && tcp",
		"ip4.src == $a || ip6.src == $s",
		"(ip4.src == $a || ip4.dst == $a) && tcp.dst == {80, 81}",
		"(outport == @p && ip4.src == $a) || (outport == @p && ip6.src == $s)",
		"reg0[7] == 1 && ct.new && !ct.est && outport == @p && ip4 && ip4.src == $a && tcp.dst == 80",
		`is_chassis_resident("here") && eth.src == $m && inport == {@p, "p30"}`,
		"arp.spa == $a && inport == @p",
	} {
		t.Run(match, func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { checkUsual(t, match) }) })
	}
}

func checkUsual(t *rapid.T, match string) {
	usual := map[string][]string{
		"a": {"10.1.0.1", "10.1.0.2", "10.2.0.0/16"}, "b": {"10.3.0.1", "10.3.0.2"}, "s": {"fd02::1", "fd02::2", "fd03::/64"},
		"m": {"02:00:00:00:00:01", "02:00:00:00:00:02"}, "p": {"p20", "p21"}, "p2": {"p22", "p23"}, "one": {"9.9.9.9"},
	}
	s := drawScene(t, strings.ReplaceAll(match, "$one", "$zero"), usual)
	s.row.Match = match
	if ok, _ := s.check(t); !ok {
		t.Errorf("%s, %s: not told: %s from %s to %s", s.dialect.Name, match, s.change.Name, s.change.Before.Append(nil), s.change.After.Append(nil))
	}
}

// TestDeltaCannotTell is about changes that do more than to bring and take flows of the members that come and go.
func TestDeltaCannotTell(t *testing.T) {
	six := []string{"10.0.0.1", "10.0.0.2", "11.0.0.0/8", "1.2.3.4", "1.2.3.5", "1.2.3.6"}
	for name, c := range map[string]struct {
		match, set    string
		before, after []string
		gone          bool // what leaves the group is no port any more
		language      int
	}{
		"one alternative becomes two": {match: "ip4.src == $a && inport == @p", set: "a", before: six[:1], after: six[:2]},
		"what is not in the set":      {match: "ip4.src != $a", set: "a", before: six[:5], after: six, language: 1},
		"two things said of a field": {match: "ip4.src == $a && ip4.src == {1.2.3.4/31, 1.2.4.0/24} && inport == @p", set: "a",
			before: []string{"1.2.3.4", "1.2.3.100", "1.2.4.5"}, after: []string{"1.2.3.4", "1.2.3.5", "1.2.3.100", "1.2.4.5"}},
		"one set times the other":  {match: "(ip4.src == $a || tcp) && inport == @p", set: "a", before: six[:5], after: six},
		"a set that is everything": {match: "ip4.src == $a && inport == @p", set: "a", before: six[:2], after: append(six[:2:2], "0.0.0.0/0")},
		"the same in two sets":     {match: "ip4.src == {$a, $b, 11.0.0.1}", set: "a", before: six[:3], after: append(six[:3:3], "9.9.9.9"), language: 1},
		"the only port there is": {match: "(eth.src == $m && inport == @p) || tcp", set: "p",
			before: []string{"p1", "x", "y"}, after: []string{"x", "y"}, language: 1},
		"a port that is named too":      {match: `inport == @p || (inport == "p10" && ip4)`, set: "p", before: ports[:5], after: ports[1:5], gone: true},
		"a port that is in two groups":  {match: "inport == {@p, @p2}", set: "p", before: ports[:5], after: ports[1:5], gone: true},
		"a conjunction for each member": {match: "(ip4.src == $a || ip6) && ip.ttl == {1, 2} && reg0 == {1, 2}", set: "a", before: six[:5], after: six},
	} {
		d := languages[c.language]
		n := &sets{addresses: map[string]*expr.ConstantSet{}, groups: map[string]*expr.ConstantSet{}}
		for name, members := range map[string][]string{"b": six[:3], "m": macs[:3], "p": ports[:4], "p2": ports[:3]} {
			n.put(d.Dialect, name, members)
		}
		n.put(d.Dialect, c.set, c.after)
		change := NewChange(AddressSet, c.set, setOf(d.Dialect, c.set, c.before), setOf(d.Dialect, c.set, c.after))
		if c.set == "p" {
			change.Kind, change.Name = PortGroup, "3_p"
		}
		if c.gone {
			change.Port = n.Port
		}
		compiler := newDeltaCompiler(d, n, 0)
		if err := compiler.Read(&Row{ID: rowID, Match: c.match, Actions: "drop;"}); err != nil {
			t.Fatal(err)
		}
		if _, err := compiler.Flows(onDatapaths[0]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if added, removed, ok := compiler.Delta(onDatapaths[0], change); ok {
			t.Errorf("%s: %v added, %v removed", name, added, removed)
		}
	}
}
