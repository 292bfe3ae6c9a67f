package table

import (
	"iter"
	"slices"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// sliceEdits is Table.sliceEdits unless a test wants less: what takes some tenths of a millisecond.
const sliceEdits = 128

// work is what a transaction that is being done has touched so far, and what has come of it.
type work struct {
	current        *revision
	touched        []uint32 // entries whose contenders have changed
	concerned      []uint32 // those of them where the owner had what should be installed
	touchedObjects []*object
	checks         []objectCheck
	op             int      // the operation that is being done
	undo           *undoLog // nil: it cannot be refused any more
	events         []Event

	pause func() // called after each edit; nil: all is done in one go
}

// edited lets others in when enough was done in one go. The caller must hold no pointer to a record.
func (w *work) edited() {
	if w.pause != nil {
		w.pause()
	}
}

// Sliced is a transaction, or the end of a sync, that is done in slices, so that nobody has to wait for all of a big one. Between
// two slices the table may be used as ever: Diff gives out nothing that the transaction has touched before it is whole, and
// what cannot go on beside it has it finished first, be it Commit of another owner that meets the same keys, a refusal, or a connection
// that is lost. Only what shows flows, groups and conflicts (Entries, Objects, Conflicts) would show a part of it: call Finish before.
type Sliced struct {
	table    *Table
	owner    *owner
	refers   bool  // it may have to do with groups or meters
	work     *work // the transaction's; while a slice is being done, the others'
	running  bool  // a slice is being done
	next     func() (struct{}, bool)
	edits    int      // in this slice
	skipped  []uint32 // entries that Diff has left out
	done     bool
	revision Revision
	err      error
}

// CommitSliced is Commit in slices; Next does the first. A transaction that is under way already is finished before. One that is Atomic
// is one slice: the switch gets it in one bundle anyhow.
func (t *Table) CommitSliced(txn *Txn, now time.Time) *Sliced {
	s := t.slice(txn.Owner, !txn.Atomic, func() (Revision, error) { return t.Commit(txn, now) })
	s.refers = txn.refers
	return s
}

// SyncDoneSliced is SyncDone in slices.
func (t *Table) SyncDoneSliced(id OwnerID, now time.Time) *Sliced {
	return t.slice(id, true, func() (Revision, error) { return t.SyncDone(id, now), nil })
}

func (t *Table) slice(id OwnerID, pauses bool, do func() (Revision, error)) *Sliced {
	t.Finish()
	s := &Sliced{table: t, owner: t.owner(id), refers: true, work: new(work)}
	s.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		if pauses {
			t.pause = func() {
				if s.edits++; s.edits == t.sliceEdits {
					s.edits = 0
					yield(struct{}{})
				}
			}
		}
		s.revision, s.err = do()
	})
	t.sliced = s
	return s
}

// Next does the next slice, and says whether there are more.
func (s *Sliced) Next() (more bool) {
	if s.done {
		return false
	}
	t := s.table
	t.work, s.work, s.running = s.work, t.work, true
	_, more = s.next()
	t.work, s.work, s.running = s.work, t.work, false
	if !more {
		s.end()
	}
	return more
}

// end lets others have what the transaction has touched.
func (s *Sliced) end() {
	t := s.table
	s.done, t.sliced = true, nil
	t.events = append(t.events, s.work.events...)
	for _, h := range s.skipped {
		if e := t.entries.at(h); e.flags&(queued|inflight) == queued && !t.isBound(h) {
			t.enqueue(h)
		}
	}
}

// Result is what Commit or SyncDone returns, when there are no more slices.
func (s *Sliced) Result() (Revision, error) { return s.revision, s.err }

// Finish does what is left of a transaction that is done in slices.
func (t *Table) Finish() {
	if s := t.sliced; s != nil && !s.running {
		for s.Next() {
		}
	}
}

// isSliced says whether an entry is one that a transaction has touched which is not whole.
func (t *Table) isSliced(h uint32) bool {
	return t.sliced != nil && h != 0 && t.entries.at(h).flags&touched != 0
}

// giveWay finishes a transaction that is done in slices if another one has to do with the same.
func (t *Table) giveWay(o *owner, txn *Txn) {
	if s := t.sliced; s != nil && !s.running && (s.owner == o || s.refers && txn.refers || t.meetsSliced(o, txn)) {
		t.Finish()
	}
}

// meetsSliced says whether a transaction has to do with an entry that the one in slices has touched, or is so big that looking takes
// as long as finishing.
func (t *Table) meetsSliced(o *owner, txn *Txn) bool {
	if t.IsBig(txn) {
		return true
	}
	for i := range txn.Ops {
		op := &txn.Ops[i]
		if slices.ContainsFunc(op.Flows, func(f flow.Flow) bool { return t.isSliced(t.findEntry(&f.Key)) }) {
			return true
		}
		switch op.Kind {
		case OpRemoveFlow:
			if t.isSliced(t.findEntry(&op.Key)) {
				return true
			}
		case OpSet, OpRemove:
			if t.originSliced(t.findOrigin(o.id, &op.UUID)) {
				return true
			}
		case OpClear:
			for org := o.origins; org != 0; org = t.origins.at(org).next {
				if t.originSliced(org) {
					return true
				}
			}
		}
	}
	return false
}

// originSliced says whether any flow of an origin is of an entry that isSliced.
func (t *Table) originSliced(org uint32) bool {
	if org == 0 {
		return false
	}
	for d := t.origins.at(org).head; d != 0; d = t.desired.at(d).next {
		if t.isSliced(t.desired.at(d).entry) {
			return true
		}
	}
	return false
}

// IsBig says whether a transaction, whatever it does, is worth slices.
func (t *Table) IsBig(txn *Txn) bool {
	o := t.owner(txn.Owner)
	n := 0
	for i := range txn.Ops {
		op := &txn.Ops[i]
		n += max(1, len(op.Flows))
		switch op.Kind {
		case OpSet, OpRemove:
			if org := t.findOrigin(o.id, &op.UUID); org != 0 {
				n += int(t.origins.at(org).count)
			}
		case OpClear:
			n += o.flows
		}
		if n > t.sliceEdits {
			return true
		}
	}
	return false
}
