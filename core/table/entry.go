package table

import (
	"hash/maphash"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// The three kinds of record, linked by handle:
//
//	owner ─▶ origin ⇄ origin ⇄ …              an origin is one UUID of one owner
//	            │
//	            ▼
//	         desired ⇄ desired ⇄ …            what the UUID wants; each is a contender of one entry
//	            │         │
//	            ▼         ▼
//	          entry     entry                 one per key: contenders, best first, and what the switch holds
//
// A table of a million flows is a million of the last two, so their size is the table's size.

// origin is what flows are made from.
type origin struct {
	uuid       uuid.UUID
	head       uint32 // its desired flows. Invariant: never 0 between operations.
	count      uint32
	next, prev uint32 // of the same owner
	owner      OwnerID
}

// desired is one flow that somebody wants.
type desired struct {
	origin     uint32
	entry      uint32
	next, prev uint32 // of the same origin
	actions    uint32 // in Table.actions
	cookie     uint32 // the low half
	epoch      uint8  // Invariant: fresh if and only if equal to the owner's.
	flags      desiredFlags
}

type desiredFlags uint8

const (
	losing  desiredFlags = 1 << iota // its owner was told that it lost the key
	refused                          // in quarantine: does not compete
	unfit                            // does not fit into the merged conjunction: does not compete
	listed                           // mentioned by the OpSet that is being done; never set between operations
)

func (d *desired) competes() bool { return d.flags&(refused|unfit) == 0 }

// entry is one key.
type entry struct {
	match     flow.Match  // the table's own copy
	cookie    flow.Cookie // of what is installed
	head      [1]uint32   // the best contender; the others are in Table.crowds. 0: none
	installed uint32      // actions of what is installed, in Table.actions; 0: nothing is
	waits     uint32      // who waits for the switch to confirm this entry, in Table.waits
	priority  flow.Priority
	table     flow.TableID
	flags     entryFlags
}

type entryFlags uint8

const (
	crowded  entryFlags = 1 << iota // has more than one contender
	queued                          // in Table.small or bulk, or to be put there when the answer of what is in flight comes
	inflight                        // a change was given out and not answered
	adopted                         // what is installed is from a dump, and somebody may still claim it
	odd                             // what is installed has timeouts or flags, so it equals nothing that is desired
	touched                         // in Table.touched
	keep                            // adopted, nobody's, and to be left alone
	damped                          // has a record in Table.damped
)

// live says whether the record is in use; a free one is all zero.
func (e *entry) live() bool {
	return e.head[0] != 0 || e.installed != 0 || e.waits != 0 || e.flags != 0
}

func (e *entry) key() flow.Key {
	return flow.Key{Table: e.table, Priority: e.priority, Match: e.match}
}

func (t *Table) keyHash(k *flow.Key) uint32 {
	h := maphash.String(t.seed, string(k.Match))
	// Multiplied so that neighbouring priorities do not end up in neighbouring buckets.
	h ^= (uint64(k.Table)<<16 | uint64(k.Priority)) * 0x9e3779b97f4a7c15
	return fold(h)
}

// findEntry returns the entry of a key, 0 if there is none.
func (t *Table) findEntry(k *flow.Key) uint32 { return t.lookupEntry(k, t.keyHash(k)) }

func (t *Table) lookupEntry(k *flow.Key, hash uint32) uint32 {
	for h := t.byKey.first(hash); h != 0; h = t.byKey.next(h) {
		e := t.entries.at(h)
		if e.table == k.Table && e.priority == k.Priority && e.match == k.Match {
			return h
		}
	}
	return 0
}

// takeEntry returns the entry of a key, a new one if there is none.
func (t *Table) takeEntry(k *flow.Key) uint32 {
	hash := t.keyHash(k)
	if h := t.lookupEntry(k, hash); h != 0 {
		return h
	}
	h := t.entries.alloc()
	e := t.entries.at(h)
	// The caller's string may be a piece of a long message.
	e.match = flow.Match(strings.Clone(string(k.Match)))
	e.table, e.priority = k.Table, k.Priority
	t.byKey.insert(h, hash)
	return h
}

// freeEntry frees an entry if nothing is known or wanted of it any more.
func (t *Table) freeEntry(h uint32) {
	e := t.entries.at(h)
	if e.head[0] != 0 || e.installed != 0 || e.waits != 0 || e.flags&(inflight|touched|queued) != 0 {
		return
	}
	if len(t.damped) > 0 {
		delete(t.damped, h)
	}
	if len(t.readings) > 0 {
		delete(t.readings, h)
	}
	if len(t.bound) > 0 {
		delete(t.bound, h)
	}
	t.byKey.remove(h)
	t.entries.release(h)
	if t.entries.live() == 0 {
		t.adopted = nil // may name entries that are gone; now the memory of most is, too
	}
}

// setInstalled sets what the switch holds for an entry; actions 0 is nothing. It takes over the use of actions.
func (t *Table) setInstalled(h uint32, actions uint32, cookie flow.Cookie) {
	e := t.entries.at(h)
	if e.installed != 0 {
		t.installed--
		t.installedIn[e.table]--
	}
	if actions != 0 {
		t.installed++
		t.installedIn[e.table]++
	}
	t.use(actions, +1)
	t.use(e.installed, -1)
	t.actions.drop(e.installed)
	e.installed, e.cookie = actions, cookie
	e.flags &^= odd | keep
}

// takeActions is actionLists.take for what the switch holds for an entry, which mostly is what the best contender wants.
func (t *Table) takeActions(h uint32, a flow.Actions) uint32 {
	if d := t.entries.at(h).head[0]; d != 0 {
		if own := t.desired.at(d).actions; t.actions.at(own) == a {
			return t.actions.share(own)
		}
	}
	return t.actions.take(a)
}

// setOdd says whether what the switch holds has what no desired flow has.
func (t *Table) setOdd(h uint32, is bool) {
	if is {
		t.entries.at(h).flags |= odd
	}
}
