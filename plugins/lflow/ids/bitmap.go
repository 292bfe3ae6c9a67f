package ids

import "math/bits"

// bitmap is a set of numbers, by 64: those whose words are missing are not in it.
type bitmap map[uint32]uint64

func (b bitmap) set(first, count uint32) {
	b.each(first, count, func(w, mask uint64) uint64 { return w | mask })
}
func (b bitmap) clear(first, count uint32) {
	b.each(first, count, func(w, mask uint64) uint64 { return w &^ mask })
}

// each changes the words that have count numbers from first on; mask has those of a word.
func (b bitmap) each(first, count uint32, change func(word, mask uint64) uint64) {
	end := uint64(first) + uint64(count)
	for n := uint64(first); n < end; n = (n/64 + 1) * 64 {
		mask := ^uint64(0) << (n % 64)
		if last := (n/64 + 1) * 64; last > end {
			mask &= ^uint64(0) >> (last - end)
		}
		i := uint32(n / 64)
		if b[i] = change(b[i], mask); b[i] == 0 {
			delete(b, i)
		}
	}
}

// gap finds the first count numbers in a row, from first to last, that are not in the set.
func (b bitmap) gap(first, last, count uint32) (uint32, bool) {
	end := uint64(last) + 1
	for n := uint64(first); ; {
		n = b.next(n, end, false)
		if n+uint64(count) > end {
			return 0, false
		}
		taken := b.next(n, n+uint64(count), true)
		if taken == n+uint64(count) {
			return uint32(n), true
		}
		n = taken
	}
}

// next is the first number from n on that is in the set, or is not, or end.
func (b bitmap) next(n, end uint64, in bool) uint64 {
	for n < end {
		word := b[uint32(n/64)]
		if !in {
			word = ^word
		}
		if word >>= n % 64; word != 0 {
			return min(n+uint64(bits.TrailingZeros64(word)), end)
		}
		n = (n/64 + 1) * 64
	}
	return end
}
