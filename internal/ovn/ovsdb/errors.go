package ovsdb

import (
	"errors"
	"fmt"
)

var (
	// ErrConfig is what New, SetConditions and SetEndpoints return for something that can never work: an endpoint that
	// does not parse, a table that the model does not have. It is the caller's mistake; nothing has changed.
	ErrConfig = errors.New("bad configuration")

	// ErrNotConnected is returned by Transact while there is no session with a server that serves the database.
	// Nothing was sent. Wait for a State that is Ready and call again.
	ErrNotConnected = errors.New("not connected")

	// ErrConnectionLost is returned by Transact when the connection ended after the transaction was sent and before its
	// reply came: whether it was committed is unknown. The rows after the reconnect tell.
	ErrConnectionLost = errors.New("connection lost, outcome unknown")

	// ErrTransaction is what every *TransactionError is: the server refused, and nothing was changed.
	ErrTransaction = errors.New("transaction refused")

	// ErrProtocol is why a session ended whose server said something that RFC 7047 and ovsdb-server(7) do not allow, or that
	// does not fit the rows held. The client reconnects and loads everything again.
	ErrProtocol = errors.New("protocol error")

	// ErrUnsuitable is why a server was left that answers but cannot be used: it lacks the database, is cut off from its
	// cluster or relay source, is not the leader where one is wanted, or is behind what was seen before. The next
	// endpoint is tried.
	ErrUnsuitable = errors.New("server not usable")

	// ErrSilent is why a session ended whose server said nothing for twice the probe interval.
	ErrSilent = errors.New("no answer to the inactivity probe")
)

// TransactionError says which operation of a transaction the server refused, and why.
type TransactionError struct {
	// Index of the refused operation in the call's operations; their number, when all were fine and the commit was refused
	// (RFC 7047 §4.1.3); -1 when the server did not look at them at all.
	Index int
	// Name is RFC 7047's word for the error, such as "constraint violation" or "timed out".
	Name string
	// Details is the server's text for people; may be empty.
	Details string
	// Err is libovsdb's typed error of the same, such as *ovsdb.ConstraintViolation, for errors.As.
	Err error
}

func (e *TransactionError) Error() string {
	text := e.Name
	if e.Details != "" {
		text += ": " + e.Details
	}
	if e.Index < 0 {
		return "ovsdb: transaction refused: " + text
	}
	return fmt.Sprintf("ovsdb: transaction refused at operation %d: %s", e.Index, text)
}

// Is makes every TransactionError an ErrTransaction.
func (e *TransactionError) Is(target error) bool { return target == ErrTransaction }

// Unwrap gives libovsdb's typed error, nil if it has none for this name.
func (e *TransactionError) Unwrap() error { return e.Err }

// serverError is the "error" member of a reply (RFC 7047 §4): a string, or an <error> object (§3.1).
type serverError struct {
	Name    string `json:"error"`
	Details string `json:"details"`
}

func (e *serverError) Error() string {
	if e.Details == "" {
		return "server says " + e.Name
	}
	return "server says " + e.Name + ": " + e.Details
}

// Is makes what a server refuses outside a transaction a protocol error, as flowhost only asks for what it may.
func (e *serverError) Is(target error) bool { return target == ErrProtocol }
