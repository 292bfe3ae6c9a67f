package flow

import (
	"strconv"
	"strings"
)

// Field is one row of the table of fields: everything this package knows about a field of ovs-fields(7). Rows are made once
// and never change; compare them by pointer.
type Field struct {
	name   string // as Open vSwitch names it in actions
	alias  string // its other name, "" for none
	shown  string // as a match shows it, when that is another name; see label
	wire   string // its names on the wire, such as "OXM_OF_ETH_SRC(4) NXM_OF_ETH_SRC(2)", the newest first
	bits   int    // significant bits, the low ones of size bytes
	valid  int    // bits that a value may use, when not bits (of vlan_vid one more: it says that there is a tag)
	size   int    // bytes of a value on the wire; of tun_metadata the most there may be
	form   form   // how a value is written
	prereq prereq // what else must be matched
	flags  fieldFlags

	// What follows from the above.
	row      row
	header   header   // the first of headers: what Open vSwitch writes over OpenFlow 1.5
	headers  []header // one for each name on the wire
	plain    bool     // every value of its size can be, and means itself
	settable bool     // set_field takes it without more ado
	telling  bool     // a context notes it
	longName string   // the last name on the wire: what Open vSwitch prints where an action names bits of a field
}

type fieldFlags uint8

const (
	maskable  fieldFlags = 1 << iota // any bit may be left out
	readOnly                         // no action may write it
	variable                         // of any length up to size (tun_metadata)
	noMatch                          // Open vSwitch has no TLV for it: text only
	valueMask                        // Open vSwitch 3.1 takes the value for the mask, whatever the mask (match_set_tun_gtpu_flags_masked and its like)
)

// header identifies a field on the wire: the class and the field number of an OXM TLV (OpenFlow 1.5 §7.2.3.2), and
// the experimenter of class 0xffff. Layout: experimenter(32) class(16) field(7) 0(9).
type header uint64

const (
	classNXM0         = 0x0000
	classNXM1         = 0x0001
	classEricsson     = 0x1000
	classBasic        = 0x8000
	classPacketRegs   = 0x8001
	classExperimenter = 0xffff

	experimenterONF    = 0x4f4e4600
	experimenterNSH    = 0x005ad650
	experimenterNicira = 0x00002320
)

// classPrefixes tell the class from the name of a field on the wire.
var classPrefixes = [...]struct {
	prefix string
	class  header
}{
	{"NXM_OF_", classNXM0 << 16},
	{"NXM_NX_", classNXM1 << 16},
	{"OXM_OF_PKT_REG", classPacketRegs << 16},
	{"OXM_OF_", classBasic << 16},
	{"ERICOXM_OF_", classEricsson << 16},
	{"ONFOXM_ET_", experimenterONF<<32 | classExperimenter<<16},
	{"NXOXM_NSH_", experimenterNSH<<32 | classExperimenter<<16},
	{"NXOXM_ET_", experimenterNicira<<32 | classExperimenter<<16},
}

// readWire fills in what the names on the wire say.
func (f *Field) readWire() {
	for name := range strings.FieldsSeq(f.wire) {
		name, number, _ := strings.Cut(strings.TrimSuffix(name, ")"), "(")
		n, _ := strconv.Atoi(number)
		for _, c := range classPrefixes {
			if strings.HasPrefix(name, c.prefix) {
				f.headers = append(f.headers, c.class|header(n)<<9)
				break
			}
		}
		f.longName = name
	}
	f.header = f.headers[0]
}

// classify fills in what the hot paths ask.
func (f *Field) classify() {
	f.telling = notes(f.row)
	f.plain = f.valid == 8*f.size && f.flags&(variable|valueMask) == 0 && !isView(f.row) && !isPicky(f.row)
	f.settable = f.valid == 8*f.size && f.flags&(variable|readOnly) == 0
	switch f.row {
	case rowCTMark, rowCTLabel, rowInPortOXM, rowVLANVID:
		f.settable = false
	}
}

// prereq is what must hold of a match before a field may be in it (ovs-fields(7), Prerequisites).
type prereq uint8

const (
	needNothing prereq = iota
	needEthernet
	needVLAN
	needIPv4
	needIPv6
	needIP
	needARP
	needMPLS
	needNSH
	needCT
	needCTIPv4
	needCTIPv6
	needCTProto
	needTCP
	needUDP
	needSCTP
	needICMPv4
	needICMPv6
	needND
	needNDSolicit
	needNDAdvert
)

// form is how a value of a field is written as text (ovs-fields(7), Format).
type form uint8

const (
	formHex form = iota
	formDecimal
	formMAC
	formIPv4
	formIPv6
	formPort16
	formPort32
	formCTState
	formTCPFlags
	formTunFlags
	formFrag
	formPacketType
)

// Name is what Open vSwitch calls the field, such as "eth_dst".
func (f *Field) Name() string { return f.name }

func (f *Field) String() string { return f.name }

// Bits is the width of the field: the number of significant bits, right-justified in its bytes.
func (f *Field) Bits() int { return f.bits }

// Maskable says whether a match may leave out bits of the field.
func (f *Field) Maskable() bool { return f.flags&maskable != 0 }

// Writable says whether actions may change the field.
func (f *Field) Writable() bool { return f.flags&readOnly == 0 }

// label is how a match shows the field.
func (f *Field) label() string {
	if f.shown != "" {
		return f.shown
	}
	return f.name
}

// isView says whether a match that names the field is folded to other fields.
func (f *Field) isView() bool { return isView(f.row) }

func isView(r row) bool { return r >= firstView }

// experimenter is the number that stands in front of the value in class 0xffff, and whether there is one.
func (f *Field) experimenter() (uint32, bool) {
	return uint32(f.header >> 32), uint32(f.header)>>16 == classExperimenter
}

// appendTLV appends the TLV of the field with this value, and with this mask unless it is "".
func (f *Field) appendTLV(b []byte, value, mask string) []byte {
	length := len(value) + len(mask)
	h := uint32(f.header)
	if mask != "" {
		h |= 1 << 8
	}
	experimenter, extended := f.experimenter()
	if extended {
		length += 4
	}
	b = appendUint(b, uint64(h|uint32(length)), 4)
	if extended {
		b = appendUint(b, uint64(experimenter), 4)
	}
	b = append(b, value...)
	return append(b, mask...)
}

// fits says whether no bit of value lies outside of the field.
func (f *Field) fits(value string) bool {
	spare := 8*len(value) - f.valid
	for i := range len(value) {
		if spare >= 8 {
			if value[i] != 0 {
				return false
			}
			spare -= 8
			continue
		}
		return spare <= 0 || value[i]>>(8-spare) == 0
	}
	return true
}

// FieldByName finds a field by the name or alias that Open vSwitch accepts for it, or by its OXM or NXM name. The second
// result is false when there is none.
func FieldByName(name string) (*Field, bool) {
	f, ok := fieldNames[name]
	return f, ok
}

func namesOf(fields []Field) map[string]*Field {
	names := make(map[string]*Field, 2*len(fields))
	for i := range fields {
		f := &fields[i]
		names[f.name] = f
		if f.alias != "" {
			names[f.alias] = f
		}
		for name := range strings.FieldsSeq(f.wire) {
			name, _, _ = strings.Cut(name, "(")
			names[name] = f
		}
	}
	return names
}

// fieldIndex finds the row of a TLV header. One array for each class; 0 is no row.
type fieldIndex struct {
	nxm0, nxm1, ericsson, basic, packetRegs, onf, nsh, nicira [128]*Field
}

func indexOf(fields []Field) *fieldIndex {
	x := new(fieldIndex)
	for i := range fields {
		f := &fields[i]
		for _, h := range f.headers {
			x.class(uint32(h)>>16, uint32(h>>32))[uint32(h)>>9&127] = f
		}
	}
	return x
}

// class is the array of a class, nil for an unknown one.
func (x *fieldIndex) class(class, experimenter uint32) *[128]*Field {
	switch class {
	case classBasic:
		return &x.basic
	case classNXM1:
		return &x.nxm1
	case classPacketRegs:
		return &x.packetRegs
	case classNXM0:
		return &x.nxm0
	case classEricsson:
		return &x.ericsson
	case classExperimenter:
		switch experimenter {
		case experimenterONF:
			return &x.onf
		case experimenterNSH:
			return &x.nsh
		case experimenterNicira:
			return &x.nicira
		}
	}
	return nil
}

// tlvHeader is the front of a TLV, and all there is of an OXM id.
type tlvHeader struct {
	field  *Field
	size   int  // bytes of the header, the experimenter included
	body   int  // bytes behind it
	masked bool // the second half of the body is a mask
	twin   bool // it is not the header of the canonical form
}

// header reads the header at the start of s.
func (x *fieldIndex) header(s string) (tlvHeader, error) {
	if len(s) < 4 {
		return tlvHeader{}, errTruncated
	}
	h := be32(s, 0)
	t := tlvHeader{size: 4, body: int(h & 0xff), masked: h&(1<<8) != 0}
	var experimenter uint32
	if h>>16 == classExperimenter {
		if t.body < 4 || len(s) < 8 {
			return tlvHeader{}, errTruncated
		}
		experimenter, t.size, t.body = be32(s, 4), 8, t.body-4
	}
	class := x.class(h>>16, experimenter)
	if class == nil || class[h>>9&127] == nil {
		return tlvHeader{}, errUnknown
	}
	t.field = class[h>>9&127]
	t.twin = uint32(t.field.header)>>9 != h>>9
	return t, nil
}

// tlv is one OXM TLV taken apart. Its strings are parts of what it was taken from.
type tlv struct {
	tlvHeader
	value string
	mask  string // "" when there is none
}

// len is the bytes of the whole TLV.
func (t *tlv) len() int { return t.size + t.body }

// tlv reads the TLV at the start of s and checks its lengths.
func (x *fieldIndex) tlv(s string) (tlv, error) {
	h, err := x.header(s)
	if err != nil {
		return tlv{}, err
	}
	t := tlv{tlvHeader: h}
	if len(s) < t.len() {
		return t, errTruncated
	}
	n := h.body
	if h.masked {
		n /= 2
		t.mask = s[h.size+n : t.len()]
	}
	f := h.field
	if h.masked && h.body%2 != 0 || n != f.size && (f.flags&variable == 0 || n > f.size) {
		return t, errLength
	}
	t.value = s[h.size : h.size+n]
	if n == 0 { // Open vSwitch's zero of variable size
		if t.value = "\x00"; h.masked {
			t.mask = "\x00"
		}
	}
	return t, nil
}
