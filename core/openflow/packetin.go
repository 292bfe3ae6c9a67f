package openflow

import (
	"encoding/binary"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Properties of NXT_PACKET_IN2 and NXT_RESUME (enum nx_packet_in2_prop_type).
const (
	packetInPacket       = 0
	packetInFullLen      = 1
	packetInBufferID     = 2
	packetInTable        = 3
	packetInCookie       = 4
	packetInReason       = 5
	packetInMetadata     = 6
	packetInUserdata     = 7
	packetInContinuation = 8
)

// A PacketIn is a packet that the switch sends to a controller (NXT_PACKET_IN2), or that a controller sends back for its way
// through the tables to go on (NXT_RESUME). Its slices point into the message.
type PacketIn struct {
	Packet       []byte // an Ethernet frame, perhaps its beginning only; see FullLen
	FullLen      uint32 // bytes of the whole packet; 0: Packet is the whole
	Table        flow.TableID
	Cookie       flow.Cookie
	Reason       uint8  // OFPR_*, e.g. 1 for an action
	Metadata     []byte // OXM TLVs: in_port, registers, metadata and so on
	Userdata     []byte // of the controller action
	Continuation []byte // not empty: the packet waits, and AppendResume makes it go on
}

// AppendSetPacketInFormat appends the request to send packet-ins as NXT_PACKET_IN2, the one format with userdata and
// continuations. It has no reply.
func AppendSetPacketInFormat(b []byte, xid uint32) []byte {
	const packetIn2 = 2 // NXPIF_NXT_PACKET_IN2
	b, start := beginNicira(b, xid, NXTSetPacketInFormat)
	return end(binary.BigEndian.AppendUint32(b, packetIn2), start)
}

// AppendSetControllerID appends the request to send this connection the packet-ins of controller actions with this id, and
// no others. Without it, it is 0. It has no reply.
func AppendSetControllerID(b []byte, xid uint32, id uint16) []byte {
	b, start := beginNicira(b, xid, NXTSetControllerID)
	b = append(b, zeros[:6]...)
	return end(binary.BigEndian.AppendUint16(b, id), start)
}

// ParsePacketIn decodes an NXT_PACKET_IN2 message. Properties that it does not know it leaves out.
func ParsePacketIn(msg []byte) (PacketIn, error) {
	w, err := nicira(msg, "packet-in", NXTPacketIn2, 0)
	if err != nil {
		return PacketIn{}, err
	}
	return w.packetIn()
}

// ParseResume decodes an NXT_RESUME message.
func ParseResume(msg []byte) (PacketIn, error) {
	w, err := nicira(msg, "resume", NXTResume, 0)
	if err != nil {
		return PacketIn{}, err
	}
	return w.packetIn()
}

func (w *walker) packetIn() (p PacketIn, err error) {
	for w.left() > 0 {
		typ, value, err := w.property()
		if err != nil {
			return PacketIn{}, err
		}
		switch typ {
		case packetInPacket:
			p.Packet = value
		case packetInFullLen:
			p.FullLen = propertyUint32(value)
		case packetInTable:
			p.Table = flow.TableID(propertyUint8(value))
		case packetInCookie:
			p.Cookie = flow.Cookie(propertyUint64(value))
		case packetInReason:
			p.Reason = propertyUint8(value)
		case packetInMetadata:
			p.Metadata = value
		case packetInUserdata:
			p.Userdata = value
		case packetInContinuation:
			p.Continuation = value
		}
	}
	return p, nil
}

// AppendResume appends an NXT_RESUME message: p, perhaps with another packet or other metadata, goes on where it stopped.
// The continuation must be the one that came with it. A packet that has gone on cannot be told from one that has not;
// the switch remembers neither.
func AppendResume(b []byte, xid uint32, p *PacketIn) []byte {
	b, start := beginNicira(b, xid, NXTResume)
	return end(appendPacketIn(b, p), start)
}

// AppendPacketIn appends an NXT_PACKET_IN2 message.
func AppendPacketIn(b []byte, xid uint32, p *PacketIn) []byte {
	b, start := beginNicira(b, xid, NXTPacketIn2)
	return end(appendPacketIn(b, p), start)
}

// appendPacketIn appends the properties of p in the order in which Open vSwitch sends them.
func appendPacketIn(b []byte, p *PacketIn) []byte {
	b = appendProperty(b, packetInPacket, p.Packet...)
	if p.FullLen != 0 {
		b = appendProperty(b, packetInFullLen, binary.BigEndian.AppendUint32(nil, p.FullLen)...)
	}
	b = appendProperty(b, packetInTable, byte(p.Table))
	b = appendProperty(b, packetInCookie, binary.BigEndian.AppendUint64(make([]byte, 4, 12), uint64(p.Cookie))...)
	b = appendProperty(b, packetInReason, p.Reason)
	b = appendProperty(b, packetInMetadata, p.Metadata...)
	if len(p.Continuation) > 0 {
		b = appendProperty(b, packetInContinuation, p.Continuation...)
	}
	if len(p.Userdata) > 0 {
		b = appendProperty(b, packetInUserdata, p.Userdata...)
	}
	return b
}
