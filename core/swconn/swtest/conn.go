package swtest

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"

	"github.com/flowhost/flowhost/core/openflow"
)

// A conn is one connection of a controller.
type conn struct {
	sw  *Switch
	nc  net.Conn
	out *outbox

	// The switch's lock guards the rest.
	bundles    map[uint32]*bundle
	monitors   monitors
	async      openflow.Async
	packetIn2  bool   // packet-ins are to be NXT_PACKET_IN2
	controller uint16 // id, for packet-ins
}

func newConn(s *Switch, nc net.Conn) *conn {
	return &conn{
		sw: s, nc: nc, out: newOutbox(),
		bundles:  make(map[uint32]*bundle),
		monitors: monitors{armed: make(map[uint32]openflow.FlowMonitor)},
	}
}

// serve speaks with the controller until the connection breaks.
func (c *conn) serve() {
	c.sw.serving.Go(func() { c.out.writeTo(c.nc, c.drained) })
	c.out.send(openflow.AppendHello(nil, 0))
	in := bufio.NewReader(c.nc)
	for c.sw.wait() {
		msg, err := readMessage(in)
		if err != nil {
			break
		}
		c.sw.mu.Lock()
		c.handle(msg)
		c.sw.mu.Unlock()
	}
	c.nc.Close()
	c.out.close()
	c.sw.mu.Lock()
	delete(c.sw.conns, c)
	c.sw.mu.Unlock()
}

// readMessage reads one message by the length in its header.
func readMessage(r io.Reader) ([]byte, error) {
	var header [openflow.HeaderLen]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(header[2:]))
	if n < openflow.HeaderLen {
		return nil, io.ErrUnexpectedEOF
	}
	msg := make([]byte, n)
	copy(msg, header[:])
	_, err := io.ReadFull(r, msg[openflow.HeaderLen:])
	return msg, err
}

// handle does what a message asks for. The switch is locked.
func (c *conn) handle(msg []byte) {
	h, _ := openflow.ParseHeader(msg)
	var refused *openflow.Error
	switch h.Type {
	case openflow.TypeHello:
	case openflow.TypeEchoReply:
		c.sw.log.Echoes++
	case openflow.TypeEchoRequest:
		c.out.send(openflow.AppendEchoReply(nil, h.XID, msg[openflow.HeaderLen:]))
	case openflow.TypeFeaturesRequest:
		c.sw.log.Sessions++
		c.out.send(openflow.AppendFeaturesReply(nil, h.XID, c.sw.features))
	case openflow.TypeBarrierRequest:
		c.out.send(openflow.AppendBarrierReply(nil, h.XID))
	case openflow.TypeFlowMod, openflow.TypeGroupMod:
		refused = c.mod(msg)
	case openflow.TypeMeterMod:
		refused = c.meterMod(msg)
	case openflow.TypePacketOut:
		refused = c.packetOut(msg)
	case openflow.TypeSetAsync:
		refused = c.setAsync(msg)
	case openflow.TypeExperimenter:
		refused = c.experimenter(msg)
	case openflow.TypeBundleControl:
		refused = c.bundleControl(msg, h.XID)
	case openflow.TypeBundleAdd:
		refused = c.bundleAdd(msg)
	case openflow.TypeMultipartRequest:
		refused = c.multipart(msg, h.XID)
	default:
		refused = named("OFPBRC_BAD_TYPE")
	}
	if refused != nil {
		c.refuse(msg, refused)
	}
}

// refuse answers msg by an error.
func (c *conn) refuse(msg []byte, e *openflow.Error) {
	c.sw.log.Refused++
	answer := *e
	answer.XID, answer.Data = binary.BigEndian.Uint32(msg[4:]), msg
	c.out.send(openflow.AppendError(nil, &answer))
}

// mod does a flow mod or a group mod that is in no bundle: both stages at once.
func (c *conn) mod(msg []byte) *openflow.Error {
	m, refused := c.sw.parseMod(msg)
	if refused != nil {
		return refused
	}
	return c.sw.begin(c).one(m)
}

// drained is called when everything is written.
func (c *conn) drained() {
	c.sw.mu.Lock()
	defer c.sw.mu.Unlock()
	c.resume()
}
