package sdk

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Why a transaction was not done, or not completely. Test with errors.Is; the text is for people.
var (
	// ErrRejected is every refusal of a transaction by the host: nothing of it was done, and the same transaction would be
	// rejected again. The errors below it are its kinds; errors.As to *RejectedError tells which operation.
	ErrRejected = errors.New("rejected by the host")
	// ErrMalformed: the transaction is none (a host and an SDK that do not understand each other).
	ErrMalformed = errors.New("malformed transaction")
	// ErrBadMatch: a flow's match is not a list of OXM TLVs that can be matched on.
	ErrBadMatch = errors.New("bad match")
	// ErrBadActions: a flow's actions are not a list of instructions.
	ErrBadActions = errors.New("bad actions")
	// ErrBadFlow: a flow's table, priority or cookie is out of range, or it may not be for another reason.
	ErrBadFlow = errors.New("bad flow")
	// ErrFenced: the owner may not do this. The operator sets the fence in the host's configuration.
	ErrFenced = errors.New("outside the owner's fence")
	// ErrQuota: the owner would have more than it may.
	ErrQuota = errors.New("over the owner's quota")
	// ErrUnset: a flow names a group or meter that the source has not set.
	ErrUnset = errors.New("group or meter is not set")
	// ErrTooLarge: the transaction or one of its flows is too large. Push less at a time: within a sync many transactions of
	// Adds are as good as one.
	ErrTooLarge = errors.New("too large")
	// ErrUnavailable: the host is about to stop. The session ends soon.
	ErrUnavailable = errors.New("host is stopping")

	// ErrRefused is returned by CommitAndWait when the transaction is in the host's table, but the switch refused some of its
	// flows. The host retries them later. errors.As to *RefusedError tells which.
	ErrRefused = errors.New("refused by the switch")
	// ErrClosed: the session is over. What was asked for may have been done or not. Return from run.
	ErrClosed = errors.New("session is over")
	// ErrShutdown is the cause (context.Cause) of run's context when the host asked the source to exit.
	ErrShutdown = errors.New("host asked the source to exit")
)

// RejectedError tells what the host rejected. It Is ErrRejected and the kind (ErrFenced, ErrQuota, …).
type RejectedError struct {
	Kind error     // one of the sentinels above; ErrRejected when this SDK does not know the rule
	Op   int       // which call on the Txn, counted from 0; -1: all of them together
	UUID uuid.UUID // of that operation
	Text string    // the host's words
}

// Error says what the host said, and names the operation.
func (e *RejectedError) Error() string {
	if e.Op < 0 {
		return fmt.Sprintf("transaction rejected: %s", e.Text)
	}
	return fmt.Sprintf("transaction rejected: operation %d (%s): %s", e.Op, e.UUID, e.Text)
}

// Is makes the error its kind, and ErrRejected.
func (e *RejectedError) Is(target error) bool {
	return target == ErrRejected || target == e.Kind
}

// RefusedError tells which flows of a transaction the switch refused. It Is ErrRefused.
type RefusedError struct {
	Flows []Refused // never empty
}

// Error shows the first flow and how many there are.
func (e *RefusedError) Error() string {
	first := e.Flows[0]
	text := fmt.Sprintf("refused by the switch: flow of %s in table %d, priority %d: %s",
		first.UUID, first.Key.Table, first.Key.Priority, first.Text)
	if n := len(e.Flows) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// Is makes the error ErrRefused.
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }
