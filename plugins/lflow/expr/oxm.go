package expr

import (
	"encoding/binary"
	"math/bits"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// slot is an OpenFlow field that logical flows match, by its place in a canonical match of sdk/flow. Matches are made by the
// million, so they are written here rather than with flow.NewMatch, which allocates for each term; a test holds each slot
// against it.
type slot uint8

const (
	slotPktMark slot = iota
	slotConjID
	slotCTState
	slotCTMark
	slotCTLabel
	slotEthType
	slotIPProto
	slotReg0 // and 15 more
)

const (
	slotMetadata = slotReg0 + 16 + iota
	slotVLANVID
	slotVLANPCP
	slotEthSrc
	slotEthDst
	slotIPv6Src
	slotIPv6Dst
	slotIPv6Label
	slotARPSPA
	slotARPTPA
	slotIPSrc
	slotIPDst
	slotARPOp
	slotARPSHA
	slotARPTHA
	slotIPDSCP
	slotIPECN
	slotIPTTL
	slotIPFrag
	slotICMPType
	slotICMPCode
	slotICMPv6Type
	slotICMPv6Code
	slotNDTarget
	slotNDSLL
	slotNDTLL
	slotTCPSrc
	slotTCPDst
	slotUDPSrc
	slotUDPDst
	slotSCTPSrc
	slotSCTPDst
	slotTCPFlags
	slotCount
)

// Classes of OXM headers (OpenFlow 1.5 §7.2.3.2), and the place of the field number in them.
const (
	nxm1  = 0x0001 << 16
	basic = 0x8000 << 16

	numberShift = 9
	maskBit     = 1 << 8
)

// slotRow is what there is to know of a slot.
type slotRow struct {
	field  *flow.Field
	class  uint32
	number uint32
	header uint32 // class and number: the OXM header without mask and length
	bits   uint8  // how many may be matched
	size   uint8  // bytes of a value on the wire
}

// slots are the rows of all slots.
var slots = completeSlots([slotCount]slotRow{
	slotPktMark:    {field: flow.PktMark, class: nxm1, number: 33},
	slotConjID:     {field: flow.ConjID, class: nxm1, number: 37},
	slotCTState:    {field: flow.CTState, class: nxm1, number: 105},
	slotCTMark:     {field: flow.CTMark, class: nxm1, number: 107},
	slotCTLabel:    {field: flow.CTLabel, class: nxm1, number: 108},
	slotEthType:    {field: flow.EthType, class: basic, number: 5},
	slotIPProto:    {field: flow.IPProto, class: basic, number: 10},
	slotMetadata:   {field: flow.Metadata, class: basic, number: 2},
	slotVLANVID:    {field: flow.VLANVID, class: basic, number: 6, bits: 13}, // with the bit above the id that says that there is a tag
	slotVLANPCP:    {field: flow.VLANPCP, class: basic, number: 7},
	slotEthSrc:     {field: flow.EthSrc, class: basic, number: 4},
	slotEthDst:     {field: flow.EthDst, class: basic, number: 3},
	slotIPv6Src:    {field: flow.IPv6Src, class: basic, number: 26},
	slotIPv6Dst:    {field: flow.IPv6Dst, class: basic, number: 27},
	slotIPv6Label:  {field: flow.IPv6Label, class: basic, number: 28, size: 4}, // though 3 bytes would do
	slotARPSPA:     {field: flow.ARPSPA, class: basic, number: 22},
	slotARPTPA:     {field: flow.ARPTPA, class: basic, number: 23},
	slotIPSrc:      {field: flow.IPSrc, class: basic, number: 11},
	slotIPDst:      {field: flow.IPDst, class: basic, number: 12},
	slotARPOp:      {field: flow.ARPOp, class: basic, number: 21},
	slotARPSHA:     {field: flow.ARPSHA, class: basic, number: 24},
	slotARPTHA:     {field: flow.ARPTHA, class: basic, number: 25},
	slotIPDSCP:     {field: flow.IPDSCP, class: basic, number: 8},
	slotIPECN:      {field: flow.IPECN, class: basic, number: 9},
	slotIPTTL:      {field: flow.IPTTL, class: nxm1, number: 29},
	slotIPFrag:     {field: flow.IPFrag, class: nxm1, number: 26},
	slotICMPType:   {field: flow.ICMPType, class: basic, number: 19},
	slotICMPCode:   {field: flow.ICMPCode, class: basic, number: 20},
	slotICMPv6Type: {field: flow.ICMPv6Type, class: basic, number: 29},
	slotICMPv6Code: {field: flow.ICMPv6Code, class: basic, number: 30},
	slotNDTarget:   {field: flow.NDTarget, class: basic, number: 31},
	slotNDSLL:      {field: flow.NDSLL, class: basic, number: 32},
	slotNDTLL:      {field: flow.NDTLL, class: basic, number: 33},
	slotTCPSrc:     {field: flow.TCPSrc, class: basic, number: 13},
	slotTCPDst:     {field: flow.TCPDst, class: basic, number: 14},
	slotUDPSrc:     {field: flow.UDPSrc, class: basic, number: 15},
	slotUDPDst:     {field: flow.UDPDst, class: basic, number: 16},
	slotSCTPSrc:    {field: flow.SCTPSrc, class: basic, number: 17},
	slotSCTPDst:    {field: flow.SCTPDst, class: basic, number: 18},
	slotTCPFlags:   {field: flow.TCPFlags, class: basic, number: 42},
})

// completeSlots adds the registers, and what follows from the fields.
func completeSlots(rows [slotCount]slotRow) [slotCount]slotRow {
	for i, f := range flow.Reg {
		rows[slotReg0+slot(i)] = slotRow{field: f, class: nxm1, number: uint32(i)}
	}
	for s := range rows {
		r := &rows[s]
		r.header = r.class | r.number<<numberShift
		if r.bits == 0 {
			r.bits = uint8(r.field.Bits())
		}
		if r.size == 0 {
			r.size = (r.bits + 7) / 8
		}
	}
	return rows
}

// narrow are the fields in which Open vSwitch uses the low 8 bits only: it refuses a match on a value beyond them, which no packet
// has (mf_is_value_valid).
const narrow = 1<<slotCTState | 1<<slotARPOp

// possible says whether a packet can have a value in a slot.
func (s slot) possible(value lex.Value) bool { return narrow&(1<<s) == 0 || value.Len() <= 8 }

// appendTLV appends a field with a value, and with a mask unless it is all ones.
func (s slot) appendTLV(b []byte, value, mask lex.Value) []byte {
	row := &slots[s]
	size := int(row.size)
	header := row.header
	masked := mask != lex.Ones(int(row.bits))
	if masked {
		header |= maskBit | uint32(size)
	}
	b = binary.BigEndian.AppendUint32(b, header+uint32(size))
	b = value.AppendBytes(b, size)
	if masked {
		b = mask.AppendBytes(b, size)
	}
	return b
}

// view is which slots an OpenFlow field is made of: itself, or for a view of several registers those.
type view struct {
	slot  slot // the first; the highest bits are in it
	count uint8
	vlan  bool // vlan_tci: priority (3 bits), presence (1), id (12); presence and id are the slot vlan_vid
}

func viewOf(f *flow.Field) (view, bool) {
	for s := range slots {
		if f == slots[s].field {
			return view{slot: slot(s), count: 1}, true
		}
	}
	for i, g := range flow.XReg {
		if f == g {
			return view{slot: slotReg0 + slot(2*i), count: 2}, true
		}
	}
	for i, g := range flow.XXReg {
		if f == g {
			return view{slot: slotReg0 + slot(4*i), count: 4}, true
		}
	}
	return view{slot: slotVLANVID, count: 2, vlan: true}, f == flow.VLANTCI
}

// part is the i-th part of a value or mask of the view, which goes into the i-th slot from the first on.
func (v view) part(value lex.Value, i int) lex.Value {
	switch {
	case v.vlan && i == 0:
		return value.And(lex.Ones(13))
	case v.vlan:
		return value.Shr(13)
	case v.count == 1:
		return value
	}
	return value.Shr(32 * (int(v.count) - 1 - i)).And(lex.Ones(32))
}

// join is the opposite of part.
func (v view) join(part func(slot) lex.Value) (value lex.Value) {
	if v.vlan {
		return part(slotVLANPCP).Shl(13).Or(part(slotVLANVID))
	}
	for i := range slot(v.count) {
		value = value.Shl(32).Or(part(v.slot + i))
	}
	return value
}

// constraints are the fields of a match under construction.
type constraints struct {
	set    uint64 // a bit for each slot that has a mask
	values [slotCount]lex.Value
	masks  [slotCount]lex.Value // undefined where set has no bit
}

// copy makes c the same as from.
func (c *constraints) copy(from *constraints) {
	c.set = from.set
	for rest := c.set; rest != 0; rest &= rest - 1 {
		s := slot(bits.TrailingZeros64(rest))
		c.values[s], c.masks[s] = from.values[s], from.masks[s]
	}
}

// append appends the TLVs in canonical order.
func (c *constraints) append(b []byte) []byte {
	for rest := c.set; rest != 0; rest &= rest - 1 {
		s := slot(bits.TrailingZeros64(rest))
		b = s.appendTLV(b, c.values[s], c.masks[s])
	}
	return b
}

// put sets one slot, whatever it was.
func (c *constraints) put(s slot, value, mask lex.Value) {
	if mask.IsZero() {
		c.set &^= 1 << s
		return
	}
	c.set |= 1 << s
	c.values[s], c.masks[s] = value, mask
}

// meet adds to what one slot is already bound to. It is false when both cannot be.
func (c *constraints) meet(s slot, value, mask lex.Value) bool {
	if c.set&(1<<s) != 0 {
		if !value.Xor(c.values[s]).And(mask).And(c.masks[s]).IsZero() {
			return false
		}
		value, mask = value.Or(c.values[s]), mask.Or(c.masks[s])
	}
	c.put(s, value, mask)
	return true
}
