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

// inFlight are the batches sent and not answered, oldest first: the switch answers in order.
type inFlight struct{ batches []*batch }

// holding returns the batch that xid belongs to, or nil.
func (f *inFlight) holding(xid uint32) *batch {
	for _, b := range f.batches {
		if xid >= b.first && xid <= b.last() {
			return b
		}
	}
	return nil
}

func (f *inFlight) remove(b *batch) {
	f.batches = slices.DeleteFunc(f.batches, func(other *batch) bool { return other == b })
}

// send sends what the table wants changed, as far as the switch has room.
func (l *Loop) send() {
	if l.sw.phase < Adopting {
		return
	}
	for len(l.sent.batches) < batchesMax {
		changes := l.table.Diff(bundleMax)
		if len(changes) == 0 {
			break
		}
		l.sendBatch(&batch{changes: changes})
	}
	l.updatePhase()
}

// updatePhase tells adopting from steady.
func (l *Loop) updatePhase() {
	want := Steady
	if l.table.Stats().Held > 0 {
		want = Adopting
	}
	if l.sw.phase != want {
		l.enter(want)
	}
}

func (l *Loop) sendBatch(b *batch) {
	b.first = l.conn.NextXIDs(len(b.changes) + 2)
	b.refused, b.broken = nil, false
	l.sent.batches = append(l.sent.batches, b)
	if b.plain {
		l.write(b.appendPlain(nil))
	} else {
		l.write(b.appendBundle(nil))
	}
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
func (l *Loop) refused(m swconn.Message) {
	e, err := openflow.ParseError(m.Data)
	if err != nil {
		l.log.Warn("error message not understood", "error", err)
		return
	}
	b := l.sent.holding(e.XID)
	switch {
	case b == nil:
		l.log.Warn("the switch reports an error of nothing in flight", "xid", e.XID, "error", &e)
	case e.XID == b.first:
		b.broken = true
		l.log.Warn("the switch opens no bundle; going on with single flow mods", "error", &e)
	case e.XID == b.last():
		l.commitFailed(b)
	case !b.broken: // without a bundle, each of its messages is an error too, and says nothing about the flow
		if b.refused == nil {
			b.refused = make(map[int]table.SwitchError)
		}
		b.refused[b.index(e.XID)] = table.SwitchError{Type: e.Type, Code: e.Code, Text: e.Error()}
	}
}

// commitFailed drops what was refused from the batch and sends the rest again: nothing of it was applied.
func (l *Loop) commitFailed(b *batch) {
	l.sent.remove(b)
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
	l.sendBatch(&batch{changes: rest, tries: tries, plain: b.broken || tries > commitTries})
}

// bundleReply takes the switch's answers to open (of no interest) and commit.
func (l *Loop) bundleReply(m swconn.Message) {
	reply, err := openflow.ParseBundleControl(m.Data)
	if err != nil || reply.Type != openflow.BundleCommitReply {
		return
	}
	if b := l.sent.holding(m.XID); b != nil {
		l.applied(b)
	}
}

// barrierReply ends a plain batch.
func (l *Loop) barrierReply(m swconn.Message) {
	if b := l.sent.holding(m.XID); b != nil && b.plain {
		l.applied(b)
	}
}

// applied settles a batch that the switch has taken: all of it but what it refused.
func (l *Loop) applied(b *batch) {
	l.sent.remove(b)
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
