package table

import (
	"bytes"
	"cmp"
	"slices"
	"sort"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// standing is all that the rule looks at, in its order. It does not depend on time, order of arrival or hash order, so two
// hosts with the same input agree, and a restart changes nothing.
type standing struct {
	owner *owner
	class flow.Class
	uuid  *uuid.UUID
}

func (t *Table) standing(d uint32) standing {
	f := t.desired.at(d)
	org := t.origins.at(f.origin)
	return standing{t.owners[org.owner], t.actions.lists.at(f.actions).class, &org.uuid}
}

// Step is a step of the rule.
type Step uint8

// The steps, in the order in which they are looked at: the first one that tells two flows apart decides.
const (
	StepRank Step = iota + 1
	StepClass
	StepUUID
	StepOwner
)

var stepNames = [...]string{StepRank: "rank", StepClass: "class", StepUUID: "uuid", StepOwner: "owner name"}

func (s Step) String() string {
	if int(s) < len(stepNames) && stepNames[s] != "" {
		return stepNames[s]
	}
	return "unknown step"
}

// compare is the rule: negative when s goes before other.
func (s standing) compare(other standing) int {
	c, _ := s.decide(other)
	return c
}

// decide is compare, and the step that decides.
func (s standing) decide(other standing) (int, Step) {
	if s.owner.Rank != other.owner.Rank {
		return cmp.Compare(s.owner.Rank, other.owner.Rank), StepRank
	}
	if s.class != other.class {
		return cmp.Compare(s.class, other.class), StepClass
	}
	if c := bytes.Compare(s.uuid[:], other.uuid[:]); c != 0 {
		return c, StepUUID
	}
	return cmp.Compare(s.owner.Name, other.owner.Name), StepOwner
}

// place returns where in contenders one of this standing is, or would be.
func (t *Table) place(contenders []uint32, s standing) (int, bool) {
	return sort.Find(len(contenders), func(i int) int { return s.compare(t.standing(contenders[i])) })
}

// contenders of an entry, best first. The slice is the table's own.
func (t *Table) contenders(h uint32) []uint32 {
	e := t.entries.at(h)
	switch {
	case e.flags&crowded != 0:
		return t.crowds[h]
	case e.head[0] != 0:
		return e.head[:]
	}
	return nil
}

// contender returns the flow that an origin wants for an entry, 0 if there is none. Its class is part of its place and
// not known here, so there are three places to look.
func (t *Table) contender(h, org uint32) uint32 {
	if org == 0 {
		return 0
	}
	contenders := t.contenders(h)
	if len(contenders) == 1 {
		if d := contenders[0]; t.desired.at(d).origin == org {
			return d
		}
		return 0
	}
	o := t.origins.at(org)
	for class := flow.ClassActs; class <= flow.ClassConjunction; class++ {
		if i, ok := t.place(contenders, standing{t.owners[o.owner], class, &o.uuid}); ok {
			return contenders[i]
		}
	}
	return 0
}

// enter puts d among the contenders of its entry.
func (t *Table) enter(d uint32) {
	h := t.desired.at(d).entry
	e := t.entries.at(h)
	if e.head[0] == 0 {
		e.head[0] = d
		return
	}
	contenders := t.contenders(h)
	i, _ := t.place(contenders, t.standing(d))
	if e.flags&crowded == 0 {
		contenders = slices.Clone(contenders)
		e.flags |= crowded
	}
	contenders = slices.Insert(contenders, i, d)
	t.crowds[h] = contenders
	e.head[0] = contenders[0]
}

// leave takes d from the contenders of its entry.
func (t *Table) leave(d uint32) {
	h := t.desired.at(d).entry
	e := t.entries.at(h)
	if e.flags&crowded == 0 {
		e.head[0] = 0
		return
	}
	contenders := t.crowds[h]
	i, _ := t.place(contenders, t.standing(d))
	contenders = slices.Delete(contenders, i, i+1)
	e.head[0] = contenders[0]
	if len(contenders) > 1 {
		t.crowds[h] = contenders
		return
	}
	e.flags &^= crowded
	delete(t.crowds, h)
}

// winners returns what should be installed, together: contenders[from:to], the best one that competes, and if that is a
// conjunction clause, those of the same rank behind it, some of which may not compete. None before from competes.
func (t *Table) winners(h uint32) (contenders []uint32, from, to int) {
	contenders = t.contenders(h)
	for from < len(contenders) && !t.desired.at(contenders[from]).competes() {
		from++
	}
	if from+1 >= len(contenders) {
		return contenders, from, len(contenders)
	}
	return contenders, from, t.runEnd(contenders, from)
}

// runEnd returns the end of what is merged with contenders[from].
func (t *Table) runEnd(contenders []uint32, from int) int {
	first := t.standing(contenders[from])
	if first.class != flow.ClassConjunction {
		return from + 1
	}
	// Conjunction is the last class of a rank.
	return from + sort.Search(len(contenders)-from, func(i int) bool {
		return t.standing(contenders[from+i]).owner.Rank != first.owner.Rank
	})
}

// want returns what the switch should hold for an entry. ok is false for nothing.
func (t *Table) want(h uint32) (actions flow.Actions, cookie flow.Cookie, ok bool) {
	contenders, from, to := t.winners(h)
	if from == to {
		return "", 0, false
	}
	for _, d := range contenders[from+1 : to] {
		if t.desired.at(d).competes() {
			actions, cookie = t.union(contenders[from:to])
			return actions, cookie, true
		}
	}
	d := contenders[from]
	return t.actions.at(t.desired.at(d).actions), t.cookie(d), true
}

// cookie of a flow when it is installed alone.
func (t *Table) cookie(d uint32) flow.Cookie {
	return flow.Cookie(t.ownerOf(d).Slot)<<56 | flow.Cookie(t.desired.at(d).cookie)
}

// union returns the one flow that stands for several conjunction clauses: all their actions, sorted by id and clause,
// without duplicates. The cookie has the lowest slot among them, and 0 below.
func (t *Table) union(winners []uint32) (flow.Actions, flow.Cookie) {
	var all []flow.Conj
	slot := uint8(255)
	for _, d := range winners {
		f := t.desired.at(d)
		if !f.competes() {
			continue
		}
		all = append(all, t.actions.at(f.actions).Conjunctions()...)
		slot = min(slot, t.ownerOf(d).Slot)
	}
	actions, err := flow.NewConjunctions(sortedConjunctions(all))
	if err != nil {
		// Prepare has checked each clause, and fit the size of them all. Were that not enough, one is better than none.
		actions = t.actions.at(t.desired.at(winners[0]).actions)
	}
	return actions, flow.Cookie(slot) << 56
}

func sortedConjunctions(all []flow.Conj) []flow.Conj {
	slices.SortFunc(all, compareConjunctions)
	return slices.Compact(all)
}

func compareConjunctions(a, b flow.Conj) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Clause, b.Clause), cmp.Compare(a.Clauses, b.Clauses))
}

// judge looks at an entry whose contenders have changed, and tells those who lost the key or won it back.
func (t *Table) judge(h uint32) {
	if e := t.entries.at(h); e.flags&crowded == 0 {
		if d := e.head[0]; d == 0 || t.desired.at(d).flags == 0 {
			return
		}
	}
	t.fit(h)
	contenders, from, to := t.winners(h)
	// Who wins on trial may be refused again at once: the others have not lost before the switch takes it.
	trial := from < to && t.quarantine[contenders[from]] != nil
	for i, d := range contenders {
		f := t.desired.at(d)
		switch {
		case !f.competes():
		case i >= to:
			delete(t.quarantine, d) // if it was to be tried again: now it is not
			if f.flags&losing == 0 && !trial {
				f.flags |= losing
				t.lost[d] = t.now
				t.tellLost(d, contenders[from])
			}
		case i < to && f.flags&losing != 0:
			f.flags &^= losing
			delete(t.lost, d)
			t.events = append(t.events, t.eventOf(EventWon, d))
			if o := t.ownerOf(d); t.current == nil || t.current.owner != o {
				t.awaitNext(&t.entries.at(h).waits, o)
			}
		}
	}
}

// tellLost tells a flow's owner that another flow goes before it.
func (t *Table) tellLost(d, winner uint32) {
	event := t.eventOf(EventLost, d)
	org := t.origins.at(t.desired.at(winner).origin)
	event.Other, event.OtherUUID = t.owners[org.owner].Name, org.uuid
	t.events = append(t.events, event)
}

// fit decides which clauses of a merged conjunction fit into one message: in the rule's order, those that do.
func (t *Table) fit(h uint32) {
	contenders := t.contenders(h)
	from := 0
	for from < len(contenders) && t.desired.at(contenders[from]).flags&refused != 0 {
		from++
	}
	if from == len(contenders) {
		return
	}
	run := contenders[from:t.runEnd(contenders, from)]
	room := MaxMessage - messageSize(t.entries.at(h).match, "")
	size := 0
	for _, d := range run {
		size += len(t.actions.at(t.desired.at(d).actions))
	}
	if size <= room {
		for _, d := range run {
			t.setUnfit(d, false)
		}
		return
	}
	union := make(map[flow.Conj]bool)
	for _, d := range run {
		more := t.actions.at(t.desired.at(d).actions).Conjunctions()
		n := len(union)
		for _, c := range more {
			if !union[c] {
				n++
			}
		}
		fits := conjunctionsSize(n) <= room
		t.setUnfit(d, !fits)
		for _, c := range more {
			if fits {
				union[c] = true
			}
		}
	}
}

// setUnfit says whether a clause has room beside the others.
func (t *Table) setUnfit(d uint32, is bool) {
	f := t.desired.at(d)
	if is == (f.flags&unfit != 0) {
		return
	}
	f.flags ^= unfit
	if is {
		t.quarantine[d] = &quarantine{err: errNoRoom}
		t.refuse(d, errNoRoom)
		return
	}
	delete(t.quarantine, d)
	t.events = append(t.events, t.eventOf(EventRecovered, d))
}

// eventOf returns an event about a flow, for its owner.
func (t *Table) eventOf(kind EventKind, d uint32) Event {
	f := t.desired.at(d)
	org := t.origins.at(f.origin)
	return Event{Kind: kind, Owner: org.owner, UUID: org.uuid, Key: t.entries.at(f.entry).key()}
}
