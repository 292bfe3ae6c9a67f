package table

import (
	"time"
)

// atomic is an owner's open atomic transaction: committed here, and not yet answered by the switch. What it touched is
// bound: only DiffAtomic gives changes of it out, all at once, for one bundle.
type atomic struct {
	revision *revision
	edits    []undo   // Invariant: has uses like those of an undoLog.
	entries  []uint32 // those of them count that are still bound to the owner
	objects  []*object
}

// bind makes the transaction that is being committed the owner's open atomic one.
func (t *Table) bind(o *owner) {
	o.atomic = &atomic{
		revision: t.current,
		edits:    t.undo.edits,
		entries:  append([]uint32(nil), t.touched...),
	}
	for _, x := range t.touchedObjects {
		if x.owner != nil { // one that is removed goes by Diff, when the flows that name it are gone
			o.atomic.objects = append(o.atomic.objects, x)
		}
	}
	t.undo = nil
	for _, h := range o.atomic.entries {
		t.bound[h] = o
	}
	for _, x := range o.atomic.objects {
		x.bound = o
	}
}

// unbind ends the owner's atomic transaction: what it touched is like everything else again.
func (t *Table) unbind(o *owner) {
	a := o.atomic
	if a == nil {
		return
	}
	o.atomic = nil
	for i := range a.edits {
		t.actions.drop(a.edits[i].content.actions)
	}
	for _, h := range a.entries {
		if t.bound[h] != o {
			continue
		}
		delete(t.bound, h)
		if e := t.entries.at(h); e.flags&(queued|inflight) == queued {
			t.enqueue(h)
		}
	}
	for _, x := range a.objects {
		if x.bound != o {
			continue
		}
		x.bound = nil
		if x.flags&(queued|inflight) == queued {
			t.dirtyObjects = append(t.dirtyObjects, x)
		}
	}
}

// DiffAtomic returns all changes of an owner's open atomic transaction, for one bundle, in the order of Diff. There are
// none while something it touched is still in flight or held: try again after the next answer, SyncDone or Tick. They are
// answered by Confirm, each, or together by RejectAtomic.
func (t *Table) DiffAtomic(id OwnerID) []Change {
	o := t.owner(id)
	if !t.steady || o == nil || o.atomic == nil || !t.atomicReady(o) {
		return nil
	}
	a := o.atomic // which ends with the last difference that turns out to be none
	var changes, deletes []Change
	for _, x := range a.objects {
		if x.bound == o {
			if c, ok := t.objectDifference(x); ok {
				changes = append(changes, t.giveObject(x, c))
			}
		}
	}
	for _, h := range a.entries {
		if t.bound[h] != o {
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
	return append(changes, deletes...)
}

// atomicReady says whether all that an open atomic transaction touched can go out now.
func (t *Table) atomicReady(o *owner) bool {
	if len(t.unsure) > 0 {
		return false // it may name one of them
	}
	for _, h := range o.atomic.entries {
		if e := t.entries.at(h); t.bound[h] == o && (t.isSliced(h) || e.flags&inflight != 0 || e.flags&adopted != 0 && t.held(h)) {
			return false
		}
	}
	for _, x := range o.atomic.objects {
		if x.bound == o && (x.flags&inflight != 0 || x.flags&adopted != 0 && t.objectHeld(x)) {
			return false
		}
	}
	return true
}

// AtomicTaken says that the switch has done all that DiffAtomic gave out, each of which was confirmed. What is still to be done then
// is no longer the transaction's: a group to delete, or what somebody else has changed meanwhile. Diff gives it out.
func (t *Table) AtomicTaken(id OwnerID) {
	if o := t.owner(id); o != nil {
		t.unbind(o)
	}
}

// RejectAtomic says that the switch has done none of the changes that DiffAtomic gave out, because it refused some: errs[i]
// says why it refused sent[i], nil that it is not to blame. The inverse of the transaction is committed as the next
// revision, and the owner has an EventRejected.
func (t *Table) RejectAtomic(id OwnerID, sent []Change, errs []*SwitchError, now time.Time) {
	o := t.owner(id)
	if o == nil {
		return
	}
	t.Finish()
	t.now = now
	event := Event{Kind: EventRejected, Owner: o.id}
	for i, c := range sent {
		switch {
		case errs[i] == nil:
			t.Withdraw(c)
		case o.atomic == nil: // a sync has ended it meanwhile: it is like any other
			t.Reject(c, *errs[i], now)
		default:
			event.Refused = append(event.Refused, t.refusalOf(o, c, *errs[i]))
			t.Withdraw(c)
		}
	}
	a := o.atomic
	if a == nil {
		return
	}
	edits := a.edits
	a.edits = nil
	a.revision.silent = true
	t.unbind(o)
	t.begin(o, 0)
	t.current.silent = true
	for i := len(edits) - 1; i >= 0; i-- {
		t.takeBack(o, &edits[i])
	}
	event.Txn, event.Revision = a.revision.txn, t.revision+1
	t.events = append(t.events, event)
	t.commit()
	for i := range edits {
		t.unblockRestored(o, &edits[i])
	}
}

// refusalOf names the owner's part in a refused change.
func (t *Table) refusalOf(o *owner, c Change, err SwitchError) Refusal {
	r := Refusal{Key: c.Flow.Key, Object: c.Object, Err: err}
	if c.ref.entry != 0 {
		for _, d := range t.contenders(c.ref.entry) {
			if t.ownerOf(d) == o && t.desired.at(d).competes() {
				r.UUID = t.origins.at(t.desired.at(d).origin).uuid
				break
			}
		}
	}
	return r
}

// Withdraw says that the switch has not done c, and that c is not to blame: the bundle it was in was discarded. It comes
// again in Diff, if it is still wanted.
func (t *Table) Withdraw(c Change) {
	t.Finish()
	switch {
	case c.ref.flush != nil:
		if f := c.ref.flush; c.ref.session == t.session && f.sent {
			f.sent = false
			t.inflight--
		}
	case c.ref.object != nil:
		x := c.ref.object
		if c.ref.session == t.session && x.flags&inflight != 0 {
			x.flags &^= inflight | queued
			t.inflight--
			t.landed(x)
			t.unsend(&x.waits)
			t.dueObject(x)
		}
	default:
		if h := t.answered(c); h != 0 {
			t.unsend(&t.entries.at(h).waits)
			t.entries.at(h).flags &^= queued
			t.due(h)
			if len(t.seen) > 0 {
				t.seenMeanwhile(h, t.now)
			}
		}
	}
}
