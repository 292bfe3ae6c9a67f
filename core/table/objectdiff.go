package table

import (
	"slices"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// dueObject notes that an object's two sides may differ.
func (t *Table) dueObject(x *object) {
	if t.steady && x.flags&queued == 0 {
		x.flags |= queued
		if x.flags&inflight == 0 && x.bound == nil {
			t.dirtyObjects = append(t.dirtyObjects, x)
		}
	}
}

// diffObjects returns what is to be done about groups and meters: meters before groups, and groups before meters when
// they go.
func (t *Table) diffObjects(limit int, deletes bool) (changes []Change) {
	if len(t.dirtyObjects) == 0 {
		return nil
	}
	slices.SortFunc(t.dirtyObjects, func(x, y *object) int {
		if deletes {
			x, y = y, x
		}
		return x.Object.compare(y.Object)
	})
	var later []*object
	for _, x := range t.dirtyObjects {
		if x.bound != nil {
			continue
		}
		if t.sliced != nil && x.flags&touched != 0 {
			later = append(later, x)
			continue
		}
		c, ok := t.objectDifference(x)
		switch {
		case !ok:
		case len(changes) == limit || c.Kind.deletes() != deletes:
			later = append(later, x)
		default:
			changes = append(changes, t.giveObject(x, c))
		}
	}
	t.dirtyObjects = later
	return changes
}

// giveObject marks a change of an object as in flight.
func (t *Table) giveObject(x *object, c Change) Change {
	x.flags = x.flags&^(queued|adopted) | inflight
	t.inflight++
	if c.Kind.deletes() {
		t.unsure[x] = nil
	}
	t.send(x.waits)
	return c
}

// namesUnsure says whether actions name an object whose deletion is in flight, or of which nobody knows whether it is there; the
// entry is looked at again when that is settled. Sent before that, a flow would be refused, or deleted with the object of before.
func (t *Table) namesUnsure(h uint32, actions flow.Actions) bool {
	if len(t.unsure) == 0 {
		return false
	}
	r := referencesOf(actions)
	for _, name := range r.objects {
		x := t.objects[name]
		if waiting, is := t.unsure[x]; is {
			t.unsure[x] = append(waiting, h)
			return true
		}
	}
	return false
}

// landed says that a change of an object is answered or taken back, or a doubt settled: what waited for it may go on.
func (t *Table) landed(x *object) {
	if x.doubted {
		return
	}
	waiting := t.unsure[x]
	delete(t.unsure, x)
	for _, h := range waiting {
		if t.entries.at(h).live() {
			t.due(h)
		}
	}
}

// objectDifference returns what makes both sides of an object equal. When nothing does, or not yet, it is off the list.
func (t *Table) objectDifference(x *object) (Change, bool) {
	if x.flags&inflight != 0 || x.flags&queued == 0 {
		return Change{}, false
	}
	c := Change{Object: x.Object, Body: x.body, ref: ref{object: x, session: t.session}}
	switch wanted := x.owner != nil; {
	case wanted == x.present && x.body == x.installed:
		x.flags &^= queued
		t.settle(&x.waits)
		t.freeObject(x)
		return Change{}, false
	case x.doubted || x.refused() || x.flags&keep != 0 || x.flags&adopted != 0 && t.objectHeld(x):
		x.flags &^= queued
		return Change{}, false
	case !wanted && len(x.users)+x.uses > 0:
		x.flags &^= queued // looked at again when the last flow is gone: deleting it would delete them
		return Change{}, false
	case !wanted && t.linger(x):
		x.flags &^= queued
		t.settle(&x.waits) // to its owner it is gone: no flow leads to it
		return Change{}, false
	case !wanted:
		c.Kind = deleteOf[x.Kind]
	case !x.present:
		c.Kind = addOf[x.Kind]
	default:
		c.Kind = modifyOf[x.Kind]
	}
	return c, true
}

// groupLinger is how long a group stays that nobody wants after the last flow that named it is gone. For that long, packets may be led to
// it: until ovs-vswitchd has looked at the datapath's flows again, which it does at least each max-revalidator, 500 ms
// (ovs-vswitchd.conf.db(5)), and a bucket is chosen by a hash that the datapath works out after a first look at the group and
// before a second (ofproto-dpif-xlate.c, pick_dp_hash_select_group). What finds no group then is dropped: connections are lost
// when a load balancer gets other backends.
const groupLinger = time.Second

// linger says whether an object that no flow names any more must stay for some time yet; then it is looked at again.
func (t *Table) linger(x *object) bool {
	until := x.left.Add(groupLinger)
	if x.Kind != Group || x.left.IsZero() || !until.After(t.now) {
		return false
	}
	t.lingering[x] = until
	t.retryAt(until)
	return true
}

var (
	addOf    = map[ObjectKind]ChangeKind{Group: GroupAdd, Meter: MeterAdd}
	modifyOf = map[ObjectKind]ChangeKind{Group: GroupModify, Meter: MeterModify}
	deleteOf = map[ObjectKind]ChangeKind{Group: GroupDelete, Meter: MeterDelete}
)

// answerObject is Confirm, and with an error Reject, for a group or a meter.
func (t *Table) answerObject(c Change, err error, now time.Time) {
	x := c.ref.object
	if c.ref.session != t.session || !t.steady || x.flags&inflight == 0 {
		return
	}
	x.flags &^= inflight
	t.inflight--
	if t.sliced != nil && (err != nil || x.quarantine != nil) {
		t.Finish() // flows that name it are about to be blocked or let go
	}
	defer t.landed(x)
	if err != nil {
		t.rejectObject(x, c, err, now)
	} else {
		t.confirmObject(x, c, now)
	}
}

func (t *Table) confirmObject(x *object, c Change, now time.Time) {
	blocked := x.blocks()
	if !x.present {
		t.readmit(x, now)
	}
	x.present, x.installed = !c.Kind.deletes(), c.Body
	if x.quarantine != nil && x.present && x.body == c.Body {
		x.quarantine = nil
		t.tellObject(x, EventRecovered, nil)
	}
	if blocked && x.present {
		t.unblockUsers(x)
	}
	t.unwait(&x.waits, func(w *wait) bool { return w.sent })
	if x.flags&queued != 0 {
		x.flags &^= queued
		t.dueObject(x) // something came meanwhile
	}
	t.freeObject(x)
}

func (t *Table) rejectObject(x *object, c Change, err error, now time.Time) {
	blame := x.owner != nil && x.body == c.Body || c.Kind.deletes()
	if blame {
		t.isolateObject(x, err, now)
	}
	t.unwait(&x.waits, func(w *wait) bool {
		if !w.sent || !blame {
			return false
		}
		w.latest.refused = append(w.latest.refused, Refusal{Object: x.Object, Err: err})
		return true
	})
	t.unsend(&x.waits)
	x.flags &^= queued
	t.doubt(x) // perhaps the switch does not hold what it is thought to
	t.dueObject(x)
}

// isolateObject puts an object into quarantine. What the switch holds of it stays; flows that name it wait if that is
// nothing.
func (t *Table) isolateObject(x *object, err error, now time.Time) {
	if x.quarantine == nil {
		x.quarantine = &quarantine{backoff: minBackoff / 2}
	}
	q := x.quarantine
	if x.owner != nil && (q.err == nil || q.err.Error() != err.Error()) {
		t.tellObject(x, EventRefused, err)
	}
	q.err = err
	q.backoff = min(2*q.backoff, maxBackoff)
	q.until = now.Add(q.backoff)
	t.retryAt(q.until)
	if x.blocks() {
		t.blockUsers(x)
	}
}

// retryObjects gives objects that have waited long enough another try.
func (t *Table) retryObjects(now time.Time) {
	for x, until := range t.lingering {
		if until.After(now) {
			t.retryAt(until)
			continue
		}
		delete(t.lingering, x)
		if x.owner == nil {
			t.unnamed(x)
		}
	}
	for _, x := range t.objects {
		switch {
		case !x.refused() || x.isHeldBack():
		case x.quarantine.until.After(now):
			t.retryAt(x.quarantine.until)
		default:
			x.quarantine.until = time.Time{} // on trial
			t.dueObject(x)
		}
	}
}

// objectHeld says whether an adopted object must be left as it is, like held for an entry.
func (t *Table) objectHeld(x *object) bool {
	return slices.ContainsFunc(t.owners[1:], func(o *owner) bool {
		return inRanges(o.ranges(x.Kind), x.ID) && (x.owner != nil && o.holding || x.owner == nil && o.claiming)
	})
}
