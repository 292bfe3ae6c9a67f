package table

// revision is one committed transaction that its owner has not been told is installed.
type revision struct {
	owner   *owner
	number  Revision
	silent  bool // not the owner's work, so it is not told; what comes after waits for it
	txn     uint64
	waiting int // records in Table.waits, and conntrack flushes
	tuples  int // of these, conntrack tuples to be flushed
	refused []Refusal
	marks   []Mark
	epoch   uint8 // of the owner when it made the marks
	atomic  bool
}

// wait is one revision waiting for one entry or object. Each has a list, in which an owner has at most two: one for the
// change that is in flight, one for the change after that.
type wait struct {
	revision *revision // the first that waits for it
	latest   *revision // of the same owner, the last that touched the entry before the change was made
	next     uint32    // in the same list
	sent     bool      // the change in flight is what is waited for, or newer
}

// await makes the revision wait until the switch has confirmed what the list belongs to, as it is from now on.
func (t *Table) await(list *uint32, r *revision) {
	for w := *list; w != 0; w = t.waits.at(w).next {
		if x := t.waits.at(w); !x.sent && x.revision.owner == r.owner {
			x.latest = r // told after the first, so it need not wait itself
			return
		}
	}
	w := t.waits.alloc()
	*t.waits.at(w) = wait{revision: r, latest: r, next: *list}
	*list = w
	r.waiting++
}

// awaitNext makes the owner's next revision wait for what others have changed for it.
func (t *Table) awaitNext(list *uint32, o *owner) {
	if n := len(o.revisions); n == 0 || !o.revisions[n-1].silent {
		o.revisions = append(o.revisions, &revision{owner: o, number: t.revision, silent: true})
	}
	t.await(list, o.revisions[len(o.revisions)-1])
}

// awaitFirst makes the revision of which an owner hears next wait for what is not any more as it was.
func (t *Table) awaitFirst(list *uint32, o *owner) {
	if len(o.revisions) == 0 {
		t.awaitNext(list, o)
		return
	}
	first := o.revisions[0]
	t.await(list, first)
	for w := *list; w != 0; w = t.waits.at(w).next {
		if x := t.waits.at(w); !x.sent && x.revision.owner == o {
			x.revision.waiting--
			x.revision = first
			first.waiting++
		}
	}
}

// concern makes the transaction wait for d's entry if d is, or was until now, what should be installed.
func (t *Table) concern(d uint32) {
	f := t.desired.at(d)
	if f.flags&losing == 0 && f.competes() {
		t.concerned = append(t.concerned, f.entry)
	}
}

// unwait ends the waits of a list for which done is true.
func (t *Table) unwait(list *uint32, done func(*wait) bool) {
	for at := list; *at != 0; {
		w := *at
		x := t.waits.at(w)
		if !done(x) {
			at = &x.next
			continue
		}
		*at = x.next
		r := x.revision
		t.waits.release(w)
		if r.waiting--; r.waiting == 0 {
			t.report(r.owner)
		}
	}
}

// unsend makes who waits for the change in flight wait for the one that comes instead.
func (t *Table) unsend(list *uint32) {
	for w := *list; w != 0; w = t.waits.at(w).next {
		x := t.waits.at(w)
		x.sent = false
		for at := &x.next; *at != 0; {
			y := t.waits.at(*at)
			if y.revision.owner != x.revision.owner {
				at = &y.next
				continue
			}
			// Of two of one owner the first revision waits, and the last hears what is refused.
			if y.revision.number < x.revision.number {
				x.revision, y.revision = y.revision, x.revision
			}
			if y.latest.number > x.latest.number {
				x.latest = y.latest
			}
			y.revision.waiting--
			gone := *at
			*at = y.next
			t.waits.release(gone)
		}
	}
}

// settle ends all waits of a list: the switch holds what it should.
func (t *Table) settle(list *uint32) {
	if *list != 0 {
		t.unwait(list, func(*wait) bool { return true })
	}
}

// send makes all waits of a list ones for the change that is given out.
func (t *Table) send(list uint32) {
	for w := list; w != 0; w = t.waits.at(w).next {
		t.waits.at(w).sent = true
	}
}

// report tells an owner which of its revisions are installed. Nothing is known to be while there is no connection.
func (t *Table) report(o *owner) {
	if !t.steady {
		return
	}
	n := 0
	for n < len(o.revisions) && o.revisions[n].waiting == 0 {
		r := o.revisions[n]
		o.revisions[n] = nil
		n++
		t.tell(r)
		if o.atomic != nil && o.atomic.revision == r {
			t.unbind(o)
		}
	}
	if o.revisions = o.revisions[n:]; len(o.revisions) == 0 {
		o.revisions = nil
	}
}

// tell tells a revision's owner that it is installed.
func (t *Table) tell(r *revision) {
	event := Event{Kind: EventInstalled, Owner: r.owner.id, Txn: r.txn, Revision: r.number, Refused: r.refused}
	t.marked(r, &event)
	if !r.silent {
		t.events = append(t.events, event)
	}
}

// begin starts a revision of an owner. It ends with commit, or with rollback and abandon.
func (t *Table) begin(o *owner, txn uint64) {
	r := t.spare
	if r == nil {
		r = new(revision)
	}
	*r = revision{owner: o, txn: txn}
	t.current, t.spare = r, nil
}

// commit gives the revision its number and looks at every entry it touched.
func (t *Table) commit() Revision {
	r := t.current
	if r.atomic && len(t.touched)+len(t.touchedObjects) > 0 {
		t.bind(r.owner)
	} else {
		t.forget()
	}
	t.revision++
	r.number = t.revision
	if len(t.touched)+len(t.touchedObjects)+r.waiting+len(r.owner.revisions) == 0 && t.steady {
		t.tell(r) // nothing has changed, and everything before is installed
		t.endTxn()
		t.spare = r
		return r.number
	}
	r.owner.revisions = append(r.owner.revisions, r)
	r.waiting++ // until all of it is waited for
	for _, h := range t.concerned {
		t.await(&t.entries.at(h).waits, r)
		t.edited()
	}
	for _, x := range t.touchedObjects {
		x.flags &^= touched
		t.await(&x.waits, r)
		t.dueObject(x)
		t.unblockUsers(x)
	}
	t.commitEntries(r)
	t.endTxn()
	r.waiting--
	t.report(r.owner)
	return r.number
}

// commitEntries makes due what the revision has touched: first what is wanted, so that nothing goes before what takes its place.
func (t *Table) commitEntries(r *revision) {
	small := t.isSmall(r.owner, len(t.touched))
	gone := t.touched[:0]
	for _, h := range t.touched {
		if d := t.commitEntry(h, r); d == 0 || !t.desired.at(d).competes() {
			gone = append(gone, h)
		} else {
			t.dueOf(h, small)
		}
		t.edited()
	}
	for _, h := range gone {
		t.dueOf(h, small)
		t.edited()
	}
}

// commitEntry tells who has won and lost an entry, and returns the best contender.
func (t *Table) commitEntry(h uint32, r *revision) uint32 {
	e := t.entries.at(h)
	t.undamp(h)
	t.judge(h)
	if t.wins(h, r.owner) {
		t.await(&e.waits, r)
	} else {
		t.awaitHeirs(h)
	}
	return e.head[0]
}

// dueOf is due or hurry for an entry that the revision has touched.
func (t *Table) dueOf(h uint32, small bool) {
	if t.entries.at(h).flags &^= touched; small {
		t.hurry(h)
	} else {
		t.due(h)
	}
}

// awaitHeirs makes the owners of what should be installed wait until it is, when it is not their doing that it should: a flow on
// trial, which they were never told had won, was taken away or refused again.
func (t *Table) awaitHeirs(h uint32) {
	contenders, from, to := t.winners(h)
	if from == to || t.entries.at(h).flags&inflight == 0 && !t.differs(h) {
		return
	}
	for _, d := range contenders[from:to] {
		if t.desired.at(d).competes() {
			t.awaitNext(&t.entries.at(h).waits, t.ownerOf(d))
		}
	}
}

// abandon ends a revision after its rollback: nothing has changed.
func (t *Table) abandon() {
	for _, h := range t.touched {
		t.entries.at(h).flags &^= touched
		t.freeEntry(h)
		t.edited()
	}
	for _, x := range t.touchedObjects {
		x.flags &^= touched
		t.freeObject(x)
	}
	t.endTxn()
}

func (t *Table) endTxn() {
	t.current, t.undo = nil, nil
	t.touched, t.concerned = t.touched[:0], t.concerned[:0]
	t.touchedObjects, t.checks, t.op = t.touchedObjects[:0], t.checks[:0], 0
}

// wins says whether one of the owner's flows is what should be installed, or a part of it.
func (t *Table) wins(h uint32, o *owner) bool {
	contenders, from, to := t.winners(h)
	for _, d := range contenders[from:to] {
		if t.ownerOf(d) == o && t.desired.at(d).competes() {
			return true
		}
	}
	return false
}
