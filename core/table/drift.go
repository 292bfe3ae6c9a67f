package table

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// A key that somebody else keeps changing is put back contestLimit times in contestWindow; then it is contested, and put
// back after pauses that grow.
const (
	contestLimit  = 5
	contestWindow = time.Minute
)

// fight is how often something was put back lately, and how long it is left alone for that.
type fight struct {
	puts    []time.Time // the last contestLimit times
	backoff time.Duration
}

// contested notes that something is put back once more, and says whether that happens too often.
func (p *fight) contested(now time.Time) bool {
	p.puts = append(p.puts, now)
	if len(p.puts) > contestLimit {
		p.puts = p.puts[1:]
	}
	return len(p.puts) == contestLimit && now.Sub(p.puts[0]) < contestWindow
}

// damp is why and how long an entry is left alone: the switch refused to delete it, somebody fights over it, or the switch
// reads back something else than it was sent.
type damp struct {
	fight
	until    time.Time // zero: until it is wanted otherwise
	unstable error     // nil: it is not
}

// dampOf returns an entry's record, a new one if there is none.
func (t *Table) dampOf(h uint32) *damp {
	p := t.damped[h]
	if p == nil {
		p = &damp{fight: fight{backoff: minBackoff / 2}}
		t.damped[h] = p
	}
	return p
}

// dampen leaves an entry alone, for twice as long as the last time.
func (t *Table) dampen(h uint32, now time.Time) {
	p := t.dampOf(h)
	p.backoff = min(2*p.backoff, maxBackoff)
	p.until = now.Add(p.backoff)
	t.entries.at(h).flags |= damped
	t.retryAt(p.until)
}

// Observed says what the switch holds for a key now, whoever put it there: what a flow monitor reports, or a dump made in
// between. It is judged by content: what is as it should be is nothing new. Anything else is put back, and the winner's
// owner has an EventDrifted. It returns whether it was something else.
func (t *Table) Observed(f Dumped, now time.Time) (drifted bool) {
	if !t.steady {
		return false
	}
	h := t.takeEntry(&f.Key)
	if t.isSliced(h) {
		t.Finish()
		h = t.takeEntry(&f.Key)
	}
	e := t.entries.at(h)
	if e.flags&inflight != 0 {
		f.Match = e.match // the table's own copy
		f.Actions = flow.Actions(strings.Clone(string(f.Actions)))
		t.seen[h] = f // judged when the answer is there
		return false
	}
	if t.shows(e, &f) {
		return false
	}
	e.flags &^= adopted
	t.setInstalled(h, t.actions.take(f.Actions), f.Cookie)
	t.setOdd(h, f.odd())
	t.drifted(h, now)
	return true
}

// ObservedGone says that the switch holds nothing for a key any more, whoever took it away. It returns whether that is something new.
func (t *Table) ObservedGone(k flow.Key, now time.Time) (drifted bool) {
	h := t.findEntry(&k)
	if t.isSliced(h) {
		t.Finish()
		h = t.findEntry(&k)
	}
	if !t.steady || h == 0 {
		return false
	}
	e := t.entries.at(h)
	switch {
	case e.flags&inflight != 0:
		t.seen[h] = Dumped{Flow: flow.Flow{Key: k}, gone: true}
	case e.installed != 0:
		e.flags &^= adopted
		t.setInstalled(h, 0, 0)
		t.drifted(h, now)
		return true
	}
	return false
}

// seenMeanwhile looks at what was last reported of an entry while a change of it was in flight. If that was not the change
// itself, somebody else's may have come before it or after it: the entry is put right in any case.
func (t *Table) seenMeanwhile(h uint32, now time.Time) {
	f, ok := t.seen[h]
	if !ok {
		return
	}
	delete(t.seen, h)
	e := t.entries.at(h)
	switch {
	case f.gone && e.installed == 0 || !f.gone && t.shows(e, &f):
		return
	case e.installed == 0:
		t.setInstalled(h, t.actions.take(f.Actions), f.Cookie)
	}
	t.setOdd(h, true)
	t.drifted(h, now)
}

// shows says whether a report is what an entry is known to have installed.
func (t *Table) shows(e *entry, f *Dumped) bool {
	return e.installed != 0 && e.cookie == f.Cookie && t.actions.at(e.installed) == f.Actions && (e.flags&odd != 0) == f.odd()
}

// drifted puts an entry back that somebody else has changed, and notices when that happens too often. That the switch shows the
// same as before says nothing about what it makes of our flow then.
func (t *Table) drifted(h uint32, now time.Time) {
	e := t.entries.at(h)
	delete(t.readings, h)
	if e.head[0] == 0 {
		t.stranger(h, now)
		t.due(h)
		return
	}
	if !t.differs(h) {
		t.due(h)
		return
	}
	t.tellWinners(h, EventDrifted, nil)
	p := t.dampOf(h)
	if p.contested(now) {
		if p.backoff < minBackoff {
			t.tellWinners(h, EventContested, nil)
		}
		t.dampen(h, now)
	} else if e.flags&damped == 0 {
		p.backoff = minBackoff / 2
	}
	if e.flags&damped == 0 { // nobody waits for the end of a fight
		t.awaitWinners(h)
	}
	t.due(h)
}

// awaitWinners makes the owners of what should be installed wait until it is.
func (t *Table) awaitWinners(h uint32) {
	contenders, from, to := t.winners(h)
	for _, d := range contenders[from:to] {
		t.awaitFirst(&t.entries.at(h).waits, t.ownerOf(d))
	}
}

// tellWinners tells the owners of what should be installed for an entry.
func (t *Table) tellWinners(h uint32, kind EventKind, err error) {
	contenders, from, to := t.winners(h)
	for _, d := range contenders[from:to] {
		if t.desired.at(d).competes() {
			event := t.eventOf(kind, d)
			event.Err = err
			t.events = append(t.events, event)
		}
	}
}

// readBack looks at an entry that a dump shows different from what it should be. When it was put right since the last dump,
// and is now as it was then, the switch makes something else of what it is sent: the flow is unstable. It is left as it is
// until something else is wanted, and never sent in a loop.
func (t *Table) readBack(h uint32) (unstable bool) {
	e := t.entries.at(h)
	actions, cookie, wanted := t.want(h)
	if !wanted || e.installed == 0 {
		delete(t.readings, h)
		return false
	}
	last := t.readings[h]
	now := reading{wanted: t.hashOf(actions, cookie), shown: t.hashOf(t.actions.at(e.installed), e.cookie)}
	t.readings[h] = now
	if !last.sent || last.wanted != now.wanted || last.shown != now.shown || e.cookie != cookie {
		return false // a cookie that is not ours is somebody else's flow: no switch makes another of it
	}
	t.tellWinners(h, EventRefused, ErrUnstable)
	t.dampOf(h).until = time.Time{}
	t.dampOf(h).unstable = ErrUnstable
	e.flags |= damped
	contenders, from, to := t.winners(h)
	t.unwait(&e.waits, func(w *wait) bool { return t.blame(w.latest, contenders[from:to], ErrUnstable) })
	return true
}

// reading is what was wanted for an entry and what a dump showed, as hashes: to take two for the same costs no more than a
// message.
type reading struct {
	wanted, shown uint32
	sent          bool // what was wanted, and the switch has confirmed it
}

// noteSent notes that the switch has confirmed what is wanted for an entry.
func (t *Table) noteSent(h uint32) {
	if r, ok := t.readings[h]; ok {
		r.sent = !t.differs(h)
		t.readings[h] = r
	}
}

func (t *Table) hashOf(a flow.Actions, c flow.Cookie) uint32 {
	return t.actions.hash(a) ^ fold(uint64(c)*0x9e3779b97f4a7c15)
}

// undamp ends the pause of an entry of which something else is wanted now.
func (t *Table) undamp(h uint32) {
	if e := t.entries.at(h); e.flags&damped != 0 {
		e.flags &^= damped
		delete(t.damped, h)
	}
}

// isLearned says whether what is installed for an entry fits a learn action that is desired or installed, or one that the
// configuration names: such flows come and go by themselves.
func (t *Table) isLearned(e *entry) bool {
	target := LearnTarget{e.table, e.priority, e.cookie}
	return t.actions.learns[target] > 0 || slices.Contains(t.options.Learned, target)
}

// PortGone says that a port number is free, or has become another port's: flows that match on it and that nobody stands by
// are removed at once, so that the next port with this number does not inherit them. Those are stale flows and adopted
// ones without a contender.
func (t *Table) PortGone(port uint32, now time.Time) {
	t.Finish()
	t.now = now
	for _, h := range t.adopted {
		if e := t.entries.at(h); e.flags&adopted != 0 && e.head[0] == 0 && matchesPort(e.match, port) {
			e.flags &^= adopted
			t.due(h)
		}
	}
	for _, o := range t.owners[1:] {
		if o.fresh == o.flows {
			continue
		}
		t.begin(o, 0)
		t.current.silent = true
		t.eachFlow(o, func(d uint32) {
			f := t.desired.at(d)
			if e := t.entries.at(f.entry); f.epoch != o.epoch && matchesPort(e.match, port) {
				e.flags &^= adopted
				t.drop(d)
			}
		})
		t.commit()
	}
}

// matchesPort says whether a match is on this in_port.
func matchesPort(m flow.Match, port uint32) bool {
	for term := range m.Terms() {
		if term.Field() == flow.InPortOXM {
			value, _ := term.Value()
			return binary.BigEndian.Uint32([]byte(value)) == port
		}
	}
	return false
}
