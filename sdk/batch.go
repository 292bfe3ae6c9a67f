package sdk

import (
	"fmt"
	"iter"

	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

const (
	// maxFlowBytes of match and actions together. A flow_mod is at most 65,535 bytes long (OpenFlow 1.5 §7.1), so a longer
	// flow can never be installed, and would not fit into a message much longer.
	maxFlowBytes = 1 << 16
	// flowOverhead and opOverhead are what the encoding adds to the bytes of a flow and of an operation, at most.
	flowOverhead = 40
	opOverhead   = 32
)

// check finds what no host could take, before anything is sent.
func (t *Txn) check() error {
	for i, o := range t.ops {
		for _, f := range t.flows[o.from:o.to] {
			if n := len(f.Match) + len(f.Actions); n > maxFlowBytes {
				return &RejectedError{Kind: ErrTooLarge, Op: i, UUID: o.uuid,
					Text: fmt.Sprintf("a flow of %d bytes of match and actions does not fit into a flow_mod", n)}
			}
		}
	}
	return nil
}

// messages yields the transaction in messages of at most BatchOps operations or BatchBytes. An operation with more flows than
// fit goes on in the next message. There is always one message, if only an empty one.
func (t *Txn) messages(id uint64) iter.Seq[*pb.SourceMessage] {
	return func(yield func(*pb.SourceMessage) bool) {
		var at cursor
		for {
			var part batch
			at = part.fill(t, at)
			txn := &pb.Txn{Id: id, Ops: part.encode(t.flows), More: at.op < len(t.ops)}
			if !yield(&pb.SourceMessage{Message: &pb.SourceMessage_Txn{Txn: txn}}) || !txn.More {
				return
			}
		}
	}
}

// cursor says how far a transaction has been put into messages: all operations before op, and the first flows of op.
type cursor struct{ op, flows int }

// batch is what goes into one message.
type batch struct {
	ops   []op
	more  bool // the last operation goes on in the next message
	flows int  // how many, in all operations
	bytes int  // of match and actions
}

// fill takes as much as fits from at on, and returns where the next message begins.
func (b *batch) fill(t *Txn, at cursor) cursor {
	size := 0
	for at.op < len(t.ops) && len(b.ops) < pb.BatchOps && size < pb.BatchBytes {
		o := t.ops[at.op]
		o.from += at.flows
		to := o.from
		for size += opOverhead; to < o.to && size < pb.BatchBytes; to++ {
			n := len(t.flows[to].Match) + len(t.flows[to].Actions)
			size += n + flowOverhead
			b.bytes += n
		}
		b.flows += to - o.from
		b.more = to < o.to
		b.ops = append(b.ops, op{kind: o.kind, uuid: o.uuid, from: o.from, to: to})
		if b.more {
			return cursor{op: at.op, flows: at.flows + to - o.from}
		}
		at = cursor{op: at.op + 1}
	}
	return at
}

// encode makes the batch's messages out of four allocations, whatever it holds.
func (b *batch) encode(flows []flow.Flow) []*pb.Op {
	ops := make([]pb.Op, len(b.ops))
	refs := make([]*pb.Op, len(b.ops))
	wire := make([]pb.Flow, b.flows)
	wireRefs := make([]*pb.Flow, b.flows)
	buf := make([]byte, 0, b.bytes+16*len(b.ops))
	keep := func(n int) []byte { return buf[len(buf)-n : len(buf) : len(buf)] }

	next := 0
	for i, o := range b.ops {
		first := next
		for _, f := range flows[o.from:o.to] {
			w := &wire[next]
			w.Table, w.Priority, w.Cookie = uint32(f.Table), uint32(f.Priority), uint64(f.Cookie)
			buf = append(buf, f.Match...)
			w.Match = keep(len(f.Match))
			buf = append(buf, f.Actions...)
			w.Actions = keep(len(f.Actions))
			wireRefs[next] = w
			next++
		}
		ops[i].Kind, ops[i].Flows = o.kind, wireRefs[first:next:next]
		if o.kind != pb.OpKind_OP_KIND_CLEAR {
			buf = append(buf, o.uuid[:]...)
			ops[i].Uuid = keep(len(o.uuid))
		}
		refs[i] = &ops[i]
	}
	if b.more {
		ops[len(ops)-1].More = true
	}
	return refs
}
