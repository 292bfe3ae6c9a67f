package table

import (
	"cmp"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// OwnerID names an owner inside one Table. It is not kept anywhere and not the same after a restart.
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
	Groups       []Range[uint32]
	Meters       []Range[uint32]
	Conjunctions []Range[uint32]

	Expected bool          // what may be its is held until it has synced
	Grace    time.Duration // how long its flows stay without a session; 0: for ever
}

// owner is one owner's spec and state.
type owner struct {
	OwnerSpec // Invariant: never changes after AddOwner, so that Prepare may read it from any goroutine.
	id        OwnerID
}
