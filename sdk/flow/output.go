package flow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
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

// wholePacket is the max_len that sends all of a packet, as Open vSwitch writes it (OFPCML_MAX and more).
const wholePacket = 0xffff

// minTruncate is the length of an Ethernet header, the least that may be left of a packet.
const minTruncate = 14

var (
	errPort     = errors.New("no such port can be output to")
	errTruncate = fmt.Errorf("max_len must be at least %d", minTruncate)
)

// Output sends the packet to a port. To send part of it to controllers see Controller.
func Output(p Port) Action {
	if !validOutput(uint32(p)) {
		return Action{err: errPort}
	}
	return output(p, controllerLen(p))
}

// OutputPart sends the packet to the port whose number is in part of a field.
func OutputPart(p Part) Action {
	if err := p.check(); err != nil {
		return Action{err: err}
	}
	h := p.Field.oldest()
	if idSize(h) == 4 {
		b := appendUint(newNicira(subOutputReg, 24), p.ofsBits(), 2)
		b = appendUint(appendID(b, p.Field, h), wholePacket, 2)
		return finished(b)
	}
	b := appendUint(newNicira(subOutputReg2, 24), p.ofsBits()<<16|wholePacket, 4)
	return finished(appendID(b, p.Field, h))
}

// OutputTruncated sends the first n bytes of the packet, at least 14, to a port.
func OutputTruncated(p Port, n uint32) Action {
	b := appendUint(newNicira(subOutputTrunc, 16), uint64(uint16(p)), 2)
	return finished(appendUint(b, uint64(n), 4))
}

func output(p Port, maxLen uint16) Action {
	b := appendUint(nil, typeOutput<<48|16<<32|uint64(p), 8)
	return Action{wire: string(appendUint(b, uint64(maxLen)<<48, 8))}
}

// validOutput says whether Open vSwitch takes a port to output to (ofpact_check_output_port).
func validOutput(port uint32) bool {
	return port < firstReservedPort16 || port >= uint32(PortInPort) && port != uint32(PortAny)
}

// output takes OFPAT_OUTPUT: port(4) max_len(2) pad(6). max_len means something for the controller only.
func (w *rewriter) output(a string) error {
	if err := fixed(a, 16); err != nil {
		return err
	}
	port := be32(a, 4) // any: which numbers there are is the switch's to say
	w.text(a[:8])
	if port == uint32(PortController) {
		w.text(a[8:10])
	} else {
		w.zeros(2)
	}
	w.zeros(6)
	return nil
}

func appendOutput(b []byte, a string) []byte {
	port := be32(a, 4)
	switch {
	case port == uint32(PortController):
		return strconv.AppendUint(append(b, "CONTROLLER:"...), uint64(be16(a, 8)), 10)
	case port < firstReservedPort16:
		b = append(b, "output:"...)
	}
	return appendPort(b, port)
}

// outputReg takes NXAST_OUTPUT_REG: ofs_nbits(2) src(4) max_len(2) zero(6).
func (w *rewriter) outputReg(a string) error {
	if err := fixed(a, 24); err != nil {
		return err
	}
	return w.outputPart(a[12:16], be16(a, 10), be16(a, 16))
}

// outputReg2 takes NXAST_OUTPUT_REG2: ofs_nbits(2) max_len(2) src(4 or 8), padded. It is for fields whose header does not fit
// into the other.
func (w *rewriter) outputReg2(a string) error {
	if err := fixed(a, 24); err != nil {
		return err
	}
	return w.outputPart(a[14:], be16(a, 10), be16(a, 12))
}

func (w *rewriter) outputPart(src string, ofsBits, maxLen uint16) error {
	i, err := readID(src)
	if err != nil {
		return err
	}
	p := partOf(i.field, ofsBits)
	if err := p.check(); err != nil {
		return err
	}
	h, start := i.field.oldest(), w.pos()
	if idSize(h) == 4 {
		w.nicira(subOutputReg, 24)
		w.uint(p.ofsBits(), 2)
		w.id(i.field, h)
		w.uint(uint64(maxLen), 2)
	} else {
		w.nicira(subOutputReg2, 24)
		w.uint(p.ofsBits(), 2)
		w.uint(uint64(maxLen), 2)
		w.id(i.field, h)
	}
	w.finish(start)
	return nil
}

func appendOutputReg(b []byte, a string) []byte {
	src := a[12:]
	if be16(a, 8) == subOutputReg2 {
		src = a[14:]
	}
	i, _ := readID(src)
	return appendPart(append(b, "output:"...), partOf(i.field, be16(a, 10)))
}

// outputTrunc takes NXAST_OUTPUT_TRUNC: port(2) max_len(4).
func (w *rewriter) outputTrunc(a string) error {
	if err := fixed(a, 16); err != nil {
		return err
	}
	switch port := Port(port32(be16(a, 10))); {
	case port == PortInPort, port == PortLocal, port < firstReservedPort16:
	default:
		return errPort
	}
	if be32(a, 12) < minTruncate {
		return errTruncate
	}
	w.text(a)
	return nil
}

func appendOutputTrunc(b []byte, a string) []byte {
	b = appendPort(append(b, "output(port="...), port32(be16(a, 10)))
	b = strconv.AppendUint(append(b, ",max_len="...), uint64(be32(a, 12)), 10)
	return append(b, ')')
}

// parseOutput reads "port", "field[bits]" and "(port=port,max_len=n)".
func parseOutput(arg argument) (Action, error) {
	if arg.sep == '(' {
		return parseOutputTrunc(arg)
	}
	if port, err := parsePort(arg.value); err == nil {
		return Output(Port(port)), nil
	}
	if arg.value == "" {
		return Action{}, errNoValue
	}
	if !strings.ContainsAny(arg.value, "[_") {
		if _, ok := FieldByName(arg.value); !ok {
			return Action{}, fmt.Errorf("%q: %w", arg.value, errPortID)
		}
	}
	p, err := parsePart(arg.value)
	if err != nil {
		return Action{}, err
	}
	return OutputPart(p), nil
}

// controllerLen is the max_len of an output that says none.
func controllerLen(p Port) uint16 {
	if p == PortController {
		return wholePacket
	}
	return 0
}

func parseOutputTrunc(arg argument) (Action, error) {
	var port uint32
	var n uint64
	err := arg.each(func(arg argument) (err error) {
		switch arg.key {
		case "port":
			port, err = parsePort(arg.value)
		case "max_len":
			n, err = parseUint(arg.value, 32)
		default:
			err = errArgument
		}
		return err
	})
	return OutputTruncated(Port(port), uint32(n)), err
}
