package openflow

import (
	"bytes"
	"encoding/binary"
	"iter"
	"net"
)

// Port numbers with a meaning of their own (§7.2.1); those of real ports are below PortMax.
const (
	PortMax        uint32 = 0xffffff00
	PortController uint32 = 0xfffffffd
	PortLocal      uint32 = 0xfffffffe
	PortAny        uint32 = 0xffffffff
)

// AppendPortDescRequest appends a request for the description of a port, or of all ports with PortAny (§7.3.5.9).
func AppendPortDescRequest(b []byte, xid uint32, port uint32) []byte {
	b, start := beginMultipart(b, TypeMultipartRequest, xid, MultipartPortDesc, false)
	b = binary.BigEndian.AppendUint32(b, port)
	return end(append(b, 0, 0, 0, 0), start)
}

// A PortDesc describes a port of the switch. HWAddr points into the message.
type PortDesc struct {
	Number uint32
	Name   string // of the interface, at most 15 bytes: OpenFlow cuts it
	HWAddr net.HardwareAddr
	Config uint32 // OFPPC_* bits
	State  uint32 // OFPPS_* bits
}

// portDescLen is the length of the fixed part of an ofp_port:
//
//	number u32 | length u16 | pad[2] | hw_addr[6] | pad[2] | name[16] | config u32 | state u32 | properties
const portDescLen = 40

// PortDescs goes through the ports in one message of a port description reply. If the message is malformed, the last
// pair has an error that Is ErrMessage.
func PortDescs(msg []byte) iter.Seq2[PortDesc, error] {
	return entries(msg, "port description", MultipartPortDesc, (*walker).portDesc)
}

// portDesc takes one ofp_port.
func (w *walker) portDesc() (PortDesc, error) {
	n, err := w.uint16At(4)
	if err != nil {
		return PortDesc{}, err
	}
	if n < portDescLen {
		return PortDesc{}, w.errorf("length %d is shorter than a port description", n)
	}
	b, err := w.take(n)
	if err != nil {
		return PortDesc{}, err
	}
	name, _, _ := bytes.Cut(b[16:31], zeros[:1]) // the 16th byte is a NUL always
	return PortDesc{
		Number: binary.BigEndian.Uint32(b),
		Name:   string(name),
		HWAddr: net.HardwareAddr(b[8:14:14]),
		Config: binary.BigEndian.Uint32(b[32:]),
		State:  binary.BigEndian.Uint32(b[36:]),
	}, nil
}

// PortReason is what has happened to a port (§7.4.3, enum ofp_port_reason).
type PortReason uint8

// The reasons of a port status message.
const (
	PortAdded    PortReason = 0
	PortDeleted  PortReason = 1
	PortModified PortReason = 2
)

// A PortStatus says that a port was added, deleted or modified. The switch sends it if AppendSetAsync asked for it.
type PortStatus struct {
	Reason PortReason
	Port   PortDesc
}

// portStatusLen is the length of a port status message without the port:
//
//	header | reason u8 | pad[7] | port
const portStatusLen = 16

// ParsePortStatus decodes a port status message. The port's HWAddr points into it.
func ParsePortStatus(msg []byte) (PortStatus, error) {
	if _, err := checkMessage(msg, "port status", TypePortStatus, portStatusLen+portDescLen); err != nil {
		return PortStatus{}, err
	}
	w := walker{msg: msg, off: portStatusLen, end: len(msg), what: "port status"}
	port, err := w.portDesc()
	return PortStatus{Reason: PortReason(msg[8]), Port: port}, err
}

// AppendPortStatus appends a port status message.
func AppendPortStatus(b []byte, xid uint32, s *PortStatus) []byte {
	b, start := begin(b, TypePortStatus, xid)
	b = append(b, byte(s.Reason))
	b = append(b, zeros[:7]...)
	return end(AppendPortDesc(b, &s.Port), start)
}

// AppendPortDesc appends one port to a port description reply (BeginMultipartReply), with one property that says nothing
// of the Ethernet below.
func AppendPortDesc(b []byte, p *PortDesc) []byte {
	const ethernetLen = 32
	b = binary.BigEndian.AppendUint32(b, p.Number)
	b = append(b, 0, portDescLen+ethernetLen, 0, 0)
	var fixed [6 + 2 + 16]byte
	copy(fixed[:6], p.HWAddr)
	copy(fixed[8:23], p.Name) // a NUL ends it
	b = append(b, fixed[:]...)
	b = binary.BigEndian.AppendUint32(b, p.Config)
	b = binary.BigEndian.AppendUint32(b, p.State)
	return appendProperty(b, 0, make([]byte, ethernetLen-propertyLen)...)
}
