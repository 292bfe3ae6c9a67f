package table

// Due is how many changes are due or in flight. It costs nothing, so it may be asked after each step.
func (t *Table) Due() int { return len(t.dirty) + len(t.deletes) + t.inflight }

// Adopting says whether something adopted may still be claimed by an owner who has not synced. It costs nothing.
func (t *Table) Adopting() bool { return len(t.adopted) > 0 }

// Atomic says whether the owner has an atomic transaction that the switch has not answered.
func (t *Table) Atomic(id OwnerID) bool {
	o := t.owner(id)
	return o != nil && o.atomic != nil
}
