package flow

import (
	"errors"
	"strconv"
)

// Port is an OpenFlow port number as OpenFlow 1.1 and later have it: 1 to 0xfeff, or one of the reserved ones below.
type Port uint32

// The reserved ports (OpenFlow 1.5 §7.2.1).
const (
	PortInPort     Port = 0xfffffff8
	PortTable      Port = 0xfffffff9
	PortNormal     Port = 0xfffffffa
	PortFlood      Port = 0xfffffffb
	PortAll        Port = 0xfffffffc
	PortController Port = 0xfffffffd
	PortLocal      Port = 0xfffffffe
	PortAny        Port = 0xffffffff
)

var errPort = errors.New("no such port can be output to")

// Output sends the packet to a port.
func Output(p Port) Action {
	b := appendUint(nil, typeOutput<<16|16, 4)
	b = appendUint(b, uint64(p), 4)
	b = appendUint(b, outputMaxLen(uint32(p), 0), 2)
	return Action{wire: string(appendUint(b, 0, 6))}
}

// wholePacket is the max_len that sends all of a packet (OFPCML_MAX and more, as Open vSwitch writes it).
const wholePacket = 0xffff

// Controller sends the first n bytes of the packet to the controllers.
func Controller(n uint16) Action {
	b := appendUint(nil, typeOutput<<16|16, 4)
	b = appendUint(b, uint64(PortController), 4)
	b = appendUint(b, uint64(n), 2)
	return Action{wire: string(appendUint(b, 0, 6))}
}

// outputMaxLen is how much of a packet goes to a controller: Open vSwitch says 0 for every other port.
func outputMaxLen(port uint32, n uint16) uint64 {
	if port == uint32(PortController) {
		return uint64(n)
	}
	return 0
}

// output takes OFPAT_OUTPUT: port(4) max_len(2) pad(6).
func (w *rewriter) output(a string) error {
	if len(a) != 16 {
		return errLength
	}
	port := be32(a, 4)
	if !validOutput(port) {
		return errPort
	}
	w.text(a[:8])
	w.uint(outputMaxLen(port, be16(a, 8)), 2)
	w.zeros(6)
	return nil
}

// validOutput says whether Open vSwitch takes a port to output to (ofpact_check_output_port).
func validOutput(port uint32) bool {
	return port < firstReservedPort16 || port >= uint32(PortInPort) && port != uint32(PortAny)
}

func appendOutput(b []byte, a string) []byte {
	port := be32(a, 4)
	switch {
	case port == uint32(PortController):
		b = append(b, "CONTROLLER:"...)
		return strconv.AppendUint(b, uint64(be16(a, 8)), 10)
	case port < firstReservedPort16:
		b = append(b, "output:"...)
	}
	return appendPort(b, port)
}
