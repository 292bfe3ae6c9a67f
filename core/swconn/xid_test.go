package swconn

import (
	"sync"
	"testing"
)

// TestXIDsDiffer takes ids in several goroutines, single and in rows; none may come twice.
func TestXIDsDiffer(t *testing.T) {
	var (
		x    XIDs
		mu   sync.Mutex
		seen = make(map[uint32]bool)
		wg   sync.WaitGroup
	)
	for g := range 8 {
		wg.Go(func() {
			for range 500 {
				first := x.NextN(1 + g)
				mu.Lock()
				for i := range uint32(1 + g) {
					if seen[first+i] {
						t.Errorf("%d came twice", first+i)
					}
					seen[first+i] = true
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if seen[0] {
		t.Error("0 came")
	}
}

// TestXIDsWrap begins anew where a row would run through 0.
func TestXIDsWrap(t *testing.T) {
	var x XIDs
	x.last.Store(1<<32 - 4)
	for _, test := range []struct {
		n     int
		first uint32
	}{{2, 1<<32 - 3}, {1, 1<<32 - 1}, {1, 1}, {3, 2}} {
		if first := x.NextN(test.n); first != test.first {
			t.Errorf("a row of %d begins at %d, want %d", test.n, first, test.first)
		}
	}
	x.last.Store(1<<32 - 4)
	if first := x.NextN(4); first != 1 {
		t.Errorf("a row of 4 begins at %d, want 1", first)
	}
}
