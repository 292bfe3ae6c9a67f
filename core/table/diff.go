package table

import (
	"slices"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Diff returns at most max changes for what was touched since it was last looked at, in the order in which the switch
// must do them: conntrack zones to flush, meters and groups to add or modify, flows to add or modify, flows to delete,
// groups and meters to delete, conntrack tuples to flush. Flows of small transactions come before those of others. Deletes come
// only when there is nothing left to add or modify. When the changes have DiffBytes of matches and actions, there are no more.
// A key, group or meter has one change in flight at most; each change must be answered by Confirm, Reject or Disconnected.
func (t *Table) Diff(max int) []Change {
	if !t.steady {
		return nil
	}
	d := t.beginDiff(max)
	t.diffAdds(&t.small, d)
	t.diffAdds(&t.bulk, d)
	t.diffDeletes(&t.small, d)
	t.diffDeletes(&t.bulk, d)
	if t.small.len()+t.bulk.len() == 0 {
		d.changes = append(d.changes, t.diffObjects(d.room(), true)...)
	}
	return append(d.changes, t.diffFlushes(d.room(), true)...)
}

// DiffAdds is Diff without deletes.
func (t *Table) DiffAdds(max int) []Change {
	if !t.steady {
		return nil
	}
	d := t.beginDiff(max)
	t.diffAdds(&t.small, d)
	t.diffAdds(&t.bulk, d)
	return d.changes
}

// DiffSmall is Diff without what only bigger transactions have touched, and so without groups and meters to delete, which have to
// wait until no flow names them: what overtakes a big load.
func (t *Table) DiffSmall(max int) []Change {
	if !t.steady {
		return nil
	}
	d := t.beginDiff(max)
	t.diffAdds(&t.small, d)
	t.diffDeletes(&t.small, d)
	return d.changes
}

// DiffBytes is how much the matches and actions of what Diff returns are together, but for the last one's.
const DiffBytes = 1 << 20

// diff is a list of changes in the making.
type diff struct {
	changes []Change
	max     int
	bytes   int // of matches and actions
}

// room is how many changes may be added.
func (d *diff) room() int {
	if d.bytes >= DiffBytes {
		return 0
	}
	return d.max - len(d.changes)
}

func (d *diff) add(c Change) {
	d.changes = append(d.changes, c)
	d.bytes += len(c.Flow.Match) + len(c.Flow.Actions)
}

// beginDiff begins with what flows may need.
func (t *Table) beginDiff(max int) *diff {
	d := &diff{changes: t.diffFlushes(max, false), max: max}
	d.changes = append(d.changes, t.diffObjects(d.room(), false)...)
	return d
}

// diffAdds adds what is to be added or modified, and puts off what is to be deleted.
func (t *Table) diffAdds(q *queue, d *diff) {
	d.changes = slices.Grow(d.changes, min(d.room(), q.len()))
	n := 0
	for ; n < len(q.due) && d.room() > 0; n++ {
		h := q.due[n]
		if t.leftOut(h) {
			continue
		}
		switch c, ok := t.difference(h); {
		case !ok:
		case c.Kind == FlowDelete:
			q.deletes = append(q.deletes, h)
		default:
			d.add(t.give(h, c))
		}
	}
	t.shift(&q.due, n)
}

// diffDeletes goes on with the deletes when nothing is left to add. Some may be wanted again since they were put off.
func (t *Table) diffDeletes(q *queue, d *diff) {
	if len(q.due) > 0 {
		return
	}
	var deletes []Change
	n := 0
	for ; n < len(q.deletes) && len(deletes) < d.room(); n++ {
		h := q.deletes[n]
		if t.leftOut(h) {
			continue
		}
		switch c, ok := t.difference(h); {
		case !ok:
		case c.Kind == FlowDelete:
			deletes = append(deletes, t.give(h, c))
		default:
			d.add(t.give(h, c))
		}
	}
	for _, c := range deletes {
		d.add(c)
	}
	t.shift(&q.deletes, n)
}

// leftOut says whether an entry is part of a transaction that is not ready for Diff, whose end puts it back on the list.
func (t *Table) leftOut(h uint32) bool {
	if t.isSliced(h) {
		t.sliced.skipped = append(t.sliced.skipped, h)
		return true
	}
	return t.isBound(h)
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
	case e.flags&damped != 0 || e.flags&adopted != 0 && t.held(h) || wanted && t.namesUnsure(h, actions):
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
	if h := c.ref.entry; t.isSliced(h) && len(t.quarantine)+len(t.seen) > 0 {
		t.Finish() // what was refused, or seen meanwhile, is judged with the answer
	}
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
		t.setInstalled(h, t.takeActions(h, c.Flow.Actions), c.Flow.Cookie)
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
