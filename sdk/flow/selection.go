package flow

import (
	"errors"
	"slices"
	"strings"
)

// SelectionMethod is how a select group hashes packets (ovs-ofctl(8), selection_method). The zero value leaves it to the
// switch.
type SelectionMethod struct {
	Name   string // MethodHash or MethodDPHash; "" for the switch's choice
	Param  uint64
	Fields []Term // of MethodHash: what to hash; the mask says which bits, the value nothing. None: what the switch likes
}

// The selection methods of Open vSwitch.
const (
	MethodHash   = "hash"
	MethodDPHash = "dp_hash"
)

// The property that says the method is an experimenter's: type(2) length(2) experimenter(4) exp_type(4) pad(4) name(16) param(8),
// then a TLV for each field, whose value is the mask; then padding that the length does not count (NTR selection method).
const (
	propertyExperimenter = 0xffff
	experimenterNTR      = 0x0000154d
	methodType           = 1
	methodHead           = 40
	methodName           = 16
)

var (
	errMethod      = errors.New("no such selection method")
	errMethodType  = errors.New("only select groups have a selection method")
	errMethodHash  = errors.New("only the method hash takes fields")
	errHashMask    = errors.New("the mask has no bits to hash")
	errMethodOther = errors.New("a parameter or fields need a method")
)

// wireMethod is a selection method taken apart.
type wireMethod struct {
	name   string
	param  uint64
	fields []wireHashField
}

type wireHashField struct {
	field *Field
	mask  string
}

func (m *SelectionMethod) wire() (wireMethod, error) {
	w := wireMethod{name: m.Name, param: m.Param}
	for _, t := range m.Fields {
		if t.field == nil || t.err != nil {
			return w, errors.Join(errField, t.err)
		}
		mask := t.mask
		if mask == "" {
			mask = strings.Repeat("\xff", len(t.value))
		}
		w.fields = append(w.fields, wireHashField{t.field, mask})
	}
	return w, w.normalise()
}

// readMethod takes the properties of a group apart.
func readMethod(s string) (m wireMethod, err error) {
	if s == "" {
		return m, nil
	}
	if len(s) < methodHead || be16(s, 0) != propertyExperimenter || be32(s, 4) != experimenterNTR || be32(s, 8) != methodType {
		return m, errProperty
	}
	n := int(be16(s, 2))
	if n < methodHead || pad8(n) != len(s) {
		return m, errLength
	}
	m.name, _, _ = strings.Cut(s[16:16+methodName], "\x00")
	if m.name == "" {
		return m, errMethod
	}
	m.param = be64(s, 32)
	for rest := s[methodHead:n]; rest != ""; {
		t, err := headers.tlv(rest)
		if err != nil {
			return m, err
		}
		if t.masked {
			return m, fieldError(t.field, errMask)
		}
		m.fields = append(m.fields, wireHashField{t.field, t.value})
		rest = rest[t.len():]
	}
	return m, m.normalise()
}

// normalise checks the method and brings its fields into Open vSwitch's order.
func (m *wireMethod) normalise() error {
	switch {
	case m.name == "" && (m.param != 0 || len(m.fields) > 0):
		return errMethodOther
	case m.name != "" && m.name != MethodHash && m.name != MethodDPHash:
		return errMethod
	case m.name != MethodHash && len(m.fields) > 0:
		return errMethodHash
	}
	slices.SortStableFunc(m.fields, func(a, b wireHashField) int { return documented(a.field) - documented(b.field) })
	for i, f := range m.fields {
		if i > 0 && f.field == m.fields[i-1].field {
			return fieldError(f.field, errDuplicate)
		}
		switch {
		case allBytes(f.mask, 0):
			return fieldError(f.field, errHashMask)
		case !f.field.Maskable() && !f.field.coversAll(f.mask):
			return fieldError(f.field, errMask)
		}
	}
	return nil
}

func (m *wireMethod) append(b []byte) []byte {
	if m.name == "" {
		return b
	}
	start := len(b)
	b = appendUint(b, propertyExperimenter<<48|experimenterNTR, 8)
	b = appendUint(b, methodType<<32, 8)
	b = append(b, m.name...)
	b = append(b, make([]byte, methodName-len(m.name))...)
	b = appendUint(b, m.param, 8)
	for _, f := range m.fields {
		b = f.field.appendTLV(b, f.mask, "")
	}
	n := len(b) - start
	b[start+2], b[start+3] = byte(n>>8), byte(n)
	return append(b, zeroPad[:pad8(n)-n]...)
}

// documentOrder is ovs-fields(7)'s order of the fields, where the table has another: each is the first of a run of rows.
var documentOrder = []struct{ first, last row }{
	{rowConjID, rowConjID}, {rowTunID, rowTunMetadata0 + 63}, {rowMetadata, rowMetadata}, {rowInPort, rowInPort}, {rowInPortOXM, rowInPortOXM},
	{rowPktMark, rowPktMark}, {rowActsetOutput, rowActsetOutput}, {rowPacketType, rowPacketType}, {rowCTState, rowCTLabel}, {rowCTNwProto, rowCTNwProto},
	{rowCTNwSrc, rowCTNwSrc}, {rowCTNwDst, rowCTNwDst}, {rowCTIPv6Src, rowCTIPv6Src}, {rowCTIPv6Dst, rowCTIPv6Dst}, {rowCTTpSrc, rowCTTpDst},
	{rowReg0, rowReg0 + 15}, {rowXReg0, rowXXReg0 + 3}, {rowEthSrc, rowEthDst}, {rowEthType, rowEthType}, {rowVLANTCI, rowVLANTCI}, {rowVLANVID, rowVLANPCP},
	{rowMPLSLabel, rowMPLSTC}, {rowMPLSBOS, rowMPLSBOS}, {rowMPLSTTL, rowMPLSTTL}, {rowIPSrc, rowIPDst}, {rowIPv6Src, rowIPv6Label}, {rowIPProto, rowIPProto},
	{rowNwTOS, rowNwTOS}, {rowIPDSCP, rowIPTTL}, {rowIPFrag, rowIPFrag}, {rowARPOp, rowARPOp}, {rowARPSPA, rowARPTPA}, {rowARPSHA, rowARPTHA},
	{rowTCPSrc, rowTCPDst}, {rowTCPFlags, rowTCPFlags}, {rowUDPSrc, rowSCTPDst}, {rowICMPType, rowNDOptionsType}, {rowNSHFlags, rowNSHC1 + 3},
}

// documented is the place of the field in ovs-fields(7).
func documented(f *Field) int {
	for i, run := range documentOrder {
		if f.row >= run.first && f.row <= run.last {
			return i<<8 | int(f.row-run.first)
		}
	}
	return len(documentOrder) << 8
}
