package local

// maxHops is how many patch ports a datapath may be away from a port that is here (local_data.c, add_local_datapath__: "datapaths
// nested too deep"). One that far away is local, and the flood goes no further.
const maxHops = 100

// unreached are the hops of a datapath that is not local.
const unreached = maxHops + 1

// node is a datapath's place in the flood: datapaths joined by patch ports.
type node struct {
	seeds   int               // ports here
	out, in map[*datapath]int // number of patch ports to, and from, another datapath
	// hops to the nearest datapath with seeds. Invariant, after settle: 0 with seeds; otherwise one more than the least of in, at
	// most unreached.
	hops    int
	touched bool // seeds or in are others than when hops was worked out
}

// flood keeps the hops of all datapaths exact while seeds and patch ports come and go.
type flood struct {
	touched []*datapath // Invariant: those with touched set, each once
}

func (f *flood) seed(d *datapath, more int) {
	d.seeds += more
	f.touch(d)
}

func (f *flood) join(from, to *datapath, more int) {
	count(from.out, to, more)
	count(to.in, from, more)
	f.touch(to)
}

func (f *flood) touch(d *datapath) {
	if !d.touched {
		d.touched = true
		f.touched = append(f.touched, d)
	}
}

func count(edges map[*datapath]int, to *datapath, more int) {
	if edges[to] += more; edges[to] == 0 {
		delete(edges, to)
	}
}

// levels are datapaths to look at, by hops.
type levels [unreached + 1][]*datapath

func (l *levels) add(hops int, d *datapath) { l[hops] = append(l[hops], d) }

// settle works out the hops and returns the datapaths that may have got others. First those that have lost what they were
// reached by are given up, nearest first, then they and those that are reached anew are given theirs, nearest first (Dial's
// algorithm): so both passes see each datapath with its final hops.
func (f *flood) settle() []*datapath {
	if len(f.touched) == 0 {
		return nil
	}
	var lose, gain levels
	for _, d := range f.touched {
		lose.add(d.hops, d)
	}
	lost := lose.giveUp()
	for _, d := range lost {
		gain.add(d.best(), d)
	}
	for _, d := range f.touched {
		d.touched = false
		gain.add(d.best(), d)
	}
	f.touched = nil
	return append(lost, gain.reach()...)
}

// giveUp makes unreached what is no longer reached, and returns it.
func (l *levels) giveUp() []*datapath {
	var lost []*datapath
	for hops := range unreached {
		for _, d := range l[hops] {
			if d.hops != hops || d.reached() {
				continue
			}
			d.hops = unreached
			lost = append(lost, d)
			for next := range d.out {
				if next.hops == hops+1 {
					l.add(hops+1, next)
				}
			}
		}
	}
	return lost
}

// reach gives datapaths the hops they are listed with if they have more, and returns those.
func (l *levels) reach() []*datapath {
	var gained []*datapath
	for hops := range unreached {
		for _, d := range l[hops] {
			if d.hops <= hops {
				continue
			}
			d.hops = hops
			gained = append(gained, d)
			for next := range d.out {
				if next.hops > hops+1 {
					l.add(hops+1, next)
				}
			}
		}
	}
	return gained
}

// reached says whether there is still something that the datapath is reached by with its hops, or fewer.
func (n *node) reached() bool { return n.best() <= n.hops }

// best are the fewest hops that the datapath can have by its seeds and neighbours.
func (n *node) best() int {
	if n.seeds > 0 {
		return 0
	}
	best := unreached
	for from := range n.in {
		best = min(best, from.hops+1)
	}
	return best
}
