package openflow

import (
	"errors"
	"fmt"
)

// ErrMessage is what every decoding error Is: the message is not what its decoder is for, it is shorter than it says, or
// a length inside it leads out of it. The switch does not speak OpenFlow as we know it; the connection is not worth
// keeping.
var ErrMessage = errors.New("openflow: malformed message")

// A DecodeError says what of a message could not be decoded. It Is ErrMessage.
type DecodeError struct {
	What   string // what was being decoded, e.g. "flow description"
	Offset int    // where in the message, in bytes from its start
	Reason string
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("openflow: malformed %s at byte %d: %s", e.What, e.Offset, e.Reason)
}

// Is reports whether target is ErrMessage.
func (e *DecodeError) Is(target error) bool { return target == ErrMessage }
