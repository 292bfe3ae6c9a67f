package local

// index is a set of values for each key. Invariant: none is empty.
type index[K, V comparable] map[K]map[V]struct{}

func (x index[K, V]) put(key K, value V) {
	if x[key] == nil {
		x[key] = map[V]struct{}{}
	}
	x[key][value] = struct{}{}
}

func (x index[K, V]) drop(key K, value V) {
	if delete(x[key], value); len(x[key]) == 0 {
		delete(x, key)
	}
}

// set puts or drops.
func (x index[K, V]) set(key K, value V, is bool) {
	if is {
		x.put(key, value)
	} else {
		x.drop(key, value)
	}
}
