package openflow

import (
	"encoding/binary"
	"net/netip"
)

// AppendCTFlushZone appends a message that makes the datapath forget all connections of a conntrack zone. There is no
// reply: a barrier behind it tells success.
func AppendCTFlushZone(b []byte, xid uint32, zone uint16) []byte {
	b, start := beginNicira(b, xid, NXTCTFlushZone)
	b = append(b, zeros[:6]...)
	return end(binary.BigEndian.AppendUint16(b, zone), start)
}

// A CTTuple is one direction of a connection. What is zero is not compared.
type CTTuple struct {
	Src, Dst         netip.Addr
	SrcPort, DstPort uint16 // of any protocol but ICMP
	ICMPID           uint16 // of ICMP and ICMPv6, the others with it
	ICMPType         uint8
	ICMPCode         uint8
}

// Properties of NXT_CT_FLUSH, and of the tuples in it.
const (
	ctOrigTuple  = 0
	ctReplyTuple = 1
	ctZone       = 2

	ctSrc      = 0
	ctDst      = 1
	ctSrcPort  = 2
	ctDstPort  = 3
	ctICMPID   = 4
	ctICMPType = 5
	ctICMPCode = 6
)

// A CTFlush selects connections: those of the zone and the protocol whose tuples, in the direction of their first packet
// and in the other, are these.
type CTFlush struct {
	Zone        uint16
	Proto       uint8 // IP protocol; 0: any
	Orig, Reply CTTuple
}

// AppendCTFlush appends a message that makes the datapath forget the connections that f selects. Open vSwitch has it since
// 3.1; an older one answers with OFPBRC_BAD_SUBTYPE. Success has no reply.
func AppendCTFlush(b []byte, xid uint32, f *CTFlush) []byte {
	b, start := beginNicira(b, xid, NXTCTFlush)
	b = append(b, f.Proto, 0, 0, 0, 0, 0, 0, 0)
	if f.Orig != (CTTuple{}) {
		b = appendCTTuple(b, ctOrigTuple, f.Proto, &f.Orig)
	}
	if f.Reply != (CTTuple{}) {
		b = appendCTTuple(b, ctReplyTuple, f.Proto, &f.Reply)
	}
	return end(appendProperty(b, ctZone, byte(f.Zone>>8), byte(f.Zone), 0, 0), start)
}

// appendCTTuple appends a property that holds properties.
func appendCTTuple(b []byte, typ uint16, proto uint8, t *CTTuple) []byte {
	const icmp, icmp6 = 1, 58
	b, start := beginProperty(b, typ)
	b = append(b, 0, 0, 0, 0)
	b = appendCTAddr(b, ctSrc, t.Src)
	b = appendCTAddr(b, ctDst, t.Dst)
	if proto == icmp || proto == icmp6 {
		b = appendProperty(b, ctICMPID, byte(t.ICMPID>>8), byte(t.ICMPID), 0, 0)
		b = appendProperty(b, ctICMPType, t.ICMPType)
		b = appendProperty(b, ctICMPCode, t.ICMPCode)
		return endProperty(b, start)
	}
	if t.SrcPort != 0 {
		b = appendProperty(b, ctSrcPort, byte(t.SrcPort>>8), byte(t.SrcPort), 0, 0)
	}
	if t.DstPort != 0 {
		b = appendProperty(b, ctDstPort, byte(t.DstPort>>8), byte(t.DstPort), 0, 0)
	}
	return endProperty(b, start)
}

// appendCTAddr appends an address, if there is one: 16 bytes, of IPv4 in the form ::ffff:a.b.c.d.
func appendCTAddr(b []byte, typ uint16, a netip.Addr) []byte {
	if !a.IsValid() {
		return b
	}
	as16 := a.As16()
	return appendProperty(b, typ, as16[:]...)
}
