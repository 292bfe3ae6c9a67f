package flow

import (
	"errors"
	"fmt"
)

// Protocol numbers that prerequisites and text speak of.
const (
	ethIPv4  = 0x0800
	ethARP   = 0x0806
	ethRARP  = 0x8035
	ethIPv6  = 0x86dd
	ethMPLS  = 0x8847
	ethMPLSM = 0x8848
	ethNSH   = 0x894f

	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
	protoSCTP   = 132

	ndSolicit = 135
	ndAdvert  = 136

	vlanPresent = 0x1000 // the bit of vlan_vid that says there is a tag (OFPVID_PRESENT)

	nsEthernet  = 0 // packet_type's name spaces (OpenFlow 1.5 §7.2.3.11)
	nsEtherType = 1

	ctNew     = 1 << 0
	ctEst     = 1 << 1
	ctRel     = 1 << 2
	ctReply   = 1 << 3
	ctInvalid = 1 << 4
	ctTracked = 1 << 5
	ctSNAT    = 1 << 6
	ctDNAT    = 1 << 7
)

// setting is one field that a match fixes as a whole.
type setting struct {
	value uint32
	set   bool
}

func (s setting) is(v uint32) bool { return s.set && s.value == v }

// context is what the TLVs of a match so far say about the kind of packet: all that prerequisites ask for.
type context struct {
	packetType setting
	etherType  setting // eth_type, or what packet_type says in its place
	proto      setting
	icmpType   setting // of ICMPv6
	vlan       bool
	ct         bool
	ctProto    bool
	erspan     byte // version
	mdType     byte // of NSH
}

// notes says whether note has an eye on the field.
func notes(r row) bool {
	switch r {
	case rowPacketType, rowEthType, rowIPProto, rowICMPv6Type, rowVLANVID, rowCTState, rowCTNwProto, rowTunERSPANVer, rowNSHMDType:
		return true
	}
	return false
}

// note takes a TLV in.
func (c *context) note(f *Field, value, mask string) {
	switch f.row {
	case rowPacketType:
		c.packetType = setting{be32(value, 0), true}
		if c.packetType.value>>16 == nsEtherType {
			c.etherType = setting{c.packetType.value & 0xffff, true}
		}
	case rowEthType:
		c.etherType = setting{uint32(be16(value, 0)), true}
	case rowIPProto:
		c.proto = setting{uint32(value[0]), true}
	case rowICMPv6Type:
		c.icmpType = setting{uint32(value[0]), true}
	case rowVLANVID:
		c.vlan = be16(value, 0)&vlanPresent != 0
	case rowCTState:
		c.ct = isCTValid(value, mask)
	case rowCTNwProto:
		c.ctProto = true
	case rowTunERSPANVer:
		c.erspan = value[0]
	case rowNSHMDType:
		c.mdType = value[0]
	}
}

// isCTValid says whether a match on ct_state holds for packets of known connections only (OVS, is_ct_valid).
func isCTValid(value, mask string) bool {
	v, m := be32(value, 0), ^uint32(0)
	if mask != "" {
		m = be32(mask, 0)
	}
	if v&(ctNew|ctEst|ctRel|ctReply|ctSNAT|ctDNAT) != 0 {
		return true
	}
	return v&ctTracked != 0 && m&ctInvalid != 0 && v&ctInvalid == 0
}

// ethernet says whether the packet has an Ethernet header: the kind it is unless packet_type says otherwise.
func (c *context) ethernet() bool { return !c.packetType.set }

func (c *context) ip() bool { return c.etherType.is(ethIPv4) || c.etherType.is(ethIPv6) }

// has says whether the prerequisite holds.
func (c *context) has(p prereq) bool {
	switch p {
	case needNothing:
		return true
	case needEthernet:
		return c.ethernet()
	case needVLAN:
		return c.vlan && c.ethernet()
	case needIPv4:
		return c.etherType.is(ethIPv4)
	case needIPv6:
		return c.etherType.is(ethIPv6)
	case needIP:
		return c.ip()
	case needARP:
		return c.etherType.is(ethARP) || c.etherType.is(ethRARP)
	case needMPLS:
		return c.etherType.is(ethMPLS) || c.etherType.is(ethMPLSM)
	case needNSH:
		return c.etherType.is(ethNSH)
	case needCT:
		return c.ct
	case needCTIPv4:
		return c.ct && c.ethernet() && c.etherType.is(ethIPv4)
	case needCTIPv6:
		return c.ct && c.ethernet() && c.etherType.is(ethIPv6)
	case needCTProto:
		return c.ctProto
	case needTCP:
		return c.ip() && c.proto.is(protoTCP)
	case needUDP:
		return c.ip() && c.proto.is(protoUDP)
	case needSCTP:
		return c.ip() && c.proto.is(protoSCTP)
	case needICMPv4:
		return c.etherType.is(ethIPv4) && c.proto.is(protoICMP)
	case needICMPv6:
		return c.etherType.is(ethIPv6) && c.proto.is(protoICMPv6)
	case needND:
		return c.has(needICMPv6) && (c.icmpType.is(ndSolicit) || c.icmpType.is(ndAdvert))
	case needNDSolicit:
		return c.has(needICMPv6) && c.icmpType.is(ndSolicit)
	case needNDAdvert:
		return c.has(needICMPv6) && c.icmpType.is(ndAdvert)
	}
	return false
}

var (
	errContradiction = errors.New("its prerequisite is contradicted")
	errNeed          = errors.New("its prerequisite is missing and cannot be implied")
)

// imply returns what must be added to a match for p to hold, where there is exactly one way: TCP ports, for example, imply
// the protocol, but not whether it is IPv4 or IPv6.
func (c *context) imply(p prereq) ([]Term, error) {
	switch p {
	case needIPv4:
		return c.implyEtherType(ethIPv4)
	case needIPv6:
		return c.implyEtherType(ethIPv6)
	case needARP:
		return c.implyEtherType(ethARP)
	case needNSH:
		return c.implyEtherType(ethNSH)
	case needTCP:
		return c.implyProto(protoTCP)
	case needUDP:
		return c.implyProto(protoUDP)
	case needSCTP:
		return c.implyProto(protoSCTP)
	case needICMPv4:
		return c.implyBoth(ethIPv4, protoICMP)
	case needICMPv6:
		return c.implyBoth(ethIPv6, protoICMPv6)
	case needNDSolicit:
		return c.implyND(ndSolicit)
	case needNDAdvert:
		return c.implyND(ndAdvert)
	case needCTIPv4:
		return c.implyTracked(ethIPv4)
	case needCTIPv6:
		return c.implyTracked(ethIPv6)
	case needVLAN:
		if c.ethernet() && !c.vlan {
			return []Term{VLANVID.IsMasked(vlanPresent, vlanPresent)}, nil
		}
		return nil, errContradiction
	case needIP, needMPLS, needND, needCT, needCTProto:
		return nil, fmt.Errorf("%w: %s", errNeed, needText[p])
	}
	return nil, errContradiction
}

// needText says prerequisites in words.
var needText = [...]string{
	needNothing:   "nothing",
	needEthernet:  "no packet_type but (0,0)",
	needVLAN:      "vlan_vid with the bit 0x1000",
	needIPv4:      "eth_type 0x0800",
	needIPv6:      "eth_type 0x86dd",
	needIP:        "eth_type 0x0800 or 0x86dd",
	needARP:       "eth_type 0x0806 or 0x8035",
	needMPLS:      "eth_type 0x8847 or 0x8848",
	needNSH:       "eth_type 0x894f",
	needCT:        "ct_state with trk and without inv, or with new, est, rel, rpl, snat or dnat",
	needCTIPv4:    "the same, and eth_type 0x0800",
	needCTIPv6:    "the same, and eth_type 0x86dd",
	needCTProto:   "ct_nw_proto",
	needTCP:       "eth_type 0x0800 or 0x86dd, and nw_proto 6",
	needUDP:       "eth_type 0x0800 or 0x86dd, and nw_proto 17",
	needSCTP:      "eth_type 0x0800 or 0x86dd, and nw_proto 132",
	needICMPv4:    "eth_type 0x0800, and nw_proto 1",
	needICMPv6:    "eth_type 0x86dd, and nw_proto 58",
	needND:        "icmpv6_type 135 or 136",
	needNDSolicit: "icmpv6_type 135",
	needNDAdvert:  "icmpv6_type 136",
}

// Needs says what else a match must have for the field to be in it.
func (f *Field) Needs() string { return needText[f.prereq] }

func (c *context) implyEtherType(v uint32) ([]Term, error) {
	if c.etherType.set {
		return nil, errContradiction
	}
	return []Term{EthType.Is(uint64(v))}, nil
}

// implyTracked implies the EtherType of a tracked connection. packet_type does not do in its place.
func (c *context) implyTracked(etherType uint32) ([]Term, error) {
	switch {
	case !c.ct:
		return c.imply(needCT)
	case !c.ethernet():
		return nil, errContradiction
	}
	return c.implyEtherType(etherType)
}

func (c *context) implyProto(v uint32) ([]Term, error) {
	if !c.ip() {
		return c.imply(needIP)
	}
	if c.proto.set {
		return nil, errContradiction
	}
	return []Term{IPProto.Is(uint64(v))}, nil
}

func (c *context) implyBoth(etherType, proto uint32) ([]Term, error) {
	if c.etherType.set && c.etherType.value != etherType || c.proto.set && c.proto.value != proto {
		return nil, errContradiction
	}
	var terms []Term
	if !c.etherType.set {
		terms = append(terms, EthType.Is(uint64(etherType)))
	}
	if !c.proto.set {
		terms = append(terms, IPProto.Is(uint64(proto)))
	}
	return terms, nil
}

func (c *context) implyND(icmpType uint32) ([]Term, error) {
	if c.icmpType.set {
		return nil, errContradiction
	}
	terms, err := c.implyBoth(ethIPv6, protoICMPv6)
	return append(terms, ICMPv6Type.Is(uint64(icmpType))), err
}
