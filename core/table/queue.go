package table

// queue is entries to be looked at by Diff, first come first served, but that those which only miss a delete come after all others.
// An entry may be in it twice, or in two queues: whoever comes first does what there is to do.
type queue struct {
	due     []uint32
	deletes []uint32 // were in due
}

func (q *queue) len() int { return len(q.due) + len(q.deletes) }

// smallQueue is how many entries of one owner's small transactions may be in Table.small: what else it says until that is empty
// is no longer small, so that a flood of small transactions delays nobody else's.
const smallQueue = 1024

// due notes that an entry's two sides may differ.
func (t *Table) due(h uint32) {
	e := t.entries.at(h)
	switch {
	case !t.steady:
		// AdoptDone looks at every entry. What is neither wanted nor known to be there needs no look.
		if e.head[0] == 0 && e.installed == 0 {
			t.settle(&e.waits)
			t.freeEntry(h)
		}
	case e.flags&queued != 0:
	default:
		e.flags |= queued
		if e.flags&inflight == 0 && !t.leftOut(h) {
			t.enqueue(h)
		}
	}
}

// hurry is due for an entry that a small transaction has touched: it goes before those of bigger ones, its own place among them
// included. While a change of it is in flight it waits for the answer, as any does.
func (t *Table) hurry(h uint32) {
	switch e := t.entries.at(h); {
	case !t.steady || t.isBound(h):
		t.due(h)
	case e.flags&inflight != 0:
		t.hurried[h] = struct{}{}
		t.due(h)
	default:
		e.flags |= queued
		t.small.due = append(t.small.due, h)
	}
}

// isSmall says whether a transaction of an owner that touches so many entries goes before bigger ones, and counts them if it does.
func (t *Table) isSmall(o *owner, entries int) bool {
	if entries > t.options.Small || o.hurried+entries > smallQueue {
		return false
	}
	o.hurried += entries
	return true
}

// enqueue puts a queued entry into the queue where it belongs.
func (t *Table) enqueue(h uint32) {
	q := &t.bulk
	if _, is := t.hurried[h]; is {
		delete(t.hurried, h)
		q = &t.small
	}
	q.due = append(q.due, h)
}

// shift takes the first n entries from a list of a queue.
func (t *Table) shift(list *[]uint32, n int) {
	if *list = (*list)[n:]; len(*list) > 0 {
		return
	}
	*list = nil
	if t.small.len() == 0 {
		for _, o := range t.owners[1:] {
			o.hurried = 0
		}
	}
}

// forgetQueues is for a connection that is lost.
func (t *Table) forgetQueues() {
	t.small, t.bulk = queue{}, queue{}
	clear(t.hurried)
	t.shift(&t.small.due, 0)
}
