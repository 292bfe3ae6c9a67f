package table

const (
	pageBits = 10
	pageSize = 1 << pageBits
)

// pages is an array that grows without moving, so that growing costs the same at every size and leaves no slack behind.
type pages[T any] []*[pageSize]T

func (p pages[T]) at(i uint32) *T { return &p[i>>pageBits][i&(pageSize-1)] }

// reach makes at(i) valid.
func (p *pages[T]) reach(i uint32) {
	for uint32(len(*p)) <= i>>pageBits {
		*p = append(*p, new([pageSize]T))
	}
}

// shrink gives back all but the first page.
func (p *pages[T]) shrink() {
	if len(*p) > 1 {
		*p = append(pages[T](nil), (*p)[0])
	}
}

// slab keeps records that refer to each other by handle: 4 bytes instead of a pointer's 8, and nothing for the garbage
// collector to follow. Handle 0 is no record. A new record is the zero T.
type slab[T any] struct {
	records pages[T]
	free    []uint32 // Invariant: the records of free handles are the zero T.
	used    uint32   // the highest handle ever given out since the slab was last empty
}

func (s *slab[T]) at(h uint32) *T { return s.records.at(h) }

// live is how many records there are.
func (s *slab[T]) live() int { return int(s.used) - len(s.free) }

func (s *slab[T]) alloc() uint32 {
	if n := len(s.free); n > 0 {
		h := s.free[n-1]
		s.free = s.free[:n-1]
		return h
	}
	s.used++
	s.records.reach(s.used)
	return s.used
}

// release frees a record. The last one gives back all memory but a page.
func (s *slab[T]) release(h uint32) {
	var zero T
	*s.at(h) = zero
	if s.live() > 1 {
		s.free = append(s.free, h)
		return
	}
	s.records.shrink()
	s.used = 0
	if s.free = s.free[:0]; cap(s.free) > pageSize {
		s.free = nil
	}
}
