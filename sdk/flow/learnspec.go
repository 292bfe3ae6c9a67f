package flow

import (
	"strings"
)

// A specification of a learn action is header(2), then a source and a destination. header has the bits from the left: 2 of 0,
// 1 for a source that is a number, 2 of kind, 11 for the number of bits. A number has as many 16-bit words as its bits
// need; a field is its header (4 or 8) and first bit (2). An output has no destination. A header of 0 ends the list.

// append appends the specification in wire form.
func (s *LearnSpec) append(b []byte) ([]byte, error) {
	w, err := s.wire()
	if err != nil {
		return b, err
	}
	var r rewriter
	r.learnSpec(&w)
	return append(b, r.out...), nil
}

// wireSpec is a specification taken apart.
type wireSpec struct {
	kind     LearnKind
	src, dst Part
	number   string // when src has no field: words of 16 bits
}

func (s *LearnSpec) wire() (wireSpec, error) {
	w := wireSpec{kind: s.Kind, src: s.Src, dst: s.Dst}
	if s.Src.Field == nil {
		n := numberSize(s.Dst.Bits)
		if len(s.Value) > n {
			return w, errLearnValue
		}
		w.number = strings.Repeat("\x00", n-len(s.Value)) + string(s.Value)
	}
	return w, w.check()
}

// numberSize is the bytes of a number of so many bits.
func numberSize(bits int) int { return (bits + 15) / 16 * 2 }

// bits is the width of both sides.
func (s *wireSpec) bits() int {
	if s.kind == LearnOutput {
		return s.src.Bits
	}
	return s.dst.Bits
}

func (s *wireSpec) check() error {
	if s.kind > LearnOutput || s.kind == LearnOutput && (s.src.Field == nil || s.dst.Field != nil) {
		return errLearnSpec
	}
	if s.src.Field != nil {
		if err := s.src.check(); err != nil {
			return err
		}
	}
	if s.kind == LearnOutput {
		return nil
	}
	err := s.dst.check()
	if s.kind == LearnLoad && err == nil {
		err = s.dst.checkWritable()
	}
	switch {
	case err != nil:
		return err
	case s.src.Field != nil && s.src.Bits != s.dst.Bits:
		return errWidth
	case s.src.Field == nil && !numberFits(s.number, s.dst.Bits):
		return errLearnValue
	}
	return nil
}

// numberFits says whether a number has no ones above its lowest bits.
func numberFits(number string, bits int) bool {
	for i := bits; i < 8*len(number); i++ {
		if number[len(number)-1-i/8]&(1<<(i%8)) != 0 {
			return false
		}
	}
	return true
}

// readLearnSpec takes the specification at the start of s apart; n is its size, 0 at the end of the list.
func readLearnSpec(s string) (spec wireSpec, n int, err error) {
	if len(s) < 2 || be16(s, 0) == 0 {
		if !allBytes(s, 0) {
			return spec, 0, errPadding
		}
		return spec, 0, nil
	}
	header := be16(s, 0)
	bits := int(header & learnBits)
	spec.kind = LearnKind(header >> learnKindShift & 3)
	if header>>14 != 0 || spec.kind > LearnOutput {
		return spec, 0, errLearnSpec
	}
	n = 2
	if header&learnImmediate != 0 {
		size := numberSize(bits)
		if len(s) < n+size {
			return spec, 0, errTruncated
		}
		spec.number = s[n : n+size]
		n += size
	} else if spec.src, n, err = readLearnPart(s, n, bits); err != nil {
		return spec, 0, err
	}
	if spec.kind != LearnOutput {
		if spec.dst, n, err = readLearnPart(s, n, bits); err != nil {
			return spec, 0, err
		}
	}
	return spec, n, spec.check()
}

func readLearnPart(s string, at, bits int) (p Part, end int, err error) {
	i, err := readID(s[at:])
	if err != nil {
		return p, 0, err
	}
	end = at + i.size + 2
	if len(s) < end {
		return p, 0, errTruncated
	}
	return i.field.Part(int(be16(s, end-2)), bits), end, nil
}

// learnSpec writes a specification.
func (w *rewriter) learnSpec(s *wireSpec) {
	header := uint64(s.kind)<<learnKindShift | uint64(s.bits())
	if s.src.Field == nil {
		w.uint(header|learnImmediate, 2)
		w.text(s.number)
	} else {
		w.uint(header, 2)
		w.id(s.src.Field, s.src.Field.oldest())
		w.uint(uint64(s.src.First), 2)
	}
	if s.kind != LearnOutput {
		w.id(s.dst.Field, s.dst.Field.oldest())
		w.uint(uint64(s.dst.First), 2)
	}
}

// text appends the specification as text.
func (s *wireSpec) text(b []byte) []byte {
	switch {
	case s.kind == LearnOutput:
		return appendPart(append(b, "output:"...), s.src)
	case s.kind == LearnLoad && s.src.Field == nil:
		return appendPart(append(appendLongHex(append(b, "load:"...), s.number), "->"...), s.dst)
	case s.kind == LearnLoad:
		return appendPart(append(appendPart(append(b, "load:"...), s.src), "->"...), s.dst)
	case s.src.Field != nil && s.src == s.dst:
		return appendPart(b, s.dst)
	case s.src.Field != nil:
		return appendPart(append(appendPart(b, s.dst), '='), s.src)
	case s.dst == s.dst.Field.Whole():
		f := s.dst.Field
		b = append(append(b, f.name...), '=')
		return f.appendValue(b, string(fit(s.number, f.size)), "")
	}
	return appendLongHex(append(appendPart(b, s.dst), '='), s.number)
}

// fit is a number in size bytes.
func fit(number string, size int) []byte {
	b := make([]byte, size)
	if len(number) > size {
		number = number[len(number)-size:]
	}
	copy(b[size-len(number):], number)
	return b
}

// parseLearnSpec reads "field=value", "field[bits]=field[bits]", "field[bits]", "load:value->field[bits]",
// "load:field[bits]->field[bits]" and "output:field[bits]".
func parseLearnSpec(arg argument) (s LearnSpec, err error) {
	switch arg.key {
	case "load":
		return parseLearnLoad(arg.value)
	case "output":
		s.Kind = LearnOutput
		s.Src, err = parsePart(arg.value)
		return s, err
	}
	if s.Dst, err = parsePart(arg.key); err != nil {
		return s, err
	}
	switch {
	case arg.value == "":
		s.Src = s.Dst
		return s, nil
	case s.Dst == s.Dst.Field.Whole():
		value, mask, err := s.Dst.Field.parseValue(arg.value)
		if err == nil && (mask == "" || s.Dst.Field.coversAll(mask)) {
			s.Value = fit(value, numberSize(s.Dst.Bits))
			return s, nil
		}
	}
	if s.Src, err = parsePart(arg.value); err == nil {
		return s, nil
	}
	s.Src = Part{}
	s.Value, err = parseNumber16(arg.value, s.Dst)
	return s, err
}

func parseLearnLoad(text string) (s LearnSpec, err error) {
	from, to, ok := strings.Cut(text, "->")
	if !ok {
		return s, errArrow
	}
	s.Kind = LearnLoad
	if s.Dst, err = parsePart(to); err != nil {
		return s, err
	}
	if s.Src, err = parsePart(from); err == nil {
		return s, nil
	}
	s.Src = Part{}
	s.Value, err = parseNumber16(from, s.Dst)
	return s, err
}

// parseNumber16 reads a number for a destination.
func parseNumber16(text string, dst Part) ([]byte, error) {
	number, err := parseInteger(text, max(8, dst.Field.size))
	if err != nil {
		return nil, err
	}
	if !numberFits(number, dst.Bits) {
		return nil, errLearnValue
	}
	return fit(number, numberSize(dst.Bits)), nil
}
