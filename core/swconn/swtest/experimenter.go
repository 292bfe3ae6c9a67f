package swtest

import (
	"encoding/binary"

	"github.com/flowhost/flowhost/core/openflow"
)

// experimenter does what a message of Nicira's asks for.
func (c *conn) experimenter(msg []byte) *openflow.Error {
	e, err := openflow.ParseExperimenter(msg)
	switch {
	case err != nil:
		return named("OFPBRC_BAD_LEN")
	case e.Experimenter != openflow.ExperimenterNicira:
		return named("OFPBRC_BAD_VENDOR")
	}
	switch e.Type {
	case openflow.NXTTLVTableRequest:
		c.tlvTable(e.XID)
	case openflow.NXTTLVTableMod:
		return c.tlvMod(msg)
	case openflow.NXTCTFlushZone:
		return c.flushedZone(e.Body)
	case openflow.NXTCTFlush:
		c.sw.log.CTFlushes++
	case openflow.NXTSetPacketInFormat:
		if len(e.Body) != 4 {
			return named("OFPBRC_BAD_LEN")
		}
		c.packetIn2 = binary.BigEndian.Uint32(e.Body) == 2 // NXPIF_NXT_PACKET_IN2
	case openflow.NXTSetControllerID:
		if len(e.Body) != 8 {
			return named("OFPBRC_BAD_LEN")
		}
		c.controller = binary.BigEndian.Uint16(e.Body[6:])
	case openflow.NXTResume:
		p, err := openflow.ParseResume(msg)
		if err != nil {
			return named("OFPBPC_BAD_LEN")
		}
		c.sw.resumed = append(c.sw.resumed, p) // msg is ours
	default:
		return named("OFPBRC_BAD_SUBTYPE")
	}
	return nil
}

// setAsync takes what the connection wants to hear unasked.
func (c *conn) setAsync(msg []byte) *openflow.Error {
	a, err := openflow.ParseSetAsync(msg)
	if err != nil {
		return named("OFPBPC_BAD_LEN")
	}
	c.async = a
	return nil
}
