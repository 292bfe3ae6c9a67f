package duty

import libovsdb "github.com/ovn-org/libovsdb/ovsdb"

// Map is a map as a column holds it (RFC 7047 §5.1, <map>).
func Map[K, V comparable](pairs map[K]V) libovsdb.OvsMap {
	m := libovsdb.OvsMap{GoMap: make(map[any]any, len(pairs))}
	for key, value := range pairs {
		m.GoMap[key] = value
	}
	return m
}

// Refs are references to rows by their UUIDs, or by the uuid-names that this transaction gives them (RFC 7047 §5.1, <set>).
func Refs(ids ...string) libovsdb.OvsSet {
	set := libovsdb.OvsSet{GoSet: make([]any, len(ids))}
	for i, id := range ids {
		set.GoSet[i] = Ref(id)
	}
	return set
}

// Ref is one of those.
func Ref(id string) libovsdb.UUID { return libovsdb.UUID{GoUUID: id} }
