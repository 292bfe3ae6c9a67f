package table

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Limits of one transaction and one message. Larger pushes are many transactions inside a sync.
const (
	MaxTxnFlows = 65536    // flows in all operations of one transaction
	MaxTxnBytes = 16 << 20 // bytes of all matches and actions of one transaction

	// MaxMessage is the size in bytes up to which Open vSwitch both installs a flow and shows it in a dump; a little above
	// it, a flow is installed and left out of every dump.
	MaxMessage = 65000
)

// OpKind is what an operation does.
type OpKind uint8

// Operations on flows. "The owner" is the transaction's.
const (
	// OpAdd adds each of Flows to UUID. A flow whose key UUID has already changes nothing and is an EventDuplicate, unless
	// the one there is stale: then the new one takes its place.
	OpAdd OpKind = iota + 1

	// OpRemove takes all flows of UUID away. An unknown UUID is no error.
	OpRemove

	// OpRemoveFlow takes the flow with Key from UUID. That it is not there is no error.
	OpRemoveFlow

	// OpSet gives UUID exactly Flows; those that it has already are not touched. No Flows: same as OpRemove.
	OpSet

	// OpClear takes all flows, groups and meters of the owner away.
	OpClear

	// OpSetGroup and OpSetMeter make the group or meter ID what Body says. It is the owner's, and flows may name it.
	OpSetGroup
	OpSetMeter

	// OpRemoveGroup and OpRemoveMeter take the group or meter ID away. That it is not there is no error; that a flow names it
	// at the end of the transaction is. The switch keeps it until no installed flow names it, whoever's.
	OpRemoveGroup
	OpRemoveMeter

	// OpFlushCT makes the switch forget all connections of conntrack zone Zone, before the flows of the transaction go in.
	OpFlushCT

	// OpFlushCTTuple makes the switch forget the connections of Zone that Body describes, after the flows are in.
	OpFlushCTTuple
)

var opNames = [...]string{
	OpAdd: "add", OpRemove: "remove", OpRemoveFlow: "remove flow", OpSet: "set", OpClear: "clear",
	OpSetGroup: "set group", OpSetMeter: "set meter", OpRemoveGroup: "remove group", OpRemoveMeter: "remove meter",
	OpFlushCT: "flush zone", OpFlushCTTuple: "flush tuple",
}

func (k OpKind) String() string {
	if int(k) < len(opNames) && opNames[k] != "" {
		return opNames[k]
	}
	return "unknown operation"
}

// Op is one operation. Which fields it has depends on its kind.
type Op struct {
	Kind  OpKind
	UUID  uuid.UUID   // OpAdd, OpRemove, OpRemoveFlow, OpSet
	Flows []flow.Flow // OpAdd, OpSet
	Key   flow.Key    // OpRemoveFlow
	ID    uint32      // of the group or meter
	Body  Body        // OpSetGroup, OpSetMeter; OpFlushCTTuple: that of NXT_CT_FLUSH
	Refs  []flow.Ref  // OpSetGroup: what the buckets name, which the fence covers, too; see flow.Group.Refs
	Zone  uint16      // OpFlushCT, OpFlushCTTuple
}

// Txn is a transaction of one owner: all of its operations happen in the table, in order, or none.
type Txn struct {
	Owner  OwnerID
	ID     uint64 // the session's own number for it; comes back in events
	Ops    []Op
	Marks  []Mark
	Atomic bool // in the switch, too, all or nothing

	prepared bool // Invariant: when set, matches and actions are canonical, inside the fence, and cookies complete.
	refers   bool // it has to do with groups or meters
}

// Revision counts committed transactions of all owners, from 1.
type Revision uint64
