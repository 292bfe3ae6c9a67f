package openflow

import (
	"encoding/binary"
	"fmt"
)

// Version is the version byte of OpenFlow 1.5.
const Version = 6

// HeaderLen is the length of the header that each message begins with (§7.1.1):
//
//	version u8 | type u8 | length u16 | xid u32
const HeaderLen = 8

// MaxMessageLen is the length of the longest possible message: the length field has 16 bits.
const MaxMessageLen = 65535

// Type is the type of a message (§7.1.1, enum ofp_type).
type Type uint8

// The types of message that flowhost sends or receives.
const (
	TypeHello            Type = 0
	TypeError            Type = 1
	TypeEchoRequest      Type = 2
	TypeEchoReply        Type = 3
	TypeExperimenter     Type = 4
	TypeFeaturesRequest  Type = 5
	TypeFeaturesReply    Type = 6
	TypePacketIn         Type = 10
	TypeFlowRemoved      Type = 11
	TypePortStatus       Type = 12
	TypePacketOut        Type = 13
	TypeFlowMod          Type = 14
	TypeGroupMod         Type = 15
	TypeMultipartRequest Type = 18
	TypeMultipartReply   Type = 19
	TypeBarrierRequest   Type = 20
	TypeBarrierReply     Type = 21
	TypeSetAsync         Type = 28
	TypeMeterMod         Type = 29
	TypeRequestForward   Type = 32
	TypeBundleControl    Type = 33
	TypeBundleAdd        Type = 34
)

// String returns the name of the type as ovs-ofctl prints it, e.g. "OFPT_FLOW_MOD".
func (t Type) String() string {
	switch t {
	case TypeHello:
		return "OFPT_HELLO"
	case TypeError:
		return "OFPT_ERROR"
	case TypeEchoRequest:
		return "OFPT_ECHO_REQUEST"
	case TypeEchoReply:
		return "OFPT_ECHO_REPLY"
	case TypeExperimenter:
		return "OFPT_EXPERIMENTER"
	case TypeFeaturesRequest:
		return "OFPT_FEATURES_REQUEST"
	case TypeFeaturesReply:
		return "OFPT_FEATURES_REPLY"
	case TypePacketIn:
		return "OFPT_PACKET_IN"
	case TypeFlowRemoved:
		return "OFPT_FLOW_REMOVED"
	case TypePortStatus:
		return "OFPT_PORT_STATUS"
	case TypePacketOut:
		return "OFPT_PACKET_OUT"
	case TypeFlowMod:
		return "OFPT_FLOW_MOD"
	case TypeGroupMod:
		return "OFPT_GROUP_MOD"
	case TypeMultipartRequest:
		return "OFPT_MULTIPART_REQUEST"
	case TypeMultipartReply:
		return "OFPT_MULTIPART_REPLY"
	case TypeBarrierRequest:
		return "OFPT_BARRIER_REQUEST"
	case TypeBarrierReply:
		return "OFPT_BARRIER_REPLY"
	case TypeSetAsync:
		return "OFPT_SET_ASYNC"
	case TypeMeterMod:
		return "OFPT_METER_MOD"
	case TypeRequestForward:
		return "OFPT_REQUESTFORWARD"
	case TypeBundleControl:
		return "OFPT_BUNDLE_CONTROL"
	case TypeBundleAdd:
		return "OFPT_BUNDLE_ADD_MESSAGE"
	}
	return fmt.Sprintf("OFPT_%d", uint8(t))
}

// A Header is the header of a message.
type Header struct {
	Version uint8
	Type    Type
	Length  uint16 // of the whole message, header included
	XID     uint32
}

// ParseHeader decodes the first 8 bytes of b, whatever version they say. It Is ErrMessage if b has fewer.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderLen {
		return Header{}, &DecodeError{What: "header", Reason: "too short"}
	}
	return Header{
		Version: b[0],
		Type:    Type(b[1]),
		Length:  binary.BigEndian.Uint16(b[2:]),
		XID:     binary.BigEndian.Uint32(b[4:]),
	}, nil
}

// checkMessage checks that msg is one whole OpenFlow 1.5 message of type t whose fixed part (header included) has min
// bytes, and returns its header.
func checkMessage(msg []byte, what string, t Type, min int) (Header, error) {
	h, err := checkType(msg, what, t, min)
	if err == nil && h.Version != Version {
		err = &DecodeError{What: what, Reason: fmt.Sprintf("version %d is not OpenFlow 1.5", h.Version)}
	}
	return h, err
}

// checkType does the same for a message of any version.
func checkType(msg []byte, what string, t Type, min int) (Header, error) {
	h, err := ParseHeader(msg)
	switch {
	case err != nil:
		return h, &DecodeError{What: what, Reason: "shorter than a header"}
	case h.Type != t:
		return h, &DecodeError{What: what, Offset: 1, Reason: fmt.Sprintf("the message is an %v", h.Type)}
	case int(h.Length) != len(msg):
		return h, &DecodeError{What: what, Offset: 2, Reason: fmt.Sprintf("length %d of a message of %d bytes", h.Length, len(msg))}
	case len(msg) < min:
		return h, &DecodeError{What: what, Offset: len(msg), Reason: "too short"}
	}
	return h, nil
}

// begin appends a header whose length is filled in by end; the returned offset is end's.
func begin(b []byte, t Type, xid uint32) ([]byte, int) {
	start := len(b)
	b = append(b, Version, byte(t), 0, 0)
	return binary.BigEndian.AppendUint32(b, xid), start
}

// end writes the length of the message that began at start and goes to the end of b.
func end(b []byte, start int) []byte {
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
	return b
}

// zeros is what padding is taken from; nothing writes to it.
var zeros [8]byte

// pad8 appends zeros until the part of b from start on is a multiple of 8 bytes long.
func pad8(b []byte, start int) []byte {
	return append(b, zeros[:-(len(b)-start)&7]...)
}
