package source

import (
	"fmt"
	"math"
	"slices"
	"strings"

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
	err   error // the first mistake; a *table.OpError, as the table's own, if it is in an operation

	// Of the message that is being added, made in one piece each, because the table takes copies of what it keeps.
	text strings.Builder // all matches and actions
	pool []flow.Flow     // room for all flows
}

// add takes the operations of one message.
func (a *assembly) add(ops []*pb.Op) {
	a.reserve(ops)
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

// addMarks takes the marks of one message.
func (a *assembly) addMarks(marks []*pb.Mark) {
	if a.err == nil && len(a.txn.Marks)+len(marks) > table.MaxTxnMarks {
		a.err = fmt.Errorf("%w: over %d marks in one transaction", table.ErrTooBig, table.MaxTxnMarks)
	}
	if a.err != nil {
		a.txn.Marks = nil
		return
	}
	for _, m := range marks {
		a.txn.Marks = append(a.txn.Marks, table.Mark{Name: m.Name, Value: m.Value})
	}
}

// reserve makes room for what a message holds, which is at most pb.MaxMessageBytes long.
func (a *assembly) reserve(ops []*pb.Op) {
	flows, size := 0, 0
	for _, op := range ops {
		flows += len(op.Flows)
		for _, f := range op.Flows {
			size += len(f.GetMatch()) + len(f.GetActions())
		}
	}
	a.text.Reset()
	a.text.Grow(size)
	a.pool = make([]flow.Flow, 0, flows)
	a.txn.Ops = slices.Grow(a.txn.Ops, len(ops))
}

// keep copies b, into the room there is.
func (a *assembly) keep(b []byte) string {
	from := a.text.Len()
	a.text.Write(b)
	return a.text.String()[from:]
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
	if op.Kind = opKind(wire.Kind); op.Kind == 0 {
		return op, fmt.Errorf("%w: kind %d is not known", table.ErrBadOp, wire.Kind)
	}
	if !hasParts(op.Kind, wire) {
		return op, fmt.Errorf("%w: a %s has other parts", table.ErrBadOp, op.Kind)
	}
	if op.Kind > table.OpClear {
		return decodeObject(op.Kind, wire)
	}
	if op.Kind == table.OpClear {
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

// opKind is 0 for what is not known.
func opKind(wire pb.OpKind) table.OpKind {
	if int(wire) < 0 || int(wire) >= len(opKinds) {
		return 0
	}
	return opKinds[wire]
}

var opKinds = [...]table.OpKind{
	pb.OpKind_OP_KIND_ADD:            table.OpAdd,
	pb.OpKind_OP_KIND_REMOVE:         table.OpRemove,
	pb.OpKind_OP_KIND_REMOVE_FLOW:    table.OpRemoveFlow,
	pb.OpKind_OP_KIND_SET:            table.OpSet,
	pb.OpKind_OP_KIND_CLEAR:          table.OpClear,
	pb.OpKind_OP_KIND_SET_GROUP:      table.OpSetGroup,
	pb.OpKind_OP_KIND_REMOVE_GROUP:   table.OpRemoveGroup,
	pb.OpKind_OP_KIND_SET_METER:      table.OpSetMeter,
	pb.OpKind_OP_KIND_REMOVE_METER:   table.OpRemoveMeter,
	pb.OpKind_OP_KIND_FLUSH_CT:       table.OpFlushCT,
	pb.OpKind_OP_KIND_FLUSH_CT_TUPLE: table.OpFlushCTTuple,
}

// decodeFlows adds the flows to the operation. It keeps no more than a transaction may have.
func (a *assembly) decodeFlows(op *table.Op, wire []*pb.Flow) error {
	if a.bytes += len(op.Body); a.bytes > table.MaxTxnBytes {
		return fmt.Errorf("%w: over %d bytes in one transaction", table.ErrTooBig, table.MaxTxnBytes)
	}
	if a.flows += len(wire); a.flows > table.MaxTxnFlows {
		return fmt.Errorf("%w: over %d flows in one transaction", table.ErrTooBig, table.MaxTxnFlows)
	}
	if op.Kind == table.OpRemove && len(wire) > 0 || op.Kind == table.OpRemoveFlow && len(wire) != 1 {
		return fmt.Errorf("%w: a %s with %d flows", table.ErrBadOp, op.Kind, len(wire))
	}
	from := len(a.pool)
	for _, w := range wire {
		if a.bytes += len(w.GetMatch()) + len(w.GetActions()); a.bytes > table.MaxTxnBytes {
			return fmt.Errorf("%w: over %d bytes in one transaction", table.ErrTooBig, table.MaxTxnBytes)
		}
		if w.GetTable() > math.MaxUint8 || w.GetPriority() > math.MaxUint16 {
			return fmt.Errorf("%w: table %d, priority %d", ErrFlowRange, w.GetTable(), w.GetPriority())
		}
		a.pool = append(a.pool, a.decodeFlow(w))
	}
	flows := a.pool[from:len(a.pool):len(a.pool)]
	switch {
	case op.Kind == table.OpRemoveFlow:
		op.Key = flows[0].Key
	case op.Flows == nil:
		op.Flows = flows
	default:
		op.Flows = append(op.Flows, flows...)
	}
	return nil
}

func (a *assembly) decodeFlow(w *pb.Flow) flow.Flow {
	return flow.Flow{
		Key: flow.Key{
			Table:    flow.TableID(w.GetTable()),
			Priority: flow.Priority(w.GetPriority()),
			Match:    flow.Match(a.keep(w.GetMatch())),
		},
		Actions: flow.Actions(a.keep(w.GetActions())),
		Cookie:  flow.Cookie(w.GetCookie()),
	}
}
