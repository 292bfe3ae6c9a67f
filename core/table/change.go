package table

import "github.com/flowhost/flowhost/sdk/flow"

// ChangeKind is what a Change asks of the switch.
type ChangeKind uint8

const (
	FlowAdd    ChangeKind = iota + 1 // OFPFC_ADD: the switch has nothing for the key, or its cookie must change
	FlowModify                       // OFPFC_MODIFY_STRICT: only the actions differ; counters and duration go on
	FlowDelete                       // OFPFC_DELETE_STRICT
)

func (k ChangeKind) String() string {
	switch k {
	case FlowAdd:
		return "add"
	case FlowModify:
		return "modify"
	case FlowDelete:
		return "delete"
	}
	return "unknown change"
}

// Change is one message for the switch. Its answer goes to Confirm or Reject, or Disconnected is called.
type Change struct {
	Kind ChangeKind
	Flow flow.Flow // of a FlowDelete only the Key counts
	ref  ref
}

// ref leads an answer back to its entry.
type ref struct {
	entry   uint32
	session uint32 // Table.session when the change was made; an answer of an earlier one is ignored
}

// SwitchError is the switch's refusal of a message (OpenFlow 1.5 §7.5.4).
type SwitchError struct {
	Type, Code uint16
	Text       string // the name in Open vSwitch, e.g. "OFPBAC_BAD_OUT_GROUP"
}

func (e SwitchError) Error() string { return e.Text }

// Dumped is one flow that the switch showed in a dump: canonical, with what a desired flow never has.
type Dumped struct {
	flow.Flow
	Idle, Hard uint16 // timeouts, seconds
	Importance uint16
	Flags      uint16 // OFPFF_*
}
