package swtest

import (
	"bytes"

	"github.com/flowhost/flowhost/core/openflow"
)

// PacketIn sends a packet to every connection that asked for packet-ins as NXT_PACKET_IN2 and has this controller id.
func (s *Switch) PacketIn(controller uint16, p *openflow.PacketIn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.packetIn2 && c.controller == controller && c.async.PacketIn&(1<<p.Reason) != 0 {
			c.out.send(openflow.AppendPacketIn(nil, 0, p))
		}
	}
}

// PacketOuts returns the packet-outs that the switch was sent, in order. It forwards none.
func (s *Switch) PacketOuts() []openflow.PacketOut {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]openflow.PacketOut(nil), s.packetOuts...)
}

// Resumed returns the packets that were to go on, in order.
func (s *Switch) Resumed() []openflow.PacketIn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]openflow.PacketIn(nil), s.resumed...)
}

func (c *conn) packetOut(msg []byte) *openflow.Error {
	p, err := openflow.ParsePacketOut(msg)
	if err != nil {
		return named("OFPBRC_BAD_LEN")
	}
	var names references
	if refused := names.add(p.Actions); refused != nil {
		return refused
	}
	c.sw.packetOuts = append(c.sw.packetOuts, p) // msg is ours
	return nil
}

// flushedZone notes a conntrack zone that was to be forgotten.
func (c *conn) flushedZone(body []byte) *openflow.Error {
	if len(body) != 8 || !bytes.Equal(body[:6], make([]byte, 6)) {
		return named("OFPBRC_BAD_LEN")
	}
	c.sw.flushed = append(c.sw.flushed, uint16(body[6])<<8|uint16(body[7]))
	return nil
}

// FlushedZones returns the conntrack zones that were to be forgotten as a whole, in order.
func (s *Switch) FlushedZones() []uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]uint16(nil), s.flushed...)
}
