package table

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Commit does a transaction's operations in the table, all or none, and prepares it before if nobody did. The table keeps
// nothing of txn. Errors are *OpError; after one, nothing has changed.
func (t *Table) Commit(txn *Txn, now time.Time) (Revision, error) {
	if err := t.Prepare(txn); err != nil {
		return 0, err
	}
	t.now = now
	o := t.owner(txn.Owner)
	t.giveWay(o, txn)
	flows := 0
	for i := range txn.Ops {
		flows += len(txn.Ops[i].Flows)
	}
	if o.atomic != nil || txn.Atomic && len(o.revisions) > 0 {
		return 0, &OpError{Index: -1, Err: ErrBusy}
	}
	if len(txn.Marks) > 0 && len(o.marks)+o.marking+len(txn.Marks) > MaxMarks {
		return 0, &OpError{Index: -1, Err: fmt.Errorf("%w: over %d marks", ErrQuota, MaxMarks)}
	}
	t.begin(o, txn.ID)
	t.current.atomic = txn.Atomic
	if txn.Atomic || txn.refers || o.MaxFlows > 0 && o.flows+flows > o.MaxFlows {
		// It may be refused, which only its end will tell: some flows may be there already, others may go.
		t.undo = &undoLog{owner: o, events: len(t.events), duplicates: o.duplicates}
	}
	if err := t.doAll(o, txn); err != nil {
		t.rollback()
		t.abandon()
		return 0, err
	}
	t.mark(o, txn.Marks)
	t.flushAll(txn)
	o.pushed = now
	return t.commit(), nil
}

// doAll does the operations, and checks what only their end can tell.
func (t *Table) doAll(o *owner, txn *Txn) error {
	for i := range txn.Ops {
		if i%warmHashes == 0 {
			t.warm(o, txn.Ops[i:])
		}
		t.op = i
		if err := t.do(o, &txn.Ops[i]); err != nil {
			return txn.Ops[i].refused(i, flow.Key{}, err)
		}
	}
	if err := t.checkObjects(txn); err != nil {
		return err
	}
	if o.MaxFlows > 0 && o.flows > o.MaxFlows {
		return &OpError{Index: -1, Err: fmt.Errorf("%w: %d flows, %d are allowed", ErrQuota, o.flows, o.MaxFlows)}
	}
	return nil
}

// do does one operation. What can fail here only does when fences overlap; the rest Prepare has checked.
func (t *Table) do(o *owner, op *Op) error {
	switch op.Kind {
	case OpAdd:
		for i := range op.Flows {
			t.add(o, &op.UUID, &op.Flows[i])
			t.edited()
		}
	case OpRemove:
		t.remove(o, &op.UUID)
	case OpRemoveFlow:
		t.removeFlow(o, &op.UUID, &op.Key)
		t.edited()
	case OpSet:
		t.set(o, op)
	case OpClear:
		t.clear(o)
	case OpSetGroup, OpSetMeter:
		return t.setObject(o, op.object(), op.Body)
	case OpRemoveGroup, OpRemoveMeter:
		t.removeObject(o, op.object())
	}
	return nil
}

// clear takes away all flows, groups and meters of an owner.
func (t *Table) clear(o *owner) {
	t.eachFlow(o, func(d uint32) {
		t.drop(d)
		t.edited()
	})
	for _, name := range slices.SortedFunc(maps.Keys(o.objects), Object.compare) {
		t.removeObject(o, name)
	}
}

func (t *Table) add(o *owner, id *uuid.UUID, f *flow.Flow) {
	org := t.takeOrigin(o, id)
	h := t.takeEntry(&f.Key)
	d := t.contender(h, org)
	switch {
	case d == 0:
		t.put(org, h, t.content(f))
	case t.desired.at(d).epoch == o.epoch && !t.isHeldBack(d):
		t.duplicate(d)
	default:
		t.update(d, f)
	}
}

// update makes a flow of an origin fresh, and f.
func (t *Table) update(d uint32, f *flow.Flow) {
	t.freshen(d)
	if x := t.desired.at(d); x.cookie != uint32(f.Cookie) || t.actions.at(x.actions) != f.Actions || t.isHeldBack(d) {
		t.change(d, t.content(f))
	}
}

func (t *Table) content(f *flow.Flow) content {
	return content{t.actions.take(f.Actions), uint32(f.Cookie)}
}

// duplicate tells the owner that it added a flow twice.
func (t *Table) duplicate(d uint32) {
	t.ownerOf(d).duplicates++
	event := t.eventOf(EventDuplicate, d)
	event.Txn = t.current.txn
	t.events = append(t.events, event)
}

func (t *Table) remove(o *owner, id *uuid.UUID) {
	org := t.findOrigin(o.id, id)
	if org == 0 {
		return
	}
	for d := t.origins.at(org).head; d != 0; {
		next := t.desired.at(d).next
		t.drop(d)
		d = next
		t.edited()
	}
}

func (t *Table) removeFlow(o *owner, id *uuid.UUID, k *flow.Key) {
	org, h := t.findOrigin(o.id, id), t.findEntry(k)
	if org == 0 || h == 0 {
		return
	}
	if d := t.contender(h, org); d != 0 {
		t.drop(d)
	}
}

// set gives a UUID exactly the flows of the operation, in one pass over them and one over what the UUID has.
func (t *Table) set(o *owner, op *Op) {
	if len(op.Flows) == 0 {
		t.remove(o, &op.UUID)
		return
	}
	org := t.takeOrigin(o, &op.UUID)
	for i := range op.Flows {
		f := &op.Flows[i]
		h := t.takeEntry(&f.Key)
		d := t.contender(h, org)
		switch {
		case d == 0:
			d = t.put(org, h, t.content(f))
		case t.desired.at(d).flags&listed != 0:
			t.duplicate(d)
		default:
			t.update(d, f)
		}
		t.desired.at(d).flags |= listed
		t.edited()
	}
	for d := t.origins.at(org).head; d != 0; {
		x := t.desired.at(d)
		next := x.next
		if x.flags&listed != 0 {
			x.flags &^= listed
		} else {
			t.drop(d)
		}
		d = next
		t.edited()
	}
}
