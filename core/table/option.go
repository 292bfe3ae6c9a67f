package table

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// OptionAt says that in the connection that follows OVN's Geneve option has the field tun_metadata<index>; -1: none. Call it while
// disconnected. If it had another field before, the flows, groups and meters that name that one mean something else now: they are
// held back, and their owners told, until they are pushed anew or the option is back where it was. named says which tun_metadata
// fields the body of a group or a meter names, as a set with bit N for tun_metadataN.
func (t *Table) OptionAt(index int, named func(Object, Body) uint64) {
	t.Finish()
	was := t.option
	if t.option = index; was == index {
		return
	}
	if index >= 0 {
		t.optionBack(1 << index)
	}
	if was >= 0 {
		t.optionGone(1<<was, optionMoved(was, index), named)
	}
}

func optionMoved(was, index int) error {
	if index < 0 {
		return fmt.Errorf("%w: it was tun_metadata%d, and has no field now", ErrOptionMoved, was)
	}
	return fmt.Errorf("%w: it was tun_metadata%d, and is tun_metadata%d now", ErrOptionMoved, was, index)
}

// optionGone holds back what names a field; field is a set of one.
func (t *Table) optionGone(field uint64, why error, named func(Object, Body) uint64) {
	for _, o := range t.owners[1:] {
		t.eachFlow(o, func(d uint32) {
			if t.namesOption(d, field) {
				t.holdBack(d, field, why)
			}
		})
		for _, name := range slices.SortedFunc(maps.Keys(o.objects), Object.compare) {
			if x := o.objects[name]; named(name, x.body)&field != 0 {
				x.quarantine = x.quarantine.moved(field, why)
				t.tellObject(x, EventRefused, why)
				t.blameObject(x, why)
			}
		}
		o.atomic.eachBefore(func(u *undo) {
			if u.kind == undoObject && named(u.was.Object, u.was.body)&field != 0 {
				u.was.quarantine = u.was.quarantine.moved(field, why)
			} else if u.content.actions != 0 && (u.key.Match.TunMetadata()|t.actions.at(u.content.actions).TunMetadata())&field != 0 {
				u.quarantine = u.quarantine.moved(field, why)
				u.flags |= refused
			}
		})
	}
}

// optionBack lets go what was held back because of a field; field is a set of one.
func (t *Table) optionBack(field uint64) {
	for _, d := range slices.Sorted(maps.Keys(t.quarantine)) {
		if t.quarantine[d].back(field) && !t.isBlocked(d) {
			t.unblock(d)
		}
	}
	for _, o := range t.owners[1:] {
		for _, x := range o.objects {
			x.quarantine.back(field)
		}
		o.atomic.eachBefore(func(u *undo) {
			if u.quarantine.back(field) {
				u.quarantine = nil
				u.flags &^= refused
			}
			u.was.quarantine.back(field)
		})
	}
}

// namesOption says whether a flow's match or actions name a field.
func (t *Table) namesOption(d uint32, field uint64) bool {
	f := t.desired.at(d)
	return (t.entries.at(f.entry).match.TunMetadata()|t.actions.at(f.actions).TunMetadata())&field != 0
}

// holdBack puts a flow into quarantine until it is pushed anew or the option is back.
func (t *Table) holdBack(d uint32, field uint64, why error) {
	t.quarantine[d] = t.quarantine[d].moved(field, why)
	t.desired.at(d).flags |= refused
	t.refuse(d, why)
	t.blameWaits(d, why)
	t.rejudge(d)
}

// isHeldBack says whether a flow waits for being pushed anew.
func (t *Table) isHeldBack(d uint32) bool {
	q := t.quarantine[d]
	return q != nil && q.fields != 0
}

// moved returns what becomes of a quarantine, or of none, when a field means something else.
func (q *quarantine) moved(field uint64, why error) *quarantine {
	if q == nil {
		q = &quarantine{backoff: minBackoff / 2}
	}
	q.err, q.until, q.blocked = why, time.Time{}, true
	q.fields |= field
	return q
}

// back takes a field from those because of which something is held back, and says whether it was the last.
func (q *quarantine) back(field uint64) bool {
	if q == nil || q.fields&field == 0 {
		return false
	}
	q.fields &^= field
	return q.fields == 0
}

// eachBefore calls f for what each edit of an open atomic transaction found: it is put back if the switch refuses.
func (a *atomic) eachBefore(f func(*undo)) {
	if a == nil {
		return
	}
	for i := range a.edits {
		f(&a.edits[i])
	}
}
