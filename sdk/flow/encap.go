package flow

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// PacketTypeID is what kind of packet there is: a name space in the upper 16 bits, a type in the lower (OpenFlow 1.5
// §7.2.3.11).
type PacketTypeID uint32

// The packet types that encap and decap know.
const (
	PacketEthernet PacketTypeID = 0
	PacketMPLS     PacketTypeID = nsEtherType<<16 | ethMPLS
	PacketMPLSM    PacketTypeID = nsEtherType<<16 | ethMPLSM
	PacketNSH      PacketTypeID = nsEtherType<<16 | ethNSH
	PacketNext     PacketTypeID = 0xfffe // what the header that is removed says
)

// NSHTLV is one piece of metadata of an NSH header of type 2.
type NSHTLV struct {
	Class uint16
	Type  uint8
	Value []byte // at most 240 bytes
}

const (
	classNSHProperty = 4 // the class of properties of NSH headers (OFPPPC_NSH)
	propertyMDType   = 1
	propertyTLV      = 2

	maxNSHTLV = 240 // the length of a property, whose padding counts here, has 8 bits
)

var (
	errEncap  = errors.New("no such packet type")
	errNSHTLV = errors.New("metadata needs type 2, a class, a type, and bytes in hexadecimal")
)

// Encap puts a header of a packet type in front of the packet. For NSH see EncapNSH.
func Encap(t PacketTypeID) Action {
	a := finished(appendUint(newNicira(subEncap, 16), uint64(t), 6))
	if !t.canEncap() {
		a.err = errEncap
	}
	return a
}

// EncapNSH puts an NSH header of metadata type 1 or 2 in front of the packet; 0 is 1 as Open vSwitch understands it.
func EncapNSH(mdType uint8, metadata ...NSHTLV) Action {
	b := appendUint(newNicira(subEncap, 16), uint64(PacketNSH), 6)
	if mdType != 0 {
		b = append(b, 0, classNSHProperty, propertyMDType, 5, mdType, 0, 0, 0)
	}
	for _, m := range metadata {
		if len(m.Value) > maxNSHTLV {
			return Action{err: errNSHTLV}
		}
		b = append(b, 0, classNSHProperty, propertyTLV, byte(8+pad8(len(m.Value))), byte(m.Class>>8), byte(m.Class), m.Type, byte(len(m.Value)))
		b = append(b, m.Value...)
		b = append(b, zeroPad[:pad8(len(b))-len(b)]...)
	}
	a := finished(b)
	if a.err == nil && len(metadata) > 0 && mdType != 2 {
		a.err = errNSHTLV
	}
	return a
}

// Decap removes the outermost header; what is left has the packet type, or what the header says with PacketNext.
func Decap(t PacketTypeID) Action {
	return finished(appendUint(newNicira(subDecap, 16), uint64(t), 6))
}

func (t PacketTypeID) canEncap() bool {
	return t == PacketEthernet || t == PacketMPLS || t == PacketMPLSM || t == PacketNSH
}

// encap takes NXAST_ENCAP: hdr_size(2) new_pkt_type(4), then properties: class(2) type(1) length(1), padded.
func (w *rewriter) encap(a string) error {
	t := PacketTypeID(be32(a, 12))
	if !t.canEncap() {
		return errEncap
	}
	w.text(a[:16])
	for rest := a[16:]; rest != ""; {
		n := int(rest[3])
		if n < 4 || pad8(n) > len(rest) || be16(rest, 0) != classNSHProperty || t != PacketNSH {
			return errProperty
		}
		switch kind := rest[2]; {
		case kind == propertyMDType && n <= 8:
			w.text(rest[:3])
			w.uint(5<<8|uint64(rest[4]), 2)
			w.zeros(3)
		case kind == propertyTLV && n == 8+pad8(int(rest[7])):
			end := 8 + int(rest[7])
			w.text(rest[:end])
			w.zeros(n - end)
		default:
			return errProperty
		}
		rest = rest[pad8(n):]
	}
	return nil
}

func appendEncap(b []byte, a string) []byte {
	switch PacketTypeID(be32(a, 12)) {
	case PacketEthernet:
		return append(b, "encap(ethernet)"...)
	case PacketMPLS:
		return append(b, "encap(mpls)"...)
	case PacketMPLSM:
		return append(b, "encap(mpls_mc)"...)
	}
	if len(a) == 16 {
		return append(b, "encap(nsh)"...)
	}
	b = append(b, "encap(nsh("...)
	for rest := a[16:]; rest != ""; rest = rest[pad8(int(rest[3])):] {
		if rest[2] == propertyMDType {
			b = strconv.AppendUint(append(b, "md_type="...), uint64(rest[4]), 10)
		} else {
			b = appendHexDigits(append(b, "tlv(0x"...), uint64(be16(rest, 4)), 4)
			b = strconv.AppendUint(append(b, ','), uint64(rest[6]), 10)
			b = append(appendLongHex(append(b, ','), rest[8:8+int(rest[7])]), ')')
		}
		b = append(b, ',')
	}
	return append(b[:len(b)-1], "))"...)
}

// decap takes NXAST_DECAP: pad(2) new_pkt_type(4).
func (w *rewriter) decap(a string) error {
	if err := fixed(a, 16); err != nil {
		return err
	}
	w.text(a[:10])
	w.zeros(2)
	w.text(a[12:])
	return nil
}

func appendDecap(b []byte, a string) []byte {
	t := be32(a, 12)
	if PacketTypeID(t) == PacketNext {
		return append(b, "decap()"...)
	}
	b = strconv.AppendUint(append(b, "decap(packet_type(ns="...), uint64(t>>16), 10)
	b = append(b, ",type="...)
	if t&0xffff != 0 {
		b = append(b, "0x"...)
	}
	b = strconv.AppendUint(b, uint64(t&0xffff), 16)
	return append(b, "))"...)
}

// parseEncap reads "(ethernet)", "(mpls)", "(mpls_mc)", "(nsh)" and "(nsh(md_type=…,tlv(…)…))".
func parseEncap(arg argument) (Action, error) {
	var a Action
	err := arg.each(func(arg argument) (err error) {
		switch arg.key {
		case "ethernet":
			a = Encap(PacketEthernet)
		case "mpls":
			a = Encap(PacketMPLS)
		case "mpls_mc":
			a = Encap(PacketMPLSM)
		case "nsh":
			a, err = parseEncapNSH(arg)
		default:
			err = errEncap
		}
		return err
	})
	if err == nil && a.wire == "" && a.err == nil {
		err = errEncap
	}
	return a, err
}

func parseEncapNSH(arg argument) (Action, error) {
	var mdType uint8
	var metadata []NSHTLV
	err := arg.each(func(arg argument) (err error) {
		switch arg.key {
		case "md_type":
			var v uint64
			v, err = parseUint(arg.value, 8)
			mdType = uint8(v)
		case "tlv":
			var m NSHTLV
			m, err = parseNSHTLV(arg.value)
			metadata = append(metadata, m)
		default:
			err = errArgument
		}
		return err
	})
	return EncapNSH(mdType, metadata...), err
}

// parseNSHTLV reads "class,type,value".
func parseNSHTLV(s string) (NSHTLV, error) {
	parts := strings.Split(s, ",")
	if len(parts) != 3 {
		return NSHTLV{}, fmt.Errorf("%q: %w", s, errNSHTLV)
	}
	class, err1 := parseUint(parts[0], 16)
	kind, err2 := parseUint(parts[1], 8)
	digits := strings.TrimPrefix(parts[2], "0x")
	value, err3 := hex.DecodeString(strings.Repeat("0", len(digits)%2) + digits)
	if err := errors.Join(err1, err2, err3); err != nil {
		return NSHTLV{}, fmt.Errorf("%q: %w", s, errNSHTLV)
	}
	return NSHTLV{uint16(class), uint8(kind), value}, nil
}

// parseDecap reads "" and "(packet_type(ns=…,type=…))".
func parseDecap(arg argument) (Action, error) {
	t := PacketNext
	err := arg.each(func(arg argument) error {
		if arg.key != "packet_type" {
			return errArgument
		}
		var ns, kind uint64
		err := arg.each(func(arg argument) (err error) {
			switch arg.key {
			case "ns":
				ns, err = parseUint(arg.value, 16)
			case "type":
				kind, err = parseUint(arg.value, 16)
			default:
				err = errArgument
			}
			return err
		})
		t = PacketTypeID(ns<<16 | kind)
		return err
	})
	return Decap(t), err
}
