package ids

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk"
)

// Conjunctions gives runs of consecutive conjunction ids to logical flows, one for each datapath that has conjunctions. It is safe for
// use by several goroutines.
type Conjunctions struct {
	space space

	mu    sync.Mutex
	taken bitmap
	// runs are those in use and in limbo, by row, sorted by owner. Invariant: taken has exactly their ids.
	runs  map[uuid.UUID][]run
	limbo limbo[freed] // may name runs that have been taken again meanwhile
}

// owner is what a row has a run for. The count is part of it, and of the hash, so that a row that needs more ids for a while comes back
// to those it had.
type owner struct {
	datapath uuid.UUID
	count    uint32
}

func (o owner) compare(other owner) int {
	return cmp.Or(bytes.Compare(o.datapath[:], other.datapath[:]), cmp.Compare(o.count, other.count))
}

type run struct {
	owner
	first uint32
	freed Generation // 0: in use
}

// freed is a run that came into limbo.
type freed struct {
	row uuid.UUID
	owner
}

// NewConjunctions makes an allocator of the ids in ranges, which do not overlap.
func NewConjunctions(ranges []sdk.Range) *Conjunctions {
	return &Conjunctions{space: newSpace(ranges), taken: bitmap{}, runs: map[uuid.UUID][]run{}, limbo: limbo[freed]{present: 1}}
}

// Take returns the first of count ids in a row: those that the row has in the datapath already, or else new ones, and frees what the row
// had there of another count. It is false when there is no such gap; the row then has none in the datapath.
func (c *Conjunctions) Take(row, datapath uuid.UUID, count int) (first uint32, ok bool) {
	if count < 1 || int64(count) > 1<<32-1 {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o := owner{datapath, uint32(count)}
	i, found := c.find(row, o)
	if found && c.runs[row][i].freed == 0 {
		return c.runs[row][i].first, true
	}
	c.free(row, c.in(row, datapath))
	if found {
		c.runs[row][i].freed = 0
		return c.runs[row][i].first, true
	}
	if first, ok = c.gap(row, o); ok {
		c.taken.set(first, o.count)
		c.runs[row] = slices.Insert(c.runs[row], i, run{owner: o, first: first})
	}
	return first, ok
}

// Keep says in which datapaths a row may need conjunctions from now on.
func (c *Conjunctions) Keep(row uuid.UUID, datapaths []uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	runs := c.runs[row]
	if len(runs) == 0 {
		return
	}
	keep := make(map[uuid.UUID]struct{}, len(datapaths))
	for _, id := range datapaths {
		keep[id] = struct{}{}
	}
	for i := range runs {
		if _, is := keep[runs[i].datapath]; !is {
			c.free(row, runs[i:i+1])
		}
	}
}

// Told ends a generation and returns it: all that was freed so far has been told to the host.
func (c *Conjunctions) Told() Generation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limbo.told()
}

// Confirmed says that the switch has confirmed what was told up to a generation: the ids freed until then may be used anew. It returns
// whether there are any.
func (c *Conjunctions) Confirmed(generation Generation) (any bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limbo.confirmed(generation, c.release)
}

// find is where in a row's list the run of an owner is, or would be.
func (c *Conjunctions) find(row uuid.UUID, o owner) (int, bool) {
	return slices.BinarySearchFunc(c.runs[row], o, func(r run, o owner) int { return r.compare(o) })
}

// in is the runs of a row in a datapath. Invariant: at most one of them is in use.
func (c *Conjunctions) in(row, datapath uuid.UUID) []run {
	first, _ := c.find(row, owner{datapath: datapath})
	list := c.runs[row][first:]
	n := 0
	for n < len(list) && list[n].datapath == datapath {
		n++
	}
	return list[:n]
}

// free puts those of the runs of a row in limbo that are in use.
func (c *Conjunctions) free(row uuid.UUID, runs []run) {
	for i := range runs {
		if r := &runs[i]; r.freed == 0 {
			r.freed = c.limbo.put(freed{row, r.owner})
		}
	}
}

// release gives up the ids of a run, unless it was taken again.
func (c *Conjunctions) release(f freed, since Generation) bool {
	list := c.runs[f.row]
	i, found := c.find(f.row, f.owner)
	if !found || list[i].freed != since {
		return false
	}
	c.taken.clear(list[i].first, f.count)
	if len(list) == 1 {
		delete(c.runs, f.row)
		return true
	}
	c.runs[f.row] = slices.Delete(list, i, i+1)
	return true
}

// gap finds as many free ids in a row as an owner needs: from the hash on, up to the end of that range, then in the other ranges, and
// at last in the first again.
func (c *Conjunctions) gap(row uuid.UUID, o owner) (first uint32, ok bool) {
	if len(c.space) == 0 {
		return 0, false
	}
	start, index := c.space.at(hash(row[:], o.datapath[:], binary.BigEndian.AppendUint32(nil, o.count)))
	if first, ok = c.taken.gap(start, c.space[index].Last, o.count); ok {
		return first, true
	}
	for i := range c.space {
		r := c.space[(index+1+i)%len(c.space)]
		if first, ok = c.taken.gap(r.First, r.Last, o.count); ok {
			return first, true
		}
	}
	return 0, false
}
