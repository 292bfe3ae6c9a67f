package table

import (
	"hash/maphash"
	syncatomic "sync/atomic"
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
	Small     int           // a transaction that touches no more keys goes before bigger ones; default DefaultSmall
}

// DefaultSmall is Options.Small when it is 0.
const DefaultSmall = 256

// Table is the desired and the installed side. Make one with New.
type Table struct {
	options Options
	owners  []*owner                     // by OwnerID; nobody has 0
	fixed   syncatomic.Pointer[[]*owner] // Invariant: owners, for goroutines that do not own the table
	seed    maphash.Seed

	sliceEdits int // how many flows are edited or looked at in one slice

	origins slab[origin]
	byUUID  index // origins
	desired slab[desired]
	entries slab[entry]
	byKey   index  // entries
	warmth  uint32 // means nothing: it keeps the compiler from leaving out what warm reads
	actions actionLists
	crowds  map[uint32][]uint32 // contenders, best first, of entries that have more than one
	objects map[Object]*object

	revision Revision
	now      time.Time // as the last call had it
	waits    slab[wait]

	*work            // the transaction that is being done
	sliced *Sliced   // one that is done in slices; nil: none
	spare  *revision // one that nobody refers to any more, for the next

	// The switch.
	option         int                   // N of the field tun_metadataN that OVN's Geneve option has or had last; -1: none
	steady         bool                  // connected and adopted
	session        uint32                // counts connections lost, so that late answers are known
	small          queue                 // entries to be looked at by Diff that small transactions have touched
	bulk           queue                 // the other entries to be looked at
	hurried        map[uint32]struct{}   // entries in flight that a small transaction has touched meanwhile
	dirtyObjects   []*object             // objects to be looked at by Diff
	unsure         map[*object][]uint32  // whose deletion is in flight or that are in doubt, and the entries that wait to name them
	unread         []*object             // in doubt, and the switch is to be asked
	lingering      map[*object]time.Time // groups that nobody wants or names, and until when they stay. Invariant: of objects.
	flushes        []*flush              // not answered yet
	bound          map[uint32]*owner     // entries that open atomic transactions have touched
	flying         map[uint32]uint32     // actions in flight that name objects, by entry. Invariant: a use of them each.
	inflight       int
	installed      int
	installedIn    [int(flow.MaxTable) + 1]int // of them, by table
	adopted        []uint32                    // entries with the flag, and some that had it
	adoptedObjects []*object
	adoptedAt      time.Time

	quarantine map[uint32]*quarantine // by desired flow
	lost       map[uint32]time.Time   // since when, by desired flow. Invariant: those that have the flag losing
	damped     map[uint32]*damp       // by entry
	seen       map[uint32]Dumped      // what was reported of entries while a change was in flight
	readings   map[uint32]reading     // entries that the last dump showed different from what they should be
	strangers  map[uint64]*fight      // over what nobody wants and somebody keeps adding, by a hash: it leaves nothing else behind
	swept      time.Time              // when those of them were forgotten that are over
	retry      time.Time              // when the next of these may be tried again; zero: none
}

// New returns an empty table. Nothing is known of the switch: Diff yields nothing until AdoptDone.
func New(options Options) *Table {
	if options.Hold == 0 {
		options.Hold = DefaultHold
	}
	if options.Small == 0 {
		options.Small = DefaultSmall
	}
	seed := maphash.MakeSeed()
	t := &Table{
		options: options,
		work:    new(work),

		sliceEdits: sliceEdits,
		option:     -1,
		seed:       seed,
		actions: actionLists{
			seed: seed, reaches: make(map[uint32]*references), learns: make(map[LearnTarget]int),
		},
		objects:    make(map[Object]*object),
		unsure:     make(map[*object][]uint32),
		flying:     make(map[uint32]uint32),
		bound:      make(map[uint32]*owner),
		hurried:    make(map[uint32]struct{}),
		crowds:     make(map[uint32][]uint32),
		quarantine: make(map[uint32]*quarantine),
		lost:       make(map[uint32]time.Time),
		damped:     make(map[uint32]*damp),
		lingering:  make(map[*object]time.Time),
		seen:       make(map[uint32]Dumped),
		readings:   make(map[uint32]reading),
		strangers:  make(map[uint64]*fight),
	}
	t.setOwners([]*owner{nil})
	return t
}

// Tick does what is due at now, and returns when it should be called next; the zero time when there is nothing to wait
// for.
func (t *Table) Tick(now time.Time) (next time.Time) {
	t.now = now
	for _, o := range t.owners[1:] {
		t.expire(o, now)
	}
	t.refreshClaims(now)
	t.retryDue(now)
	return t.Next()
}

// Next is when Tick should be called next; the zero time when there is nothing to wait for.
func (t *Table) Next() (next time.Time) {
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
