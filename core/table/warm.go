package table

import "github.com/flowhost/flowhost/sdk/flow"

// warm reads ahead what the first operations will look for in the indexes, which is most of what they cost in a table that is bigger
// than any cache.
func (t *Table) warm(o *owner, ops []Op) {
	var origins, entries [warmHashes]uint32
	n, m := 0, 0
	for i := range ops[:min(len(ops), warmHashes)] {
		op := &ops[i]
		if op.Kind != OpAdd && op.Kind != OpSet && op.Kind != OpRemove {
			continue
		}
		origins[n] = t.originHash(o.id, &op.UUID)
		if n++; len(op.Flows) > 0 {
			entries[m] = t.keyHash(&op.Flows[0].Key)
			m++
		}
	}
	t.warmth += t.byUUID.warm(origins[:n]) + t.byKey.warm(entries[:m])
}

// ReadAhead is to be called before Known, with the keys of the next flows, for the same reason.
func (t *Table) ReadAhead(keys []flow.Key) {
	for len(keys) > 0 {
		n := min(len(keys), warmHashes)
		var hashes, entries [warmHashes]uint32
		for i := range keys[:n] {
			hashes[i] = t.keyHash(&keys[i])
		}
		t.warmth += t.byKey.warm(hashes[:n])
		for i, hash := range hashes[:n] {
			entries[i] = t.byKey.first(hash)
		}
		for _, h := range entries[:n] {
			if h != 0 {
				t.warmth += t.entries.at(h).head[0]
			}
		}
		for _, h := range entries[:n] {
			if h != 0 && len(t.entries.at(h).match) > 0 {
				t.warmth += uint32(t.entries.at(h).match[0])
			}
		}
		keys = keys[n:]
	}
}
