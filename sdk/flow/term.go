package flow

import (
	"errors"
	"net"
	"net/netip"
	"strings"
)

// Term is a match on one field: a value, and a mask unless it is the whole value. It is made by the methods of a Field; what
// is wrong with it comes out as the error of NewMatch.
type Term struct {
	field       *Field
	value, mask string // as on the wire; mask is "" for an exact match
	err         error
}

// Is matches v, right-justified in the field; of fields wider than 64 bits the low 64.
func (f *Field) Is(v uint64) Term {
	t := Term{field: f, value: f.bytes(v)}
	if f.size < 8 && v>>(8*f.size) != 0 {
		t.err = errRange
	}
	return t
}

// IsMasked matches the bits of v where mask has ones.
func (f *Field) IsMasked(v, mask uint64) Term {
	t := f.Is(v & mask)
	t.mask = f.bytes(mask)
	if f.size < 8 && mask>>(8*f.size) != 0 {
		t.err = errRange
	}
	return t
}

// IsBytes matches a value in network order. It may be shorter than the field, and is then right-justified.
func (f *Field) IsBytes(b []byte) Term {
	value, err := f.justify(b)
	return Term{field: f, value: value, err: err}
}

// IsMaskedBytes matches the bits of v where mask has ones; both are in network order and right-justified.
func (f *Field) IsMaskedBytes(v, mask []byte) Term {
	value, err1 := f.justify(v)
	ones, err2 := f.justify(mask)
	return Term{field: f, value: value, mask: ones, err: errors.Join(err1, err2)}
}

// IsMAC matches an Ethernet address.
func (f *Field) IsMAC(a net.HardwareAddr) Term {
	t := f.IsBytes(a)
	if len(a) != f.size || f.form != formMAC {
		t.err = errRange
	}
	return t
}

// IsIP matches an address, of the family that the field holds.
func (f *Field) IsIP(a netip.Addr) Term { return f.IsPrefix(netip.PrefixFrom(a, a.BitLen())) }

// IsPrefix matches the addresses of a prefix, of the family that the field holds.
func (f *Field) IsPrefix(p netip.Prefix) Term {
	if !p.IsValid() || p.Addr().BitLen() != f.bits || f.form != formIPv4 && f.form != formIPv6 {
		return Term{field: f, value: f.bytes(0), err: errRange}
	}
	return f.IsMaskedBytes(p.Masked().Addr().AsSlice(), ones(p.Bits(), f.size))
}

// ones is n one bits and then zeros, in size bytes.
func ones(n, size int) []byte {
	b := make([]byte, size)
	for i := range n {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return b
}

// bytes is v as the field has it on the wire.
func (f *Field) bytes(v uint64) string { return string(appendUint(nil, v, f.size)) }

// justify fills b with zeros in front, up to the size of the field. A field of variable size takes b as it is.
func (f *Field) justify(b []byte) (string, error) {
	if len(b) > f.size || len(b) == 0 {
		return f.bytes(0), errLength
	}
	if f.flags&variable != 0 {
		return string(b), nil
	}
	return strings.Repeat("\x00", f.size-len(b)) + string(b), nil
}
