package table

import (
	"fmt"
	"slices"
	"testing"

	"github.com/flowhost/flowhost/sdk/flow"
)

// validate checks every invariant of the table, walking all of it. In the middle of a transaction that is done in slices they need not
// hold.
func (t *Table) validate() error {
	if t.sliced != nil {
		return nil
	}
	for _, check := range []func() error{
		t.validateOwners, t.validateEntries, t.validateActions, t.validateWaits, t.validateLists, t.validateObjects,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// validateOwners walks from owners to origins to flows.
func (t *Table) validateOwners() error {
	origins, flows := 0, 0
	for _, o := range t.owners[1:] {
		n, mine, fresh := 0, 0, 0
		prev := uint32(0)
		for h := o.origins; h != 0; h = t.origins.at(h).next {
			org := t.origins.at(h)
			if org.prev != prev || org.owner != o.id {
				return fmt.Errorf("owner %s: broken list at origin %d", o.Name, h)
			}
			if t.findOrigin(o.id, &org.uuid) != h {
				return fmt.Errorf("origin %s is not found by its UUID", org.uuid)
			}
			count, before := 0, uint32(0)
			for d := org.head; d != 0; d = t.desired.at(d).next {
				f := t.desired.at(d)
				if f.origin != h || f.prev != before || f.flags&listed != 0 {
					return fmt.Errorf("origin %s: broken list at flow %d", org.uuid, d)
				}
				if t.contender(f.entry, h) != d {
					return fmt.Errorf("flow %d is not found among the contenders of its entry", d)
				}
				if f.epoch == o.epoch {
					fresh++
				}
				before = d
				count++
			}
			if count == 0 || count != int(org.count) {
				return fmt.Errorf("origin %s: has %d flows and says %d", org.uuid, count, org.count)
			}
			prev = h
			n++
			mine += count
		}
		if n != o.uuids || mine != o.flows || fresh != o.fresh {
			return fmt.Errorf("owner %s: %d UUIDs, %d flows, %d fresh; it says %d, %d, %d", o.Name, n, mine, fresh, o.uuids, o.flows, o.fresh)
		}
		if o.MaxFlows > 0 && o.flows > o.MaxFlows {
			return fmt.Errorf("owner %s is over its quota", o.Name)
		}
		marking := 0
		for _, r := range o.revisions {
			marking += len(r.marks)
		}
		if marking != o.marking {
			return fmt.Errorf("owner %s: %d marks on their way, %d counted", o.Name, marking, o.marking)
		}
		for i := 1; i < len(o.revisions); i++ {
			if o.revisions[i].number <= o.revisions[i-1].number && !o.revisions[i].silent {
				return fmt.Errorf("owner %s: revisions out of order", o.Name)
			}
		}
		if t.steady && len(o.revisions) > 0 && o.revisions[0].waiting == 0 {
			return fmt.Errorf("owner %s: revision %d is installed and not reported", o.Name, o.revisions[0].number)
		}
		origins += n
		flows += mine
	}
	if origins != t.origins.live() || flows != t.desired.live() {
		return fmt.Errorf("%d origins and %d flows are reached, %d and %d are there", origins, flows, t.origins.live(), t.desired.live())
	}
	return nil
}

// validateEntries walks the entries and their contenders.
func (t *Table) validateEntries() error {
	entries, contenders, crowds, installed := 0, 0, 0, 0
	var err error
	t.eachEntry(func(h uint32, e *entry) {
		entries++
		key := e.key()
		if t.findEntry(&key) != h {
			err = fmt.Errorf("entry %s is not found by its key", key)
		}
		if e.flags&touched != 0 {
			err = fmt.Errorf("entry %s is touched between operations", key)
		}
		if e.flags&crowded != 0 {
			crowds++
			if len(t.crowds[h]) < 2 || t.crowds[h][0] != e.head[0] {
				err = fmt.Errorf("entry %s: broken crowd", key)
			}
		}
		if e.installed != 0 {
			installed++
		}
		list := t.contenders(h)
		contenders += len(list)
		for i, d := range list {
			if t.desired.at(d).entry != h {
				err = fmt.Errorf("entry %s: contender %d is another's", key, d)
			}
			if i > 0 && t.standing(list[i-1]).compare(t.standing(d)) >= 0 {
				err = fmt.Errorf("entry %s: contenders out of order", key)
			}
		}
		err = firstOf(err, t.validateSettled(h, e), t.validateTold(h))
	})
	if err != nil {
		return err
	}
	if entries != t.entries.live() || contenders != t.desired.live() || crowds != len(t.crowds) || installed != t.installed {
		return fmt.Errorf("%d entries, %d contenders, %d crowds, %d installed are reached; %d, %d, %d, %d are there",
			entries, contenders, crowds, installed, t.entries.live(), t.desired.live(), len(t.crowds), t.installed)
	}
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// waitsToName says whether an entry is looked at again when it is known whether an object is there.
func (t *Table) waitsToName(h uint32) bool {
	for _, entries := range t.unsure {
		if slices.Contains(entries, h) {
			return true
		}
	}
	return false
}

func (t *Table) isUnsure(x *object) bool {
	_, is := t.unsure[x]
	return is
}

// validateSettled checks that an entry whose sides differ is on its way, and that nobody waits for one whose are equal.
func (t *Table) validateSettled(h uint32, e *entry) error {
	moving := e.flags&(queued|inflight) != 0
	switch {
	case !t.steady && moving:
		return fmt.Errorf("entry %s is on its way while disconnected", e.key())
	case !t.steady || moving || e.flags&damped != 0 || e.flags&adopted != 0 && t.held(h):
		return nil
	case t.waitsToName(h):
		return nil
	case t.differs(h):
		return fmt.Errorf("entry %s differs and nothing is done about it", e.key())
	case e.waits != 0:
		return fmt.Errorf("entry %s is settled and waited for", e.key())
	case e.head[0] == 0 && e.installed == 0:
		return fmt.Errorf("entry %s is neither wanted nor installed", e.key())
	}
	return nil
}

// validateTold checks that everybody knows who has won.
func (t *Table) validateTold(h uint32) error {
	contenders, from, to := t.winners(h)
	trial := from < to && t.quarantine[contenders[from]] != nil
	for i, d := range contenders {
		f := t.desired.at(d)
		if _, ok := t.lost[d]; ok != (f.flags&losing != 0) {
			return fmt.Errorf("entry %s: contender %d of %d: since when it loses is known: %v", t.entries.at(h).key(), i, len(contenders), ok)
		}
		if f.competes() && !(trial && i >= to) && (i >= to) != (f.flags&losing != 0) {
			return fmt.Errorf("entry %s: contender %d of %d was told otherwise", t.entries.at(h).key(), i, len(contenders))
		}
		if q := t.quarantine[d]; q == nil && !f.competes() {
			return fmt.Errorf("entry %s: contender %d does not compete, for no reason", t.entries.at(h).key(), i)
		}
	}
	return nil
}

// validateActions counts the users of each list of actions.
func (t *Table) validateActions() error {
	users := make(map[uint32]uint32)
	t.eachEntry(func(h uint32, e *entry) {
		if e.installed != 0 {
			users[e.installed]++
		}
		for _, d := range t.contenders(h) {
			users[t.desired.at(d).actions]++
		}
	})
	for _, actions := range t.flying {
		users[actions]++
	}
	for _, o := range t.owners[1:] {
		if o.atomic != nil {
			for _, u := range o.atomic.edits {
				if u.content.actions != 0 {
					users[u.content.actions]++
				}
			}
		}
	}
	seen := make(map[flow.Actions]bool)
	for h, n := range users {
		l := t.actions.lists.at(h)
		if l.users != n || seen[l.actions] {
			return fmt.Errorf("actions %s: %d users, it says %d; seen before: %v", l.actions, n, l.users, seen[l.actions])
		}
		seen[l.actions] = true
	}
	if len(users) != t.actions.lists.live() {
		return fmt.Errorf("%d lists of actions are used, %d are there", len(users), t.actions.lists.live())
	}
	return nil
}

// validateWaits counts what each revision waits for.
func (t *Table) validateWaits() error {
	waiting := make(map[*revision]int)
	n := 0
	var err error
	t.eachEntry(func(h uint32, e *entry) {
		type kind struct {
			owner *owner
			sent  bool
		}
		seen := make(map[kind]bool)
		for w := e.waits; w != 0; w = t.waits.at(w).next {
			x := t.waits.at(w)
			k := kind{x.revision.owner, x.sent}
			if seen[k] || x.sent && e.flags&inflight == 0 {
				err = fmt.Errorf("entry %s: wait of %s: twice, or sent and not in flight", e.key(), x.revision.owner.Name)
			}
			seen[k] = true
			waiting[x.revision]++
			n++
		}
	})
	if err != nil {
		return err
	}
	for _, x := range t.objects {
		for w := x.waits; w != 0; w = t.waits.at(w).next {
			waiting[t.waits.at(w).revision]++
			n++
		}
	}
	for _, f := range t.flushes {
		waiting[f.revision]++
	}
	for _, o := range t.owners[1:] {
		for _, r := range o.revisions {
			if waiting[r] != r.waiting {
				return fmt.Errorf("owner %s, revision %d: %d entries wait, it says %d", o.Name, r.number, waiting[r], r.waiting)
			}
			delete(waiting, r)
		}
	}
	if len(waiting) != 0 || n != t.waits.live() {
		return fmt.Errorf("waits of %d revisions that nobody has, %d reached, %d there", len(waiting), n, t.waits.live())
	}
	return nil
}

// validateObjects counts the flows that name each group and meter.
func (t *Table) validateObjects() error {
	users, uses := make(map[Object]int), make(map[Object]int)
	count := func(actions uint32, n map[Object]int) {
		for _, x := range referencesOf(t.actions.at(actions)).objects {
			n[x]++
		}
	}
	t.eachEntry(func(h uint32, e *entry) {
		if e.installed != 0 {
			count(e.installed, uses)
		}
		for _, d := range t.contenders(h) {
			count(t.desired.at(d).actions, users)
		}
	})
	for _, actions := range t.flying {
		count(actions, uses)
	}
	for name, x := range t.objects {
		moving := x.flags&(queued|inflight) != 0
		wanted := x.owner != nil
		switch {
		case len(x.users) != users[name] || x.uses != uses[name]:
			return fmt.Errorf("%s: %d users, %d uses; it says %d, %d", name, users[name], uses[name], len(x.users), x.uses)
		case wanted && x.owner.objects[name] != x:
			return fmt.Errorf("%s is not known to its owner", name)
		case !wanted && len(x.users) > 0:
			return fmt.Errorf("%s is named by %d flows and not set", name, len(x.users))
		case x.doubted && !t.isUnsure(x):
			return fmt.Errorf("%s is in doubt, and what names it is sent", name)
		case t.steady && !moving && x.waits != 0 && !x.refused() && !x.doubted && x.flags&adopted == 0 && (wanted || x.uses == 0):
			return fmt.Errorf("%s is at rest and waited for", name)
		}
		delete(users, name)
		delete(uses, name)
	}
	if len(users)+len(uses) > 0 {
		return fmt.Errorf("named and not known: %v %v", users, uses)
	}
	return nil
}

// validateLists checks that flags and lists agree.
func (t *Table) validateLists() error {
	listed := make(map[uint32]bool)
	for _, list := range [][]uint32{t.small.due, t.small.deletes, t.bulk.due, t.bulk.deletes} {
		for _, h := range list {
			listed[h] = true
		}
	}
	adoptedList := make(map[uint32]bool)
	for _, h := range t.adopted {
		adoptedList[h] = true
	}
	inFlight := 0
	for _, x := range t.objects {
		if x.flags&inflight != 0 {
			inFlight++
		}
	}
	for _, f := range t.flushes {
		if f.sent {
			inFlight++
		}
	}
	var err error
	t.eachEntry(func(h uint32, e *entry) {
		if e.flags&inflight != 0 {
			inFlight++
		}
		if e.flags&(queued|inflight) == queued && !listed[h] && t.bound[h] == nil {
			err = fmt.Errorf("entry %s is queued and on no list", e.key())
		}
		if e.flags&adopted != 0 && !adoptedList[h] {
			err = fmt.Errorf("entry %s is adopted and not on the list", e.key())
		}
	})
	if err != nil {
		return err
	}
	for h, o := range t.bound {
		if o.atomic == nil || !t.entries.at(h).live() {
			return fmt.Errorf("entry %d is bound to a transaction that is not open", h)
		}
	}
	if inFlight != t.inflight {
		return fmt.Errorf("%d changes are in flight, it says %d", inFlight, t.inflight)
	}
	for d := range t.quarantine {
		if t.desired.at(d).origin == 0 {
			return fmt.Errorf("flow %d is in quarantine and not there", d)
		}
	}
	if len(t.touched) != 0 || len(t.concerned) != 0 || t.current != nil || t.undo != nil {
		return fmt.Errorf("a transaction is under way between operations")
	}
	return nil
}

// mustBeValid fails the test when an invariant is broken.
func mustBeValid(tb testing.TB, t *Table) {
	tb.Helper()
	if err := t.validate(); err != nil {
		tb.Fatalf("invalid table: %v", err)
	}
}
