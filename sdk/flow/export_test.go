package flow

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// ActionKinds are all kinds of actions that Open vSwitch reports, each with its place on the wire, since several share a name.
// Kinds that are always folded to another are not among them.
func ActionKinds() []string {
	folded := map[actionKind]bool{
		kindRegLoad: true, kindRegLoad2: true, kindRegMove: true, kindSetTunnel: true, kindSetTunnel64: true,
		kindNXDecTTL: true, kindResubmit: true,
	}
	var list []string
	for k := kindUnknown + 1; k < kindCount; k++ {
		if !folded[k] {
			list = append(list, k.place())
		}
	}
	return list
}

// ActionKindsOf are the kinds of the actions of a list, nested ones included.
func ActionKindsOf(a Actions) []string {
	var list []string
	a.eachAction(func(kind actionKind, _ string) bool {
		list = append(list, kind.place())
		return true
	})
	return list
}

func (k actionKind) place() string {
	for t, kind := range standardKinds {
		if kind == k {
			return fmt.Sprintf("%s (%d)", k, t)
		}
	}
	for t, kind := range niciraKinds {
		if kind == k {
			return fmt.Sprintf("%s (NX %d)", k, t)
		}
	}
	return k.String()
}

// IsView says whether a match folds the field to others.
func IsView(f *Field) bool { return f.isView() }

// Size is the bytes of a value of the field on the wire.
func Size(f *Field) int { return f.size }

// IsVariable says whether values of the field may be shorter.
func IsVariable(f *Field) bool { return f.flags&variable != 0 }

// MatchVariant writes a canonical match in another way that means the same: in another order, with the other headers of fields,
// with full masks, with bits outside of masks, with registers in pairs, with fields that match everything.
func MatchVariant(m Match, r *rand.Rand) []byte {
	var tlvs [][]byte
	terms := map[*Field]Term{}
	for t := range m.Terms() {
		terms[t.field] = t
	}
	for n, x := range XReg {
		high, ok1 := terms[Reg[2*n]]
		low, ok2 := terms[Reg[2*n+1]]
		if ok1 && ok2 && r.IntN(2) == 0 {
			delete(terms, Reg[2*n])
			delete(terms, Reg[2*n+1])
			tlvs = append(tlvs, x.appendTLV(nil, high.value+low.value, fullMask(high)+fullMask(low)))
		}
	}
	for f, t := range terms {
		tlvs = append(tlvs, f.appendVariant(t, r))
	}
	if _, ok := terms[PktMark]; !ok {
		tlvs = append(tlvs, PktMark.appendTLV(nil, "\x00\x00\x00\x05", "\x00\x00\x00\x00"))
	}
	r.Shuffle(len(tlvs), func(i, j int) { tlvs[i], tlvs[j] = tlvs[j], tlvs[i] })
	var b []byte
	for _, t := range tlvs {
		b = append(b, t...)
	}
	return b
}

func fullMask(t Term) string {
	if t.mask == "" {
		return strings.Repeat("\xff", len(t.value))
	}
	return t.mask
}

// appendVariant is a TLV of the term with any of the field's headers, a needless mask, and needless bits.
func (f *Field) appendVariant(t Term, r *rand.Rand) []byte {
	other := *f
	other.header = f.headers[r.IntN(len(f.headers))]
	value, mask := []byte(t.value), t.mask
	if mask == "" && r.IntN(2) == 0 && f.flags&(variable|valueMask) == 0 {
		mask = fullMask(t)
	}
	if mask != "" && f.flags&(variable|valueMask) == 0 {
		for i := range value {
			value[i] |= byte(r.IntN(256)) &^ mask[i]
		}
	}
	return other.appendTLV(nil, string(value), mask)
}

// ActionsVariant writes canonical actions in another way that means the same: with the older headers of fields, in older forms, with
// something in padding.
func ActionsVariant(a Actions, r *rand.Rand) []byte {
	list, _ := splitInstructions(string(a))
	var out []byte
	for rank := range list {
		at := list[len(list)-1-rank] // the other way round
		s := string(a[at[0]:at[1]])
		if s == "" {
			continue
		}
		if kind := be16(s, 0); kind != instructionApply && kind != instructionWrite {
			out = append(out, s...)
			continue
		}
		start := len(out)
		out = appendVariants(append(out, s[:8]...), s[8:], r)
		out[start+7] = 0xaa // padding
		n := len(out) - start
		out[start+2], out[start+3] = byte(n>>8), byte(n)
	}
	return out
}

func appendVariants(out []byte, list string, r *rand.Rand) []byte {
	for list != "" {
		a, rest, _ := nextAction(list)
		out = append(out, actionVariant(a, r)...)
		list = rest
	}
	return out
}

func actionVariant(a string, r *rand.Rand) string {
	b := []byte(a)
	switch kind := kindOf(a); kind {
	case kindOutput:
		b[15] = 0xaa
		if be32(a, 4) != uint32(PortController) {
			b[9] = 0x55
		}
	case kindSetField:
		return setFieldVariant(a, r)
	case kindResubmitTable:
		if b[12] == 255 && r.IntN(2) == 0 {
			return string(b[:9]) + "\x01" + a[10:12] + "\x00\x00\x00\x00"
		}
		b[15] = 0xaa
	case kindDecTTL:
		return string(newNicira(subDecTTL, 16)) + "\x00\x00\x00\x00\x00\x00"
	case kindSample:
		return string(newNicira(subSample2, 32)) + a[10:] + "\xff\xff\x00\x00\x00\x00\x00\x00"
	case kindController:
		c := controller{maxLen: be16(a, 10), id: be16(a, 12), reason: a[14]}
		return string(newNicira(subController2, 40)) + "\x00\x00\x00\x00\x00\x00" +
			string(appendUint(nil, controllerReason<<48|5<<32|uint64(c.reason)<<24, 8)) +
			string(appendUint(nil, controllerMaxLen<<48|6<<32|uint64(c.maxLen)<<16, 8)) +
			string(appendUint(nil, controllerID<<48|6<<32|uint64(c.id)<<16, 8))
	case kindMove:
		s, _ := readID(a[12:])
		d, _ := readID(a[12+s.size:])
		w := finished(appendID(appendID(appendUint(newNicira(subRegMove, 0), uint64(be16(a, 4))<<32|uint64(be16(a, 6))<<16|uint64(be16(a, 8)), 6),
			s.field, s.field.oldest()), d.field, d.field.oldest()))
		return w.wire
	case kindClone, kindCT:
		return nestedVariant(a, len(a)-len(nested(kind, a)), r)
	}
	return string(b)
}

func nestedVariant(a string, head int, r *rand.Rand) string {
	out := appendVariants([]byte(a[:head]), a[head:], r)
	out[2], out[3] = byte(len(out)>>8), byte(len(out))
	return string(out)
}

// setFieldVariant is a set_field with another header and needless bits, or in the form of a load.
func setFieldVariant(a string, r *rand.Rand) string {
	t, _ := headers.tlv(a[4:])
	f := t.field
	if t.mask == "" && f.bits <= 64 && 8*f.size == f.bits && idSize(f.oldest()) == 4 && r.IntN(2) == 0 {
		b := appendUint(newNicira(subRegLoad, 24), f.Whole().ofsBits(), 2)
		return finished(append(appendID(b, f, f.oldest()), fit(t.value, 8)...)).wire
	}
	tlv := f.appendTLV(nil, t.value, "")
	if t.mask != "" || f.spareMask() == "" { // of a few fields Open vSwitch keeps a needless mask
		tlv = f.appendVariant(Term{field: f, value: t.value, mask: t.mask}, r)
	}
	if r.IntN(2) == 0 {
		b := append(newNicira(subRegLoad2, 0), 0, 0, 0, 0, 0, 0)
		return finished(append(b, tlv...)).wire
	}
	return finished(append(appendUint(nil, typeSetField<<16, 4), tlv...)).wire
}

// WireID is the class, the number and the experimenter (0 for none) of the field's header in a canonical match.
func WireID(f *Field) (class uint16, number uint8, experimenter uint32) {
	return uint16(f.header >> 16), uint8(f.header >> 9 & 127), uint32(f.header >> 32)
}
