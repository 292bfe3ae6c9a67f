package table

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// ObjectKind is what an Object is.
type ObjectKind uint8

const (
	Meter ObjectKind = iota + 1 // before Group: a group's buckets may name meters
	Group
)

func (k ObjectKind) String() string {
	switch k {
	case Meter:
		return "meter"
	case Group:
		return "group"
	}
	return "unknown object"
}

// Object names a group or a meter, which flows refer to. Each is one owner's, by the id ranges of the fences.
type Object struct {
	Kind ObjectKind
	ID   uint32
}

func (x Object) String() string { return fmt.Sprintf("%s %d", x.Kind, x.ID) }

func (x Object) compare(y Object) int {
	return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.ID, y.ID))
}

// Body is what a group or a meter is besides its id: canonical bytes of which the table only knows whether they are the
// same.
type Body string

// object is both sides of a group or a meter: what the owner wants, and what the switch holds.
type object struct {
	Object
	owner *owner // nil: nobody wants it
	body  Body   // wanted
	epoch uint8  // Invariant: fresh if and only if equal to the owner's.
	flags entryFlags

	users map[uint32]struct{} // desired flows that name it. Invariant: empty when owner is nil, between transactions.
	uses  int                 // flows that name it and are installed or on their way
	left  time.Time           // when the last of these was gone; zero: there was none

	bound *owner // whose open atomic transaction has touched it; nil: nobody's

	present   bool // in the switch
	installed Body
	waits     uint32
	doubted   bool // somebody else may have changed it. Invariant: it is in Table.unsure then.

	quarantine *quarantine // nil: the switch has not refused it, and nobody fights over it
	fight      fight
}

// isHeldBack says whether the object waits for being pushed anew.
func (x *object) isHeldBack() bool { return x.quarantine != nil && x.quarantine.fields != 0 }

// refused says whether the object waits for its next try, or for being pushed anew.
func (x *object) refused() bool {
	return x.quarantine != nil && (!x.quarantine.until.IsZero() || x.quarantine.fields != 0)
}

// blocks says whether flows that name the object must wait.
func (x *object) blocks() bool {
	return x.quarantine != nil && (!x.present || x.quarantine.fields != 0)
}

// takeObject returns an object's record, a new one if there is none.
func (t *Table) takeObject(name Object) *object {
	x := t.objects[name]
	if x == nil {
		x = &object{Object: name, users: make(map[uint32]struct{})}
		t.objects[name] = x
	}
	return x
}

// freeObject forgets an object of which nothing is known or wanted any more.
func (t *Table) freeObject(x *object) {
	if x.owner == nil && !x.present && x.waits == 0 && len(x.users)+x.uses == 0 && !x.doubted && x.flags&(inflight|queued|touched) == 0 {
		delete(t.objects, x.Object)
		delete(t.lingering, x)
	}
}

// setObject makes an object what its owner wants.
func (t *Table) setObject(o *owner, name Object, body Body) error {
	x := t.takeObject(name)
	if x.owner != nil && x.owner != o {
		t.freeObject(x)
		return fmt.Errorf("%w: %s is of owner %s", ErrFenced, name, x.owner.Name)
	}
	if x.owner == o && x.body == body && !x.isHeldBack() {
		if x.epoch != o.epoch {
			t.rememberObject(x)
			x.epoch = o.epoch
		}
		return nil
	}
	t.touchObject(x)
	x.owner, x.body, x.epoch, x.quarantine = o, body, o.epoch, nil
	x.flags &^= keep
	o.objects[name] = x
	return nil
}

// removeObject takes away what an owner wants an object to be. That it is not there is no error.
func (t *Table) removeObject(o *owner, name Object) {
	if x := o.objects[name]; x != nil {
		t.touchObject(x)
		t.check(x)
		x.owner, x.body, x.quarantine = nil, "", nil
		delete(o.objects, name)
	}
}

// touchObject notes that an object is about to change.
func (t *Table) touchObject(x *object) {
	t.rememberObject(x)
	if x.flags&touched == 0 {
		x.flags |= touched
		t.touchedObjects = append(t.touchedObjects, x)
	}
}

// refer makes a flow one that names its objects, or no longer.
func (t *Table) refer(d uint32, names bool) {
	r := t.actions.references(t.desired.at(d).actions)
	if r == nil {
		return
	}
	for _, name := range r.objects {
		x := t.takeObject(name)
		if !names {
			delete(x.users, d)
			t.unnamed(x)
			continue
		}
		x.users[d] = struct{}{}
		t.check(x)
		if x.blocks() {
			t.block(d, x)
		}
	}
}

// block puts a flow into quarantine that names a group or meter which is not in the switch because it was refused.
func (t *Table) block(d uint32, x *object) {
	f := t.desired.at(d)
	if f.flags&refused != 0 {
		return
	}
	f.flags |= refused
	q := &quarantine{err: fmt.Errorf("%s: %w", x.Object, x.quarantine.err), blocked: true, backoff: minBackoff / 2}
	t.quarantine[d] = q
	t.refuse(d, q.err)
	t.blameWaits(d, q.err)
}

// blameWaits names a flow as refused in the revisions that wait for it.
func (t *Table) blameWaits(d uint32, err error) {
	for w := t.entries.at(t.desired.at(d).entry).waits; w != 0; w = t.waits.at(w).next {
		t.blame(t.waits.at(w).latest, []uint32{d}, err)
	}
}

// blockUsers and unblockUsers do so for all flows that name an object; the latter lets them be tried.
func (t *Table) blockUsers(x *object) {
	for _, d := range x.sortedUsers() {
		t.block(d, x)
		t.rejudge(d)
	}
}

func (t *Table) unblockUsers(x *object) {
	for _, d := range x.sortedUsers() {
		t.unblockFlow(d)
	}
}

// unblockFlow lets a flow be tried that waits for objects which are all there.
func (t *Table) unblockFlow(d uint32) {
	if q := t.quarantine[d]; q != nil && q.blocked && q.fields == 0 && !t.isBlocked(d) {
		t.unblock(d)
	}
}

// unblock lets a flow be tried. One that the switch had taken before it was blocked needs no answer.
func (t *Table) unblock(d uint32) {
	t.quarantine[d].blocked = false
	t.desired.at(d).flags &^= refused
	t.rejudge(d)
	if h := t.desired.at(d).entry; t.entries.at(h).flags&inflight == 0 {
		t.recover(h)
	}
}

// rejudge looks again at the entry of a flow that competes or no longer does.
func (t *Table) rejudge(d uint32) {
	h := t.desired.at(d).entry
	t.judge(h)
	t.due(h)
}

// isBlocked says whether any object that a flow names is missing.
func (t *Table) isBlocked(d uint32) bool {
	r := t.actions.references(t.desired.at(d).actions)
	return r != nil && slices.ContainsFunc(r.objects, func(name Object) bool {
		x := t.objects[name]
		return x != nil && x.blocks()
	})
}

func (x *object) sortedUsers() []uint32 {
	users := make([]uint32, 0, len(x.users))
	for d := range x.users {
		users = append(users, d)
	}
	slices.Sort(users)
	return users
}

// use counts flows that name objects and are installed or on their way.
func (t *Table) use(actions uint32, n int) {
	r := t.actions.references(actions)
	if r == nil {
		return
	}
	for _, name := range r.objects {
		x := t.takeObject(name)
		if x.uses += n; x.uses == 0 {
			x.left = t.now
		}
		t.unnamed(x)
	}
}

// unnamed looks at an object that fewer flows name: when none does, it may go.
func (t *Table) unnamed(x *object) {
	if len(x.users)+x.uses == 0 && x.owner == nil && x.present {
		t.dueObject(x)
	}
	t.freeObject(x)
}

// takeOff and land count a flow that names objects while it is in flight: none of them may go then.
func (t *Table) takeOff(h uint32, c Change) {
	contenders, from, to := t.winners(h)
	if c.Kind == FlowDelete || len(t.objects) == 0 || to != from+1 {
		return
	}
	if actions := t.desired.at(contenders[from]).actions; t.actions.references(actions) != nil {
		t.flying[h] = t.actions.share(actions)
		t.use(actions, +1)
	}
}

func (t *Table) land(h uint32) {
	if actions, ok := t.flying[h]; ok {
		delete(t.flying, h)
		t.use(actions, -1)
		t.actions.drop(actions)
	}
}

// ranges are the ids an owner may use.
func (o *owner) ranges(kind ObjectKind) []Range[uint32] {
	if kind == Group {
		return o.Groups
	}
	return o.Meters
}

// check notes that at the end of the transaction an object that flows name must be there.
func (t *Table) check(x *object) {
	if t.current != nil {
		t.checks = append(t.checks, objectCheck{x, t.op})
	}
}

// objectCheck is an object to be looked at at a transaction's end, and the operation because of which.
type objectCheck struct {
	object *object
	op     int
}

// checkObjects refuses a transaction that leaves a flow with a group or meter that is not set.
func (t *Table) checkObjects(txn *Txn) error {
	for _, c := range t.checks {
		if c.object.owner != nil || len(c.object.users) == 0 {
			continue
		}
		op := &txn.Ops[c.op]
		if op.Kind == OpRemoveGroup || op.Kind == OpRemoveMeter {
			return op.refused(c.op, flow.Key{}, fmt.Errorf("%s is %w", c.object.Object, ErrInUse))
		}
		return op.refused(c.op, op.keyNaming(c.object.Object), fmt.Errorf("%s is %w", c.object.Object, ErrUnset))
	}
	return nil
}

// keyNaming is the key of the operation's flow that names an object.
func (op *Op) keyNaming(x Object) flow.Key {
	for i := range op.Flows {
		if slices.Contains(referencesOf(op.Flows[i].Actions).objects, x) {
			return op.Flows[i].Key
		}
	}
	return flow.Key{}
}
