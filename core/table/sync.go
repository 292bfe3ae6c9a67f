package table

import (
	"maps"
	"slices"
	"time"
)

// SyncBegin says that the owner has a session and will say everything it wants: all its flows are stale until mentioned.
// It may also be called in the middle of a session.
func (t *Table) SyncBegin(id OwnerID, now time.Time) {
	o := t.owner(id)
	if o == nil {
		return
	}
	t.Finish()
	o.arrive(now)
	t.unbind(o)
	t.stale(o)
}

// SyncDone says that the owner has said everything: what is still stale goes, flow by flow, in one step. It is a revision
// of its own, with transaction number 0 in its EventInstalled.
func (t *Table) SyncDone(id OwnerID, now time.Time) Revision {
	o := t.owner(id)
	if o == nil {
		return 0
	}
	t.Finish()
	t.now = now
	o.arrive(now)
	t.unbind(o)
	t.begin(o, 0)
	if o.fresh != o.flows {
		t.eachFlow(o, func(d uint32) {
			if t.desired.at(d).epoch != o.epoch {
				t.drop(d)
			}
			t.edited()
		})
	}
	for _, name := range slices.SortedFunc(maps.Keys(o.objects), Object.compare) {
		switch x := o.objects[name]; {
		case x.epoch == o.epoch:
		case len(x.users) > 0:
			x.epoch = o.epoch // what a flow names is mentioned
		default:
			t.removeObject(o, name)
		}
	}
	t.unmark(o)
	o.synced = true
	o.absent = 0
	r := t.commit()
	t.refreshClaims(now)
	return r
}

// SessionEnded says that the owner's process is gone. Its flows are stale and stay, for its grace.
func (t *Table) SessionEnded(id OwnerID, now time.Time) {
	o := t.owner(id)
	if o == nil || !o.session {
		return
	}
	t.Finish()
	o.session = false
	o.away = now
	t.unbind(o)
	o.dropMarks(func(*revision) bool { return true })
	t.stale(o)
}

// eachFlow calls f for each flow of an owner. f may drop it.
func (t *Table) eachFlow(o *owner, f func(d uint32)) {
	for h := o.origins; h != 0; {
		next := t.origins.at(h).next
		for d := t.origins.at(h).head; d != 0; {
			after := t.desired.at(d).next
			f(d)
			d = after
		}
		h = next
	}
}

// stale makes all flows of an owner stale at once, by moving on its epoch.
func (t *Table) stale(o *owner) {
	o.fresh = 0
	o.epoch++
	if o.epoch != 0 {
		return
	}
	// Wrapped around: flows of 256 epochs ago would look fresh.
	t.eachFlow(o, func(d uint32) { t.desired.at(d).epoch = 0 })
	for _, x := range o.objects {
		x.epoch = 0
	}
	for name, m := range o.marks {
		m.epoch = 0
		o.marks[name] = m
	}
	o.epoch = 1
}

// arrive says that the owner has a session.
func (o *owner) arrive(now time.Time) {
	if o.session {
		return
	}
	o.session = true
	if !o.away.IsZero() {
		o.absent += now.Sub(o.away)
		o.away = time.Time{}
	}
}

// alone is how long the owner has been without a session since it last synced.
func (o *owner) alone(now time.Time) time.Duration {
	if o.away.IsZero() {
		return o.absent
	}
	return o.absent + now.Sub(o.away)
}

// expire takes away what an owner left behind when its grace is over.
func (t *Table) expire(o *owner, now time.Time) {
	if o.session || o.Grace == 0 || o.flows+len(o.objects) == 0 || o.alone(now) < o.Grace {
		return
	}
	t.Finish()
	t.unbind(o)
	t.begin(o, 0)
	t.current.silent = true
	t.clear(o)
	clear(o.marks)
	t.commit()
}
