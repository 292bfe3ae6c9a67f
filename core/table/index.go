package table

// index finds handles by hash. It is a hash table with chains that grows by one bucket at a time (linear hashing:
// W. Litwin, VLDB 1980): there is one bucket per handle, and no insertion ever pays for moving all the others. In a big table each
// look at memory costs more than all the rest; so a bucket has the hash of the first of its chain and says whether there are
// more, and most lookups end there.
type index struct {
	heads   pages[bucket]
	links   pages[link] // by handle
	buckets uint32      // Invariant: mask/2 < buckets ≤ mask+1, once there is one.
	mask    uint32      // 2^n-1
	n       uint32
}

// bucket is the first of a chain. The zero bucket has none.
type bucket struct {
	hash uint32 // of first
	head uint32 // first, with the bit more if there is another one
}

const more = 1 << 31

func (b bucket) first() uint32 { return b.head &^ more }

type link struct{ hash, next uint32 }

// bucket of a hash: buckets that are not there yet are still part of the one they will split from.
func (x *index) bucket(hash uint32) *bucket {
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
	switch b := x.bucket(hash); {
	case b.head == 0:
		return 0
	case b.hash == hash:
		return b.first()
	case b.head&more == 0:
		return 0
	default:
		return x.match(x.links.at(b.first()).next, hash)
	}
}

// warmHashes is how many hashes index.warm takes.
const warmHashes = 32

// warm reads what first with these hashes and the splits of as many insertions will read, first all buckets and then all links: the
// reads do not depend on each other, so they go on at the same time, where one after the other each waits for memory.
func (x *index) warm(hashes []uint32) (sum uint32) {
	if x.n == 0 {
		return 0
	}
	var heads [2 * warmHashes]uint32
	for i, hash := range hashes {
		heads[2*i] = x.bucket(hash).head
		heads[2*i+1] = x.heads.at((x.buckets + uint32(i)) & (x.mask >> 1)).head
	}
	for _, head := range heads[:2*len(hashes)] {
		if head&more != 0 {
			sum += x.links.at(head &^ more).next
		}
	}
	return sum
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
	for x.n++; x.buckets < x.n; {
		x.split()
	}
	x.links.reach(h)
	x.links.at(h).hash = hash
	x.push(x.bucket(hash), h)
}

// push puts a handle before the others of a bucket.
func (x *index) push(b *bucket, h uint32) {
	l := x.links.at(h)
	l.next = b.first()
	b.hash, b.head = l.hash, h
	if l.next != 0 {
		b.head |= more
	}
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
	if from.head&more == 0 {
		if from.hash&x.mask == b {
			*to, *from = *from, bucket{}
		}
		return
	}
	h := from.first()
	*from = bucket{}
	for h != 0 {
		l := x.links.at(h)
		next := l.next
		if l.hash&x.mask == b {
			x.push(to, h)
		} else {
			x.push(from, h)
		}
		h = next
	}
}

// remove takes out a handle that was inserted. The last one gives back all memory but a page of each.
func (x *index) remove(h uint32) {
	l := x.links.at(h)
	b := x.bucket(l.hash)
	if first := b.first(); first == h {
		*b = bucket{}
		if l.next != 0 {
			n := x.links.at(l.next)
			b.hash, b.head = n.hash, l.next
			if n.next != 0 {
				b.head |= more
			}
		}
	} else {
		at := &x.links.at(first).next
		for *at != h {
			at = &x.links.at(*at).next
		}
		if *at = l.next; x.links.at(first).next == 0 {
			b.head = first
		}
	}
	if x.n--; x.n == 0 {
		x.heads.shrink()
		x.links.shrink()
		x.buckets, x.mask = 0, 0
	}
}
