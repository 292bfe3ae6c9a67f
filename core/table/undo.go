package table

import (
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// undo is how to take one edit back. The flow is named by what stays: handles may have been others' since.
type undo struct {
	kind       undoKind
	object     *object // undoObject: the record
	was        object  // undoObject: what it was
	epoch      uint8
	flags      desiredFlags
	uuid       uuid.UUID
	key        flow.Key
	content    content     // undoChange, undoDrop. Invariant: the log has a use of its actions.
	quarantine *quarantine // nil: it was not in quarantine
	lost       time.Time   // since when; zero: it was not losing
}

type undoKind uint8

const (
	undoPut undoKind = iota
	undoChange
	undoFreshen
	undoDrop
	undoObject
)

// undoLog is what a transaction that may still be refused has done so far.
type undoLog struct {
	owner      *owner
	edits      []undo
	events     int    // len(work.events) before
	duplicates uint64 // owner.duplicates before
}

// remember notes an edit of d when the transaction may still be refused: before the edit, except for a put.
func (t *Table) remember(kind undoKind, d uint32) {
	if t.undo == nil {
		return
	}
	f := t.desired.at(d)
	u := undo{kind: kind, uuid: t.origins.at(f.origin).uuid, key: t.entries.at(f.entry).key(), epoch: f.epoch, flags: f.flags}
	if kind == undoChange || kind == undoDrop {
		u.content = content{t.actions.share(f.actions), f.cookie}
		u.quarantine = t.quarantine[d]
		u.lost = t.lost[d]
	}
	t.undo.edits = append(t.undo.edits, u)
}

// rememberObject notes that an object is about to change, when the transaction may still be refused.
func (t *Table) rememberObject(x *object) {
	if t.undo != nil {
		t.undo.edits = append(t.undo.edits, undo{kind: undoObject, object: x, was: *x})
	}
}

// forget gives up the log: the transaction is committed.
func (t *Table) forget() {
	if t.undo == nil {
		return
	}
	for i := range t.undo.edits {
		t.actions.drop(t.undo.edits[i].content.actions)
		t.edited()
	}
	t.undo = nil
}

// rollback takes back everything that the transaction did.
func (t *Table) rollback() {
	log := t.undo
	t.undo = nil
	for i := len(log.edits) - 1; i >= 0; i-- {
		t.takeBack(log.owner, &log.edits[i])
		t.edited()
	}
	t.events = t.events[:log.events]
	log.owner.duplicates = log.duplicates
}

func (t *Table) takeBack(o *owner, u *undo) {
	switch u.kind {
	case undoDrop:
		t.restore(t.put(t.takeOrigin(o, &u.uuid), t.takeEntry(&u.key), u.content), u)
		return
	case undoObject:
		t.restoreObject(o, u)
		return
	}
	d := t.contender(t.findEntry(&u.key), t.findOrigin(o.id, &u.uuid))
	switch u.kind {
	case undoPut:
		t.drop(d)
	case undoChange:
		t.change(d, u.content)
		t.restore(d, u)
	case undoFreshen: // and nothing else: others may have changed since who has the key
		t.restoreEpoch(d, u)
	}
}

// unblockRestored lets a flow be tried that waited for a group or a meter when the edit was made, if that has come since.
func (t *Table) unblockRestored(o *owner, u *undo) {
	if u.quarantine == nil || !u.quarantine.blocked {
		return
	}
	org := t.findOrigin(o.id, &u.uuid)
	if h := t.findEntry(&u.key); org != 0 && h != 0 {
		if d := t.contender(h, org); d != 0 {
			t.unblockFlow(d)
		}
	}
}

// restoreObject makes an object what its owner wanted it to be.
func (t *Table) restoreObject(o *owner, u *undo) {
	x := t.takeObject(u.object.Object)
	t.touchObject(x)
	x.owner, x.body, x.epoch, x.quarantine = u.was.owner, u.was.body, u.was.epoch, u.was.quarantine
	if x.quarantine != nil {
		t.retryAt(x.quarantine.until)
	}
	if x.owner == o {
		o.objects[x.Object] = x
	} else {
		delete(o.objects, x.Object)
	}
}

// restore gives a flow the epoch, the flags and the quarantine that it had.
func (t *Table) restore(d uint32, u *undo) {
	t.restoreEpoch(d, u)
	f := t.desired.at(d)
	f.flags = u.flags
	if f.flags&losing != 0 && !u.lost.IsZero() {
		t.lost[d] = u.lost
	}
	if u.quarantine != nil {
		t.quarantine[d] = u.quarantine
		t.retryAt(u.quarantine.until)
	}
}

// restoreEpoch gives a flow the epoch that it had.
func (t *Table) restoreEpoch(d uint32, u *undo) {
	f := t.desired.at(d)
	if o := t.ownerOf(d); f.epoch == o.epoch && u.epoch != o.epoch {
		o.fresh--
	}
	f.epoch = u.epoch
}
