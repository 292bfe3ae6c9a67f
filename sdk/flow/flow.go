package flow

import "errors"

// TableID is an OpenFlow table, 0 to 253. 254 is not a table of the pipeline in Open vSwitch (it keeps rules of its own
// there) and 255 means "all tables".
type TableID uint8

// MaxTable is the highest table a flow may be in.
const MaxTable TableID = 253

// Priority of a flow within its table, 0 to 65535; the higher one is looked at first.
type Priority uint16

// Cookie is the 64-bit opaque value that the switch stores with a flow (OpenFlow 1.5 §5.2). In a flow that an author makes, 0
// means that its low half is to be the first 32 bits, big-endian, of the UUID the flow was made from.
type Cookie uint64

// NoCookie in a flow that an author makes means that the low half of the cookie is to be 0.
const NoCookie Cookie = 1 << 32

// Match is what a flow matches: a list of OXM TLVs (OpenFlow 1.5 §7.2.3), without the ofp_match header in front and the
// padding behind. It is immutable, and comparable with ==. The empty Match matches every packet.
//
// Two canonical matches are equal if and only if they mean the same; see CanonicalMatch.
type Match string

// Actions is what a flow does: a list of OpenFlow 1.5 instructions (§7.2.4), padded to 8 bytes each as on the wire. It is
// immutable, and comparable with ==. The empty Actions drops.
//
// Two canonical actions are equal if they are the same bytes; see CanonicalActions.
type Actions string

// Key is what OpenFlow treats as one flow: a switch holds at most one flow with a given key.
type Key struct {
	Table    TableID
	Priority Priority
	Match    Match
}

// Flow is what somebody wants to be in the switch.
type Flow struct {
	Key
	Actions Actions
	Cookie  Cookie
}

// New makes the flow of a table and a priority that matches all of the terms. Its cookie is left to the host. The error says all that is
// wrong with the terms and the actions.
func New(table TableID, priority Priority, terms []Term, actions ...Action) (Flow, error) {
	match, err1 := NewMatch(terms...)
	list, err2 := NewActions(actions...)
	return Flow{Key: Key{Table: table, Priority: priority, Match: match}, Actions: list}, errors.Join(err1, err2)
}
