package apply

import (
	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
)

// commitTries is how often the rest of a bundle is committed again without its offender. The switch names only the first
// offender of a commit and applies nothing; plain messages name them all.
const commitTries = 3

// reply takes a message that answers what was sent on a lane.
func (l *Loop) reply(ln *lane, m swconn.Message) {
	switch m.Type {
	case openflow.TypeError:
		l.refused(ln, m)
	case openflow.TypeBundleControl:
		l.bundleReply(ln, m)
	case openflow.TypeBarrierReply:
		l.barrierReply(ln, m)
	default:
		l.log.Debug("message ignored", "type", m.Type, "xid", m.XID)
	}
}

// refused takes an error of the switch. It belongs to a change, to a bundle as a whole, or to neither.
func (l *Loop) refused(ln *lane, m swconn.Message) {
	e, err := openflow.ParseError(m.Data)
	if err != nil {
		l.log.Warn("error message not understood", "error", err)
		return
	}
	told := switchError(&e)
	b := ln.holding(e.XID)
	switch {
	case b == nil:
		l.log.Warn("the switch reports an error of nothing in flight", "xid", e.XID, "error", &e)
	case e.XID == b.first:
		b.broken = &told
		l.log.Warn("the switch opens no bundle", "error", &e)
	case e.XID == b.last():
		l.commitFailed(ln, b)
	case b.broken == nil: // without a bundle, each of its messages is an error too, and says nothing about the change
		if i := b.change(e.XID); i >= 0 {
			b.refuse(i, told)
		}
	}
}

// commitFailed drops what was refused from the batch and sends the rest again: nothing of it was applied.
func (l *Loop) commitFailed(ln *lane, b *batch) {
	ln.remove(b)
	if b.way == atomic {
		l.rejectAtomic(b)
		return
	}
	rest := b.changes[:0:0]
	objects := false
	for i, c := range b.changes {
		if e, no := b.refused[i]; no {
			l.reject(c, e)
			objects = objects || c.Kind != table.FlowAdd && c.Kind != table.FlowModify && c.Kind != table.FlowDelete
		} else {
			rest = append(rest, c)
		}
	}
	tries, w := b.tries+1, bundled
	switch {
	case len(rest) == 0:
		return
	case objects:
		l.withdraw(rest) // some may name what was refused; the table knows
		return
	case b.broken != nil || tries > commitTries:
		w = plain
	}
	l.resend(rest, tries, w)
}

// bundleReply takes the switch's answers to commit; those to open and discard tell nothing new.
func (l *Loop) bundleReply(ln *lane, m swconn.Message) {
	reply, err := openflow.ParseBundleControl(m.Data)
	if err != nil || reply.Type != openflow.BundleCommitReply {
		return
	}
	if b := ln.holding(m.XID); b != nil {
		l.applied(ln, b)
	}
}

// barrierReply ends a plain batch, and decides on an atomic one.
func (l *Loop) barrierReply(ln *lane, m swconn.Message) {
	switch b := ln.holding(m.XID); {
	case b == nil:
	case b.way == plain:
		l.applied(ln, b)
	case b.way == atomic:
		l.decide(ln, b)
	}
}

// applied settles a batch that the switch has taken: all of it but what it refused.
func (l *Loop) applied(ln *lane, b *batch) {
	ln.remove(b)
	for i, c := range b.changes {
		if e, no := b.refused[i]; no {
			l.reject(c, e)
		} else {
			l.confirm(c)
		}
	}
	l.passGate(b)
	if b.way == atomic {
		l.table.AtomicTaken(b.owner)
		l.endAtomic(b.owner, nil)
	}
}

func (l *Loop) confirm(c table.Change) {
	if c.Object.Kind == table.Group {
		l.sw.groups.changed(c.Object.ID)
	}
	l.table.Confirm(c, l.now())
}

func (l *Loop) reject(c table.Change, e table.SwitchError) {
	what := c.Flow.String()
	if c.Object != (table.Object{}) {
		what = c.Object.String()
	}
	l.log.Warn("the switch refuses a change", "kind", c.Kind, "what", what, "error", e.Text)
	l.table.Reject(c, e, l.now())
	l.doubtMissing(&c, &e)
}
