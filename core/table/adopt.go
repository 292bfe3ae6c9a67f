package table

import (
	"maps"
	"slices"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Disconnected says that the connection is lost: what is in flight is unknown, and Diff yields nothing until AdoptDone.
func (t *Table) Disconnected() {
	t.Finish()
	t.steady = false
	t.session++
	t.forgetQueues()
	clear(t.unsure)
	t.inflight = 0
	clear(t.seen)
	for h := range t.flying {
		t.land(h)
	}
	for _, f := range t.flushes {
		f.sent = false
	}
	t.dirtyObjects, t.unread = nil, nil
	for _, x := range t.objects {
		x.flags &^= inflight | queued
		x.doubted = false
		t.unsend(&x.waits)
		t.freeObject(x)
	}
	t.eachEntry(func(h uint32, e *entry) {
		e.flags &^= inflight | queued
		t.unsend(&e.waits)
		t.freeEntry(h)
	})
}

// AdoptBegin says that a dump of the switch follows. What was known of the switch is forgotten.
func (t *Table) AdoptBegin() {
	t.Disconnected()
	t.adopted, t.adoptedObjects = nil, nil
	clear(t.damped)
	t.eachEntry(func(h uint32, e *entry) {
		t.setInstalled(h, 0, 0)
		e.flags &^= adopted | keep | damped
		t.freeEntry(h)
	})
	for _, x := range t.objects {
		x.present, x.installed = false, ""
		x.flags &^= adopted | keep
		t.freeObject(x)
	}
}

// AdoptFlows takes over flows the switch has shown. Matches and actions must be canonical.
func (t *Table) AdoptFlows(flows []Dumped) {
	for i := range flows {
		f := &flows[i]
		h := t.takeEntry(&f.Key)
		t.setInstalled(h, t.takeActions(h, f.Actions), f.Cookie)
		t.setOdd(h, f.odd())
	}
}

// AdoptObject takes over a group or meter the switch has shown. Its body must be canonical.
func (t *Table) AdoptObject(name Object, body Body) {
	x := t.takeObject(name)
	x.present, x.installed = true, body
}

// AdoptDone says that the dump is complete: differences may be sent. What may be the flow of an owner that has not synced
// is held.
func (t *Table) AdoptDone(now time.Time) {
	t.Finish()
	t.steady = true
	t.adoptedAt = now
	for _, o := range t.owners[1:] {
		if !o.session && o.away.IsZero() {
			o.away = now
		}
		o.holding, o.claiming = t.claim(o, now)
	}
	for _, name := range slices.SortedFunc(maps.Keys(t.objects), Object.compare) {
		t.adoptObject(t.objects[name])
	}
	awaited := slices.ContainsFunc(t.owners[1:], func(o *owner) bool { return o.holding || o.claiming })
	t.eachEntry(func(h uint32, e *entry) {
		if awaited || e.head[0] == 0 { // else it is wanted, and nobody is waited for who may know more of it
			t.noteClaims(h, e)
		}
		t.adopt(h, e)
	})
	for _, o := range t.owners[1:] {
		t.report(o)
	}
}

// noteClaims notes who may have made what the dump said of an entry.
func (t *Table) noteClaims(h uint32, e *entry) {
	if e.installed == 0 {
		return
	}
	switch mine, claimed := t.claims(h); {
	case e.head[0] == 0 && t.isLearned(e):
		e.flags |= keep
	case claimed:
		e.flags |= adopted
		t.adopted = append(t.adopted, h)
	case !mine && e.head[0] == 0 && t.options.Unclaimed == UnclaimedKeep:
		e.flags |= keep
	}
}

// adopt compares an entry with what the dump said of it.
func (t *Table) adopt(h uint32, e *entry) {
	if !t.differs(h) {
		delete(t.readings, h)
		t.recover(h) // the switch took it, and its answer was lost
		t.settle(&e.waits)
		t.freeEntry(h)
		return
	}
	if t.readBack(h) {
		return
	}
	// What was installed and is not any more must be back before the owner hears of anything later.
	t.awaitWinners(h)
	t.due(h)
}

// objectClaims says for a group or a meter what claims says for a flow: in whose range its id lies may have made it.
func (t *Table) objectClaims(x *object) (mine, claimed bool) {
	for _, o := range t.owners[1:] {
		if inRanges(o.ranges(x.Kind), x.ID) {
			mine = true
			claimed = claimed || o.holding || o.claiming
		}
	}
	return mine, claimed
}

// adoptObject compares a group or a meter with what the dump said of it.
func (t *Table) adoptObject(x *object) {
	if x.present {
		switch mine, claimed := t.objectClaims(x); {
		case claimed:
			x.flags |= adopted
			t.adoptedObjects = append(t.adoptedObjects, x)
		case !mine && x.owner == nil && t.options.Unclaimed == UnclaimedKeep:
			x.flags |= keep
		}
	}
	if x.owner != nil && (!x.present || x.body != x.installed) {
		t.awaitFirst(&x.waits, x.owner)
	}
	if x.blocks() {
		t.blockUsers(x)
	} else {
		t.unblockUsers(x)
	}
	t.dueObject(x)
}

// eachEntry calls f for each entry. f may free it.
func (t *Table) eachEntry(f func(h uint32, e *entry)) {
	for h := uint32(1); h <= t.entries.used; h++ {
		if e := t.entries.at(h); e.live() {
			f(h, e)
		}
	}
}

// candidates calls yield for each owner who may have made what is installed for an entry.
func (t *Table) candidates(h uint32, yield func(*owner) bool) {
	e := t.entries.at(h)
	actions := t.actions.lists.at(e.installed)
	if actions.class == flow.ClassConjunction {
		// A merged clause's cookie shows only one of those who have a part in it.
		conjunctions := actions.actions.Conjunctions()
		for _, o := range t.owners[1:] {
			for _, c := range conjunctions {
				if inRanges(o.Conjunctions, c.ID) {
					if !yield(o) {
						return
					}
					break
				}
			}
		}
		return
	}
	if e.cookie<<8>>40 != 0 {
		return // the host leaves bits 32 to 55 zero
	}
	for _, o := range t.owners[1:] {
		if o.Slot == uint8(e.cookie>>56) && inRanges(o.Tables, e.table) && inRanges(o.Priorities, e.priority) && !yield(o) {
			return
		}
	}
}

// claims says whether any owner may have made what is installed, and whether one of those must still say whether it did.
func (t *Table) claims(h uint32) (mine, claimed bool) {
	t.candidates(h, func(o *owner) bool {
		mine = true
		claimed = claimed || o.holding || o.claiming
		return true
	})
	return mine, claimed
}

// held says whether an adopted entry must be left as it is: with a contender, while an expected candidate may still come
// and make it equal; without one, while a candidate may still ask for it.
func (t *Table) held(h uint32) bool {
	is := false
	contended := t.entries.at(h).head[0] != 0
	t.candidates(h, func(o *owner) bool {
		is = contended && o.holding || !contended && o.claiming
		return !is
	})
	return is
}

// claim says whether an owner still has a claim on adopted entries that have a contender (holding), and on those that have
// none (claiming).
func (t *Table) claim(o *owner, now time.Time) (holding, claiming bool) {
	if o.synced {
		return false, false
	}
	holding = o.Expected && now.Before(t.holdEnd(o))
	limit := t.patience(o)
	return holding, limit == 0 || o.alone(now) < limit
}

// holdEnd is when an entry is no longer held for an owner that does nothing.
func (t *Table) holdEnd(o *owner) time.Time {
	if o.pushed.After(t.adoptedAt) {
		return o.pushed.Add(t.options.Hold)
	}
	return t.adoptedAt.Add(t.options.Hold)
}

// patience is how long orphans wait for an owner that has no session; 0 is for ever. Nobody waits long for one that is
// not expected.
func (t *Table) patience(o *owner) time.Duration {
	if o.Grace == 0 && !o.Expected {
		return t.options.Hold
	}
	return o.Grace
}

// refreshClaims looks at all owners' claims, and at all adopted entries if one has ended.
func (t *Table) refreshClaims(now time.Time) {
	if !t.steady {
		return
	}
	ended := false
	for _, o := range t.owners[1:] {
		holding, claiming := t.claim(o, now)
		ended = ended || o.holding && !holding || o.claiming && !claiming
		o.holding, o.claiming = holding, claiming
	}
	if !ended {
		return
	}
	t.Finish()
	for _, x := range t.adoptedObjects {
		if x.flags&adopted == 0 {
			continue
		}
		if _, claimed := t.objectClaims(x); !claimed {
			x.flags &^= adopted
		}
		t.dueObject(x)
	}
	t.adoptedObjects = slices.DeleteFunc(t.adoptedObjects, func(x *object) bool { return x.flags&adopted == 0 })
	kept := t.adopted[:0]
	for _, h := range t.adopted {
		e := t.entries.at(h)
		if e.flags&adopted == 0 {
			continue
		}
		if _, claimed := t.claims(h); claimed {
			kept = append(kept, h)
		} else {
			e.flags &^= adopted
		}
		if !t.held(h) && t.differs(h) {
			t.due(h)
		}
	}
	t.adopted = kept
	if len(kept) == 0 {
		t.adopted = nil
	}
}
