package flow

// part is some adjacent bits of a field: n of them from bit first, counted from the lowest (ovs-actions(7), Field
// Specifications).
type part struct {
	field    *Field
	first, n int
}

// load is the set_field that writes the low bits of a number into the part.
func (p part) load(v string) (Action, error) {
	size := p.field.size
	value, mask := make([]byte, size), make([]byte, size)
	for i := range 8 * len(v) {
		if v[len(v)-1-i/8]&(1<<(i%8)) == 0 {
			continue
		}
		if i >= p.n {
			return Action{}, errRange
		}
		at := p.first + i
		value[size-1-at/8] |= 1 << (at % 8)
	}
	for at := p.first; at < p.first+p.n; at++ {
		mask[size-1-at/8] |= 1 << (at % 8)
	}
	return Set(Term{field: p.field, value: string(value), mask: string(mask)}), nil
}
