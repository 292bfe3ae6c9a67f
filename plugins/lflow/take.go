package main

import (
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Take returns what the host has to be told next, at most max operations and marks, and takes it for told; fewer: it knows everything.
func (s *source) Take(max int) (operations []feed.Operation, marks []feed.Mark) {
	for len(s.dirty) > 0 && len(operations) < max {
		n := min(len(s.dirty), max-len(operations))
		units := slices.Clone(s.dirty[len(s.dirty)-n:])
		s.dirty = s.dirty[:len(s.dirty)-n]
		for _, r := range s.compile(units) {
			if o, told := s.settle(&r); told {
				operations = append(operations, o)
			}
		}
	}
	operations = s.withGroups(operations)
	if len(s.dirty) > 0 {
		return operations, nil
	}
	s.dirty = nil
	if len(operations) < max { // a mark says that the flows are told
		marks = s.marks.Take(s.local, max)
	}
	return operations, marks
}

// settle takes note of what came of a unit, and says what the host has to be told of it, if anything.
func (s *source) settle(r *result) (o feed.Operation, told bool) {
	u := r.unit
	s.compiled++
	u.dirty, u.todo = false, todo{}
	s.settleProblem(u, r.err)
	s.index.depend(u, r.reads, r.keep)
	if !r.keep {
		u.datapaths = r.datapaths
		s.groups.Use(u.id, r.groups)
		s.meters.Use(u.id, r.meters)
		if len(r.flows) == 0 {
			s.conjunctions.Keep(u.id, nil)
		} else {
			s.conjunctions.Keep(u.id, r.datapaths)
		}
		u.whole = len(u.facts)
	} else {
		u.datapaths = append(u.datapaths, r.datapaths...)
		s.renew(u)
	}
	o = feed.Operation{ID: u.id, Keep: r.keep, Flows: r.flows}
	for i := range r.removed {
		o.Remove = append(o.Remove, r.removed[i].Key)
	}
	told = u.pushed || len(r.flows) > 0
	if r.keep {
		told = len(r.flows)+len(r.removed) > 0
		u.pushed = u.pushed || len(r.flows) > 0
	} else {
		u.pushed = len(r.flows) > 0
	}
	if u.row == nil {
		delete(s.units, u.id)
	}
	return o, told
}

// renew makes Take make all flows of a unit anew once it has many facts more than when that was done last. Those of ports that have left a
// port group are among them, and would be forever.
func (s *source) renew(u *unit) {
	const some = 64
	if len(u.facts) > 2*u.whole+some {
		s.mark(u)
	}
}

// withGroups adds the groups and meters that operations need, and takes away those that nothing needs any more once everything is told.
func (s *source) withGroups(operations []feed.Operation) []feed.Operation {
	var o feed.Operation
	set, gone := s.groups.Take(math.MaxInt)
	for _, e := range set {
		g, err := action.NewGroup(flow.GroupID(e.ID), e.Text)
		if err != nil {
			s.warn("group "+e.Text, err)
			continue
		}
		o.Groups = append(o.Groups, g)
	}
	for _, id := range gone {
		o.RemoveGroups = append(o.RemoveGroups, flow.GroupID(id))
	}
	set, gone = s.meters.Take(math.MaxInt)
	for _, e := range set {
		m, err := s.meter(flow.MeterID(e.ID), e.Text)
		if err != nil {
			s.warn("meter "+e.Text, err)
			continue
		}
		o.Meters = append(o.Meters, m)
	}
	for _, id := range gone {
		o.RemoveMeters = append(o.RemoveMeters, flow.MeterID(id))
	}
	if len(o.Groups)+len(o.Meters)+len(o.RemoveGroups)+len(o.RemoveMeters) == 0 {
		return operations
	}
	if len(operations) == 0 {
		o.Keep = true
		return []feed.Operation{o}
	}
	first, last := &operations[0], &operations[len(operations)-1]
	first.Groups, first.Meters = o.Groups, o.Meters
	last.RemoveGroups, last.RemoveMeters = o.RemoveGroups, o.RemoveMeters
	return operations
}

// meter makes the meter of a text that has an id.
func (s *source) meter(id flow.MeterID, text string) (flow.Meter, error) {
	if action.IsMeterText(text) {
		return action.NewMeter(id, text)
	}
	return s.network.MeterOf(id, text)
}

// conditions say which rows are wanted, as ovn-controller's update_sb_monitors does, but for logical flows of groups without a local
// datapath: these are of no use.
func (s *source) conditions() map[string]ovsdb.Where {
	datapaths := feed.Each(ovsdb.Equal, "datapath", s.local.Datapaths())
	groups := map[uuid.UUID]struct{}{}
	for id := range s.local.Datapaths() {
		for group := range s.rows.groupsOf[id] {
			groups[group] = struct{}{}
		}
	}
	flows := feed.Each(ovsdb.Equal, "logical_datapath", s.local.Datapaths())
	flows = append(flows, feed.Each(ovsdb.Equal, "logical_dp_group", keys(groups))...)
	return map[string]ovsdb.Where{
		sb.MulticastGroupTable: ovsdb.Any(datapaths...),
		sb.LogicalFlowTable:    ovsdb.Any(flows...),
	}
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
