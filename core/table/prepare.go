package table

import (
	"encoding/binary"
	"fmt"
	"slices"

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
	flows, size := 0, 0
	for i := range txn.Ops {
		op := &txn.Ops[i]
		if err := op.check(); err != nil {
			return op.refused(i, flow.Key{}, err)
		}
		flows += len(op.Flows)
		for j := range op.Flows {
			f := &op.Flows[j]
			size += len(f.Match) + len(f.Actions)
			if err := o.prepare(f, &op.UUID); err != nil {
				return op.refused(i, f.Key, err)
			}
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
	var flows, key bool
	switch op.Kind {
	case OpAdd, OpSet:
		flows = true
	case OpRemoveFlow:
		key = true
	case OpRemove, OpClear:
	default:
		return fmt.Errorf("%w: unknown kind %d", ErrBadOp, op.Kind)
	}
	if !flows && len(op.Flows) > 0 || !key && op.Key != (flow.Key{}) {
		return fmt.Errorf("%w: it has a part that %q does not have", ErrBadOp, op.Kind)
	}
	if op.Kind == OpAdd && len(op.Flows) == 0 {
		return fmt.Errorf("%w: nothing to add", ErrBadOp)
	}
	return nil
}

// prepare checks one flow of a UUID and makes it canonical.
func (o *owner) prepare(f *flow.Flow, id *uuid.UUID) error {
	if f.Table > flow.MaxTable {
		return ErrBadTable
	}
	if !inRanges(o.Tables, f.Table) {
		return fmt.Errorf("%w: table %d", ErrFenced, f.Table)
	}
	if !inRanges(o.Priorities, f.Priority) {
		return fmt.Errorf("%w: priority %d", ErrFenced, f.Priority)
	}
	if err := canonicalMatch(&f.Match); err != nil {
		return err
	}
	if !f.Actions.IsCanonical() {
		actions, err := flow.CanonicalActions([]byte(f.Actions))
		if err != nil {
			return err
		}
		f.Actions = actions
	}
	class := f.Actions.Class()
	if class == flow.ClassConjunction {
		if err := o.prepareConjunctions(f); err != nil {
			return err
		}
	}
	if size := messageSize(f.Match, f.Actions); size > MaxMessage {
		return fmt.Errorf("%w: the flow's message has %d bytes, %d are allowed", ErrTooBig, size, MaxMessage)
	}
	f.Cookie = o.cookie(f.Cookie, class, id)
	return nil
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

// prepareConjunctions checks the ids of a clause and sorts its actions, so that it looks the same alone and merged.
func (o *owner) prepareConjunctions(f *flow.Flow) error {
	list := f.Actions.Conjunctions()
	for _, c := range list {
		if !inRanges(o.Conjunctions, c.ID) {
			return fmt.Errorf("%w: conjunction id %d", ErrFenced, c.ID)
		}
	}
	for i := 1; i < len(list); i++ {
		if compareConjunctions(list[i-1], list[i]) >= 0 {
			actions, err := flow.NewConjunctions(sortedConjunctions(slices.Clone(list)))
			if err != nil {
				return err
			}
			f.Actions = actions
			return nil
		}
	}
	return nil
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

// conjunctionsSize is the size of the instructions of a clause: one apply_actions with n actions of 16 bytes.
func conjunctionsSize(n int) int { return 8 + 16*n }
