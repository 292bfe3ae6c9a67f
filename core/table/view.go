package table

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// State is how an entry stands.
type State uint8

const (
	StateInstalled   State = iota + 1 // the switch holds the winner
	StatePending                      // a change is due or under way
	StateHeld                         // adopted, and different from the winner, until those who may own it have synced
	StateQuarantined                  // all contenders were refused by the switch
	StateOrphan                       // adopted, and nobody has asked for it
)

var stateNames = [...]string{
	StateInstalled: "installed", StatePending: "pending", StateHeld: "held",
	StateQuarantined: "quarantined", StateOrphan: "orphan",
}

func (s State) String() string {
	if int(s) < len(stateNames) && stateNames[s] != "" {
		return stateNames[s]
	}
	return "unknown state"
}

// Contender is one flow that somebody wants for a key.
type Contender struct {
	Owner       string
	UUID        uuid.UUID
	Flow        flow.Flow
	Stale       bool
	Quarantined bool
	Err         string // why it is in quarantine
}

// EntryView shows one key. Nothing in it changes later.
type EntryView struct {
	flow.Key
	Winner     *Contender // nil: none; of a merged conjunction the first, with the union as its flow
	Installed  *flow.Flow // nil: nothing
	State      State
	Contenders []Contender // best first
}

// OwnerStats counts what is one owner's.
type OwnerStats struct {
	Name        string
	Desired     int // flows
	Stale       int // of them, not mentioned since the session ended or a sync began
	Quarantined int // of them, refused by the switch
	UUIDs       int
	Duplicates  uint64 // flows added twice, ever
	Synced      bool   // has said SyncDone
}

// Stats counts.
type Stats struct {
	Desired     int          // flows of all owners
	Entries     int          // keys that are desired or installed
	Installed   int          // flows the switch holds, as far as is known
	Pending     int          // entries with a change due or under way
	Quarantined int          // flows refused by the switch
	Stale       int          // flows
	Orphans     int          // entries adopted that nobody has asked for
	Held        int          // entries adopted that wait for their owners
	Owners      []OwnerStats // in the order of AddOwner
}
