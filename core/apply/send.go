package apply

import "github.com/flowhost/flowhost/core/table"

// batchMax is how many changes go into one batch. A bigger load is several batches: a bundle never idles near the switch's
// timeout, and the switch, which does nothing else while it commits one, is soon there for others. (table.DiffBytes bounds a batch
// of long flows.)
const batchMax = 1024

// outgoing is what was taken from the table and cannot be sent yet.
type outgoing struct {
	gate *batch         // what rest may need; nil: nothing
	rest []table.Change // waits for the gate's answer
}

// send sends the next batch of what the table wants changed, if the switch has room for it.
func (l *Loop) send() {
	l.more = false
	if l.sw.phase < Adopting {
		return
	}
	l.spread()
	l.sendAtomics()
	l.more = l.out.gate == nil && (l.sendSmall() || l.sendNext())
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

// sendSmall sends what small transactions want changed, over the first lane, which a big load leaves to them. It says whether there
// was anything.
func (l *Loop) sendSmall() bool {
	ln := l.lanes.first()
	if len(l.lanes.list) == 1 || len(l.out.rest) > 0 || !ln.hasRoom() {
		return false
	}
	changes := l.table.DiffSmall(batchMax)
	if len(changes) > 0 {
		l.sendChanges(ln, changes)
	}
	return len(changes) > 0
}

// sendNext sends the next batch of anything over a lane that has room. It says whether there was one.
func (l *Loop) sendNext() bool {
	ln := l.freeLane()
	if ln == nil || l.going && l.table.Due()-l.lanes.inFlight() < batchMax { // more comes at once, and many small bundles are slow
		return false
	}
	changes := l.nextChanges()
	if len(changes) > 0 {
		l.sendChanges(ln, changes)
	}
	return len(changes) > 0
}

// nextChanges takes the next batch's worth of changes: what waited for a gate, or what the table wants. Over several lanes, deletes
// come only when nothing is on its way that adds: the lanes know no order among each other.
func (l *Loop) nextChanges() []table.Change {
	if rest := l.out.rest; len(rest) > 0 {
		l.out.rest = nil
		return rest
	}
	if len(l.lanes.list) > 1 {
		if changes := l.table.DiffAdds(batchMax); len(changes) > 0 || l.lanes.adding() {
			return changes
		}
	}
	return l.table.Diff(batchMax)
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
	b.bytes = len(l.buf)
	l.write(ln, l.buf)
}

// resend sends changes once more, over the first lane.
func (l *Loop) resend(changes []table.Change, tries int, w way) {
	l.sendBatch(l.lanes.first(), &batch{way: w, changes: changes, tries: tries})
}
