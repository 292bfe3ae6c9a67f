package table

import (
	"hash/maphash"
	"strings"

	"github.com/flowhost/flowhost/sdk/flow"
)

// actionLists keeps each list of actions once, however many flows have it: of OVN's flows, a few lists such as
// resubmit(,9) make up most.
type actionLists struct {
	lists slab[actionList]
	index index
	seed  maphash.Seed

	reaches map[uint32]*references // of the few lists that reach beyond their flows
	learns  map[LearnTarget]int    // how many lists learn into it
}

type actionList struct {
	actions flow.Actions // the table's own copy
	users   uint32
	class   flow.Class
	reaches bool // it has an entry in actionLists.reaches
}

func (x *actionLists) hash(a flow.Actions) uint32 {
	return fold(maphash.String(x.seed, string(a)))
}

// take returns the handle of a, with one more user.
func (x *actionLists) take(a flow.Actions) uint32 {
	hash := x.hash(a)
	for h := x.index.first(hash); h != 0; h = x.index.next(h) {
		if l := x.lists.at(h); l.actions == a {
			l.users++
			return h
		}
	}
	h := x.lists.alloc()
	*x.lists.at(h) = actionList{
		// The caller's string may be a piece of a long message.
		actions: flow.Actions(strings.Clone(string(a))),
		users:   1,
		class:   a.Class(),
	}
	x.index.insert(h, hash)
	if r := referencesOf(a); !r.none() {
		x.lists.at(h).reaches = true
		x.reaches[h] = &r
		for _, l := range r.learns {
			x.learns[l]++
		}
	}
	return h
}

// share adds a user.
func (x *actionLists) share(h uint32) uint32 {
	x.lists.at(h).users++
	return h
}

// drop takes a user away; 0 is nobody's.
func (x *actionLists) drop(h uint32) {
	if h == 0 {
		return
	}
	l := x.lists.at(h)
	if l.users--; l.users > 0 {
		return
	}
	if r := x.references(h); r != nil {
		delete(x.reaches, h)
		for _, l := range r.learns {
			if x.learns[l]--; x.learns[l] == 0 {
				delete(x.learns, l)
			}
		}
	}
	x.index.remove(h)
	x.lists.release(h)
}

// references returns what a list reaches beyond its flow, nil for nothing; and for 0.
func (x *actionLists) references(h uint32) *references {
	if h == 0 || !x.lists.at(h).reaches {
		return nil
	}
	return x.reaches[h]
}

func (x *actionLists) at(h uint32) flow.Actions { return x.lists.at(h).actions }

// fold makes 32 bits of 64, all of them used.
func fold(h uint64) uint32 { return uint32(h ^ h>>32) }
