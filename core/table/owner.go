package table

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// OwnerID names an owner inside one Table, from 1. It is not kept anywhere and not the same after a restart.
type OwnerID uint16

// Range is First to Last, both included.
type Range[T cmp.Ordered] struct{ First, Last T }

// Contains says whether v is in the range.
func (r Range[T]) Contains(v T) bool { return r.First <= v && v <= r.Last }

func inRanges[T cmp.Ordered](ranges []Range[T], v T) bool {
	for _, r := range ranges {
		if r.Contains(v) {
			return true
		}
	}
	return false
}

// OwnerSpec is what the operator configured for one owner. A list of ranges that is empty allows nothing.
type OwnerSpec struct {
	Name string // unique
	Slot uint8  // top byte of the cookies of its flows; may be shared by owners whose fences do not overlap
	Rank int    // the lower rank wins a key, before anything else is looked at; 0 unless configured

	Tables       []Range[flow.TableID]
	Priorities   []Range[flow.Priority]
	MaxFlows     int // 0: no limit
	Rate         int // transactions a second; 0: no limit. Whoever commits looks at it, the table has no clock
	Groups       []Range[uint32]
	Meters       []Range[uint32]
	Conjunctions []Range[uint32]
	Zones        []Range[uint16] // conntrack zones it may flush
	PacketIn     PacketIns       // that it may hear, and have its flows send
	PacketOut    []Range[flow.TableID]

	Expected bool          // what may be its is held until it has synced
	Grace    time.Duration // how long its flows stay without a session; 0: for ever
}

// owner is one owner's spec and state.
type owner struct {
	// Invariant: never changes after AddOwner, so that Prepare may read it from any goroutine, but for what Limit sets.
	OwnerSpec
	id OwnerID

	origins    uint32 // the first of its UUIDs
	uuids      int
	flows      int
	fresh      int    // flows of the present epoch; the others are stale
	duplicates uint64 // flows added twice, ever
	hurried    int    // entries that its small transactions have put into Table.small since that was empty
	epoch      uint8  // moves on when a session ends and when a sync begins

	objects map[Object]*object   // the groups and meters it wants
	marks   map[string]MarkState // the installed ones
	marking int                  // marks in revisions

	atomic    *atomic     // the open one
	revisions []*revision // those it has not been told of, oldest first

	session bool          // it has one
	synced  bool          // it has said SyncDone
	away    time.Time     // since when it has no session; zero when it has one, or before the first AdoptDone
	absent  time.Duration // how long it had none before that, since it last synced
	pushed  time.Time     // its last transaction

	holding  bool // as of the last look: adopted entries with a contender wait for it
	claiming bool // as of the last look: adopted entries without a contender wait for it
}

// AddOwner adds a configured owner. One that is added after AdoptDone gets nothing back of what was adopted as nobody's.
// ErrOwnerExists when the name is taken, ErrTooManyOwners when there are 65,535.
func (t *Table) AddOwner(spec OwnerSpec) (OwnerID, error) {
	for _, o := range t.owners[1:] {
		if o.Name == spec.Name {
			return 0, fmt.Errorf("%w: %q", ErrOwnerExists, spec.Name)
		}
	}
	if len(t.owners) > math.MaxUint16 {
		return 0, ErrTooManyOwners
	}
	id := OwnerID(len(t.owners))
	t.setOwners(append(slices.Clone(t.owners), &owner{
		OwnerSpec: spec, id: id, objects: make(map[Object]*object), marks: make(map[string]MarkState), away: t.adoptedAt,
	}))
	return id, nil
}

// setOwners sets the list anew, which Prepare may be reading meanwhile.
func (t *Table) setOwners(owners []*owner) {
	t.owners = owners
	t.fixed.Store(&owners)
}

// Limit takes over from another spec what may change while the owner is there: MaxFlows, Rate, Expected and Grace.
func (o *OwnerSpec) Limit(from OwnerSpec) {
	o.MaxFlows, o.Rate, o.Expected, o.Grace = from.MaxFlows, from.Rate, from.Expected, from.Grace
}

// Limit changes an owner's limits, see OwnerSpec.Limit. An owner that has more than its new MaxFlows keeps it, and gets no more.
func (t *Table) Limit(id OwnerID, spec OwnerSpec) {
	if o := t.owner(id); o != nil {
		t.Finish()
		o.OwnerSpec.Limit(spec)
	}
}

// owner returns nil for an id that AddOwner did not give out. It may be called from any goroutine.
func (t *Table) owner(id OwnerID) *owner {
	owners := *t.fixed.Load()
	if int(id) >= len(owners) {
		return nil
	}
	return owners[id]
}
