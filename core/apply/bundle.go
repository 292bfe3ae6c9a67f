package apply

import (
	"slices"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
)

const (
	// bundleMax is how many changes go into one bundle. A bigger load is several bundles, so that what comes in between does
	// not wait for all of it.
	bundleMax = 4096
	// batchesMax is how many batches may be unanswered: enough to keep the switch busy, and few enough that a small
	// change does not queue behind a big load. Together with bundleMax it bounds what is queued on the connection.
	batchesMax = 3
	// commitTries is how often the rest of a bundle is committed again without its offender. The switch names only the first
	// offender of a commit and applies nothing; plain flow mods name them all.
	commitTries = 3

	bundleFlags = openflow.BundleOrdered
)

// batch is a list of changes on its way: one ordered bundle or, plain, flow mods with a barrier behind them.
//
// Invariant: its messages' xids are consecutive: open at first, changes[i] at first+1+i, commit at last. A plain batch has
// no open, and its barrier in the place of the commit.
type batch struct {
	first   uint32
	changes []table.Change
	plain   bool
	tries   int                       // commits that failed with these changes
	refused map[int]table.SwitchError // by index in changes: what the switch said no to so far
	broken  bool                      // the switch would not open the bundle
}

func (b *batch) last() uint32 { return b.first + uint32(len(b.changes)) + 1 }

// index is the position of the change that xid was sent for, or -1.
func (b *batch) index(xid uint32) int {
	if xid <= b.first || xid >= b.last() {
		return -1
	}
	return int(xid - b.first - 1)
}

// send sends what the table wants changed, as far as the switch has room.
func (l *Loop) send() {
	if l.sw.phase < Adopting {
		return
	}
	l.spread()
	for {
		ln := l.freeLane()
		if ln == nil {
			break
		}
		changes := l.nextChanges()
		if len(changes) == 0 {
			break
		}
		l.sendBatch(ln, &batch{changes: changes})
	}
	l.updatePhase()
}

// freeLane returns the lane with the least on its way, nil if none has room.
func (l *Loop) freeLane() *lane {
	var free *lane
	for _, ln := range l.lanes.list {
		if ln.hasRoom(batchesMax) && (free == nil || len(ln.sent) < len(free.sent)) {
			free = ln
		}
	}
	return free
}

// nextChanges takes the next batch's worth of changes from the table. With more than one lane, deletions are put off until
// nothing else is on its way.
func (l *Loop) nextChanges() []table.Change {
	changes := l.table.Diff(bundleMax)
	if len(l.lanes.list) == 1 && len(l.deletions) == 0 {
		return changes
	}
	n := slices.IndexFunc(changes, func(c table.Change) bool { return c.Kind == table.FlowDelete })
	if n >= 0 {
		l.deletions = append(l.deletions, changes[n:]...)
		changes = changes[:n]
	}
	if len(changes) == 0 && len(l.deletions) > 0 && l.lanes.inFlight() == 0 {
		n := min(len(l.deletions), bundleMax)
		changes, l.deletions = l.deletions[:n:n], l.deletions[n:]
	}
	return changes
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

func (l *Loop) sendBatch(ln *lane, b *batch) {
	b.first = ln.conn.NextXIDs(len(b.changes) + 2)
	ln.sent = append(ln.sent, b)
	if b.plain {
		l.buf = b.appendPlain(l.buf[:0])
	} else {
		l.buf = b.appendBundle(l.buf[:0])
	}
	l.write(ln, l.buf)
}

// resend sends changes once more, over the first lane.
func (l *Loop) resend(changes []table.Change, tries int, plain bool) {
	l.sendBatch(l.lanes.first(), &batch{changes: changes, tries: tries, plain: plain})
}

// appendBundle encodes the batch as one bundle, whose id is its first xid.
func (b *batch) appendBundle(buf []byte) []byte {
	buf = openflow.AppendBundleOpen(buf, b.first, b.first, bundleFlags)
	for i := range b.changes {
		var mark int
		xid := b.first + 1 + uint32(i)
		buf, mark = openflow.BeginBundleAdd(buf, xid, b.first, bundleFlags)
		buf = openflow.EndBundleAdd(appendChange(buf, xid, &b.changes[i]), mark)
	}
	return openflow.AppendBundleCommit(buf, b.last(), b.first, bundleFlags)
}

func (b *batch) appendPlain(buf []byte) []byte {
	for i := range b.changes {
		buf = appendChange(buf, b.first+1+uint32(i), &b.changes[i])
	}
	return openflow.AppendBarrierRequest(buf, b.last())
}

func appendChange(buf []byte, xid uint32, c *table.Change) []byte {
	switch c.Kind {
	case table.FlowAdd:
		return openflow.AppendFlowAdd(buf, xid, &c.Flow)
	case table.FlowModify:
		return openflow.AppendFlowModifyStrict(buf, xid, &c.Flow)
	default:
		return openflow.AppendFlowDeleteStrict(buf, xid, &c.Flow.Key)
	}
}

// refused takes an error of the switch. It belongs to a change, to a bundle as a whole, or to neither.
func (l *Loop) refused(ln *lane, m swconn.Message) {
	e, err := openflow.ParseError(m.Data)
	if err != nil {
		l.log.Warn("error message not understood", "error", err)
		return
	}
	b := ln.holding(e.XID)
	switch {
	case b == nil:
		l.log.Warn("the switch reports an error of nothing in flight", "xid", e.XID, "error", &e)
	case e.XID == b.first:
		b.broken = true
		l.log.Warn("the switch opens no bundle; going on with single flow mods", "error", &e)
	case e.XID == b.last():
		l.commitFailed(ln, b)
	case !b.broken: // without a bundle, each of its messages is an error too, and says nothing about the flow
		if b.refused == nil {
			b.refused = make(map[int]table.SwitchError)
		}
		b.refused[b.index(e.XID)] = table.SwitchError{Type: e.Type, Code: e.Code, Text: e.Error()}
	}
}

// commitFailed drops what was refused from the batch and sends the rest again: nothing of it was applied.
func (l *Loop) commitFailed(ln *lane, b *batch) {
	ln.remove(b)
	rest := b.changes[:0:0]
	for i, c := range b.changes {
		if e, no := b.refused[i]; no {
			l.reject(c, e)
		} else {
			rest = append(rest, c)
		}
	}
	if len(rest) == 0 {
		return
	}
	tries := b.tries + 1
	l.resend(rest, tries, b.broken || tries > commitTries)
}

// bundleReply takes the switch's answers to open (of no interest) and commit.
func (l *Loop) bundleReply(ln *lane, m swconn.Message) {
	reply, err := openflow.ParseBundleControl(m.Data)
	if err != nil || reply.Type != openflow.BundleCommitReply {
		return
	}
	if b := ln.holding(m.XID); b != nil {
		l.applied(ln, b)
	}
}

// barrierReply ends a plain batch.
func (l *Loop) barrierReply(ln *lane, m swconn.Message) {
	if b := ln.holding(m.XID); b != nil && b.plain {
		l.applied(ln, b)
	}
}

// applied settles a batch that the switch has taken: all of it but what it refused.
func (l *Loop) applied(ln *lane, b *batch) {
	ln.remove(b)
	for i, c := range b.changes {
		if e, no := b.refused[i]; no {
			l.reject(c, e)
		} else {
			l.table.Confirm(c, l.now())
		}
	}
}

func (l *Loop) reject(c table.Change, e table.SwitchError) {
	l.log.Warn("the switch refuses a flow", "flow", c.Flow.String(), "error", e.Text)
	l.table.Reject(c, e, l.now())
}
