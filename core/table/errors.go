package table

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

var (
	// ErrOwnerExists is returned by AddOwner for a name that is taken. Configure each owner once.
	ErrOwnerExists = errors.New("an owner of this name exists")

	// ErrTooManyOwners is returned by AddOwner when no OwnerID is left.
	ErrTooManyOwners = errors.New("too many owners")

	// ErrUnknownOwner is returned for an OwnerID that AddOwner did not give out.
	ErrUnknownOwner = errors.New("unknown owner")

	// ErrFenced is returned by Prepare for anything outside the owner's fence: table, priority, id ranges.
	ErrFenced = errors.New("outside the owner's fence")

	// ErrQuota is returned by Commit when the owner would have more flows than its MaxFlows.
	ErrQuota = errors.New("over the owner's quota")

	// ErrBadOp is returned by Prepare for an operation of an unknown kind, or with parts its kind does not have.
	ErrBadOp = errors.New("bad operation")

	// ErrBadMatch is returned by Prepare for a match that is malformed, contradicts itself, or lacks a prerequisite that
	// cannot be implied. The error is a *flow.Error as well.
	ErrBadMatch = flow.ErrMatch

	// ErrBadActions is returned by Prepare for instructions or actions of an unknown type, a wrong length or a wrong
	// structure, and for a conjunction beside any other action. The error is a *flow.Error as well.
	ErrBadActions = flow.ErrActions

	// ErrBadTable is returned by Prepare for tables 254 and 255, which are not tables of the pipeline.
	ErrBadTable = errors.New("no such table")

	// ErrUnset is returned by Commit for a flow that names a group or meter which its owner has not set.
	ErrUnset = errors.New("not set")

	// ErrInUse is returned by Commit for the removal of a group or meter that a desired flow names.
	ErrInUse = errors.New("named by a flow")

	// ErrNotAtomic is returned by Prepare for an atomic transaction with a meter or a conntrack flush: no bundle takes them.
	ErrNotAtomic = errors.New("a meter or a flush cannot be part of an atomic transaction")

	// ErrBusy is returned by Commit while an atomic transaction of the owner is open, and for an atomic one while the owner
	// has other work under way. Nothing is wrong with the transaction: commit it again after the owner's next event.
	ErrBusy = errors.New("an atomic transaction must be alone under way for its owner")

	// ErrUnstable is in an EventRefused: the switch reads back something else than it was sent. The flow is left as the switch
	// has it until something else is wanted for its key.
	ErrUnstable = errors.New("the switch reads back something else than it was sent")

	// ErrContested is in an EventRefused of a flow that names a group or meter which somebody else takes away again and again: both
	// wait until the next time it is put back.
	ErrContested = errors.New("somebody else keeps changing it")

	// ErrOptionMoved is in an EventRefused: a flow, group or meter names the field that OVN's Geneve option had, and the option has
	// another now. It is held back until it is pushed anew.
	ErrOptionMoved = errors.New("OVN's Geneve option has another field than before")

	// ErrTooBig is returned by Prepare for a flow whose message would be over MaxMessage bytes, and for a transaction over
	// MaxTxnFlows flows or MaxTxnBytes bytes.
	ErrTooBig = errors.New("too big")
)

// OpError says which operation of a transaction was refused, and why. It Is the sentinel in Err.
type OpError struct {
	Index int       // of the operation in the transaction, from 0; -1: the transaction as a whole
	Op    OpKind    // what was asked; 0 for the transaction as a whole
	UUID  uuid.UUID // the operation's UUID
	Key   flow.Key  // the flow's key as it was given, when the reason is one flow
	Err   error     // never nil
}

func (e *OpError) Error() string {
	switch {
	case e.Index < 0:
		return e.Err.Error()
	case e.UUID == uuid.Nil && e.Key == (flow.Key{}):
		return fmt.Sprintf("operation %d, %s: %v", e.Index, e.Op, e.Err)
	case e.Key == (flow.Key{}):
		return fmt.Sprintf("operation %d, %s of %s: %v", e.Index, e.Op, e.UUID, e.Err)
	}
	return fmt.Sprintf("operation %d, %s of %s, flow %s: %v", e.Index, e.Op, e.UUID, e.Key, e.Err)
}

// Unwrap lets errors.Is find the sentinel.
func (e *OpError) Unwrap() error { return e.Err }
