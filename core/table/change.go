package table

import "github.com/flowhost/flowhost/sdk/flow"

// ChangeKind is what a Change asks of the switch.
type ChangeKind uint8

const (
	FlowAdd     ChangeKind = iota + 1 // OFPFC_ADD: the switch has nothing for the key, or its cookie must change
	FlowModify                        // OFPFC_MODIFY_STRICT: only the actions differ; counters and duration go on
	FlowDelete                        // OFPFC_DELETE_STRICT
	GroupAdd                          // OFPGC_ADD
	GroupModify                       // OFPGC_MODIFY: the id stays, and with it what a select group has stuck to
	GroupDelete                       // OFPGC_DELETE
	MeterAdd                          // OFPMC_ADD; no bundle takes it
	MeterModify                       // OFPMC_MODIFY; no bundle takes it
	MeterDelete                       // OFPMC_DELETE; no bundle takes it
	FlushZone                         // NXT_CT_FLUSH_ZONE, before all that follows; no bundle takes it
	FlushTuple                        // NXT_CT_FLUSH of some connections of a zone; no bundle takes it
)

var changeNames = [...]string{
	FlowAdd: "add", FlowModify: "modify", FlowDelete: "delete",
	GroupAdd: "add group", GroupModify: "modify group", GroupDelete: "delete group",
	MeterAdd: "add meter", MeterModify: "modify meter", MeterDelete: "delete meter",
	FlushZone: "flush zone", FlushTuple: "flush tuple",
}

func (k ChangeKind) String() string {
	if int(k) < len(changeNames) && changeNames[k] != "" {
		return changeNames[k]
	}
	return "unknown change"
}

func (k ChangeKind) deletes() bool { return k == FlowDelete || k == GroupDelete || k == MeterDelete }

// Change is one message for the switch. Its answer goes to Confirm or Reject, or Disconnected is called.
type Change struct {
	Kind   ChangeKind
	Flow   flow.Flow // of flows; of a FlowDelete only the Key counts
	Object Object    // of groups and meters
	Body   Body      // of groups and meters, but for deletes; of FlushTuple the tuple
	Zone   uint16    // of FlushZone and FlushTuple
	ref    ref
}

// ref leads an answer back to what it is about.
type ref struct {
	entry   uint32  // of a flow
	object  *object // of a group or a meter
	flush   *flush
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

	gone bool // it is not there any more: only in Table.seen
}

// odd says whether the flow has what no desired flow has.
func (f *Dumped) odd() bool { return f.Idle|f.Hard|f.Importance|f.Flags != 0 }
