package table

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// naive is the table without indexes, difference or compact records: a slice of flows and the rule, to hold ours against.
type naive struct {
	specs  map[string]OwnerSpec
	flows  []naiveFlow
	groups []naiveGroup
	option int // where OVN's Geneve option is; -1: nowhere
}

type naiveGroup struct {
	owner string
	id    uint32
	stale bool
	body  Body
	held  uint64
}

type naiveFlow struct {
	owner string
	uuid  uuid.UUID
	stale bool
	held  uint64 // tun_metadata fields that it names and that mean something else since it was pushed
	flow.Flow
}

// moveOption moves OVN's Geneve option to another field.
func (n *naive) moveOption(was, index int) {
	for i := range n.flows {
		n.flows[i].held = held(n.flows[i].held, n.flows[i].Flow.String(), was, index)
	}
	for i := range n.groups {
		n.groups[i].held = held(n.groups[i].held, string(n.groups[i].body), was, index)
	}
}

// held are the fields because of which what is written so is held back after a move.
func held(before uint64, text string, was, index int) uint64 {
	if was >= 0 && was != index {
		before |= optionsIn(text) & (1 << was)
	}
	if index >= 0 {
		before &^= 1 << index
	}
	return before
}

func (n *naive) find(owner string, id uuid.UUID, k flow.Key) int {
	return slices.IndexFunc(n.flows, func(f naiveFlow) bool { return f.owner == owner && f.uuid == id && f.Key == k })
}

// commit does a transaction as the table promises to.
func (n *naive) commit(owner string, ops []Op) (ok bool) {
	before, groups := slices.Clone(n.flows), slices.Clone(n.groups)
	for _, op := range ops {
		switch op.Kind {
		case OpAdd:
			for _, f := range op.Flows {
				n.add(owner, op.UUID, f)
			}
		case OpRemove:
			n.remove(func(f naiveFlow) bool { return f.owner == owner && f.uuid == op.UUID })
		case OpRemoveFlow:
			n.remove(func(f naiveFlow) bool { return f.owner == owner && f.uuid == op.UUID && f.Key == op.Key })
		case OpSet:
			n.remove(func(f naiveFlow) bool { return f.owner == owner && f.uuid == op.UUID })
			for _, f := range op.Flows {
				n.add(owner, op.UUID, f)
			}
		case OpClear:
			n.remove(func(f naiveFlow) bool { return f.owner == owner })
			n.groups = slices.DeleteFunc(n.groups, func(g naiveGroup) bool { return g.owner == owner })
		case OpSetGroup:
			n.groups = slices.DeleteFunc(n.groups, func(g naiveGroup) bool { return g.id == op.ID })
			n.groups = append(n.groups, naiveGroup{owner: owner, id: op.ID, body: op.Body})
		case OpRemoveGroup:
			n.groups = slices.DeleteFunc(n.groups, func(g naiveGroup) bool { return g.id == op.ID })
		}
	}
	if !n.allowed(owner, ops) {
		n.flows, n.groups = before, groups
		return false
	}
	return true
}

func (n *naive) add(owner string, id uuid.UUID, f flow.Flow) {
	x := naiveFlow{owner: owner, uuid: id, Flow: f}
	x.Cookie = flow.Cookie(n.specs[owner].Slot)<<56 | flow.Cookie(uint32(f.Cookie))
	if strings.Contains(f.Actions.String(), "conjunction") {
		x.Cookie = x.Cookie >> 56 << 56
		x.Actions = naiveUnion(f.Actions.Conjunctions())
	} else if uint32(f.Cookie) == 0 {
		x.Cookie |= flow.Cookie(id[0])<<24 | flow.Cookie(id[1])<<16 | flow.Cookie(id[2])<<8 | flow.Cookie(id[3])
	}
	switch i := n.find(owner, id, f.Key); {
	case i < 0:
		n.flows = append(n.flows, x)
	case n.flows[i].stale || n.flows[i].held != 0:
		n.flows[i] = x
	}
}

// allowed says whether an owner may have what it has after its operations.
func (n *naive) allowed(owner string, ops []Op) bool {
	spec := n.specs[owner]
	mine := 0
	for _, f := range n.flows {
		if f.owner == owner {
			mine++
		}
		if !slices.ContainsFunc(n.groups, func(g naiveGroup) bool { return f.names(g.id) }) && f.names(0) {
			return false
		}
	}
	for _, op := range ops {
		if (op.Kind == OpSetGroup || op.Kind == OpRemoveGroup) && !inRanges(spec.Groups, op.ID) {
			return false
		}
		for _, f := range op.Flows {
			if !inRanges(spec.Tables, f.Table) {
				return false
			}
			for _, c := range f.Actions.Conjunctions() {
				if !inRanges(spec.Conjunctions, c.ID) {
					return false
				}
			}
			for id := uint32(1); id < 9; id++ {
				if (naiveFlow{Flow: f}).names(id) && !inRanges(spec.Groups, id) {
					return false
				}
			}
		}
	}
	return spec.MaxFlows == 0 || mine <= spec.MaxFlows
}

// names says whether a flow names a group; 0 is any.
func (f naiveFlow) names(id uint32) bool {
	if id == 0 {
		return strings.Contains(f.Actions.String(), "group:")
	}
	return f.Actions.String() == fmt.Sprintf("group:%d", id)
}

func (n *naive) remove(which func(naiveFlow) bool) { n.flows = slices.DeleteFunc(n.flows, which) }

func (n *naive) setStale(owner string) {
	for i := range n.flows {
		n.flows[i].stale = n.flows[i].stale || n.flows[i].owner == owner
	}
	for i := range n.groups {
		n.groups[i].stale = n.groups[i].stale || n.groups[i].owner == owner
	}
}

func (n *naive) syncDone(owner string) {
	n.remove(func(f naiveFlow) bool { return f.owner == owner && f.stale })
	n.groups = slices.DeleteFunc(n.groups, func(g naiveGroup) bool {
		named := slices.ContainsFunc(n.flows, func(f naiveFlow) bool { return f.names(g.id) })
		return g.owner == owner && g.stale && !named
	})
	for i := range n.groups {
		n.groups[i].stale = n.groups[i].stale && n.groups[i].owner != owner
	}
}

// takeBack gives an owner what it had before.
func (n *naive) takeBack(owner string, before *naive) {
	n.remove(func(f naiveFlow) bool { return f.owner == owner })
	n.groups = slices.DeleteFunc(n.groups, func(g naiveGroup) bool { return g.owner == owner })
	for _, f := range before.flows {
		if f.owner == owner {
			n.flows = append(n.flows, f)
		}
	}
	for _, g := range before.groups {
		if g.owner == owner {
			n.groups = append(n.groups, g)
		}
	}
}

// contenders of a key, best first.
func (n *naive) contenders(k flow.Key) []naiveFlow {
	var list []naiveFlow
	for _, f := range n.flows {
		if f.Key == k {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b naiveFlow) int {
		return cmp.Or(
			cmp.Compare(n.specs[a.owner].Rank, n.specs[b.owner].Rank),
			cmp.Compare(naiveClass(a), naiveClass(b)),
			bytes.Compare(a.uuid[:], b.uuid[:]),
			cmp.Compare(a.owner, b.owner))
	})
	return list
}

func naiveClass(f naiveFlow) int {
	switch text := f.Actions.String(); {
	case text == "drop":
		return 2
	case strings.Contains(text, "conjunction"):
		return 3
	}
	return 1
}

// winner is what the switch should hold for a key, if quarantined ones do not compete.
func (n *naive) winner(k flow.Key, quarantined func(naiveFlow) bool) (f flow.Flow, ok bool) {
	list := slices.DeleteFunc(n.contenders(k), quarantined)
	if len(list) == 0 {
		return flow.Flow{}, false
	}
	f = list[0].Flow
	if naiveClass(list[0]) != 3 {
		return f, true
	}
	var all []flow.Conj
	for _, x := range list {
		if n.specs[x.owner].Rank == n.specs[list[0].owner].Rank {
			all = append(all, x.Actions.Conjunctions()...)
			f.Cookie = min(f.Cookie, x.Cookie)
		}
	}
	f.Actions = naiveUnion(all)
	return f, true
}

func naiveUnion(all []flow.Conj) flow.Actions {
	slices.SortFunc(all, func(a, b flow.Conj) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Clause, b.Clause), cmp.Compare(a.Clauses, b.Clauses))
	})
	actions, err := flow.NewConjunctions(slices.Compact(all))
	if err != nil {
		panic(err)
	}
	return actions
}

// keys that anybody wants.
func (n *naive) keys() map[flow.Key]bool {
	keys := make(map[flow.Key]bool)
	for _, f := range n.flows {
		keys[f.Key] = true
	}
	return keys
}

// waits says whether a flow waits for being pushed anew, or for a group that does.
func (n *naive) waits(f naiveFlow) bool {
	return f.held != 0 || slices.ContainsFunc(n.groups, func(g naiveGroup) bool { return g.held != 0 && f.names(g.id) })
}
