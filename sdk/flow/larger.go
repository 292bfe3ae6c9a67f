package flow

import (
	"strconv"
	"strings"
)

// CheckPktLarger writes into one bit whether the packet is longer than n bytes.
func CheckPktLarger(n uint16, dst Part) Action {
	if err := dst.checkBit(); err != nil {
		return Action{err: err}
	}
	b := appendUint(newNicira(subCheckPktLarger, 24), uint64(n)<<16|uint64(dst.First), 4)
	return finished(appendID(b, dst.Field, dst.Field.oldest()))
}

// checkBit says whether the part is one bit that can be written.
func (p Part) checkBit() error {
	if err := p.checkWritable(); err != nil {
		return err
	}
	if p.Bits != 1 {
		return fieldError(p.Field, errOneBit)
	}
	return nil
}

// checkPktLarger takes NXAST_CHECK_PKT_LARGER: pkt_len(2) offset(2) dst(4 or 8), padded.
func (w *rewriter) checkPktLarger(a string) error {
	if err := fixed(a, 24); err != nil {
		return err
	}
	i, err := readID(a[14:])
	if err != nil {
		return err
	}
	p := i.field.Part(int(be16(a, 12)), 1)
	if err := p.checkBit(); err != nil {
		return err
	}
	start := w.pos()
	w.text(a[:14])
	w.id(p.Field, p.Field.oldest())
	w.finish(start)
	return nil
}

func appendCheckPktLarger(b []byte, a string) []byte {
	i, _ := readID(a[14:])
	b = strconv.AppendUint(append(b, "check_pkt_larger("...), uint64(be16(a, 10)), 10)
	return appendPart(append(b, ")->"...), i.field.Part(int(be16(a, 12)), 1))
}

// parseCheckPktLarger reads "(n)->field[bit]".
func parseCheckPktLarger(arg argument) (Action, error) {
	n, err := parseUint(arg.value, 16)
	if err != nil {
		return Action{}, err
	}
	to, ok := strings.CutPrefix(arg.rest, "->")
	if !ok {
		return Action{}, errArrow
	}
	p, err := parsePart(to)
	if err != nil {
		return Action{}, err
	}
	return CheckPktLarger(uint16(n), p), nil
}
