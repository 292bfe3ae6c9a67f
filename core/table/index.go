package table

// index finds handles by hash. It is a hash table with chains that grows by one bucket at a time (linear hashing:
// W. Litwin, VLDB 1980): there are about two buckets per handle, so that what is not there is mostly found missing with one
// look, and no insertion ever pays for moving all the others.
type index struct {
	heads   pages[uint32]
	links   pages[link] // by handle
	buckets uint32      // Invariant: mask/2 < buckets ≤ mask+1, once there is one.
	mask    uint32      // 2^n-1
	n       uint32
}

type link struct{ hash, next uint32 }

// bucket of a hash: buckets that are not there yet are still part of the one they will split from.
func (x *index) bucket(hash uint32) *uint32 {
	b := hash & x.mask
	if b >= x.buckets {
		b &= x.mask >> 1
	}
	return x.heads.at(b)
}

// first returns a handle inserted with this hash, 0 if there is none; next returns another one.
func (x *index) first(hash uint32) uint32 {
	if x.n == 0 {
		return 0
	}
	return x.match(*x.bucket(hash), hash)
}

func (x *index) next(h uint32) uint32 {
	l := x.links.at(h)
	return x.match(l.next, l.hash)
}

func (x *index) match(h, hash uint32) uint32 {
	for h != 0 {
		l := x.links.at(h)
		if l.hash == hash {
			return h
		}
		h = l.next
	}
	return 0
}

func (x *index) insert(h, hash uint32) {
	for x.n++; x.buckets < 2*x.n; {
		x.split()
	}
	x.links.reach(h)
	head := x.bucket(hash)
	*x.links.at(h) = link{hash, *head}
	*head = h
}

// split adds a bucket and moves to it what belongs there from the bucket that had its part before.
func (x *index) split() {
	b := x.buckets
	x.buckets++
	x.heads.reach(b)
	if b == 0 {
		return
	}
	if b > x.mask {
		x.mask = x.mask<<1 | 1
	}
	from, to := x.heads.at(b&(x.mask>>1)), x.heads.at(b)
	for *from != 0 {
		h := *from
		l := x.links.at(h)
		if l.hash&x.mask != b {
			from = &l.next
			continue
		}
		*from = l.next
		l.next = *to
		*to = h
	}
}

// remove takes out a handle that was inserted. The last one gives back all memory but a page of each.
func (x *index) remove(h uint32) {
	at := x.bucket(x.links.at(h).hash)
	for *at != h {
		at = &x.links.at(*at).next
	}
	*at = x.links.at(h).next
	if x.n--; x.n == 0 {
		x.heads.shrink()
		x.links.shrink()
		x.buckets, x.mask = 0, 0
	}
}
