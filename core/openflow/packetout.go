package openflow

import "encoding/binary"

// A PacketOut is a packet that the switch is to treat by a list of actions (§7.3.6).
type PacketOut struct {
	Match   []byte // OXM TLVs: in_port, which is demanded (PortController will do), and other metadata of the packet
	Actions []byte // a list of actions in wire form, not of instructions; empty: the packet is dropped
	Packet  []byte // an Ethernet frame
}

// packetOutLen is the length of a packet-out without match, actions and packet:
//
//	header | buffer u32 | actions_len u16 | pad[2] | match | actions | packet
const packetOutLen = 16

// PacketOutLen returns the length of the message that AppendPacketOut makes of p. It must not be above MaxMessageLen.
func PacketOutLen(p *PacketOut) int {
	return packetOutLen + (4+len(p.Match)+7)&^7 + len(p.Actions) + len(p.Packet)
}

// AppendPacketOut appends a packet-out. It has no reply.
func AppendPacketOut(b []byte, xid uint32, p *PacketOut) []byte {
	b, start := begin(b, TypePacketOut, xid)
	b = append(b, bufferPortGroup[:4]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(p.Actions)))
	b = append(b, 0, 0)
	b = appendMatch(b, p.Match)
	b = append(b, p.Actions...)
	return end(append(b, p.Packet...), start)
}

// ParsePacketOut decodes a packet-out. Its slices point into the message.
func ParsePacketOut(msg []byte) (PacketOut, error) {
	if _, err := checkMessage(msg, "packet-out", TypePacketOut, packetOutLen); err != nil {
		return PacketOut{}, err
	}
	var (
		p   PacketOut
		err error
	)
	w := walker{msg: msg, off: packetOutLen, end: len(msg), what: "packet-out"}
	if p.Match, err = w.match(); err != nil {
		return PacketOut{}, err
	}
	if p.Actions, err = w.take(int(binary.BigEndian.Uint16(msg[12:]))); err != nil {
		return PacketOut{}, err
	}
	p.Packet, err = w.take(w.left())
	return p, err
}
