package table

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// EventKind is what an owner hears.
type EventKind uint8

const (
	// EventInstalled: the switch has confirmed everything of Owner up to Revision, but for what is in Refused.
	EventInstalled EventKind = iota + 1

	// EventRefused: the switch refused the flow (Err is a SwitchError), or it cannot be sent. It is in quarantine and will
	// be tried again.
	EventRefused

	// EventRecovered: a flow that was refused is installed now.
	EventRecovered

	// EventLost: the flow is not installed, because Other's, with the same key, goes before it.
	EventLost

	// EventWon: a flow that had lost is the one that should be installed now.
	EventWon

	// EventDuplicate: OpAdd of a key that UUID had already. Nothing changed.
	EventDuplicate
)

var eventNames = [...]string{
	EventInstalled: "installed", EventRefused: "refused", EventRecovered: "recovered",
	EventLost: "lost", EventWon: "won", EventDuplicate: "duplicate",
}

func (k EventKind) String() string {
	if int(k) < len(eventNames) && eventNames[k] != "" {
		return eventNames[k]
	}
	return "unknown event"
}

// Event is one thing for one owner to hear.
type Event struct {
	Kind  EventKind
	Owner OwnerID // who should hear it

	Txn      uint64    // EventInstalled, EventDuplicate: the session's number of the transaction
	Revision Revision  // EventInstalled
	Refused  []Refusal // EventInstalled: flows of the transaction that are in quarantine

	UUID uuid.UUID // all but EventInstalled: the owner's
	Key  flow.Key
	Err  error // EventRefused

	Other     string // EventLost: the owner who has the key now, which can be the same owner
	OtherUUID uuid.UUID
}

// Refusal is a flow that could not be installed, and why.
type Refusal struct {
	UUID uuid.UUID
	Key  flow.Key
	Err  error
}

// Events returns what happened since the last call, in order.
func (t *Table) Events() []Event {
	events := t.events
	t.events = nil
	return events
}
