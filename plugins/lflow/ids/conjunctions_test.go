package ids

import (
	"encoding/binary"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/sdk"
)

// number makes UUIDs that are easy to tell apart.
func number(n int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

// naive has one entry for each id: a row, a datapath and a count, and since when it is in limbo.
type naive struct {
	ids     []uint32 // in the order in which they are tried
	holders map[uint32]holder
	present Generation
}

type holder struct {
	row, datapath uuid.UUID
	count         int
	freed         Generation
}

func newNaive(ranges []sdk.Range) *naive {
	n := &naive{holders: map[uint32]holder{}, present: 1}
	for _, r := range ranges {
		for id := uint64(max(r.First, 1)); id <= uint64(r.Last); id++ {
			n.ids = append(n.ids, uint32(id))
		}
	}
	return n
}

func (n *naive) take(row, datapath uuid.UUID, count int) (uint32, bool) {
	n.free(func(h holder) bool { return h.row == row && h.datapath == datapath && h.count != count })
	for _, id := range n.ids {
		if h, ok := n.holders[id]; ok && h.row == row && h.datapath == datapath && h.count == count {
			n.hold(id, holder{row, datapath, count, 0})
			return id, true
		}
	}
	start := 0
	if len(n.ids) > 0 {
		start = int(hash(row[:], datapath[:], binary.BigEndian.AppendUint32(nil, uint32(count))) % uint64(len(n.ids)))
	}
	for i := range n.ids {
		first := (start + i) % len(n.ids)
		if n.fits(first, count) {
			n.hold(n.ids[first], holder{row, datapath, count, 0})
			return n.ids[first], true
		}
	}
	return 0, false
}

func (n *naive) fits(first, count int) bool {
	for i := range count {
		if first+i >= len(n.ids) || n.ids[first+i] != n.ids[first]+uint32(i) {
			return false
		}
		if _, held := n.holders[n.ids[first+i]]; held {
			return false
		}
	}
	return true
}

func (n *naive) hold(first uint32, h holder) {
	for i := range h.count {
		n.holders[first+uint32(i)] = h
	}
}

func (n *naive) free(which func(holder) bool) {
	for id, h := range n.holders {
		if h.freed == 0 && which(h) {
			h.freed = n.present
			n.holders[id] = h
		}
	}
}

func (n *naive) confirmed(generation Generation) (any bool) {
	for id, h := range n.holders {
		if h.freed != 0 && h.freed <= generation {
			delete(n.holders, id)
			any = true
		}
	}
	return any
}

// drawRanges are a few ids in ranges with gaps between.
func drawRanges(rt *rapid.T, most uint32) (ranges []sdk.Range) {
	next := rapid.Uint32Range(0, 100).Draw(rt, "first")
	for range rapid.IntRange(0, 3).Draw(rt, "ranges") {
		last := next + rapid.Uint32Range(0, most).Draw(rt, "length")
		ranges = append(ranges, sdk.Range{First: next, Last: last})
		next = last + rapid.Uint32Range(2, 100).Draw(rt, "gap")
	}
	return ranges
}

func TestConjunctionsModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ranges := drawRanges(rt, 150)
		c, n := NewConjunctions(ranges), newNaive(ranges)
		row := func() uuid.UUID { return number(rapid.IntRange(1, 6).Draw(rt, "row")) }
		datapath := func() uuid.UUID { return number(rapid.IntRange(1, 4).Draw(rt, "datapath")) }
		var told Generation
		rt.Repeat(map[string]func(*rapid.T){
			"take": func(rt *rapid.T) {
				r, d, count := row(), datapath(), rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(1, 140)).Draw(rt, "count")
				got, gotOK := c.Take(r, d, count)
				if want, wantOK := n.take(r, d, count); got != want || gotOK != wantOK {
					rt.Fatalf("%d, %v; want %d, %v", got, gotOK, want, wantOK)
				}
			},
			"keep": func(rt *rapid.T) {
				r, datapaths := row(), rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) uuid.UUID { return datapath() }), 0, 3).Draw(rt, "datapaths")
				c.Keep(r, datapaths)
				n.free(func(h holder) bool { return h.row == r && !slices.Contains(datapaths, h.datapath) })
			},
			"told": func(rt *rapid.T) {
				if told = c.Told(); told != n.present {
					rt.Fatalf("generation %d, want %d", told, n.present)
				}
				n.present++
			},
			"confirmed": func(rt *rapid.T) {
				generation := Generation(rapid.Uint64Range(0, uint64(told)).Draw(rt, "generation"))
				if got, want := c.Confirmed(generation), n.confirmed(generation); got != want {
					rt.Fatalf("ids are free: %v, want %v", got, want)
				}
			},
			"": func(rt *rapid.T) { checkConjunctions(rt, c, n) },
		})
	})
}

// checkConjunctions compares which ids are taken, and by whom.
func checkConjunctions(rt *rapid.T, c *Conjunctions, n *naive) {
	bits := 0
	for id := range n.holders {
		if c.taken[id/64]>>(id%64)&1 == 0 {
			rt.Fatalf("%d is free, and was not confirmed to be", id)
		}
	}
	for _, word := range c.taken {
		for ; word != 0; word &= word - 1 {
			bits++
		}
	}
	if bits != len(n.holders) {
		rt.Fatalf("%d ids are taken, want %d", bits, len(n.holders))
	}
	for row, list := range c.runs {
		if len(list) == 0 || !slices.IsSortedFunc(list, func(a, b run) int { return a.compare(b.owner) }) {
			rt.Fatalf("runs %v", list)
		}
		for _, r := range list {
			if n.holders[r.first] != (holder{row, r.datapath, int(r.count), r.freed}) {
				rt.Fatalf("row %s has %v, want %v", row, r, n.holders[r.first])
			}
		}
	}
}

var wide = []sdk.Range{{First: 1 << 24, Last: 1<<25 - 1}}

// TestConjunctionsOrder takes the same runs in two orders: without collisions the ids are the same.
func TestConjunctionsOrder(t *testing.T) {
	const pairs = 200
	forth, back := NewConjunctions(wide), NewConjunctions(wide)
	var ids [pairs]uint32
	for i := range pairs {
		ids[i], _ = forth.Take(number(i), number(i%3), 1+i%5)
	}
	for i := pairs - 1; i >= 0; i-- {
		if id, _ := back.Take(number(i), number(i%3), 1+i%5); id != ids[i] {
			t.Errorf("%d has %d, and in the other order %d", i, id, ids[i])
		}
	}
}

// TestStable holds the ids against those of the first release: after an upgrade the switch's flows are to stay.
func TestStable(t *testing.T) {
	c, p := NewConjunctions(wide), NewPool([]sdk.Range{{First: 1, Last: 65535}})
	run, _ := c.Take(number(1), number(2), 3)
	group, _ := p.ID("type=select,selection_method=dp_hash")
	if run != 23212965 || group != 51796 {
		t.Errorf("conjunction %d, group %d", run, group)
	}
}

// A row that needs another count for a while comes back to the ids it had, even if that was told meanwhile.
func TestConjunctionsCount(t *testing.T) {
	c := NewConjunctions(wide)
	first, _ := c.Take(number(1), number(1), 2)
	c.Take(number(1), number(1), 3)
	c.Confirmed(c.Told())
	if again, _ := c.Take(number(1), number(1), 2); again != first {
		t.Errorf("%d, then %d", first, again)
	}
}

func TestConjunctionsOfNone(t *testing.T) {
	for _, count := range []int{0, -1, 1<<24 + 1, 1 << 32} {
		if first, ok := NewConjunctions(wide).Take(number(1), number(1), count); ok {
			t.Errorf("%d ids begin with %d", count, first)
		}
	}
}

func TestConjunctionsConcurrently(t *testing.T) {
	c := NewConjunctions([]sdk.Range{{First: 1, Last: 1000}})
	var workers sync.WaitGroup
	for w := range 2 {
		workers.Go(func() {
			for i := range 2000 {
				c.Take(number(i%200), number(w), 1+i%3)
				if i%7 == 0 {
					c.Keep(number(i%200), nil)
					c.Confirmed(c.Told())
				}
			}
		})
	}
	workers.Wait()
}

// BenchmarkConjunctions takes the ids of as many rows as ovn-controller was ever seen with, and takes them again, as each evaluation does.
func BenchmarkConjunctions(b *testing.B) {
	const pairs = 250_000
	rows := make([]uuid.UUID, pairs)
	for i := range rows {
		rows[i] = uuid.New()
	}
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c := NewConjunctions(wide)
			for i := range rows {
				c.Take(rows[i], number(0), 1+i%3)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pairs, "ns/run")
	})
	b.Run("again", func(b *testing.B) {
		c := NewConjunctions(wide)
		for i := range rows {
			c.Take(rows[i], number(0), 1+i%3)
		}
		i := 0
		for b.Loop() {
			c.Take(rows[i%pairs], number(0), 1+i%pairs%3)
			i++
		}
	})
	b.Run("one row in 1000 datapaths", func(b *testing.B) {
		for b.Loop() {
			c := NewConjunctions(wide)
			for i := range 1000 {
				c.Take(rows[0], rows[i], 2)
			}
		}
	})
}
