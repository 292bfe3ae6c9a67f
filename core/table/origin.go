package table

import (
	"hash/maphash"

	"github.com/google/uuid"
)

func (t *Table) originHash(o OwnerID, id *uuid.UUID) uint32 {
	return fold(maphash.Bytes(t.seed, id[:]) ^ uint64(o)*0x9e3779b97f4a7c15)
}

// findOrigin returns the origin of an owner's UUID, 0 if it has no flows.
func (t *Table) findOrigin(o OwnerID, id *uuid.UUID) uint32 {
	return t.lookupOrigin(o, id, t.originHash(o, id))
}

func (t *Table) lookupOrigin(o OwnerID, id *uuid.UUID, hash uint32) uint32 {
	for h := t.byUUID.first(hash); h != 0; h = t.byUUID.next(h) {
		if org := t.origins.at(h); org.owner == o && org.uuid == *id {
			return h
		}
	}
	return 0
}

// takeOrigin returns the origin of an owner's UUID, a new one if there is none.
func (t *Table) takeOrigin(o *owner, id *uuid.UUID) uint32 {
	hash := t.originHash(o.id, id)
	if h := t.lookupOrigin(o.id, id, hash); h != 0 {
		return h
	}
	h := t.origins.alloc()
	*t.origins.at(h) = origin{uuid: *id, owner: o.id, next: o.origins}
	if o.origins != 0 {
		t.origins.at(o.origins).prev = h
	}
	o.origins = h
	o.uuids++
	t.byUUID.insert(h, hash)
	return h
}

// freeOrigin frees an origin that has no flows left.
func (t *Table) freeOrigin(h uint32) {
	org := t.origins.at(h)
	if org.count > 0 {
		return
	}
	o := t.owners[org.owner]
	if org.prev != 0 {
		t.origins.at(org.prev).next = org.next
	} else {
		o.origins = org.next
	}
	if org.next != 0 {
		t.origins.at(org.next).prev = org.prev
	}
	o.uuids--
	t.byUUID.remove(h)
	t.origins.release(h)
}

// attach puts a flow into its origin's list.
func (t *Table) attach(d uint32) {
	f := t.desired.at(d)
	org := t.origins.at(f.origin)
	f.prev, f.next = 0, org.head
	if org.head != 0 {
		t.desired.at(org.head).prev = d
	}
	org.head = d
	org.count++
}

// detach takes a flow from its origin's list.
func (t *Table) detach(d uint32) {
	f := t.desired.at(d)
	org := t.origins.at(f.origin)
	if f.prev != 0 {
		t.desired.at(f.prev).next = f.next
	} else {
		org.head = f.next
	}
	if f.next != 0 {
		t.desired.at(f.next).prev = f.prev
	}
	org.count--
}
