package ids

import (
	"hash/fnv"

	"github.com/flowhost/flowhost/sdk"
)

// Generation counts how many times the host was told what was freed. The first is 1.
type Generation uint64

// space is the ids there are, in the order in which they are tried.
type space []sdk.Range

// newSpace leaves out 0, which stands for none: of groups and meters (OVN, extend-table.c), and of conjunctions.
func newSpace(ranges []sdk.Range) (s space) {
	for _, r := range ranges {
		if r.First = max(r.First, 1); r.First <= r.Last {
			s = append(s, r)
		}
	}
	return s
}

// size is how many there are.
func (s space) size() (n uint64) {
	for _, r := range s {
		n += uint64(r.Last-r.First) + 1
	}
	return n
}

// at is the id that a hash stands for, and the index of its range. The space must not be empty.
func (s space) at(hash uint64) (id uint32, index int) {
	offset := hash % s.size()
	for i, r := range s {
		n := uint64(r.Last-r.First) + 1
		if offset < n {
			return r.First + uint32(offset), i
		}
		offset -= n
	}
	panic("unreachable")
}

// next is the id that is tried after one in the range at index; after the last comes the first.
func (s space) next(id uint32, index int) (uint32, int) {
	if id < s[index].Last {
		return id + 1, index
	}
	index = (index + 1) % len(s)
	return s[index].First, index
}

// hash must not change: it decides which ids are used after an upgrade.
func hash(parts ...[]byte) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum64()
}
