package ovsdb

import "time"

// Phase is where a client stands with its server.
//
//	Connecting ──▶ Loading ──▶ Ready
//	    ▲             │          │
//	    └── Waiting ◀─┴──────────┘        Stopped: Run has returned
type Phase uint8

const (
	Stopped    Phase = iota // Run has not been called, or has returned
	Connecting              // dialling an endpoint
	Loading                 // connected; the database is being checked and its rows are on the way
	Ready                   // the rows are complete, changes follow
	Waiting                 // no server could be used; the next attempt is at State.Retry
)

func (p Phase) String() string {
	switch p {
	case Connecting:
		return "connecting"
	case Loading:
		return "loading"
	case Ready:
		return "ready"
	case Waiting:
		return "waiting"
	default:
		return "stopped"
	}
}

// State is where a client stands, for people and for those that must not act on rows that may be old.
type State struct {
	Phase    Phase
	Endpoint string    // the server in use or last tried, as written in the Config
	Err      error     // why the last attempt or session failed; nil when Ready
	Retry    time.Time // Waiting: when the next attempt begins
	// Session counts the sessions in which the rows became complete. Once it is Ready, a batch of this session is there or on the way, if
	// only an empty one: whoever has not received it has rows of before.
	Session uint64
	Method  string   // Ready: how rows are followed: monitor_cond_since, monitor_cond or monitor
	Missing []string // Ready: what the server's schema lacks of the Config: "Table", "Table.column"
}
