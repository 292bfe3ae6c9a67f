package apply

import (
	"github.com/flowhost/flowhost/core/table"
)

// atomicCommit is an atomic transaction that is in the table and not yet answered by the switch. It is alone in flight for its
// owner, whose Commit waits for it.
type atomicCommit struct {
	done chan error // has room for the one outcome
	sent bool
}

// beginAtomic makes an owner's Commit wait for the switch.
func (l *Loop) beginAtomic(id table.OwnerID) <-chan error {
	a := &atomicCommit{done: make(chan error, 1)}
	l.atomics[id] = a
	return a.done
}

// endAtomic tells the outcome to the owner's Commit.
func (l *Loop) endAtomic(id table.OwnerID, err error) {
	if a := l.atomics[id]; a != nil {
		delete(l.atomics, id)
		a.done <- err
	}
}

// sendAtomics sends atomic transactions that can go, each in a bundle of its own.
func (l *Loop) sendAtomics() {
	for id, a := range l.atomics {
		if a.sent {
			continue
		}
		switch changes := l.table.DiffAtomic(id); {
		case len(changes) > 0:
			a.sent = true
			l.sendBatch(l.lanes.first(), &batch{way: atomic, changes: changes, owner: id})
		case !l.table.Atomic(id):
			l.endAtomic(id, nil) // there is nothing to do in the switch, or a sync has ended it
		}
	}
}

// decide commits an atomic batch whose changes the switch has all taken into the bundle, and discards any other.
func (l *Loop) decide(ln *lane, b *batch) {
	if commit := len(b.refused) == 0 && b.broken == nil; commit {
		l.write(ln, b.appendEnd(nil, true))
		return
	}
	ln.remove(b)
	l.write(ln, b.appendEnd(nil, false))
	l.rejectAtomic(b)
}

// rejectAtomic has the table take back an atomic transaction. The event it makes of that ends the owner's Commit.
func (l *Loop) rejectAtomic(b *batch) {
	errs := make([]*table.SwitchError, len(b.changes))
	for i := range b.changes {
		if e, no := b.refused[i]; no {
			errs[i] = &e
			l.doubtMissing(&b.changes[i], &e)
		} else if b.broken != nil {
			errs[i] = b.broken
		}
	}
	l.table.RejectAtomic(b.owner, b.changes, errs, l.now())
}

// noteRejected ends the Commit of an atomic transaction that an event says was rejected.
func (l *Loop) noteRejected(e *table.Event) {
	if e.Kind == table.EventRejected {
		l.endAtomic(e.Owner, &RefusedError{Refused: e.Refused})
	}
}
