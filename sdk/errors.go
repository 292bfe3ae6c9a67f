package sdk

import (
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
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
	// ErrBadGroup and ErrBadMeter: a group or meter is none that a switch could have.
	ErrBadGroup = errors.New("bad group")
	ErrBadMeter = errors.New("bad meter")
	// ErrInUse: a group or meter that is to be removed is named by a flow of this source.
	ErrInUse = errors.New("group or meter is in use")
	// ErrNotAtomic: a meter or a flush in an atomic transaction.
	ErrNotAtomic = errors.New("cannot be part of an atomic transaction")
	// ErrBusy: an atomic transaction's context ended before the switch had confirmed what was committed before it. Nothing of it was
	// done.
	ErrBusy = errors.New("other transactions are under way")
	// ErrUnset: a flow names a group or meter that the source has not set.
	ErrUnset = errors.New("group or meter is not set")
	// ErrTooLarge: the transaction or one of its flows is too large. Push less at a time: within a sync many transactions of
	// Adds are as good as one.
	ErrTooLarge = errors.New("too large")
	// ErrUnknownOwner: Watch named an owner that the host's configuration does not have.
	ErrUnknownOwner = errors.New("no such owner")
	// ErrNoSwitch: a packet cannot be sent while the switch is not connected.
	ErrNoSwitch = errors.New("switch is not connected")
	// ErrUnsupported: the host is older than this SDK and cannot do what was asked. Nothing of it was done.
	ErrUnsupported = errors.New("this host cannot do that")
	// ErrUnavailable: the host is about to stop. The session ends soon.
	ErrUnavailable = errors.New("host is stopping")

	// ErrRefused is returned by CommitAndWait when the transaction is in the host's table, but the switch refused some of it. The
	// host retries that later. Of an Atomic transaction it says that nothing was done. errors.As to *RefusedError tells what was refused.
	ErrRefused = errors.New("refused by the switch")
	// ErrOptionMoved, ErrContested and ErrUnstable are kinds of ErrRefused that the host finds, and not the switch: see Refused.Kind.

	// ErrOptionMoved: a flow, group or meter names the field that OVN's Geneve option had, and the option has another one now, or none.
	ErrOptionMoved = errors.New("OVN's Geneve option has another field than before")
	// ErrContested: somebody else takes away a group or meter again and again. It waits with what names it.
	ErrContested = errors.New("somebody else keeps changing it")
	// ErrUnstable: the switch reads back something else than it was sent.
	ErrUnstable = errors.New("the switch reads back something else than it was sent")
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
		return fmt.Sprintf("rejected by the host: %s", e.Text)
	}
	if e.UUID == uuid.Nil { // of a group, a meter or a mark
		return fmt.Sprintf("transaction rejected: operation %d: %s", e.Op, e.Text)
	}
	return fmt.Sprintf("transaction rejected: operation %d (%s): %s", e.Op, e.UUID, e.Text)
}

// Is makes the error its kind, and ErrRejected.
func (e *RejectedError) Is(target error) bool {
	return target == ErrRejected || target == e.Kind
}

// RefusedError tells what of a transaction the switch refused. It Is ErrRefused, and the Kind of each of Flows.
type RefusedError struct {
	Flows  []Refused // flows, groups, meters and flushes; empty if the switch named none
	Undone bool      // the transaction was Atomic: nothing of it was done
}

// Error shows the first of them and how many there are.
func (e *RefusedError) Error() string {
	if len(e.Flows) == 0 {
		return ErrRefused.Error()
	}
	text := "refused by the switch: " + e.Flows[0].text()
	if n := len(e.Flows) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

func (r *Refused) text() string {
	switch {
	case r.Object != (Object{}):
		return fmt.Sprintf("%s: %s", r.Object, r.Text)
	case r.UUID == uuid.Nil && r.Key == (flow.Key{}):
		return "a flush: " + r.Text
	}
	return fmt.Sprintf("flow of %s in table %d, priority %d: %s", r.UUID, r.Key.Table, r.Key.Priority, r.Text)
}

// Is makes the error ErrRefused, and the kinds of what was refused.
func (e *RefusedError) Is(target error) bool {
	return target == ErrRefused || target != nil && slices.ContainsFunc(e.Flows, func(r Refused) bool { return r.Kind == target })
}
