package table

import "slices"

// flush is a conntrack zone, or some connections of it, that the switch is to forget.
type flush struct {
	revision *revision
	change   Change
	sent     bool
}

// flushAll notes the conntrack flushes of the transaction that is being committed.
func (t *Table) flushAll(txn *Txn) {
	for i := range txn.Ops {
		op := &txn.Ops[i]
		kind := FlushZone
		switch op.Kind {
		case OpFlushCT:
		case OpFlushCTTuple:
			kind = FlushTuple
			t.current.tuples++
		default:
			continue
		}
		t.current.waiting++
		t.flushes = append(t.flushes, &flush{revision: t.current, change: Change{Kind: kind, Zone: op.Zone, Body: op.Body}})
	}
}

// diffFlushes returns the flushes that are due: zones at once, tuples when all else of their owner is installed.
func (t *Table) diffFlushes(limit int, tuples bool) (changes []Change) {
	for _, f := range t.flushes {
		r := f.revision
		due := f.change.Kind == FlushZone
		if tuples {
			due = f.change.Kind == FlushTuple && r.owner.revisions[0] == r && r.waiting == r.tuples
		}
		if due && !f.sent && len(changes) < limit {
			f.sent = true
			t.inflight++
			c := f.change
			c.ref = ref{flush: f, session: t.session}
			changes = append(changes, c)
		}
	}
	return changes
}

// answerFlush ends a flush. One that was refused is not tried again: it is named in the transaction's EventInstalled.
func (t *Table) answerFlush(at ref, err error) {
	f := at.flush
	i := slices.Index(t.flushes, f)
	if at.session != t.session || !t.steady || i < 0 || !f.sent {
		return
	}
	t.flushes = slices.Delete(t.flushes, i, i+1)
	t.inflight--
	r := f.revision
	if err != nil {
		r.refused = append(r.refused, Refusal{Err: err})
	}
	if f.change.Kind == FlushTuple {
		r.tuples--
	}
	if r.waiting--; r.waiting == 0 {
		t.report(r.owner)
	}
}
