package main

import (
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
)

// change is an answer of the network that has become another one.
type change struct {
	*fact
	before answer
}

// isSet says whether it is a set that was there before and is there now.
func (c *change) isSet() bool { return c.before.set != nil && c.answer.set != nil }

// delta is a set that has become another one, for all the logical flows that name it.
type delta struct {
	*compiler.Change
	moved map[string]bool // ports that have come or gone
}

func newDelta(c *change, port func(uuid.UUID, string) (uint32, bool)) *delta {
	d := &delta{Change: compiler.NewChange(c.Kind, c.Name, c.before.set, c.answer.set), moved: map[string]bool{}}
	if d.Port = port; c.Kind == compiler.PortGroup {
		added, removed := c.before.set.Diff(c.answer.set)
		for _, list := range [][]expr.Constant{added, removed} {
			for i := range list {
				d.moved[list[i].Text] = true
			}
		}
	}
	return d
}

// spread marks the units that were made of answers that have changed. Where it is a set, only the flows of what has come to it and gone
// are made. That a port that has come or gone is another, or has to do with this chassis, is a part of that.
func (s *source) spread() {
	if len(s.changes) == 0 {
		return
	}
	ports := map[compiler.Read]answer{} // before
	for i := range s.changes {
		if c := &s.changes[i]; c.Kind == compiler.Port {
			ports[c.Read] = c.before
		}
	}
	port := func(datapath uuid.UUID, name string) (uint32, bool) {
		if a, is := ports[compiler.Read{Kind: compiler.Port, Name: name, Datapath: datapath}]; is {
			return a.number, a.ok
		}
		return s.network.Port(datapath, name)
	}
	for i := range s.changes {
		if c := &s.changes[i]; c.isSet() {
			d := newDelta(c, port)
			c.eachReader(func(u *unit) { s.markDelta(u, d) })
		}
	}
	for i := range s.changes {
		if c := &s.changes[i]; !c.isSet() {
			c.eachReader(func(u *unit) {
				if !u.isIn(c) {
					s.mark(u)
				}
			})
		}
	}
	s.changes = nil
}

// eachReader calls f with each unit that was made of the fact.
func (f *fact) eachReader(yield func(*unit)) {
	for _, r := range f.readers {
		if r.version == r.unit.version {
			yield(r.unit)
		}
	}
}

// markDelta makes Take make the flows of a unit that differ because of a set.
func (s *source) markDelta(u *unit, d *delta) {
	if u.dirty || u.problem != "" {
		s.mark(u)
		return
	}
	u.todo.delta = d
	s.enlist(u)
}

// isIn says whether a change is a part of the one that the unit's flows have to be made because of.
func (u *unit) isIn(c *change) bool {
	d := u.todo.delta
	if d == nil || u.todo.whole || c.Kind != compiler.Port && c.Kind != compiler.Related || !d.moved[c.Name] {
		return false
	}
	row, is := u.row.(*sb.LogicalFlow)
	return is && !mentions(row, c.Name) && !u.hasMember(c.Name, d)
}

// mentions says whether a logical flow may name a port beside its sets.
func mentions(row *sb.LogicalFlow, port string) bool {
	for _, text := range []string{row.Match, row.Actions} {
		if strings.Contains(text, `"`+port+`"`) || strings.ContainsAny(text, "\\^") { // there are other ways to write it
			return true
		}
	}
	return row.Tags["in_out_port"] == port
}

// hasMember says whether a port is in another port group that the unit's flows were made of than the one that has changed.
func (u *unit) hasMember(port string, d *delta) bool {
	member := &expr.Constant{Text: port}
	for _, f := range u.facts {
		if f.Kind == compiler.PortGroup && f.Name != d.Name && f.answer.set != nil && f.answer.set.Has(member) {
			return true
		}
	}
	return false
}
