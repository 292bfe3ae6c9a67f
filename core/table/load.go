package table

import "github.com/flowhost/flowhost/sdk/flow"

// Due is how many changes are due or in flight. It costs nothing, so it may be asked after each step.
func (t *Table) Due() int {
	return t.small.len() + t.bulk.len() + len(t.dirtyObjects) + len(t.flushes) + t.inflight
}

// Adopting says whether something adopted may still be claimed by an owner who has not synced. It costs nothing.
func (t *Table) Adopting() bool { return len(t.adopted)+len(t.adoptedObjects) > 0 }

// Atomic says whether the owner has an atomic transaction that the switch has not answered.
func (t *Table) Atomic(id OwnerID) bool {
	o := t.owner(id)
	return o != nil && o.atomic != nil
}

// InstalledIn is how many flows the switch holds in a table, as far as is known. It costs nothing.
func (t *Table) InstalledIn(id flow.TableID) int { return t.installedIn[id] }

// Installed calls yield for the key of each flow that the switch holds in a table, as far as is known, in no order, but for
// those of which a change is in flight. It looks at every entry.
func (t *Table) Installed(id flow.TableID) func(yield func(flow.Key) bool) {
	return func(yield func(flow.Key) bool) {
		for h := uint32(1); h <= t.entries.used; h++ {
			e := t.entries.at(h)
			if e.installed != 0 && e.table == id && e.flags&inflight == 0 && !yield(e.key()) {
				return
			}
		}
	}
}
