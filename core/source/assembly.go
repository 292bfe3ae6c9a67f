package source

import (
	"fmt"
	"math"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// assembly makes one table.Txn out of the messages of a transaction. Of a transaction with a mistake nothing more is kept.
type assembly struct {
	txn   table.Txn
	flows int
	bytes int
	open  bool  // the last operation goes on in the next message
	err   error // the first mistake; a *table.OpError, as the table's own
}

var opKinds = map[pb.OpKind]table.OpKind{
	pb.OpKind_OP_KIND_ADD:         table.OpAdd,
	pb.OpKind_OP_KIND_REMOVE:      table.OpRemove,
	pb.OpKind_OP_KIND_REMOVE_FLOW: table.OpRemoveFlow,
	pb.OpKind_OP_KIND_SET:         table.OpSet,
	pb.OpKind_OP_KIND_CLEAR:       table.OpClear,
}

// add takes the operations of one message.
func (a *assembly) add(ops []*pb.Op) {
	for i, op := range ops {
		if a.err != nil {
			break
		}
		a.err = a.addOp(op, i == len(ops)-1)
	}
	if a.err != nil {
		a.txn.Ops = nil
	}
}

func (a *assembly) addOp(wire *pb.Op, last bool) error {
	op, err := decodeOp(wire)
	if a.open && err == nil {
		op, err = a.resume(op)
	}
	if wire.More && !last {
		err = fmt.Errorf("%w: it goes on, but another one follows", table.ErrBadOp)
	}
	if err == nil {
		err = a.decodeFlows(&op, wire.Flows)
	}
	a.txn.Ops = append(a.txn.Ops, op)
	a.open = wire.More
	if err != nil {
		return &table.OpError{Index: len(a.txn.Ops) - 1, Op: op.Kind, UUID: op.UUID, Err: err}
	}
	return nil
}

// whole tells whether the transaction can be committed.
func (a *assembly) whole() error {
	if a.err == nil && a.open {
		return fmt.Errorf("%w: the last operation was to go on", table.ErrBadOp)
	}
	return a.err
}

// resume takes the operation that was left open out of the list: it goes on with next.
func (a *assembly) resume(next table.Op) (table.Op, error) {
	n := len(a.txn.Ops) - 1
	op := a.txn.Ops[n]
	a.txn.Ops = a.txn.Ops[:n]
	if next.Kind != op.Kind || next.UUID != op.UUID {
		return op, fmt.Errorf("%w: it was to go on, but another one follows", table.ErrBadOp)
	}
	return op, nil
}

// decodeOp decodes all but the flows.
func decodeOp(wire *pb.Op) (op table.Op, err error) {
	kind, ok := opKinds[wire.Kind]
	if !ok {
		return op, fmt.Errorf("%w: kind %d is not known", table.ErrBadOp, wire.Kind)
	}
	op.Kind = kind
	if kind == table.OpClear {
		if len(wire.Uuid)+len(wire.Flows) > 0 {
			return op, fmt.Errorf("%w: a clear has no UUID and no flows", table.ErrBadOp)
		}
		return op, nil
	}
	if op.UUID, err = uuid.FromBytes(wire.Uuid); err != nil {
		return op, fmt.Errorf("%w: a UUID of %d bytes", table.ErrBadOp, len(wire.Uuid))
	}
	return op, nil
}

// decodeFlows adds the flows to the operation. It keeps no more than a transaction may have.
func (a *assembly) decodeFlows(op *table.Op, wire []*pb.Flow) error {
	if a.flows += len(wire); a.flows > table.MaxTxnFlows {
		return fmt.Errorf("%w: over %d flows in one transaction", table.ErrTooBig, table.MaxTxnFlows)
	}
	if op.Kind == table.OpRemove && len(wire) > 0 || op.Kind == table.OpRemoveFlow && len(wire) != 1 {
		return fmt.Errorf("%w: a %s with %d flows", table.ErrBadOp, op.Kind, len(wire))
	}
	if op.Flows == nil && op.Kind != table.OpRemoveFlow {
		op.Flows = make([]flow.Flow, 0, len(wire))
	}
	for _, w := range wire {
		if a.bytes += len(w.Match) + len(w.Actions); a.bytes > table.MaxTxnBytes {
			return fmt.Errorf("%w: over %d bytes in one transaction", table.ErrTooBig, table.MaxTxnBytes)
		}
		if w.Table > math.MaxUint8 || w.Priority > math.MaxUint16 {
			return fmt.Errorf("%w: table %d, priority %d", ErrFlowRange, w.Table, w.Priority)
		}
		key := flow.Key{Table: flow.TableID(w.Table), Priority: flow.Priority(w.Priority), Match: flow.Match(w.Match)}
		if op.Kind == table.OpRemoveFlow {
			op.Key = key
			return nil
		}
		op.Flows = append(op.Flows, flow.Flow{Key: key, Actions: flow.Actions(w.Actions), Cookie: flow.Cookie(w.Cookie)})
	}
	return nil
}
