package openflow

import (
	"encoding/binary"
	"fmt"
)

// An ExperimenterType is the type of an experimenter's message, e.g. one of Nicira's NXT_* numbers.
type ExperimenterType uint32

// The types of Nicira's messages that flowhost uses (ovs-vswitchd's nicira-ext.h and ofp-msgs.h).
const (
	NXTSetPacketInFormat ExperimenterType = 16
	NXTSetControllerID   ExperimenterType = 20
	NXTTLVTableMod       ExperimenterType = 24
	NXTTLVTableRequest   ExperimenterType = 25
	NXTTLVTableReply     ExperimenterType = 26
	NXTResume            ExperimenterType = 28
	NXTCTFlushZone       ExperimenterType = 29
	NXTPacketIn2         ExperimenterType = 30
	NXTCTFlush           ExperimenterType = 32
)

// An Experimenter is an experimenter's message (§7.5.5). Body points into it.
type Experimenter struct {
	XID          uint32
	Experimenter uint32 // ExperimenterNicira
	Type         ExperimenterType
	Body         []byte
}

// ExperimenterLen is the length of an experimenter's message without its body:
//
//	header | experimenter u32 | type u32 | body
const ExperimenterLen = 16

// ParseExperimenter decodes what the messages of all experimenters have in common: it tells which decoder they are for.
func ParseExperimenter(msg []byte) (Experimenter, error) {
	h, err := checkMessage(msg, "experimenter message", TypeExperimenter, ExperimenterLen)
	if err != nil {
		return Experimenter{}, err
	}
	return Experimenter{
		XID:          h.XID,
		Experimenter: binary.BigEndian.Uint32(msg[8:]),
		Type:         ExperimenterType(binary.BigEndian.Uint32(msg[12:])),
		Body:         msg[ExperimenterLen:],
	}, nil
}

// nicira checks that msg is a message of Nicira's of type t whose body has at least min bytes, and returns a walker at it.
func nicira(msg []byte, what string, t ExperimenterType, min int) (walker, error) {
	e, err := ParseExperimenter(msg)
	switch {
	case err != nil:
		return walker{}, err
	case e.Experimenter != ExperimenterNicira || e.Type != t:
		return walker{}, &DecodeError{What: what, Offset: HeaderLen,
			Reason: fmt.Sprintf("experimenter 0x%08x, type %d", e.Experimenter, e.Type)}
	case len(e.Body) < min:
		return walker{}, &DecodeError{What: what, Offset: len(msg), Reason: "too short"}
	}
	return walker{msg: msg, off: ExperimenterLen, end: len(msg), what: what}, nil
}

// AppendNicira appends a message of Nicira's with this body.
func AppendNicira(b []byte, xid uint32, t ExperimenterType, body []byte) []byte {
	b, start := beginNicira(b, xid, t)
	return end(append(b, body...), start)
}

// beginNicira appends the front part of a message of Nicira's.
func beginNicira(b []byte, xid uint32, t ExperimenterType) ([]byte, int) {
	b, start := begin(b, TypeExperimenter, xid)
	b = binary.BigEndian.AppendUint32(b, ExperimenterNicira)
	return binary.BigEndian.AppendUint32(b, uint32(t)), start
}
