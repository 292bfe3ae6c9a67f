package admin

import (
	"time"

	"github.com/google/uuid"
)

// Status is the whole host at a glance.
type Status struct {
	Version string    `json:"version"`
	PID     int       `json:"pid"`
	Bridge  string    `json:"bridge"`
	Started time.Time `json:"started"`
	// Ready: the switch is connected and read, and every plugin has said everything it wants. Reasons tell what is missing.
	Ready   bool     `json:"ready"`
	Reasons []string `json:"reasons"`
	Switch  Switch   `json:"switch"`
	Flows   Counts   `json:"flows"`
	Plugins []Plugin `json:"plugins"`
}

// Switch is the OpenFlow connection.
type Switch struct {
	Target     string    `json:"target"`
	Phase      string    `json:"phase"`           // disconnected, dumping, adopting, steady
	Since      time.Time `json:"since"`           // of the phase
	DatapathID string    `json:"datapath_id"`     // 16 hexadecimal digits, as Open vSwitch prints it; empty before the first connection
	Error      string    `json:"error,omitempty"` // why there is no connection
}

// Counts are flows of all owners.
type Counts struct {
	Desired     int `json:"desired"`     // what all owners want
	Installed   int `json:"installed"`   // what the switch holds, as far as is known
	Pending     int `json:"pending"`     // keys with a change due or under way
	Quarantined int `json:"quarantined"` // desired and refused by the switch
	Stale       int `json:"stale"`       // desired by an owner who has not said so again yet
	Held        int `json:"held"`        // adopted, and left alone until their owners have spoken
	Orphans     int `json:"orphans"`     // adopted, and wanted by nobody so far
}

// Plugin is one flow source: its process and its flows.
type Plugin struct {
	Name     string    `json:"name"`
	PID      int       `json:"pid,omitempty"` // 0: no process now
	State    string    `json:"state"`
	Since    time.Time `json:"since"` // of the state
	Restarts int       `json:"restarts"`
	Says     string    `json:"says,omitempty"`  // its own word on how it is
	Error    string    `json:"error,omitempty"` // what ended its last process
	Synced   bool      `json:"synced"`
	Desired  int       `json:"desired"`
	Stale    int       `json:"stale"`
}

// Flow is one flow that somebody wants or, without an owner, that is in the switch and nobody has asked for.
type Flow struct {
	Owner string    `json:"owner,omitempty"`
	UUID  uuid.UUID `json:"uuid"` // zero without an owner
	// State: installed, pending, held, quarantined, orphan; lost if another flow with the same key is preferred.
	State string `json:"state"`
	Stale bool   `json:"stale,omitempty"`
	Error string `json:"error,omitempty"` // the switch's, if quarantined

	Table    uint8  `json:"table"`
	Priority uint16 `json:"priority"`
	Match    string `json:"match"` // as ovs-ofctl writes it, without the priority
	Actions  string `json:"actions"`
	Cookie   string `json:"cookie"` // "0x…"
	Flow     string `json:"flow"`   // the whole line, as `ovs-ofctl dump-flows --no-stats --no-names` prints it
}
