package table

import (
	"slices"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// due notes that an entry's two sides may differ.
func (t *Table) due(h uint32) {
	e := t.entries.at(h)
	switch {
	case !t.steady:
		// AdoptDone looks at every entry. What is neither wanted nor known to be there needs no look.
		if e.head[0] == 0 && e.installed == 0 {
			t.settle(&e.waits)
			t.freeEntry(h)
		}
	case e.flags&queued != 0:
	default:
		e.flags |= queued
		if e.flags&inflight == 0 && !t.isBound(h) {
			t.dirty = append(t.dirty, h)
		}
	}
}

// Diff returns at most max changes for what was touched since it was last looked at, in the order in which the switch
// must do them: conntrack zones to flush, meters and groups to add or modify, flows to add or modify, flows to delete,
// groups and meters to delete, conntrack tuples to flush. Deletes come only when there is nothing left to add or modify.
// A key, group or meter has one change in flight at most; each change must be answered by Confirm, Reject or Disconnected.
func (t *Table) Diff(max int) []Change {
	if !t.steady {
		return nil
	}
	changes := t.diffFlushes(max, false)
	changes = append(changes, t.diffObjects(max-len(changes), false)...)
	changes = t.diffFlows(max, changes)
	if len(t.dirty)+len(t.deletes) == 0 {
		changes = append(changes, t.diffObjects(max-len(changes), true)...)
	}
	return append(changes, t.diffFlushes(max-len(changes), true)...)
}

// diffFlows appends changes of flows.
func (t *Table) diffFlows(max int, changes []Change) []Change {
	changes = slices.Grow(changes, min(max-len(changes), len(t.dirty)+len(t.deletes)))
	n := 0
	for ; n < len(t.dirty) && len(changes) < max; n++ {
		h := t.dirty[n]
		if t.isBound(h) {
			continue
		}
		switch c, ok := t.difference(h); {
		case !ok:
		case c.Kind == FlowDelete:
			t.deletes = append(t.deletes, h)
		default:
			changes = append(changes, t.give(h, c))
		}
	}
	if t.dirty = t.dirty[n:]; len(t.dirty) > 0 {
		return changes
	}
	t.dirty = nil
	return t.diffDeletes(max, changes)
}

// diffDeletes goes on with the deletes. Some may be wanted again since they were put off.
func (t *Table) diffDeletes(max int, changes []Change) []Change {
	var deletes []Change
	n := 0
	for ; n < len(t.deletes) && len(changes)+len(deletes) < max; n++ {
		h := t.deletes[n]
		if t.isBound(h) {
			continue
		}
		switch c, ok := t.difference(h); {
		case !ok:
		case c.Kind == FlowDelete:
			deletes = append(deletes, t.give(h, c))
		default:
			changes = append(changes, t.give(h, c))
		}
	}
	if t.deletes = t.deletes[n:]; len(t.deletes) == 0 {
		t.deletes = nil
	}
	return append(changes, deletes...)
}

// isBound says whether an entry waits for DiffAtomic.
func (t *Table) isBound(h uint32) bool { return len(t.bound) > 0 && t.bound[h] != nil }

// give marks a change of an entry as in flight.
func (t *Table) give(h uint32, c Change) Change {
	e := t.entries.at(h)
	e.flags = e.flags&^(queued|adopted) | inflight
	t.inflight++
	t.send(e.waits)
	t.takeOff(h, c)
	c.ref = ref{entry: h, session: t.session}
	return c
}

// difference returns what makes an entry of the list equal on both sides. When nothing does, the entry is off the list.
func (t *Table) difference(h uint32) (Change, bool) {
	e := t.entries.at(h)
	if e.flags&inflight != 0 || e.flags&queued == 0 {
		return Change{}, false // the answer puts it back; or the list has it twice
	}
	actions, cookie, wanted := t.want(h)
	c := Change{Flow: flow.Flow{Key: e.key(), Actions: actions, Cookie: cookie}}
	switch {
	case t.equal(e, actions, cookie, wanted):
		e.flags &^= queued
		if e.flags&damped != 0 {
			t.undamp(h)
		}
		t.settle(&e.waits)
		t.freeEntry(h)
		return Change{}, false
	case e.flags&damped != 0 || e.flags&adopted != 0 && t.held(h) || wanted && t.namesLeaving(h, actions):
		e.flags &^= queued
		return Change{}, false
	case !wanted:
		c.Kind = FlowDelete
	case e.installed == 0 || e.cookie != cookie || e.flags&odd != 0:
		// MODIFY cannot change a cookie, a timeout or a flag (OpenFlow 1.5 §6.4).
		c.Kind = FlowAdd
	default:
		c.Kind = FlowModify
	}
	return c, true
}

// equal says whether the switch holds what is wanted.
func (t *Table) equal(e *entry, actions flow.Actions, cookie flow.Cookie, wanted bool) bool {
	if !wanted || e.installed == 0 {
		return !wanted && (e.installed == 0 || e.flags&keep != 0)
	}
	return e.flags&odd == 0 && e.cookie == cookie && t.actions.at(e.installed) == actions
}

// differs says whether the switch holds something else than is wanted.
func (t *Table) differs(h uint32) bool {
	actions, cookie, wanted := t.want(h)
	return !t.equal(t.entries.at(h), actions, cookie, wanted)
}

// answered returns the entry whose change has been answered, no longer in flight, or 0 when nobody waits for the answer.
func (t *Table) answered(c Change) uint32 {
	h := c.ref.entry
	if c.ref.session != t.session || !t.steady || h == 0 {
		return 0
	}
	e := t.entries.at(h)
	if e.flags&inflight == 0 {
		return 0
	}
	e.flags &^= inflight
	t.inflight--
	t.land(h)
	return h
}

// Confirm says that the switch has done c.
func (t *Table) Confirm(c Change, now time.Time) {
	h := t.answered(c)
	switch {
	case c.ref.flush != nil:
		t.answerFlush(c.ref, nil)
		return
	case c.ref.object != nil:
		t.answerObject(c, nil, now)
		return
	case h == 0:
		return
	}
	if c.Kind == FlowDelete {
		t.setInstalled(h, 0, 0)
	} else {
		t.setInstalled(h, t.actions.take(c.Flow.Actions), c.Flow.Cookie)
		t.recover(h)
	}
	t.unwait(&t.entries.at(h).waits, func(w *wait) bool { return w.sent })
	if len(t.readings) > 0 {
		t.noteSent(h)
	}
	if len(t.seen) > 0 {
		t.seenMeanwhile(h, now)
	}
	if e := t.entries.at(h); e.flags&queued != 0 {
		e.flags &^= queued
		t.due(h) // something came meanwhile
		return
	}
	t.freeEntry(h)
}

// recover ends the quarantine of flows that were on trial: the switch has taken them.
func (t *Table) recover(h uint32) {
	if len(t.quarantine) == 0 {
		return
	}
	if t.differs(h) {
		return // changed meanwhile: the next answer decides
	}
	contenders, from, to := t.winners(h)
	for _, d := range contenders[from:to] {
		if t.quarantine[d] != nil && t.desired.at(d).competes() {
			delete(t.quarantine, d)
			t.events = append(t.events, t.eventOf(EventRecovered, d))
		}
	}
	t.judge(h)
}
