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

	// EventRejected: the switch refused an atomic transaction, for what is in Refused. Its inverse is Revision.
	EventRejected

	// EventDrifted: somebody else changed or deleted the flow, group or meter in the switch. It is being put back.
	EventDrifted

	// EventContested: that happens again and again. It is still put back, after pauses that grow.
	EventContested

	// EventMarked: Marks of the owner Other are installed. The table makes none; see apply.Session.Watch.
	EventMarked

	// EventDuplicate: OpAdd of a key that UUID had already. Nothing changed.
	EventDuplicate
)

var eventNames = [...]string{
	EventInstalled: "installed", EventRefused: "refused", EventRecovered: "recovered",
	EventRejected: "rejected", EventLost: "lost", EventWon: "won", EventDuplicate: "duplicate",
	EventMarked: "marked", EventDrifted: "drifted", EventContested: "contested",
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

	Txn      uint64    // EventInstalled, EventRejected, EventDuplicate: the session's number of the transaction
	Revision Revision  // EventInstalled, EventRejected
	Refused  []Refusal // EventInstalled, EventRejected: what of the transaction the switch does not have

	Marks       []Mark // EventInstalled, EventMarked: of the transaction
	Quarantined int    // with Marks: how many of the owner's flows are in quarantine now

	UUID   uuid.UUID // of a flow: the owner's
	Key    flow.Key  // of a flow
	Object Object    // EventRefused, EventRecovered, EventDrifted, EventContested: of a group or a meter, instead of UUID and Key
	Err    error     // EventRefused

	Other     string // EventLost: the owner who has the key now, which can be the same owner; EventMarked: whose the marks are
	OtherUUID uuid.UUID
}

// Refusal is what could not be installed, and why: a flow; or a group or meter; or, with none of them, a conntrack flush.
type Refusal struct {
	UUID   uuid.UUID
	Key    flow.Key
	Object Object
	Err    error
}

// quarantinedOf counts an owner's flows in quarantine.
func (t *Table) quarantinedOf(o *owner) (n int) {
	for d := range t.quarantine {
		if t.ownerOf(d) == o {
			n++
		}
	}
	return n
}

// Events returns what happened since the last call, in order.
func (t *Table) Events() []Event {
	events := t.events
	t.events = nil
	return events
}
