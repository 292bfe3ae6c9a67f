package apply

import (
	"errors"
	"fmt"

	"github.com/flowhost/flowhost/core/table"
)

var (
	// ErrUnknownOwner is returned by Attach for an owner that the configuration does not name.
	ErrUnknownOwner = errors.New("owner is not configured")
	// ErrOwnerBusy is returned by Attach while the owner has a session: a source's second process has to wait until the
	// first one's session has ended.
	ErrOwnerBusy = errors.New("owner has a session already")
	// ErrSessionEnded is returned by every call on a session that was detached.
	ErrSessionEnded = errors.New("session has ended")
	// ErrRefused is returned by Commit of an atomic transaction that the switch refused: nothing of it is in the switch, and
	// the table has taken it back. errors.As to *RefusedError tells what was refused.
	ErrRefused = errors.New("refused by the switch")
	// ErrNoSwitch is returned for a packet that cannot be sent because there is no connection.
	ErrNoSwitch = errors.New("the switch is not connected")
	// ErrStopped is returned by every call once the loop no longer runs.
	ErrStopped = errors.New("the host is stopping")
)

// RefusedError tells what of an atomic transaction the switch refused. It Is ErrRefused.
type RefusedError struct {
	Refused []table.Refusal
}

// Error shows the first refusal and how many there are.
func (e *RefusedError) Error() string {
	if len(e.Refused) == 0 {
		return ErrRefused.Error()
	}
	first := &e.Refused[0]
	text := fmt.Sprintf("%v: table %d, priority %d: %v", ErrRefused, first.Key.Table, first.Key.Priority, first.Err)
	if n := len(e.Refused) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// Is makes the error ErrRefused.
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }
