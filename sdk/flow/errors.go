package flow

import (
	"errors"
	"fmt"
)

var (
	// ErrMatch is what every refusal of a match is: a malformed or unknown TLV, a value out of range, a field given twice,
	// a mask the field does not allow, a prerequisite that is contradicted or cannot be implied.
	ErrMatch = errors.New("bad match")

	// ErrActions is what every refusal of actions or instructions is: a wrong length, an unknown type, an argument out of
	// range, a nesting too deep.
	ErrActions = errors.New("bad actions")

	// ErrGroup is what every refusal of a group is. What is wrong with the actions in a bucket is ErrActions as well.
	ErrGroup = errors.New("bad group")

	// ErrMeter is what every refusal of a meter is.
	ErrMeter = errors.New("bad meter")

	// ErrSyntax is what every refusal of text is. When the text is well formed and says something that cannot be, the
	// error is ErrMatch or ErrActions as well.
	ErrSyntax = errors.New("bad flow text")
)

// Error says which part of a match, of actions or of text was refused, and why. It Is its Kind (ErrMatch, ErrActions and
// so on) and everything that Err is.
type Error struct {
	Kind   error  // ErrMatch, ErrActions, ErrGroup, ErrMeter or ErrSyntax
	What   string // the field or the action, by its Open vSwitch name; may be ""
	Offset int    // where it begins: in bytes of the wire form or of the text; -1 when there is no such place
	Err    error  // the cause
}

func (e *Error) Error() string {
	s := e.Kind.Error()
	if e.What != "" {
		s += ": " + e.What
	}
	if e.Offset >= 0 {
		s += fmt.Sprintf(" at offset %d", e.Offset)
	}
	return s + ": " + e.Err.Error()
}

// Unwrap lets errors.Is and errors.As see the kind and the cause.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.Err} }

// The causes. They are constants of the package's own conversation: callers distinguish by kind, people read these.
var (
	errTruncated = errors.New("truncated")
	errLength    = errors.New("wrong length")
	errPadding   = errors.New("padding is not zero")
	errUnknown   = errors.New("unknown to Open vSwitch 3.1")
	errTooLong   = errors.New("longer than 65,535 bytes")
	errDuplicate = errors.New("given twice")
	errMask      = errors.New("cannot be masked")
	errZeroMask  = errors.New("zero would match everything: Open vSwitch 3.1 takes the value of this field for its mask")
	errRange     = errors.New("value does not fit the field")
	errReadOnly  = errors.New("cannot be written")
)
