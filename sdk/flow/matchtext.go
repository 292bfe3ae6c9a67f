package flow

import (
	"encoding/hex"
	"strconv"
)

// String is the match as ovs-ofctl prints it, such as "tcp,reg0=0x1,nw_src=10.0.0.0/8,tp_dst=80"; "" for the match of
// every packet. What is not a canonical match is printed as far as it can be understood, with the rest in hexadecimal.
func (m Match) String() string { return string(appendMatch(nil, m)) }

// appendMatch appends the match without a comma behind.
func appendMatch(b []byte, m Match) []byte {
	p := matchPrinter{b: b}
	start := len(b)
	rest := string(m)
	for len(rest) > 0 {
		t, err := headers.tlv(rest)
		if err != nil {
			break
		}
		p.tlv(t.field, t.value, t.mask)
		rest = rest[t.len():]
	}
	p.flushUntil(rowCount)
	if len(rest) > 0 {
		p.b = append(p.b, "0x"...)
		p.b = append(hex.AppendEncode(p.b, []byte(rest)), ',')
	}
	if len(p.b) > start {
		p.b = p.b[:len(p.b)-1]
	}
	return p.b
}

// matchPrinter prints TLVs in the order they come, which is Open vSwitch's (match_format) but for three things: packet_type
// comes behind ct_*; eth_type and nw_proto are then printed as one word where there is one, and late where not; a VLAN tag is
// one thing.
type matchPrinter struct {
	b          []byte
	seen       context
	word       bool // the word for eth_type and nw_proto was printed, or is not needed
	packetType bool // packet_type= is still to be printed
	etherType  bool // dl_type= is still to be printed
	proto      bool // nw_proto= is still to be printed
	vid        tlv  // vlan_vid, until it is known whether vlan_pcp follows
	vidSet     bool
}

func (p *matchPrinter) tlv(f *Field, value, mask string) {
	p.flushUntil(f.row)
	p.seen.note(f, value, mask)
	switch f.row {
	case rowPacketType:
		p.packetType = true
	case rowEthType:
		p.etherType = true
	case rowIPProto:
		p.proto = true
	case rowVLANVID:
		p.vid, p.vidSet = tlv{value: value, mask: mask}, true
	case rowVLANPCP:
		p.tag(value)
	case rowIPDSCP:
		p.label(f)
		p.b = strconv.AppendUint(p.b, uint64(value[0])<<2, 10)
		p.b = append(p.b, ',')
	default:
		if !p.shown(f) {
			return
		}
		if f.flags&variable != 0 {
			p.option(f, value, mask)
			return
		}
		p.label(f)
		p.b = f.appendMatchValue(p.b, value, mask)
		p.b = append(p.b, ',')
	}
}

// option prints a match on a tunnel option: of a mask, only what is not all ones in the bytes that it has; of one of zeros, that
// the option must be there.
func (p *matchPrinter) option(f *Field, value, mask string) {
	p.b = append(p.b, f.name...)
	if mask == "" || !allBytes(mask, 0) {
		p.b = appendLongHex(append(p.b, '='), value)
	}
	if mask != "" && !allBytes(mask, 0) && !allBytes(mask, 0xff) {
		p.b = appendLongHex(append(p.b, '/'), mask)
	}
	p.b = append(p.b, ',')
}

// shown says whether Open vSwitch shows a field at all: of ERSPAN, only what goes with the version that is matched, and the
// contexts of NSH with metadata type 1 only.
func (p *matchPrinter) shown(f *Field) bool {
	switch f.row {
	case rowTunERSPANIdx:
		return p.seen.erspan == 1
	case rowTunERSPANDir, rowTunERSPANHwID:
		return p.seen.erspan == 2
	case rowNSHC1, rowNSHC1 + 1, rowNSHC1 + 2, rowNSHC1 + 3:
		return p.seen.mdType == 1
	}
	return true
}

func (p *matchPrinter) label(f *Field) {
	p.b = append(p.b, f.label()...)
	p.b = append(p.b, '=')
}

// flushUntil prints what comes before the given row and was held back.
func (p *matchPrinter) flushUntil(r row) {
	if r > rowCTTpDst && p.packetType {
		p.packetType = false
		p.label(PacketType)
		p.b = append(appendPacketType(p.b, p.seen.packetType.value), ',')
	}
	if r > rowCTTpDst && !p.word {
		p.word = true
		p.shorthand()
	}
	if r > rowVLANPCP && p.vidSet {
		p.tag("")
	}
	if r > rowEthDst && p.etherType {
		p.etherType = false
		p.b = append(p.b, "dl_type=0x"...)
		p.b = appendHexDigits(p.b, uint64(p.seen.etherType.value), 4)
		p.b = append(p.b, ',')
	}
	if r >= rowARPOp && p.proto {
		p.proto = false
		p.b = append(p.b, "nw_proto="...)
		p.b = strconv.AppendUint(p.b, uint64(p.seen.proto.value), 10)
		p.b = append(p.b, ',')
	}
}

// shorthand prints the one word for eth_type and nw_proto, if eth_type is matched and there is a word.
func (p *matchPrinter) shorthand() {
	if !p.etherType {
		return
	}
	t := p.seen.etherType.value
	word, whole := "", false
	if p.proto {
		word, whole = protoWord(t, p.seen.proto.value), true
	}
	if word == "" {
		word, whole = etherWord(t), false
	}
	if word == "" {
		return
	}
	p.b = append(append(p.b, word...), ',')
	p.etherType = false
	if whole {
		p.proto = false
	}
}

func etherWord(etherType uint32) string {
	switch etherType {
	case ethIPv4:
		return "ip"
	case ethIPv6:
		return "ipv6"
	case ethARP:
		return "arp"
	case ethRARP:
		return "rarp"
	case ethMPLS:
		return "mpls"
	case ethMPLSM:
		return "mplsm"
	}
	return ""
}

func protoWord(etherType, proto uint32) string {
	switch {
	case etherType == ethIPv4:
		switch proto {
		case protoICMP:
			return "icmp"
		case protoTCP:
			return "tcp"
		case protoUDP:
			return "udp"
		case protoSCTP:
			return "sctp"
		}
	case etherType == ethIPv6:
		switch proto {
		case protoICMPv6:
			return "icmp6"
		case protoTCP:
			return "tcp6"
		case protoUDP:
			return "udp6"
		case protoSCTP:
			return "sctp6"
		}
	}
	return ""
}

// tag prints a VLAN match: as id and priority where both are matched whole or not at all, else as vlan_tci.
func (p *matchPrinter) tag(pcp string) {
	vid, mask := uint16(0), uint16(0)
	if p.vidSet {
		vid, mask = be16(p.vid.value, 0), 0x1fff
		if p.vid.mask != "" {
			mask = be16(p.vid.mask, 0)
		}
	}
	p.vidSet = false
	id := mask & 0xfff
	if vid&vlanPresent != 0 && (id == 0xfff || id == 0 && pcp != "") {
		if id != 0 {
			p.b = append(p.b, "dl_vlan="...)
			p.b = append(strconv.AppendUint(p.b, uint64(vid&0xfff), 10), ',')
		}
		if pcp != "" {
			p.b = append(p.b, "dl_vlan_pcp="...)
			p.b = append(strconv.AppendUint(p.b, uint64(pcp[0]), 10), ',')
		}
		return
	}
	if pcp != "" {
		vid, mask = vid|uint16(pcp[0])<<13, mask|0xe000
	}
	p.b = append(p.b, "vlan_tci=0x"...)
	p.b = appendHexDigits(p.b, uint64(vid), 4)
	if mask != 0xffff {
		p.b = append(p.b, "/0x"...)
		p.b = appendHexDigits(p.b, uint64(mask), 4)
	}
	p.b = append(p.b, ',')
}

// appendMatchValue appends a value as a match shows it. It differs from what an action shows (appendValue) in a few fields.
func (f *Field) appendMatchValue(b []byte, value, mask string) []byte {
	switch f.row {
	case rowIPv6Label:
		b = appendHexDigits(append(b, "0x"...), uintOf(value), 5)
		if mask != "" {
			b = appendHexDigits(append(b, "/0x"...), uintOf(mask), 5)
		}
		return b
	case rowTunGBPFlags, rowTunERSPANVer, rowTunERSPANIdx, rowTunERSPANDir, rowTunERSPANHwID, rowTunGTPUFlags, rowTunGTPUMsgType:
		return f.appendInteger(b, value, "") // Open vSwitch does not show their masks
	case rowTunFlags:
		return appendFlags(b, uint32(uintOf(value)), 1, 0, tunFlagNames)
	case rowCTZone:
		return strconv.AppendUint(b, uintOf(value), 10)
	case rowNSHSPI, rowNSHC1, rowNSHC1 + 1, rowNSHC1 + 2, rowNSHC1 + 3:
		return appendMasked(b, value, mask, appendPlainHex)
	case rowNSHFlags:
		if mask != "" {
			b = appendHexDigits(append(b, "0x"...), uintOf(value), 2)
			return appendHexDigits(append(b, "/0x"...), uintOf(mask), 2)
		}
	}
	if f.form == formDecimal && mask != "" {
		b = appendHexDigits(append(b, "0x"...), uintOf(value), 1)
		return appendHex(append(b, '/'), uintOf(mask))
	}
	return f.appendValue(b, value, mask)
}
