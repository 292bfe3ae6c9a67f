package flow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Part is some adjacent bits of a field (ovs-actions(7), Field Specifications).
type Part struct {
	Field *Field
	First int // the lowest bit, counted from the lowest of the field
	Bits  int // how many bits
}

// Whole is all bits of the field.
func (f *Field) Whole() Part { return Part{f, 0, f.bits} }

// Part is n bits of the field from bit first, counted from the lowest.
func (f *Field) Part(first, n int) Part { return Part{f, first, n} }

var (
	errPart   = errors.New("bits that the field does not have")
	errWidth  = errors.New("both sides must have the same number of bits")
	errNarrow = errors.New("too few bits")
	errID     = errors.New("a field's header must have its length and no mask")
)

func (p Part) check() error {
	switch {
	case p.Field == nil:
		return errUnknown
	case p.First < 0 || p.Bits < 1 || p.First+p.Bits > p.Field.bits:
		return fieldError(p.Field, errPart)
	}
	return nil
}

// checkWritable is check for what is written to.
func (p Part) checkWritable() error {
	if err := p.check(); err != nil {
		return err
	}
	if !p.Field.Writable() {
		return fieldError(p.Field, errReadOnly)
	}
	return nil
}

// ofsBits is how Nicira's actions have a part beside the field: first bit (10 bits), bits minus one (6).
func (p Part) ofsBits() uint64 { return uint64(p.First<<6 | (p.Bits - 1)) }

func partOf(f *Field, ofsBits uint16) Part { return Part{f, int(ofsBits >> 6), int(ofsBits&63) + 1} }

// put writes the low bits of a number into the part of value, and ones into that of mask. Both have the size of the field.
func (p Part) put(number string, value, mask []byte) error {
	size := len(value)
	for i := range 8 * len(number) {
		if number[len(number)-1-i/8]&(1<<(i%8)) == 0 {
			continue
		}
		if i >= p.Bits {
			return errRange
		}
		at := p.First + i
		value[size-1-at/8] |= 1 << (at % 8)
	}
	for at := p.First; at < p.First+p.Bits; at++ {
		mask[size-1-at/8] |= 1 << (at % 8)
	}
	return nil
}

// term is the match, or the write, of a number in the part.
func (p Part) term(number string) (Term, error) {
	value, mask := make([]byte, p.Field.size), make([]byte, p.Field.size)
	err := p.put(number, value, mask)
	return Term{field: p.Field, value: string(value), mask: string(mask)}, err
}

// appendPart appends a part as text. Open vSwitch uses the field's name on the wire here.
func appendPart(b []byte, p Part) []byte {
	b = append(append(b, p.Field.longName...), '[')
	switch {
	case p == p.Field.Whole():
	case p.Bits == 1:
		b = strconv.AppendInt(b, int64(p.First), 10)
	default:
		b = strconv.AppendInt(b, int64(p.First), 10)
		b = strconv.AppendInt(append(b, ".."...), int64(p.First+p.Bits-1), 10)
	}
	return append(b, ']')
}

// parsePart reads "field", "field[]", "field[bit]" and "field[first..last]".
func parsePart(s string) (Part, error) {
	name, bits, bracket := strings.Cut(s, "[")
	f, known := FieldByName(name)
	if !known {
		return Part{}, fmt.Errorf("%q: %w", s, errField)
	}
	if !bracket || bits == "]" {
		return f.Whole(), nil
	}
	bits, closed := strings.CutSuffix(bits, "]")
	from, to, isRange := strings.Cut(bits, "..")
	if !isRange {
		to = from
	}
	first, err1 := parseUint(from, 16)
	last, err2 := parseUint(to, 16)
	if !closed || errors.Join(err1, err2) != nil || first > last || int(last) >= f.bits {
		return Part{}, fmt.Errorf("%q: %w", s, errPart)
	}
	return f.Part(int(first), int(last-first)+1), nil
}

// id is a field's header as an action names the field by (OXM id, OpenFlow 1.5 §7.2.3.2). Actions of Open vSwitch's own have the
// oldest of its headers, others the newest.
type id struct {
	field *Field
	size  int // bytes: 4, or 8 with an experimenter
}

// oldest is the header for actions of Open vSwitch's own.
func (f *Field) oldest() header { return f.headers[len(f.headers)-1] }

// appendID appends a header as an id. The length of a field of variable size is the largest, as ovs-ofctl writes it: a switch
// answers with the one it is mapped to.
func appendID(b []byte, f *Field, h header) []byte {
	length, extended := f.size, uint32(h)>>16 == classExperimenter
	if extended {
		length += 4
	}
	b = appendUint(b, uint64(uint32(h))|uint64(length), 4)
	if extended {
		b = appendUint(b, uint64(h>>32), 4)
	}
	return b
}

// idSize is the bytes of a header as an id.
func idSize(h header) int {
	if uint32(h)>>16 == classExperimenter {
		return 8
	}
	return 4
}

// id writes a header as an id.
func (w *rewriter) id(f *Field, h header) {
	length := f.size
	if idSize(h) == 8 {
		w.uint(uint64(uint32(h))|uint64(length+4), 4)
		w.uint(uint64(h>>32), 4)
		return
	}
	w.uint(uint64(uint32(h))|uint64(length), 4)
}

// readID reads an id at the start of s.
func readID(s string) (id, error) {
	t, err := headers.header(s)
	if err != nil {
		return id{}, err
	}
	f := t.field
	if t.masked || t.body != f.size && t.body != 0 && f.flags&variable == 0 {
		return id{}, fieldError(f, errID)
	}
	return id{f, t.size}, nil
}
