package table

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Prepare checks a transaction, makes its matches and actions canonical and its cookies complete, all in place. It reads
// only what is fixed after AddOwner, so it may run in any goroutine. Errors are *OpError and Is one of the sentinels; the
// transaction must not be used after one.
func (t *Table) Prepare(txn *Txn) error {
	if txn.prepared {
		return nil
	}
	o := t.owner(txn.Owner)
	if o == nil {
		return &OpError{Index: -1, Err: ErrUnknownOwner}
	}
	if err := checkMarks(txn.Marks); err != nil {
		return &OpError{Index: -1, Err: err}
	}
	flows, size := 0, 0
	for i := range txn.Ops {
		op := &txn.Ops[i]
		if err := op.check(); err != nil {
			return op.refused(i, flow.Key{}, err)
		}
		if txn.Atomic && op.Kind >= OpSetGroup && op.Kind != OpSetGroup && op.Kind != OpRemoveGroup {
			return op.refused(i, flow.Key{}, ErrNotAtomic)
		}
		if err := o.prepareObject(op); err != nil {
			return op.refused(i, flow.Key{}, err)
		}
		txn.refers = txn.refers || op.Kind >= OpSetGroup && op.Kind <= OpRemoveMeter || op.Kind == OpClear
		flows += len(op.Flows)
		size += len(op.Body)
		for j := range op.Flows {
			f := &op.Flows[j]
			size += len(f.Match) + len(f.Actions)
			refers, err := o.prepare(f, &op.UUID)
			if err != nil {
				return op.refused(i, f.Key, err)
			}
			txn.refers = txn.refers || refers
		}
		if op.Kind == OpRemoveFlow {
			size += len(op.Key.Match)
			if err := canonicalMatch(&op.Key.Match); err != nil {
				return op.refused(i, op.Key, err)
			}
		}
		if flows > MaxTxnFlows || size > MaxTxnBytes {
			return &OpError{Index: -1, Err: fmt.Errorf("%w: the transaction is over %d flows or %d bytes", ErrTooBig, MaxTxnFlows, MaxTxnBytes)}
		}
	}
	txn.prepared = true
	return nil
}

func (op *Op) refused(index int, key flow.Key, err error) error {
	return &OpError{Index: index, Op: op.Kind, UUID: op.UUID, Key: key, Err: err}
}

// check says whether the operation has the parts of its kind and no others.
func (op *Op) check() error {
	only := Op{Kind: op.Kind}
	switch op.Kind {
	case OpAdd, OpSet:
		only.UUID, only.Flows = op.UUID, op.Flows
	case OpRemove:
		only.UUID = op.UUID
	case OpRemoveFlow:
		only.UUID, only.Key = op.UUID, op.Key
	case OpClear:
	case OpSetGroup, OpSetMeter:
		only.ID, only.Body, only.Refs = op.ID, op.Body, op.Refs
	case OpRemoveGroup, OpRemoveMeter:
		only.ID = op.ID
	case OpFlushCT:
		only.Zone = op.Zone
	case OpFlushCTTuple:
		only.Zone, only.Body = op.Zone, op.Body
	default:
		return fmt.Errorf("%w: unknown kind %d", ErrBadOp, op.Kind)
	}
	switch {
	case only.UUID != op.UUID || only.Key != op.Key || only.ID != op.ID || only.Body != op.Body || only.Zone != op.Zone ||
		len(only.Flows) != len(op.Flows) || len(only.Refs) != len(op.Refs):
		return fmt.Errorf("%w: it has a part that %q does not have", ErrBadOp, op.Kind)
	case op.Kind == OpAdd && len(op.Flows) == 0:
		return fmt.Errorf("%w: nothing to add", ErrBadOp)
	}
	return nil
}

// prepareObject checks an operation on a group, a meter or a conntrack zone.
func (o *owner) prepareObject(op *Op) error {
	switch op.Kind {
	case OpSetGroup, OpRemoveGroup, OpSetMeter, OpRemoveMeter:
		if x := op.object(); !inRanges(o.ranges(x.Kind), x.ID) {
			return fmt.Errorf("%w: %s", ErrFenced, x)
		}
		for _, ref := range op.Refs {
			if err := o.reachRef(ref); err != nil {
				return err
			}
		}
		if size := objectMessageSize(op.Body); size > MaxMessage {
			return fmt.Errorf("%w: the %s's message has %d bytes, %d are allowed", ErrTooBig, op.object().Kind, size, MaxMessage)
		}
	case OpFlushCT, OpFlushCTTuple:
		if !inRanges(o.Zones, op.Zone) {
			return fmt.Errorf("%w: conntrack zone %d", ErrFenced, op.Zone)
		}
	}
	return nil
}

// object is the group or meter of an operation on one.
func (op *Op) object() Object {
	if op.Kind == OpSetMeter || op.Kind == OpRemoveMeter {
		return Object{Meter, op.ID}
	}
	return Object{Group, op.ID}
}

// prepare checks one flow of a UUID and makes it canonical. refers says whether it names a group or a meter.
func (o *owner) prepare(f *flow.Flow, id *uuid.UUID) (refers bool, err error) {
	if f.Table > flow.MaxTable {
		return false, ErrBadTable
	}
	if !inRanges(o.Tables, f.Table) {
		return false, fmt.Errorf("%w: table %d", ErrFenced, f.Table)
	}
	if !inRanges(o.Priorities, f.Priority) {
		return false, fmt.Errorf("%w: priority %d", ErrFenced, f.Priority)
	}
	if err := canonicalMatch(&f.Match); err != nil {
		return false, err
	}
	if !f.Actions.IsCanonical() {
		if f.Actions, err = flow.CanonicalActions([]byte(f.Actions)); err != nil {
			return false, err
		}
	}
	if refers, err = o.reach(f.Actions); err != nil {
		return false, err
	}
	class := f.Actions.Class()
	if class == flow.ClassConjunction {
		if f.Actions, err = sortedClauses(f.Actions); err != nil {
			return false, err
		}
	}
	if size := messageSize(f.Match, f.Actions); size > MaxMessage {
		return false, fmt.Errorf("%w: the flow's message has %d bytes, %d are allowed", ErrTooBig, size, MaxMessage)
	}
	f.Cookie = o.cookie(f.Cookie, class, id)
	return refers, nil
}

// canonicalMatch makes a match canonical in place.
func canonicalMatch(m *flow.Match) error {
	if m.IsCanonical() {
		return nil
	}
	canonical, err := flow.CanonicalMatch([]byte(*m))
	if err != nil {
		return err
	}
	*m = canonical
	return nil
}

// sortedClauses sorts the actions of a conjunction clause, so that it looks the same alone and merged.
func sortedClauses(a flow.Actions) (flow.Actions, error) {
	if len(a) == conjunctionsSize(1) {
		return a, nil
	}
	list := a.Conjunctions()
	for i := 1; i < len(list); i++ {
		if compareConjunctions(list[i-1], list[i]) >= 0 {
			return flow.NewConjunctions(sortedConjunctions(list))
		}
	}
	return a, nil
}

// cookie returns the complete cookie of a flow whose author wrote c: the owner's slot on top, 0 below it, and in the low
// half what the author chose, or else the first 32 bits of the UUID. A conjunction clause has 0 there, so that a second
// contender for its key does not change it.
func (o *owner) cookie(c flow.Cookie, class flow.Class, id *uuid.UUID) flow.Cookie {
	low := uint32(c)
	switch {
	case class == flow.ClassConjunction:
		low = 0
	case low == 0 && c&flow.NoCookie == 0:
		low = binary.BigEndian.Uint32(id[:4])
	}
	return flow.Cookie(o.Slot)<<56 | flow.Cookie(low)
}

// messageSize is the size of the OFPT_FLOW_MOD with this match and these actions (OpenFlow 1.5 §7.3.4.2): 48 bytes, the
// match with its 4 bytes of header padded to 8, the instructions.
func messageSize(m flow.Match, a flow.Actions) int {
	return 48 + (4+len(m)+7)&^7 + len(a)
}

// objectMessageSize is an upper bound of the size of an OFPT_GROUP_MOD or OFPT_METER_MOD with this body.
func objectMessageSize(b Body) int { return 24 + len(b) }

// conjunctionsSize is the size of the instructions of a clause: one apply_actions with n actions of 16 bytes.
func conjunctionsSize(n int) int { return 8 + 16*n }
