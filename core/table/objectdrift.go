package table

import (
	"slices"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Doubt says that somebody else may have changed a group or a meter, or taken it away: nothing that names it is sent, and
// nothing is done to it, until ObservedObject says what there is.
func (t *Table) Doubt(name Object) {
	if t.steady {
		t.doubt(t.takeObject(name))
	}
}

// DoubtKind says so of all groups, or of all meters.
func (t *Table) DoubtKind(kind ObjectKind) {
	for name := range t.objects {
		if name.Kind == kind {
			t.Doubt(name)
		}
	}
}

// DoubtNamed says so of what canonical actions name: the switch has refused a flow for it, or removed one with it.
func (t *Table) DoubtNamed(a flow.Actions) {
	r := referencesOf(a)
	for _, name := range r.objects {
		t.Doubt(name)
	}
}

func (t *Table) doubt(x *object) {
	if !x.doubted {
		x.doubted = true
		t.unread = append(t.unread, x)
		if _, is := t.unsure[x]; !is {
			t.unsure[x] = nil // nobody waits yet
		}
	}
}

// Doubted returns the groups and meters in doubt, each once: the switch is to be asked what it holds of them, and ObservedObject
// told. Those of which a change is in flight come when that is answered.
func (t *Table) Doubted() (names []Object) {
	later := t.unread[:0]
	for _, x := range t.unread {
		switch {
		case !x.doubted: // it was observed meanwhile
		case x.flags&inflight != 0:
			later = append(later, x)
		default:
			names = append(names, x.Object)
		}
	}
	if t.unread = later; len(later) == 0 {
		t.unread = nil
	}
	slices.SortFunc(names, Object.compare)
	return names
}

// InstalledObjects returns the groups and meters that the switch holds, as far as is known, in no order.
func (t *Table) InstalledObjects() (names []Object) {
	for name, x := range t.objects {
		if x.present {
			names = append(names, name)
		}
	}
	return names
}

// ObservedObject says what the switch holds of a group or a meter now, whoever made it so. Like Observed, it is judged by its
// content: what is as it should be is nothing new; anything else is put back, and the owner has an EventDrifted. It says whether it
// was anything else.
func (t *Table) ObservedObject(name Object, present bool, body Body, now time.Time) (changed bool) {
	if !t.steady || t.objects[name] == nil && !present {
		return false
	}
	x := t.takeObject(name)
	if x.flags&inflight != 0 {
		t.doubt(x) // nobody knows which of the two came first: it is read again when the change is answered
		return false
	}
	x.doubted = false
	if changed = x.present != present || x.installed != body; changed {
		blocked := x.blocks()
		x.present, x.installed = present, body
		x.flags &^= adopted | keep
		t.objectDrifted(x, now)
		t.reblock(x, blocked)
	}
	t.landed(x)
	t.dueObject(x)
	t.freeObject(x)
	return changed
}

// objectDrifted puts an object back that somebody else has changed, and notices when that happens too often. One that was
// refused for what the switch held before is tried again.
func (t *Table) objectDrifted(x *object, now time.Time) {
	switch {
	case x.owner == nil:
		if mine, _ := t.objectClaims(x); x.present && !mine && t.options.Unclaimed == UnclaimedKeep {
			x.flags |= keep
		} else if pause := t.comesBack(x.present, uint64(x.Kind)<<32|uint64(x.ID), now); pause > 0 {
			x.quarantine = &quarantine{err: ErrContested, until: now.Add(pause), backoff: pause}
			t.retryAt(x.quarantine.until)
		}
		return
	case x.present && x.body == x.installed:
		if !x.isHeldBack() {
			x.quarantine = nil
		}
		return
	}
	t.tellObject(x, EventDrifted, nil)
	if x.refused() && x.quarantine.err != ErrContested {
		x.quarantine.until = time.Time{} // on trial
	}
	switch p := &x.fight; {
	case x.isHeldBack():
	case p.contested(now):
		if p.backoff < minBackoff {
			t.tellObject(x, EventContested, nil)
		}
		p.backoff = min(2*p.backoff, maxBackoff)
		x.quarantine = &quarantine{err: ErrContested, until: now.Add(p.backoff), backoff: p.backoff}
		t.retryAt(x.quarantine.until)
		t.blameObject(x, ErrContested)
	case !x.refused():
		p.backoff = minBackoff / 2
		t.awaitFirst(&x.waits, x.owner)
	}
}

// blameObject ends all waits for an object, which is not installed for this reason.
func (t *Table) blameObject(x *object, err error) {
	t.unwait(&x.waits, func(w *wait) bool {
		w.latest.refused = append(w.latest.refused, Refusal{Object: x.Object, Err: err})
		return true
	})
}

// reblock blocks the flows that name an object, or lets them go, when it blocks them now and did not before, or the other way
// round.
func (t *Table) reblock(x *object, before bool) {
	switch now := x.blocks(); {
	case now && !before:
		t.blockUsers(x)
	case before && !now:
		t.unblockUsers(x)
	}
}

// tellObject tells an object's owner.
func (t *Table) tellObject(x *object, kind EventKind, err error) {
	t.events = append(t.events, Event{Kind: kind, Owner: x.owner.id, Object: x.Object, Err: err})
}

// readmit has flows tried again at once that were refused while the object they name was not there.
func (t *Table) readmit(x *object, now time.Time) {
	for d := range x.users {
		if q := t.quarantine[d]; q != nil && !q.until.IsZero() {
			q.until = now
			t.retryAt(now)
		}
	}
}
