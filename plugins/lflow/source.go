package main

import (
	"sync"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/ids"
	"github.com/flowhost/flowhost/plugins/lflow/network"
	"github.com/flowhost/flowhost/sdk"
)

// source is what this source knows, what follows from it, and what the host has to be told about that. It is pure and belongs to one
// goroutine, but for what its compilers do while it waits for them.
type source struct {
	local   *local.State
	network *network.Network
	dialect *dialect.Dialect
	symtab  *expr.Symtab
	warn    func(what string, problem error)

	units     map[uuid.UUID]*unit
	rows      rows
	balancers balancers
	index     index
	datapaths map[uuid.UUID]compiler.Datapath // the local ones
	options   options                         // of SB_Global

	compilers     []*compiler.Compiler
	conjunctions  *ids.Conjunctions
	conjunctionMu sync.Mutex
	groups        *ids.Pool
	meters        *ids.Pool
	marks         feed.PortMarks
	problems      problems

	// dirty are the units that something has to be done with. Invariant: those with their mark, dirty, set, each once.
	dirty []*unit
	// changes are answers of the network that have changed. Invariant: empty after Settle.
	changes []change
	// bindings are the UUIDs of the Port_Bindings that may have changed. Invariant: empty after Settle.
	bindings map[string]struct{}
	// moved is whether the rows that are wanted may be others than Settle has said.
	moved bool
	// compiled is how many times flows of a unit were made, ever.
	compiled int
}

// ranges are the ids that the host lets the source use.
type ranges struct{ groups, meters, conjunctions []sdk.Range }

// newSource makes a source that knows nothing yet, with as many compilers as there are processors for them.
func newSource(bridge string, d *dialect.Dialect, r ranges, processors int, warn func(what string, problem error)) (*source, error) {
	s := &source{
		local:        local.New(bridge),
		dialect:      d,
		symtab:       expr.LogicalFields(d),
		warn:         warn,
		units:        map[uuid.UUID]*unit{},
		rows:         newRows(),
		balancers:    newBalancers(),
		datapaths:    map[uuid.UUID]compiler.Datapath{},
		bindings:     map[string]struct{}{},
		options:      newOptions(),
		conjunctions: ids.NewConjunctions(r.conjunctions),
		groups:       ids.NewPool(r.groups),
		meters:       ids.NewPool(r.meters),
		marks:        feed.NewPortMarks(nil),
		problems:     problems{starved: map[*unit]struct{}{}},
	}
	s.network = network.New(s.local, bridge, d, network.Watcher{Answer: s.answered, Datapath: s.moveDatapath, Features: s.refeature})
	s.index = newIndex(s.network)
	s.local.Watch(s.changed)
	return s, s.hire(processors)
}

// Local is what is known of this chassis.
func (s *source) Local() *local.State { return s.local }

// Change takes in the change of a row of either database.
func (s *source) Change(_ string, c ovsdb.Change) {
	row := c.New
	if row == nil {
		row = c.Old
	}
	switch row.(type) {
	case *sb.LogicalFlow:
		s.setFlow(c)
		return
	case *sb.LogicalDPGroup:
		s.setGroup(c)
		return
	case *sb.LoadBalancer:
		s.setBalancer(c)
		return
	case *sb.SBGlobal:
		s.setGlobal(c)
		return
	}
	s.local.Change(c)
	s.network.Change(c)
}

// changed takes in that a fact of the State has changed.
func (s *source) changed(f local.Fact) {
	s.network.Fact(f)
	s.marks.Changed(s.local, f)
	switch f.Kind {
	case local.KindBinding:
		s.bindings[f.Name] = struct{}{}
	case local.KindSelf:
		for id := range s.local.Bindings() {
			s.bindings[id] = struct{}{}
		}
	}
}

func (s *source) setFlow(c ovsdb.Change) {
	u := s.units[c.UUID]
	old, was := c.Old.(*sb.LogicalFlow)
	row, is := c.New.(*sb.LogicalFlow)
	if was && is && u != nil && meansSame(old, row) {
		u.row = row
		return
	}
	if was && u != nil {
		s.rows.place(u, old, remove)
	}
	if u = s.assign(c.UUID, c.New); is {
		s.rows.place(u, row, enter)
	}
}

// assign gives a unit its row, or takes it away.
func (s *source) assign(id uuid.UUID, row ovsdb.Model) *unit {
	u := s.units[id]
	if u == nil {
		u = &unit{id: id}
		s.units[id] = u
	}
	u.row = row
	s.mark(u)
	return u
}

// mark makes Take make all flows of a unit anew.
func (s *source) mark(u *unit) {
	u.todo = todo{whole: true}
	s.enlist(u)
}

func (s *source) enlist(u *unit) {
	if !u.dirty {
		u.dirty = true
		s.dirty = append(s.dirty, u)
	}
}

// markDatapath makes Take make the flows of a unit in one more datapath.
func (s *source) markDatapath(u *unit, datapath uuid.UUID) {
	switch {
	case u.todo.whole:
	case u.todo.delta != nil || u.problem != "":
		s.mark(u)
	default:
		u.todo.datapaths = append(u.todo.datapaths, datapath)
		s.enlist(u)
	}
}

func (s *source) setGroup(c ovsdb.Change) {
	before := s.rows.groups[c.UUID]
	new, _ := c.New.(*sb.LogicalDPGroup)
	s.rows.setGroup(c.UUID, new)
	s.moved = true
	added, removed := difference(before, s.rows.groups[c.UUID])
	for u := range s.rows.ofGroup[c.UUID] {
		for _, id := range added {
			if _, here := s.datapaths[id]; here {
				s.markDatapath(u, id)
			}
		}
		for _, id := range removed {
			if _, here := s.datapaths[id]; here {
				s.mark(u)
			}
		}
	}
	s.markBalancersOf(c.UUID)
}

// difference says which of some ids are in now and not in before, and the other way round.
func difference(before, now []uuid.UUID) (added, removed []uuid.UUID) {
	were := make(map[uuid.UUID]bool, len(before))
	for _, id := range before {
		were[id] = true
	}
	for _, id := range now {
		if !were[id] {
			added = append(added, id)
		}
		delete(were, id)
	}
	for id := range were {
		removed = append(removed, id)
	}
	return added, removed
}

// Settle works out what has to be done because of what has changed, and says whether other rows are wanted than before.
func (s *source) Settle() (moved bool) {
	if len(s.local.Settle().Datapaths) > 0 {
		s.moved = true
	}
	s.network.Settle()
	for id := range s.bindings {
		s.secure(id)
	}
	clear(s.bindings)
	s.spread()
	moved, s.moved = s.moved, false
	return moved
}

// answered takes in that answers of the network may be others.
func (s *source) answered(r compiler.Read) {
	switch r.Kind {
	case compiler.OptionTables:
		s.reoption()
	case compiler.Meter:
		s.meters.Touch(r.Name)
	}
	s.index.find(r, func(f *fact) {
		if before := f.answer; s.index.again(f) {
			s.changes = append(s.changes, change{f, before})
		}
	})
}

// moveDatapath takes in that a datapath is local now, is so no more, or is another.
func (s *source) moveDatapath(id uuid.UUID) {
	before, was := s.datapaths[id]
	now, is := s.network.Datapath(id)
	if before == now && was == is {
		return
	}
	if delete(s.datapaths, id); is {
		s.datapaths[id] = now
	}
	for u := range s.rows.of(id) {
		if was {
			s.mark(u)
		} else {
			s.markDatapath(u, id)
		}
	}
	s.markBalancersIn(id)
}

// recompute makes Take make all flows anew.
func (s *source) recompute() {
	for _, u := range s.units {
		s.mark(u)
	}
}

// Restart makes Take say everything again, to a host that is taken to know nothing.
func (s *source) Restart() {
	for _, u := range s.units {
		u.pushed = false
	}
	s.recompute()
	s.groups.Restart()
	s.meters.Restart()
	s.marks.Restart()
}
