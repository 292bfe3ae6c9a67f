package flow

import (
	"errors"
	"net"
	"net/netip"
	"strings"
)

var (
	errSetInPort = errors.New("set in_port, its form of 16 bits, in its place")
	errSetVLAN   = errors.New("the bit 0x1000, which says that there is a tag, must be written and set (OpenFlow 1.5 §7.2.6.7)")
)

// SetField writes v, right-justified, into a field.
func SetField(f *Field, v uint64) Action { return Set(f.Is(v)) }

// SetFieldMasked writes the bits of v where mask has ones.
func SetFieldMasked(f *Field, v, mask uint64) Action { return Set(f.IsMasked(v, mask)) }

// SetFieldBytes writes a value in network order.
func SetFieldBytes(f *Field, v []byte) Action { return Set(f.IsBytes(v)) }

// SetFieldMAC writes an Ethernet address.
func SetFieldMAC(f *Field, a net.HardwareAddr) Action { return Set(f.IsMAC(a)) }

// SetFieldIP writes an address of the family that the field holds.
func SetFieldIP(f *Field, a netip.Addr) Action { return Set(f.IsIP(a)) }

// Set makes packets match the term: it writes the value of the term where its mask has ones.
func Set(t Term) Action {
	if t.field == nil {
		return Action{err: errUnknown}
	}
	n := pad8(4 + t.field.tlvLen(t.value, t.mask))
	b := appendUint(make([]byte, 0, n), uint64(typeSetField<<16|n), 4)
	b = t.field.appendTLV(b, t.value, t.mask)
	return Action{wire: string(append(b, zeroPad[:n-len(b)]...)), err: t.err}
}

// setFieldAction takes OFPAT_SET_FIELD: an OXM TLV, with zeros up to a multiple of 8 bytes. A mask says which bits are written
// (OpenFlow 1.5 §7.2.6.7). Views are fields of their own here: xreg0 does not become reg0 and reg1.
func (w *rewriter) setFieldAction(a string) error {
	if !w.inCT && isPlainSet(a) {
		w.text(a)
		return nil
	}
	t, err := headers.tlv(a[4:])
	if err != nil {
		return err
	}
	if len(a) != pad8(4+t.len()) {
		return errLength
	}
	return w.setField(t.field, t.value, t.mask)
}

// isPlainSet says whether a glance shows that a set_field is canonical.
func isPlainSet(a string) bool {
	f, n := plainTLV(a[4:])
	return n > 0 && f.settable && len(a) == pad8(4+n) && a[4+n:] == zeroPad[:len(a)-4-n]
}

// setField writes the canonical set_field of a field, whatever action it came from.
func (w *rewriter) setField(f *Field, value, mask string) error {
	if !f.Writable() {
		return fieldError(f, errReadOnly)
	}
	if isCT := f == CTMark || f == CTLabel; isCT != w.inCT {
		return fieldError(f, errCTExec)
	}
	used := value // as far as the mask goes
	if mask != "" && f.coversAll(mask) {
		value = masked(value, mask)
		used, mask = value, f.spareMask()
	} else if mask != "" {
		used = mask
	}
	switch {
	case f == InPortOXM:
		return fieldError(f, errSetInPort)
	case f == VLANVID && (value[0]&(vlanPresent>>8) == 0 || mask != "" && mask[0]&(vlanPresent>>8) == 0):
		return fieldError(f, errSetVLAN)
	}
	if !f.fits(used) {
		return fieldError(f, errRange)
	}
	if f.flags&variable != 0 {
		value, mask = shorten(value, mask)
	}
	size := f.tlvLen(value, mask)
	n := pad8(4 + size)
	w.uint(uint64(typeSetField<<16|n), 4)
	w.tlv(f, value, mask)
	w.zeros(n - 4 - size)
	return nil
}

// spareMask is the mask that Open vSwitch keeps where it was given one that covers the field, because the field does not fill its bytes
// (lib/ofp-actions.c, set_field_to_set_field); "" for most fields.
func (f *Field) spareMask() string {
	switch f {
	case IPDSCP, IPECN, IPv6Label:
		return string(appendUint(nil, 1<<f.bits-1, f.size))
	}
	return ""
}

// tlvLen is the size of the TLV that appendTLV makes.
func (f *Field) tlvLen(value, mask string) int {
	n := 4 + len(value) + len(mask)
	if _, extended := f.experimenter(); extended {
		n += 4
	}
	return n
}

// tlv writes a TLV. Value bits outside of the mask are cleared.
func (w *rewriter) tlv(f *Field, value, mask string) {
	h := uint32(f.header) | uint32(len(value)+len(mask))
	if mask != "" {
		h |= 1 << 8
	}
	experimenter, extended := f.experimenter()
	if extended {
		h += 4
	}
	w.uint(uint64(h), 4)
	if extended {
		w.uint(uint64(experimenter), 4)
	}
	if mask == "" {
		w.text(value)
		return
	}
	for i := range len(value) {
		w.uint(uint64(value[i]&mask[i]), 1)
	}
	w.text(mask)
}

func appendSetField(b []byte, a string) []byte {
	t, err := headers.tlv(a[4:])
	if err != nil {
		return append(b, "<bad set_field>"...)
	}
	b = t.field.appendValue(append(b, "set_field:"...), t.value, t.mask)
	return append(append(b, "->"...), t.field.name...)
}

// parseSetField reads "value/mask->field".
func parseSetField(arg argument) (Action, error) {
	value, name, ok := strings.Cut(arg.value, "->")
	if !ok {
		return Action{}, errArrow
	}
	f, ok := FieldByName(strings.TrimSuffix(name, "[]"))
	if !ok {
		return Action{}, errField
	}
	t, err := parseTerm(f, argument{value: value})
	return Set(t), err
}

// fieldError says which field of an action is wrong.
func fieldError(f *Field, err error) error { return &namedError{f.name, err} }

type namedError struct {
	name string
	err  error
}

func (e *namedError) Error() string { return e.name + ": " + e.err.Error() }

func (e *namedError) Unwrap() error { return e.err }
