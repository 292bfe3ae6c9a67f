package main

import (
	"iter"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// rows are the logical flows by where they apply.
type rows struct {
	ofDatapath map[uuid.UUID]map[*unit]struct{}
	ofGroup    map[uuid.UUID]map[*unit]struct{}
	groups     map[uuid.UUID][]uuid.UUID            // datapaths of each Logical_DP_Group
	groupsOf   map[uuid.UUID]map[uuid.UUID]struct{} // groups that a datapath is in
}

func newRows() rows {
	return rows{
		ofDatapath: map[uuid.UUID]map[*unit]struct{}{},
		ofGroup:    map[uuid.UUID]map[*unit]struct{}{},
		groups:     map[uuid.UUID][]uuid.UUID{},
		groupsOf:   map[uuid.UUID]map[uuid.UUID]struct{}{},
	}
}

// place enters a logical flow where its row says, or takes it out from there.
func (r *rows) place(u *unit, row *sb.LogicalFlow, put func(map[uuid.UUID]map[*unit]struct{}, uuid.UUID, *unit)) {
	if id, ok := parse(row.LogicalDatapath); ok {
		put(r.ofDatapath, id, u)
	}
	if id, ok := parse(row.LogicalDpGroup); ok {
		put(r.ofGroup, id, u)
	}
}

// setGroup takes in which datapaths are in a group.
func (r *rows) setGroup(id uuid.UUID, new *sb.LogicalDPGroup) {
	for _, datapath := range r.groups[id] {
		remove(r.groupsOf, datapath, id)
	}
	delete(r.groups, id)
	if new == nil {
		return
	}
	list := make([]uuid.UUID, 0, len(new.Datapaths))
	for _, text := range new.Datapaths {
		if datapath, ok := parse(&text); ok {
			list = append(list, datapath)
			enter(r.groupsOf, datapath, id)
		}
	}
	r.groups[id] = list
}

// of yields the logical flows of a datapath.
func (r *rows) of(datapath uuid.UUID) iter.Seq[*unit] {
	return func(yield func(*unit) bool) {
		for u := range r.ofDatapath[datapath] {
			if !yield(u) {
				return
			}
		}
		for group := range r.groupsOf[datapath] {
			for u := range r.ofGroup[group] {
				if !yield(u) {
					return
				}
			}
		}
	}
}

// datapaths yields those that a logical flow is of.
func (r *rows) datapaths(row *sb.LogicalFlow) iter.Seq[uuid.UUID] {
	return func(yield func(uuid.UUID) bool) {
		single, ok := parse(row.LogicalDatapath)
		if ok && !yield(single) {
			return
		}
		if group, is := parse(row.LogicalDpGroup); is {
			for _, id := range r.groups[group] {
				if !(ok && id == single) && !yield(id) {
					return
				}
			}
		}
	}
}

// parse reads the UUID of a row; false when there is none.
func parse(text *string) (uuid.UUID, bool) {
	if text == nil {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(*text)
	return id, err == nil
}
