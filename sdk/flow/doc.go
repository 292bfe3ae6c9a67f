// Package flow is the vocabulary of flowhost: matches, actions and flows, as values.
//
// A Match and an Actions are the bytes of OpenFlow 1.5 in one canonical form, so that equal meaning is equal bytes, a flow
// is a map key, and nothing is encoded twice on its way to the switch. There are three ways in (builders such as NewMatch
// and NewActions, ovs-ofctl text through ParseFlow, and raw bytes through CanonicalMatch and CanonicalActions), and they
// all end in the same bytes. The way out is String, which prints exactly what
//
//	ovs-ofctl -O OpenFlow15 --no-stats --no-names dump-flows
//
// of Open vSwitch 3.1 prints, without the leading space.
//
// One table of fields (fields.go) says everything about a field: its names, its wire headers, width, mask, prerequisites
// and text. Codec, canonical form, text, validation and FIELDS.md read it and nothing else. One table of actions (kinds.go)
// says for each kind how it is recognised, who folds, prints and reads it; each family of actions has a file.
//
// Groups and meters are values like flows, with the same three ways in: NewGroup, ParseGroup and CanonicalGroup, NewMeter,
// ParseMeter and CanonicalMeter.
//
// Everything here is pure and immutable, safe for concurrent use, and imports only the standard library. Bad input gets an
// *Error that names the field or action and the offset; nothing panics.
package flow
