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

// slotFields are the fields of the slots.
var slotFields = [slotCount]*flow.Field{
	slotPktMark: flow.PktMark, slotConjID: flow.ConjID, slotCTState: flow.CTState, slotCTMark: flow.CTMark, slotCTLabel: flow.CTLabel,
	slotEthType: flow.EthType, slotIPProto: flow.IPProto, slotMetadata: flow.Metadata, slotVLANVID: flow.VLANVID, slotVLANPCP: flow.VLANPCP,
	slotReg0: flow.Reg[0], slotReg0 + 1: flow.Reg[1], slotReg0 + 2: flow.Reg[2], slotReg0 + 3: flow.Reg[3],
	slotReg0 + 4: flow.Reg[4], slotReg0 + 5: flow.Reg[5], slotReg0 + 6: flow.Reg[6], slotReg0 + 7: flow.Reg[7],
	slotReg0 + 8: flow.Reg[8], slotReg0 + 9: flow.Reg[9], slotReg0 + 10: flow.Reg[10], slotReg0 + 11: flow.Reg[11],
	slotReg0 + 12: flow.Reg[12], slotReg0 + 13: flow.Reg[13], slotReg0 + 14: flow.Reg[14], slotReg0 + 15: flow.Reg[15],
	slotEthSrc: flow.EthSrc, slotEthDst: flow.EthDst, slotIPv6Src: flow.IPv6Src, slotIPv6Dst: flow.IPv6Dst, slotIPv6Label: flow.IPv6Label,
	slotARPSPA: flow.ARPSPA, slotARPTPA: flow.ARPTPA, slotIPSrc: flow.IPSrc, slotIPDst: flow.IPDst, slotARPOp: flow.ARPOp,
	slotARPSHA: flow.ARPSHA, slotARPTHA: flow.ARPTHA, slotIPDSCP: flow.IPDSCP, slotIPECN: flow.IPECN, slotIPTTL: flow.IPTTL,
	slotIPFrag: flow.IPFrag, slotICMPType: flow.ICMPType, slotICMPCode: flow.ICMPCode, slotICMPv6Type: flow.ICMPv6Type,
	slotICMPv6Code: flow.ICMPv6Code, slotNDTarget: flow.NDTarget, slotNDSLL: flow.NDSLL, slotNDTLL: flow.NDTLL,
	slotTCPSrc: flow.TCPSrc, slotTCPDst: flow.TCPDst, slotUDPSrc: flow.UDPSrc, slotUDPDst: flow.UDPDst,
	slotSCTPSrc: flow.SCTPSrc, slotSCTPDst: flow.SCTPDst, slotTCPFlags: flow.TCPFlags,
}

// Classes of OXM headers (OpenFlow 1.5 §7.2.3.2), and the place of the field number behind them.
const (
	nxm1  = 0x0001 << 16
	basic = 0x8000 << 16

	fieldShift = 9
	maskBit    = 1 << 8
)

// slotHeaders are the headers of the fields without mask and length: class and field number.
var slotHeaders = [slotCount]uint32{
	slotPktMark: nxm1 | 33<<fieldShift, slotConjID: nxm1 | 37<<fieldShift, slotCTState: nxm1 | 105<<fieldShift,
	slotCTMark: nxm1 | 107<<fieldShift, slotCTLabel: nxm1 | 108<<fieldShift,
	slotEthType: basic | 5<<fieldShift, slotIPProto: basic | 10<<fieldShift,
	slotReg0: nxm1, slotReg0 + 1: nxm1 | 1<<fieldShift, slotReg0 + 2: nxm1 | 2<<fieldShift, slotReg0 + 3: nxm1 | 3<<fieldShift,
	slotReg0 + 4: nxm1 | 4<<fieldShift, slotReg0 + 5: nxm1 | 5<<fieldShift, slotReg0 + 6: nxm1 | 6<<fieldShift, slotReg0 + 7: nxm1 | 7<<fieldShift,
	slotReg0 + 8: nxm1 | 8<<fieldShift, slotReg0 + 9: nxm1 | 9<<fieldShift, slotReg0 + 10: nxm1 | 10<<fieldShift, slotReg0 + 11: nxm1 | 11<<fieldShift,
	slotReg0 + 12: nxm1 | 12<<fieldShift, slotReg0 + 13: nxm1 | 13<<fieldShift, slotReg0 + 14: nxm1 | 14<<fieldShift, slotReg0 + 15: nxm1 | 15<<fieldShift,
	slotMetadata: basic | 2<<fieldShift, slotVLANVID: basic | 6<<fieldShift, slotVLANPCP: basic | 7<<fieldShift,
	slotEthSrc: basic | 4<<fieldShift, slotEthDst: basic | 3<<fieldShift,
	slotIPv6Src: basic | 26<<fieldShift, slotIPv6Dst: basic | 27<<fieldShift, slotIPv6Label: basic | 28<<fieldShift,
	slotARPSPA: basic | 22<<fieldShift, slotARPTPA: basic | 23<<fieldShift, slotIPSrc: basic | 11<<fieldShift, slotIPDst: basic | 12<<fieldShift,
	slotARPOp: basic | 21<<fieldShift, slotARPSHA: basic | 24<<fieldShift, slotARPTHA: basic | 25<<fieldShift,
	slotIPDSCP: basic | 8<<fieldShift, slotIPECN: basic | 9<<fieldShift, slotIPTTL: nxm1 | 29<<fieldShift, slotIPFrag: nxm1 | 26<<fieldShift,
	slotICMPType: basic | 19<<fieldShift, slotICMPCode: basic | 20<<fieldShift,
	slotICMPv6Type: basic | 29<<fieldShift, slotICMPv6Code: basic | 30<<fieldShift,
	slotNDTarget: basic | 31<<fieldShift, slotNDSLL: basic | 32<<fieldShift, slotNDTLL: basic | 33<<fieldShift,
	slotTCPSrc: basic | 13<<fieldShift, slotTCPDst: basic | 14<<fieldShift, slotUDPSrc: basic | 15<<fieldShift, slotUDPDst: basic | 16<<fieldShift,
	slotSCTPSrc: basic | 17<<fieldShift, slotSCTPDst: basic | 18<<fieldShift, slotTCPFlags: basic | 42<<fieldShift,
}

// slotBits are the widths of the fields, slotSizes the bytes they take on the wire.
var slotBits, slotSizes = func() (widths, sizes [slotCount]uint8) {
	for s, f := range slotFields {
		widths[s] = uint8(f.Bits())
		sizes[s] = (widths[s] + 7) / 8
	}
	widths[slotVLANVID] = 13 // with the bit above the id that says that there is a tag
	sizes[slotIPv6Label] = 4 // though 20 bits would fit into 3
	return widths, sizes
}()

// narrow are the fields in which Open vSwitch uses the low 8 bits only: it refuses a match on a value beyond them, which no packet
// has (mf_is_value_valid).
const narrow = 1<<slotCTState | 1<<slotARPOp

// possible says whether a packet can have a value in a slot.
func (s slot) possible(value lex.Value) bool { return narrow&(1<<s) == 0 || value.Len() <= 8 }

// appendTLV appends a field with a value, and with a mask unless it is all ones.
func (s slot) appendTLV(b []byte, value, mask lex.Value) []byte {
	size := int(slotSizes[s])
	header := slotHeaders[s]
	masked := mask != lex.Ones(int(slotBits[s]))
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
	for s, g := range slotFields {
		if f == g {
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
