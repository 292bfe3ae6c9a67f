package apply

import (
	"slices"

	"github.com/flowhost/flowhost/core/table"
)

const (
	// batchMax is how many changes go into one batch. A bigger load is several batches, so that what comes in between does
	// not wait for all of it, and so that a bundle never idles near the switch's timeout.
	batchMax = 4096
	// batchesMax is how many batches of a lane may be unanswered: enough to keep the switch busy, and few enough that a small
	// change does not queue behind a big load. Together with batchMax it bounds what is queued on the connection.
	batchesMax = 3
)

// outgoing is what was taken from the table and cannot be sent yet.
type outgoing struct {
	gate      *batch         // what rest may need; nil: nothing
	rest      []table.Change // waits for the gate's answer
	deletions []table.Change // of a load over several lanes: not sent before nothing else is on its way
}

// send sends what the table wants changed, as far as the switch has room.
func (l *Loop) send() {
	if l.sw.phase < Adopting {
		return
	}
	l.spread()
	l.sendAtomics()
	for l.out.gate == nil {
		ln := l.freeLane()
		if ln == nil {
			break
		}
		changes := l.nextChanges()
		if len(changes) == 0 {
			break
		}
		l.sendChanges(ln, changes)
	}
	l.updatePhase()
}

// updatePhase tells adopting from steady.
func (l *Loop) updatePhase() {
	want := Steady
	if l.table.Adopting() {
		want = Adopting
	}
	if l.sw.phase != want {
		l.enter(want)
	}
}

// nextChanges takes the next batch's worth of changes: what waited for a gate, what the table wants, or deletions that waited for
// everything else.
func (l *Loop) nextChanges() []table.Change {
	if rest := l.out.rest; len(rest) > 0 {
		l.out.rest = nil
		return rest
	}
	changes := l.table.Diff(batchMax)
	if len(l.lanes.list) == 1 && len(l.out.deletions) == 0 {
		return changes
	}
	if n := slices.IndexFunc(changes, func(c table.Change) bool { return deletes(c.Kind) }); n >= 0 {
		l.out.deletions = append(l.out.deletions, changes[n:]...)
		changes = changes[:n:n]
	}
	if len(changes) == 0 && l.lanes.inFlight() == 0 {
		n := min(len(l.out.deletions), batchMax)
		changes, l.out.deletions = l.out.deletions[:n:n], l.out.deletions[n:]
	}
	return changes
}

// sendChanges sends changes in their order. Those that others may need go first and alone; what no bundle takes goes plain.
func (l *Loop) sendChanges(ln *lane, changes []table.Change) {
	if lanes := len(l.lanes.list); prepares(changes[0].Kind, lanes) {
		front, rest := cut(changes, func(k table.ChangeKind) bool { return prepares(k, lanes) })
		l.out.gate = &batch{way: plain, changes: front}
		l.out.rest = rest
		l.sendBatch(l.lanes.first(), l.out.gate)
		return
	}
	for len(changes) > 0 {
		b := &batch{way: plain}
		if bundleable(changes[0].Kind) {
			b.way = bundled
		}
		b.changes, changes = cut(changes, bundleable)
		l.sendBatch(ln, b)
	}
}

// passGate lets go what waited for a gate. If part of the gate was refused, what may name it goes back to the table, which
// knows what still can be sent.
func (l *Loop) passGate(b *batch) {
	if b != l.out.gate {
		return
	}
	l.out.gate = nil
	if len(b.refused) > 0 {
		l.withdraw(l.out.rest)
		l.out.rest = nil
	}
}

func (l *Loop) withdraw(changes []table.Change) {
	for _, c := range changes {
		l.table.Withdraw(c)
	}
}

func (l *Loop) sendBatch(ln *lane, b *batch) {
	b.first = ln.conn.NextXIDs(b.messages())
	ln.sent = append(ln.sent, b)
	l.buf = b.append(l.buf[:0])
	l.write(ln, l.buf)
}

// resend sends changes once more, over the first lane.
func (l *Loop) resend(changes []table.Change, tries int, w way) {
	l.sendBatch(l.lanes.first(), &batch{way: w, changes: changes, tries: tries})
}
