package expr

import "hash/maphash"

// seen finds matches that are there already: a hash table with open addressing.
type seen struct {
	table []int32 // 1 + index of a draft, 0 for free; its length is a power of two
	used  int     // entries of the table that are not free, and those there would be of drafts that went around it
	seed  maphash.Seed
}

func (s *seen) reset() {
	if s.table == nil {
		s.seed = maphash.MakeSeed()
		s.table = make([]int32, 16)
	}
	clear(s.table)
	s.used = 0
}

// find is the index of the draft with the match of d; len(m.drafts) when there is none yet, and the table expects d to become
// that one.
func (m *matcher) find(d *draft) int {
	s := &m.seen
	if 4*(s.used+1) > 3*len(s.table) {
		m.growSeen()
	}
	place := m.place(d)
	if s.table[place] == 0 {
		s.used++
		s.table[place] = int32(len(m.drafts)) + 1
	}
	return int(s.table[place]) - 1
}

// place is where in the table a draft is, or would be.
func (m *matcher) place(d *draft) int {
	s, wire := &m.seen, m.wire[d.from:d.to]
	for i := int(maphash.Bytes(s.seed, wire)); ; i++ {
		i &= len(s.table) - 1
		if s.table[i] == 0 {
			return i
		}
		old := &m.drafts[s.table[i]-1]
		if string(m.wire[old.from:old.to]) == string(wire) && m.askSame(old, d) {
			return i
		}
	}
}

// growSeen makes room for one draft more than there are.
func (m *matcher) growSeen() {
	s, size := &m.seen, 2*len(m.seen.table)
	for 4*(len(m.drafts)+1) > 3*size {
		size *= 2
	}
	s.table = make([]int32, size)
	for i := range m.drafts {
		s.table[m.place(&m.drafts[i])] = int32(i) + 1
	}
	s.used = len(m.drafts)
}

// askSame says whether two drafts were asked to match the same.
func (m *matcher) askSame(a, b *draft) bool {
	if a.loss == 0 || b.loss == 0 {
		return a.loss == b.loss
	}
	x, y := &m.losses[a.loss-1], &m.losses[b.loss-1]
	return x.tci == y.tci && string(m.wire[x.from:x.to]) == string(m.wire[y.from:y.to])
}
