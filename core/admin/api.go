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
	Config  string    `json:"config,omitempty"` // why the host does not do what the files of its configuration say now
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
	Phase      string    `json:"phase"`              // disconnected, dumping, adopting, steady
	Since      time.Time `json:"since"`              // of the phase
	DatapathID string    `json:"datapath_id"`        // 16 hexadecimal digits, as Open vSwitch prints it; empty before the first connection
	Error      string    `json:"error,omitempty"`    // why there is no connection
	Troubles   []string  `json:"troubles,omitempty"` // what others do to the bridge
	Progress   Progress  `json:"progress"`
}

// Progress is how far a load, or the reading of the switch, has come.
type Progress struct {
	Read       int `json:"read"`       // flows read, while the switch's tables are being read
	Due        int `json:"due"`        // changes due, and not sent
	InFlight   int `json:"in_flight"`  // changes sent, and not answered
	Unanswered int `json:"unanswered"` // bytes of them
	Backlog    int `json:"backlog"`    // bytes of those that are still in the host
	Lanes      int `json:"lanes"`      // connections; more than one during a big load
}

// Counts are flows of all owners, and groups.
type Counts struct {
	Desired     int `json:"desired"`     // what all owners want
	Installed   int `json:"installed"`   // what the switch holds, as far as is known
	Pending     int `json:"pending"`     // keys with a change due or under way
	Quarantined int `json:"quarantined"` // desired and refused by the switch
	Stale       int `json:"stale"`       // desired by an owner who has not said so again yet
	Held        int `json:"held"`        // adopted, and left alone until their owners have spoken
	Orphans     int `json:"orphans"`     // adopted, and wanted by nobody so far
	Lingering   int `json:"lingering"`   // groups that nobody wants or names, and that go within a second
}

// Plugin is one flow source: its process and its flows.
type Plugin struct {
	Name     string    `json:"name"`
	PID      int       `json:"pid,omitempty"` // 0: no process now
	State    string    `json:"state"`
	Since    time.Time `json:"since"` // of the state
	Restarts int       `json:"restarts"`
	Says     string    `json:"says,omitempty"`     // its own word on how it is
	Error    string    `json:"error,omitempty"`    // what ended its last process
	Version  string    `json:"version,omitempty"`  // its name and version of itself
	Commands []string  `json:"commands,omitempty"` // of its own, see Client.Command
	Synced   bool      `json:"synced"`
	Desired  int       `json:"desired"`
	Stale    int       `json:"stale"`
}

// LogLines are the last lines of a plugin's log, its own and the host's about it.
type LogLines struct {
	Lines []string `json:"lines"`
	// Last is the number of the last line, counted from 1 since the host started: ask for what is after it next time.
	Last uint64 `json:"last"`
}

// Owner is one owner namespace: what it may do, and what it has.
type Owner struct {
	Name string `json:"name"`
	Slot uint8  `json:"slot"` // top byte of its cookies
	Rank int    `json:"rank"`

	// Ranges are written as in the configuration: "8-36".
	Tables       []string `json:"tables"`
	Priorities   []string `json:"priorities"`
	Groups       []string `json:"groups"`
	Meters       []string `json:"meters"`
	Conjunctions []string `json:"conjunctions"`
	Zones        []string `json:"zones"`
	Controllers  []string `json:"packet_in_controllers"` // whose packets it may hear, and have its flows send
	UserData     []string `json:"packet_in_userdata"`    // what the user data of those begin with, in hexadecimal
	PacketOut    []string `json:"packet_out"`            // tables
	MaxFlows     int      `json:"max_flows"`             // 0: no limit
	Rate         int      `json:"rate"`                  // transactions a second; 0: no limit

	// Removed: the configuration does not have it any more. It is shown until nothing of it is left.
	Removed bool `json:"removed,omitempty"`

	Synced   bool    `json:"synced"`        // it has said everything it wants
	Expected bool    `json:"expected"`      // what may be its is left alone until then
	Grace    float64 `json:"grace_seconds"` // how long its flows stay without it; 0: for ever

	Flows       int    `json:"flows"`
	Stale       int    `json:"stale"`       // of them, not said again yet
	Quarantined int    `json:"quarantined"` // of them, refused by the switch
	UUIDs       int    `json:"uuids"`
	Duplicates  uint64 `json:"duplicates"` // flows added twice, ever
}

// Conflict is a flow that is not in the switch because another one with its key is preferred.
type Conflict struct {
	Table    uint8  `json:"table"`
	Priority uint16 `json:"priority"`
	Match    string `json:"match"`
	Winner   Party  `json:"winner"`
	Loser    Party  `json:"loser"`
	// Step of the rule that decided: rank, class, uuid, owner name.
	Step  string    `json:"step"`
	Since time.Time `json:"since"` // the transaction that made it so
}

// Party is one of those that want a key.
type Party struct {
	Owner   string    `json:"owner"`
	UUID    uuid.UUID `json:"uuid"`
	Actions string    `json:"actions"`
	Stale   bool      `json:"stale,omitempty"`
	// Description is what the owner's source says the UUID is; parties of the same owner and UUID share it.
	Description *Description `json:"description,omitempty"`
}

// Description is what a source says one of its UUIDs is, or why it does not.
type Description struct {
	Text   string             `json:"text,omitempty"`
	Fields []DescriptionField `json:"fields,omitempty"`
	Error  string             `json:"error,omitempty"` // it is not connected, describes nothing, or has not answered in time
}

// DescriptionField is one named part of a Description, in the source's order.
type DescriptionField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// PluginCommand is one of a plugin's own commands and its arguments.
type PluginCommand struct {
	Name string   `json:"name"`
	Args []string `json:"args,omitempty"`
}

// PluginReply is what a plugin answers to a PluginCommand.
type PluginReply struct {
	Text string `json:"text"`
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

	// Description is what the owner's source says the UUID is, if that was asked for; flows of the same owner and UUID share it.
	Description *Description `json:"description,omitempty"`
}
