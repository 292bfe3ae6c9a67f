package swconn

import "sync/atomic"

// XIDs hands out transaction ids: all different until 2³² have been handed out, and never 0, which the switch uses for
// what it says unasked. The zero value is ready; it may be used by several goroutines and shared by several connections.
type XIDs struct{ last atomic.Uint32 }

// Next returns an id.
func (x *XIDs) Next() uint32 { return x.NextN(1) }

// NextN reserves n consecutive ids (at least 1) and returns the first.
func (x *XIDs) NextN(n int) uint32 {
	for {
		last := x.last.Load()
		first := last + 1
		if uint64(last)+uint64(n) > 1<<32-1 {
			first = 1 // a row that would run through 0 begins anew
		}
		if x.last.CompareAndSwap(last, first+uint32(n)-1) {
			return first
		}
	}
}
