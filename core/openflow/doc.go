// Package openflow encodes and decodes the OpenFlow 1.5 and Nicira extension messages that flowhost exchanges with Open
// vSwitch. One file holds one family of messages.
//
// Encoders append: each AppendX function appends whole messages to a byte slice, header included, and returns the longer
// slice, so that a batch of messages is built in one buffer without an allocation per message. They cannot fail; what they
// demand of their arguments (above all: lengths) is in their comments.
//
// Decoders walk: they take one whole message, header included, check every length before they follow it, and return values
// whose slices point into the message. Whoever keeps such a slice longer than the message copies it. They accept any
// input, and answer what is not the message they are for with an error that Is ErrMessage; none panics.
//
// Only version 1.5 (wire byte 6) is spoken, so nothing here takes a version. Numbers of sections refer to the OpenFlow
// Switch Specification 1.5.1.
//
// The connection itself (framing, hello, echo) is the work of package swconn.
package openflow
