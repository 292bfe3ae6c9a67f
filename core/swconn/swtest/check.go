package swtest

import (
	"encoding/binary"

	"github.com/flowhost/flowhost/core/openflow"
)

// Types of instructions and actions (OpenFlow 1.5 §7.2.5, §7.2.6) that are looked into.
const (
	instructionWrite = 3
	instructionApply = 4

	actionOutput = 0
	actionGroup  = 22
	actionMeter  = 29
)

// knownActions are the action types of OpenFlow 1.5, as a set with bit n for type n: output, copy TTL, MPLS TTL, push and
// pop of VLAN, MPLS and PBB tags, queue, group, IP TTL, set_field, copy_field, meter.
const knownActions = 1<<0 | 1<<11 | 1<<12 | 0x7f<<15 | 1<<22 | 1<<23 | 1<<24 | 1<<25 | 1<<26 | 1<<27 | 1<<28 | 1<<29

// references are what a flow names and the switch must hold: groups, meters, and Geneve options by the N of tun_metadataN.
type references struct {
	groups, meters []uint32
	options        uint64 // a set with bit N for N
}

// checkActions looks through instructions for what Open vSwitch refuses in the first stage, and returns what they name.
// Actions within actions are not looked into.
func checkActions(instructions []byte) (refs references, refused *openflow.Error) {
	for b := instructions; len(b) > 0; {
		n := tlvLen(b)
		if n < 8 {
			return refs, named("OFPBIC_BAD_LEN")
		}
		if t := binary.BigEndian.Uint16(b); t == instructionWrite || t == instructionApply {
			if refused = refs.add(b[8:n]); refused != nil {
				return refs, refused
			}
		}
		b = b[n:]
	}
	return refs, nil
}

// add checks a list of actions and adds what they name.
func (r *references) add(actions []byte) *openflow.Error {
	for b := actions; len(b) > 0; b = b[tlvLen(b):] {
		if tlvLen(b) < 8 {
			return named("OFPBAC_BAD_LEN")
		}
		switch t := binary.BigEndian.Uint16(b); {
		case t == actionOutput && isBadPort(binary.BigEndian.Uint32(b[4:])):
			return named("OFPBAC_BAD_OUT_PORT")
		case t == actionGroup:
			r.groups = append(r.groups, binary.BigEndian.Uint32(b[4:]))
		case t == actionMeter:
			r.meters = append(r.meters, binary.BigEndian.Uint32(b[4:]))
		case t != 0xffff && (t > 63 || knownActions&(1<<t) == 0):
			return named("OFPBAC_BAD_TYPE")
		}
	}
	return nil
}

// tlvLen returns the length of the instruction or action at the front of b, 0 if there is none or it leads out of b.
func tlvLen(b []byte) int {
	if len(b) < 4 || int(binary.BigEndian.Uint16(b[2:])) > len(b) {
		return 0
	}
	return int(binary.BigEndian.Uint16(b[2:]))
}

// isBadPort says whether a port number is reserved and means nothing: below OFPP_UNSET, or ANY.
func isBadPort(port uint32) bool {
	const unset = 0xfffffff7
	return port >= openflow.PortMax && port < unset || port == openflow.PortAny
}
