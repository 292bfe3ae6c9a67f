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
	return func(yield func(PortDesc, error) bool) {
		w, err := multipart(msg, "port description", MultipartPortDesc)
		for err == nil && w.left() > 0 {
			var p PortDesc
			if p, err = w.portDesc(); err == nil && !yield(p, nil) {
				return
			}
		}
		if err != nil {
			yield(PortDesc{}, err)
		}
	}
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
	name, _, _ := bytes.Cut(b[16:32], zeros[:1])
	return PortDesc{
		Number: binary.BigEndian.Uint32(b),
		Name:   string(name),
		HWAddr: net.HardwareAddr(b[8:14:14]),
		Config: binary.BigEndian.Uint32(b[32:]),
		State:  binary.BigEndian.Uint32(b[36:]),
	}, nil
}
