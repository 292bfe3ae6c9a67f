package table

import (
	"hash/maphash"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Unclaimed says what happens to an adopted flow that no configured owner can have made.
type Unclaimed uint8

const (
	UnclaimedDelete Unclaimed = iota
	UnclaimedKeep
)

// DefaultHold is Options.Hold when it is 0.
const DefaultHold = 60 * time.Second

// Options of a Table.
type Options struct {
	Hold      time.Duration // how long an adopted entry waits for an owner that does nothing; default DefaultHold
	Unclaimed Unclaimed
	Learned   []LearnTarget // of flows that are left alone although no learn action is known that made them
}

// Table is the desired and the installed side. Make one with New.
type Table struct {
	options Options
	owners  []*owner // by OwnerID; nobody has 0
	seed    maphash.Seed

	origins slab[origin]
	byUUID  index // origins
	desired slab[desired]
	entries slab[entry]
	byKey   index // entries
	actions actionLists
	crowds  map[uint32][]uint32 // contenders, best first, of entries that have more than one
	objects map[Object]*object

	revision Revision
	waits    slab[wait]
	events   []Event

	// The transaction that is being done.
	current        *revision
	touched        []uint32 // entries whose contenders have changed
	concerned      []uint32 // those of them where the owner had what should be installed
	touchedObjects []*object
	checks         []objectCheck
	op             int       // the operation that is being done
	undo           *undoLog  // nil: it cannot be refused any more
	spare          *revision // one that nobody refers to any more, for the next

	// The switch.
	steady         bool                 // connected and adopted
	session        uint32               // counts connections lost, so that late answers are known
	dirty          []uint32             // entries to be looked at by Diff
	deletes        []uint32             // entries from dirty that only miss a delete
	dirtyObjects   []*object            // objects to be looked at by Diff
	leaving        map[*object][]uint32 // whose deletion is in flight, and the entries that wait for the answer to name them
	flushes        []*flush             // not answered yet
	bound          map[uint32]*owner    // entries that open atomic transactions have touched
	flying         map[uint32]uint32    // actions in flight that name objects, by entry. Invariant: a use of them each.
	inflight       int
	installed      int
	installedIn    [int(flow.MaxTable) + 1]int // of them, by table
	adopted        []uint32                    // entries with the flag, and some that had it
	adoptedObjects []*object
	adoptedAt      time.Time

	quarantine map[uint32]*quarantine // by desired flow
	damped     map[uint32]*damp       // by entry
	seen       map[uint32]Dumped      // what was reported of entries while a change was in flight
	readings   map[uint32]reading     // entries that the last dump showed different from what they should be
	retry      time.Time              // when the next of these may be tried again; zero: none
}

// New returns an empty table. Nothing is known of the switch: Diff yields nothing until AdoptDone.
func New(options Options) *Table {
	if options.Hold == 0 {
		options.Hold = DefaultHold
	}
	seed := maphash.MakeSeed()
	return &Table{
		options: options,
		owners:  []*owner{nil},
		seed:    seed,
		actions: actionLists{
			seed: seed, reaches: make(map[uint32]*references), learns: make(map[LearnTarget]int),
		},
		objects:    make(map[Object]*object),
		leaving:    make(map[*object][]uint32),
		flying:     make(map[uint32]uint32),
		bound:      make(map[uint32]*owner),
		crowds:     make(map[uint32][]uint32),
		quarantine: make(map[uint32]*quarantine),
		damped:     make(map[uint32]*damp),
		seen:       make(map[uint32]Dumped),
		readings:   make(map[uint32]reading),
	}
}

// Tick does what is due at now, and returns when it should be called next; the zero time when there is nothing to wait
// for.
func (t *Table) Tick(now time.Time) (next time.Time) {
	for _, o := range t.owners[1:] {
		t.expire(o, now)
	}
	t.refreshClaims(now)
	t.retryDue(now)
	next = t.retry
	for _, o := range t.owners[1:] {
		next = earlier(next, t.deadline(o))
	}
	return next
}

// deadline is when the next of an owner's times is over; zero: none.
func (t *Table) deadline(o *owner) (at time.Time) {
	graceEnd := func(limit time.Duration) time.Time {
		if limit == 0 || o.away.IsZero() {
			return time.Time{}
		}
		return o.away.Add(limit - o.absent)
	}
	if o.flows+len(o.objects) > 0 {
		at = graceEnd(o.Grace)
	}
	if !t.steady || len(t.adopted)+len(t.adoptedObjects) == 0 {
		return at
	}
	if o.holding {
		at = earlier(at, t.holdEnd(o))
	}
	if o.claiming {
		at = earlier(at, graceEnd(t.patience(o)))
	}
	return at
}

// earlier returns the earlier of two times, of which the zero time is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
