package table

// edit.go has the changes that the desired side knows: a flow comes, gets new content, is mentioned again, goes.
// Everything else is made of them, and each can be undone (undo.go).

// content is what a contender has besides its key and its UUID.
type content struct {
	actions uint32 // in Table.actions
	cookie  uint32 // the low half
}

// put adds a flow of an origin to an entry, fresh. It takes over the use of c.actions.
func (t *Table) put(org, h uint32, c content) uint32 {
	t.touch(h)
	o := t.owners[t.origins.at(org).owner]
	d := t.desired.alloc()
	*t.desired.at(d) = desired{origin: org, entry: h, actions: c.actions, cookie: c.cookie, epoch: o.epoch}
	o.flows++
	o.fresh++
	t.attach(d)
	t.enter(d)
	t.refer(d, true)
	t.remember(undoPut, d)
	return d
}

// change gives a flow new content, and with it another chance if the old one was refused. It takes over the use of
// c.actions.
func (t *Table) change(d uint32, c content) {
	t.remember(undoChange, d)
	f := t.desired.at(d)
	t.touch(f.entry)
	t.concern(d)
	t.leave(d) // before its standing changes
	t.refer(d, false)
	t.actions.drop(f.actions)
	f.actions, f.cookie = c.actions, c.cookie
	t.pardon(d)
	t.enter(d)
	t.refer(d, true)
}

// freshen makes a flow one that its owner has mentioned since its sync began.
func (t *Table) freshen(d uint32) {
	f := t.desired.at(d)
	o := t.ownerOf(d)
	if f.epoch == o.epoch {
		return
	}
	t.remember(undoFreshen, d)
	f.epoch = o.epoch
	o.fresh++
}

// drop takes a flow away, and its origin when it was the last.
func (t *Table) drop(d uint32) {
	t.remember(undoDrop, d)
	f := t.desired.at(d)
	t.touch(f.entry)
	t.concern(d)
	o := t.ownerOf(d)
	if f.epoch == o.epoch {
		o.fresh--
	}
	o.flows--
	t.pardon(d)
	t.leave(d)
	t.detach(d)
	t.refer(d, false)
	t.actions.drop(f.actions)
	if f.flags&losing != 0 {
		delete(t.lost, d)
	}
	org := f.origin
	t.desired.release(d)
	t.freeOrigin(org)
}

func (t *Table) ownerOf(d uint32) *owner {
	return t.owners[t.origins.at(t.desired.at(d).origin).owner]
}

// touch notes that an entry must be looked at when the transaction ends.
func (t *Table) touch(h uint32) {
	e := t.entries.at(h)
	if e.flags&touched == 0 {
		e.flags |= touched
		t.touched = append(t.touched, h)
	}
}
