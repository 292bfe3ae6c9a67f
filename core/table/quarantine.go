package table

import (
	"errors"
	"slices"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

const (
	minBackoff = time.Second
	maxBackoff = time.Minute
)

// errNoRoom is why a conjunction clause is not installed when those of its key do not fit into one message.
var errNoRoom = errors.New("no room beside the other conjunctions of the same key: " + ErrTooBig.Error())

// quarantine is what is kept of a flow that cannot be installed. One that the switch refused does not compete until the
// time has come; then it is on trial, and what the switch says decides. One that is unfit waits for room.
type quarantine struct {
	err     error
	until   time.Time // when it may be tried again; zero: on trial, unfit or blocked
	backoff time.Duration
	blocked bool   // what it names is not in the switch because it was refused, or means something else now
	fields  uint64 // tun_metadata fields that mean something else now, see OptionAt; a set with bit N for N
}

// refuse tells a flow's owner that it is not installed, and why.
func (t *Table) refuse(d uint32, err error) {
	event := t.eventOf(EventRefused, d)
	event.Err = err
	t.events = append(t.events, event)
	if t.current != nil && t.current.owner == t.ownerOf(d) {
		t.current.refused = append(t.current.refused, Refusal{UUID: event.UUID, Key: event.Key, Err: err})
	}
}

// isolate puts a flow into quarantine, for twice as long as the last time.
func (t *Table) isolate(d uint32, err error, now time.Time) {
	f := t.desired.at(d)
	q := t.quarantine[d]
	if q == nil {
		q = &quarantine{backoff: minBackoff / 2}
		t.quarantine[d] = q
	}
	if q.err == nil || q.err.Error() != err.Error() {
		t.refuse(d, err)
	}
	q.err = err
	q.backoff = min(2*q.backoff, maxBackoff)
	q.until = now.Add(q.backoff)
	f.flags |= refused
	t.retryAt(q.until)
}

// pardon takes a flow out of quarantine: it is gone, or not the flow any more that was refused.
func (t *Table) pardon(d uint32) {
	f := t.desired.at(d)
	if f.flags &^= refused | unfit; len(t.quarantine) > 0 {
		delete(t.quarantine, d)
	}
}

// Reject says that the switch refused c: it holds what it held before, the flow goes into quarantine, and the next
// contender takes its place.
func (t *Table) Reject(c Change, e SwitchError, now time.Time) {
	t.Finish()
	t.now = now
	h := t.answered(c)
	switch {
	case c.ref.flush != nil:
		t.answerFlush(c.ref, e)
		return
	case c.ref.object != nil:
		t.answerObject(c, e, now)
		return
	case h == 0:
		return
	}
	var offenders []uint32
	if c.Kind == FlowDelete {
		t.dampen(h, now)
	} else {
		offenders = t.offenders(h, c)
	}
	for _, d := range offenders {
		t.isolate(d, e, now)
	}
	waits := &t.entries.at(h).waits
	t.unwait(waits, func(w *wait) bool {
		return w.sent && (t.blame(w.latest, offenders, e) || c.Kind == FlowDelete)
	})
	t.unsend(waits)
	t.judge(h)
	if len(offenders) > 0 {
		t.awaitHeirs(h)
	}
	t.entries.at(h).flags &^= queued // not on the list while it was in flight
	t.due(h)
	if len(t.seen) > 0 {
		t.seenMeanwhile(h, now)
	}
}

// offenders returns the contenders that were refused with c. There are none when they have changed since it was sent. Of
// a merged conjunction they are those that bring something new; what was installed already is not to blame.
func (t *Table) offenders(h uint32, c Change) []uint32 {
	actions, cookie, wanted := t.want(h)
	if !wanted || actions != c.Flow.Actions || cookie != c.Flow.Cookie {
		return nil
	}
	var all, fresh []uint32
	var have []flow.Conj
	if e := t.entries.at(h); e.installed != 0 {
		have = t.actions.at(e.installed).Conjunctions()
	}
	contenders, from, to := t.winners(h)
	for _, d := range contenders[from:to] {
		f := t.desired.at(d)
		if !f.competes() {
			continue
		}
		all = append(all, d)
		isNew := func(c flow.Conj) bool { return !slices.Contains(have, c) }
		if slices.ContainsFunc(t.actions.at(f.actions).Conjunctions(), isNew) {
			fresh = append(fresh, d)
		}
	}
	if len(fresh) == 0 {
		return all
	}
	return fresh
}

// blame names those of the refused flows in a revision that are its owner's, and says whether there are any.
func (t *Table) blame(r *revision, offenders []uint32, err error) bool {
	any := false
	for _, d := range offenders {
		if t.ownerOf(d) == r.owner {
			event := t.eventOf(EventRefused, d)
			r.refused = append(r.refused, Refusal{UUID: event.UUID, Key: event.Key, Err: err})
			any = true
		}
	}
	return any
}

// retryAt makes Tick look again at a time; the zero time is never.
func (t *Table) retryAt(at time.Time) { t.retry = earlier(t.retry, at) }

// retryDue gives what has waited long enough another try.
func (t *Table) retryDue(now time.Time) {
	if t.retry.IsZero() || now.Before(t.retry) {
		return
	}
	t.Finish()
	t.retry = time.Time{}
	entries := t.retryFlows(now)
	for h, p := range t.damped {
		switch {
		case p.until.After(now):
			t.retryAt(p.until)
		case !p.until.IsZero() && t.entries.at(h).flags&damped != 0:
			t.entries.at(h).flags &^= damped
			entries = append(entries, h)
		}
	}
	t.retryObjects(now)
	slices.Sort(entries) // two tables with the same history do the same
	for _, h := range slices.Compact(entries) {
		t.judge(h)
		t.recover(h) // a clause that another one brought already needs no answer
		t.due(h)
	}
}

// retryFlows puts flows on trial whose time has come, and returns their entries. Of a merged conjunction only one is on
// trial at a time: a good clause must not be refused for ever together with a bad one.
func (t *Table) retryFlows(now time.Time) (entries []uint32) {
	var ready []uint32
	tried := make(map[uint32]bool) // entries with a flow on trial
	for d, q := range t.quarantine {
		f := t.desired.at(d)
		switch {
		case f.competes():
			tried[f.entry] = true
		case f.flags&refused == 0 || q.blocked: // unfit; or not its own fault
		case q.until.After(now):
			t.retryAt(q.until)
		default:
			ready = append(ready, d)
		}
	}
	slices.Sort(ready)
	for _, d := range ready {
		f := t.desired.at(d)
		if tried[f.entry] && t.standing(d).class == flow.ClassConjunction {
			t.quarantine[d].until = now.Add(minBackoff)
			t.retryAt(t.quarantine[d].until)
			continue
		}
		tried[f.entry] = true
		f.flags &^= refused
		entries = append(entries, f.entry)
	}
	return entries
}
