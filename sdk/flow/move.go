package flow

import "strings"

// Move copies bits of one field to as many of another.
func Move(src, dst Part) Action {
	if err := checkMove(src, dst); err != nil {
		return Action{err: err}
	}
	b := appendUint(nil, typeCopyField<<48|uint64(src.Bits), 8)
	b[4], b[5] = byte(src.Bits>>8), byte(src.Bits)
	b[6], b[7] = byte(src.First>>8), byte(src.First)
	b = appendUint(b, uint64(dst.First)<<16, 4)
	b = appendID(b, src.Field, src.Field.header)
	return finished(appendID(b, dst.Field, dst.Field.header))
}

// Load writes v into part of a field.
func Load(dst Part, v uint64) Action { return load(dst, string(appendUint(nil, v, 8))) }

func load(dst Part, number string) Action {
	if err := dst.check(); err != nil {
		return Action{err: err}
	}
	t, err := dst.term(number)
	if t.err == nil {
		t.err = err
	}
	return Set(t)
}

func checkMove(src, dst Part) error {
	if err := src.check(); err != nil {
		return err
	}
	if err := dst.checkWritable(); err != nil {
		return err
	}
	if src.Bits != dst.Bits {
		return errWidth
	}
	return nil
}

// move takes OFPAT_COPY_FIELD: n_bits(2) src_offset(2) dst_offset(2) pad(2) src(4 or 8) dst(4 or 8), padded.
func (w *rewriter) move(a string) error {
	if len(a) < 24 {
		return errLength
	}
	return w.copyField(be16(a, 4), be16(a, 6), be16(a, 8), a[12:])
}

// regMove takes NXAST_REG_MOVE, the older form: n_bits(2) src_ofs(2) dst_ofs(2) src(4 or 8) dst(4 or 8), padded.
func (w *rewriter) regMove(a string) error {
	if len(a) < 24 {
		return errLength
	}
	return w.copyField(be16(a, 10), be16(a, 12), be16(a, 14), a[16:])
}

func (w *rewriter) copyField(bits, srcFirst, dstFirst uint16, ids string) error {
	s, err := readID(ids)
	if err != nil {
		return err
	}
	d, err := readID(ids[s.size:])
	if err != nil {
		return err
	}
	src := s.field.Part(int(srcFirst), int(bits))
	dst := d.field.Part(int(dstFirst), int(bits))
	if err := checkMove(src, dst); err != nil {
		return err
	}
	if isCT := dst.Field == CTMark || dst.Field == CTLabel; isCT != w.inCT {
		return fieldError(dst.Field, errCTExec)
	}
	start := w.pos()
	n := pad8(12 + idSize(s.field.header) + idSize(d.field.header))
	w.uint(uint64(typeCopyField<<16|n), 4)
	w.uint(uint64(bits)<<32|uint64(srcFirst)<<16|uint64(dstFirst), 6)
	w.zeros(2)
	w.id(s.field, s.field.header)
	w.id(d.field, d.field.header)
	w.finish(start)
	return nil
}

func appendMove(b []byte, a string) []byte {
	s, _ := readID(a[12:])
	d, _ := readID(a[12+s.size:])
	bits := int(be16(a, 4))
	b = appendPart(append(b, "move:"...), s.field.Part(int(be16(a, 6)), bits))
	return appendPart(append(b, "->"...), d.field.Part(int(be16(a, 8)), bits))
}

// regLoad takes NXAST_REG_LOAD: ofs_nbits(2) dst(4) value(8). Over OpenFlow 1.5 it is a set_field.
func (w *rewriter) regLoad(a string) error {
	if err := fixed(a, 24); err != nil {
		return err
	}
	i, err := readID(a[12:])
	if err != nil {
		return err
	}
	p := partOf(i.field, be16(a, 10))
	if err := p.checkWritable(); err != nil {
		return err
	}
	var value, mask [maxField]byte
	size := i.field.size
	if err := p.put(a[16:24], value[:size], mask[:size]); err != nil {
		return err
	}
	return w.setField(i.field, string(value[:size]), string(mask[:size]))
}

// regLoad2 takes NXAST_REG_LOAD2, which has the form of a set_field: zeros(6) and an OXM TLV, padded.
func (w *rewriter) regLoad2(a string) error {
	t, err := headers.tlv(a[16:])
	if err != nil {
		return err
	}
	if len(a) != pad8(16+t.len()) {
		return errLength
	}
	return w.setField(t.field, t.value, t.mask)
}

// parseMove reads "src->dst".
func parseMove(arg argument) (Action, error) {
	from, to, ok := strings.Cut(arg.value, "->")
	if !ok {
		return Action{}, errArrow
	}
	src, err := parsePart(from)
	if err != nil {
		return Action{}, err
	}
	dst, err := parsePart(to)
	if err != nil {
		return Action{}, err
	}
	return Move(src, dst), nil
}

// parseLoad reads "number->field[first..last]".
func parseLoad(arg argument) (Action, error) {
	value, to, ok := strings.Cut(arg.value, "->")
	if !ok {
		return Action{}, errArrow
	}
	dst, err := parsePart(to)
	if err != nil {
		return Action{}, err
	}
	number, err := parseInteger(value, max(8, dst.Field.size))
	if err != nil {
		return Action{}, err
	}
	return load(dst, number), nil
}
