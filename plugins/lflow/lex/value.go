package lex

import (
	"encoding/binary"
	"math/bits"
)

// Value is an unsigned integer of 128 bits: what the widest field holds. The zero Value is 0.
type Value struct{ Hi, Lo uint64 }

// Uint is v as a Value.
func Uint(v uint64) Value { return Value{Lo: v} }

// Ones is the Value whose n low bits are ones, for n from 0 to 128.
func Ones(n int) Value {
	if n <= 64 {
		return Value{Lo: lowOnes(n)}
	}
	return Value{Hi: lowOnes(n - 64), Lo: ^uint64(0)}
}

func lowOnes(n int) uint64 { return uint64(1)<<n - 1 }

// Bytes is the 128 bits in network order.
func Bytes(b [16]byte) Value {
	return Value{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}
}

// Bytes is the value as 16 bytes in network order.
func (v Value) Bytes() (b [16]byte) {
	binary.BigEndian.PutUint64(b[:8], v.Hi)
	binary.BigEndian.PutUint64(b[8:], v.Lo)
	return b
}

// AppendBytes appends the low n bytes of the value, at most 16, in network order.
func (v Value) AppendBytes(b []byte, n int) []byte {
	bytes := v.Bytes()
	return append(b, bytes[16-n:]...)
}

func (v Value) IsZero() bool         { return v.Hi|v.Lo == 0 }
func (v Value) And(w Value) Value    { return Value{v.Hi & w.Hi, v.Lo & w.Lo} }
func (v Value) AndNot(w Value) Value { return Value{v.Hi &^ w.Hi, v.Lo &^ w.Lo} }
func (v Value) Or(w Value) Value     { return Value{v.Hi | w.Hi, v.Lo | w.Lo} }
func (v Value) Xor(w Value) Value    { return Value{v.Hi ^ w.Hi, v.Lo ^ w.Lo} }

// Shl is v shifted left by n bits, n from 0 to 128.
func (v Value) Shl(n int) Value {
	if n >= 64 {
		return Value{Hi: v.Lo << (n - 64)}
	}
	return Value{Hi: v.Hi<<n | v.Lo>>(64-n), Lo: v.Lo << n}
}

// Shr is v shifted right by n bits, n from 0 to 128.
func (v Value) Shr(n int) Value {
	if n >= 64 {
		return Value{Lo: v.Hi >> (n - 64)}
	}
	return Value{Hi: v.Hi >> n, Lo: v.Lo>>n | v.Hi<<(64-n)}
}

// Bit is bit i, counted from the lowest.
func (v Value) Bit(i int) bool { return v.Shr(i).Lo&1 != 0 }

// Len is the number of bits needed to write v: 0 for 0.
func (v Value) Len() int {
	if v.Hi != 0 {
		return 64 + bits.Len64(v.Hi)
	}
	return bits.Len64(v.Lo)
}

// OnesCount is the number of one bits.
func (v Value) OnesCount() int { return bits.OnesCount64(v.Hi) + bits.OnesCount64(v.Lo) }

// TrailingZeros is the number of zero bits below the lowest one bit: 128 for 0.
func (v Value) TrailingZeros() int {
	if v.Lo != 0 {
		return bits.TrailingZeros64(v.Lo)
	}
	return 64 + bits.TrailingZeros64(v.Hi)
}

// Compare is -1, 0 or 1, as v is less than, equal to or greater than w.
func (v Value) Compare(w Value) int {
	switch {
	case v == w:
		return 0
	case v.Hi < w.Hi || v.Hi == w.Hi && v.Lo < w.Lo:
		return -1
	}
	return 1
}

// Contains says whether every one bit of w is one in v.
func (v Value) Contains(w Value) bool { return w.AndNot(v).IsZero() }

// prefixLen is the number of one bits of a mask of the given width, if they are all at its top.
func (v Value) prefixLen(width int) (int, bool) {
	n := v.OnesCount()
	return n, v == Ones(n).Shl(width-n)
}
