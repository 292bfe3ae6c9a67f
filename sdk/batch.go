package sdk

import (
	"fmt"
	"iter"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

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
		if n := size(o.wire); n > maxFlowBytes {
			return &RejectedError{Kind: ErrTooLarge, Op: i,
				Text: fmt.Sprintf("%s: %d bytes of buckets or bands do not fit into a message", o.object(), n)}
		}
		for _, f := range t.flows[o.from:o.to] {
			if n := len(f.Match) + len(f.Actions); n > maxFlowBytes {
				return &RejectedError{Kind: ErrTooLarge, Op: i, UUID: o.uuid,
					Text: fmt.Sprintf("a flow of %d bytes of match and actions does not fit into a flow_mod", n)}
			}
		}
	}
	if err := t.checkMarks(); err != nil {
		return err
	}
	return t.supported()
}

// supported finds what this host does not know.
func (t *Txn) supported() error {
	groups := slices.ContainsFunc(t.ops, func(o op) bool { return o.wire != nil })
	for _, need := range []struct {
		is         bool
		capability string
	}{
		{groups, pb.CapabilityGroups}, {t.atomic, pb.CapabilityAtomic}, {len(t.marks) > 0, pb.CapabilityMarks},
	} {
		if need.is {
			if err := t.session.supports(need.capability); err != nil {
				return err
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
			more := at.op < len(t.ops)
			if !yield(part.message(t, id, more)) || !more {
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
	filled := 0
	for at.op < len(t.ops) && len(b.ops) < pb.BatchOps && filled < pb.BatchBytes {
		o := t.ops[at.op]
		o.from += at.flows
		to := o.from
		for filled += opOverhead + size(o.wire); to < o.to && filled < pb.BatchBytes; to++ {
			n := len(t.flows[to].Match) + len(t.flows[to].Actions)
			filled += n + flowOverhead
			b.bytes += n
		}
		b.flows += to - o.from
		b.more = to < o.to
		b.ops = append(b.ops, op{kind: o.kind, uuid: o.uuid, from: o.from, to: to, wire: o.wire})
		if b.more {
			return cursor{op: at.op, flows: at.flows + to - o.from}
		}
		at = cursor{op: at.op + 1}
	}
	return at
}

// Numbers of the fields in flowhost.proto that are encoded by hand.
const (
	fieldTxn = 2 // of SourceMessage

	fieldTxnID     = 1
	fieldTxnOps    = 2
	fieldTxnMore   = 3
	fieldTxnAtomic = 4
	fieldTxnMarks  = 5

	fieldOpKind  = 1
	fieldOpUUID  = 2
	fieldOpFlows = 3
	fieldOpMore  = 4

	fieldFlowTable    = 1
	fieldFlowPriority = 2
	fieldFlowMatch    = 3
	fieldFlowActions  = 4
	fieldFlowCookie   = 5
)

// message is the batch as a part of a transaction, encoded: nearly all of what a source says is flows, and the generated encoder wants
// a structure and a pointer for each. The bytes travel as a field that the message's Go type does not know.
func (b *batch) message(t *Txn, id uint64, more bool) *pb.SourceMessage {
	txn := make([]byte, 0, b.bytes+len(b.ops)*opOverhead+b.flows*flowOverhead+64)
	txn = appendVarint(txn, fieldTxnID, id)
	for i := range b.ops {
		txn = appendPart(txn, fieldTxnOps, func(wire []byte) []byte {
			return b.ops[i].append(wire, t.flows, b.more && i == len(b.ops)-1)
		})
	}
	txn = appendBool(txn, fieldTxnMore, more)
	txn = appendBool(txn, fieldTxnAtomic, t.atomic)
	if !more {
		for _, m := range t.marks {
			txn = appendMessage(txn, fieldTxnMarks, m)
		}
	}
	m := &pb.SourceMessage{}
	m.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(make([]byte, 0, len(txn)+8), fieldTxn, protowire.BytesType), txn))
	return m
}

// append appends the operation, whose flows are in a list of them.
func (o *op) append(b []byte, flows []flow.Flow, more bool) []byte {
	if o.wire != nil {
		b, _ = proto.MarshalOptions{}.MarshalAppend(b, o.wire) // it has no string that could be wrong
		return b
	}
	b = appendVarint(b, fieldOpKind, uint64(o.kind))
	if o.kind != pb.OpKind_OP_KIND_CLEAR {
		b = protowire.AppendBytes(protowire.AppendTag(b, fieldOpUUID, protowire.BytesType), o.uuid[:])
	}
	for i := range flows[o.from:o.to] {
		f := &flows[o.from+i]
		b = appendPart(b, fieldOpFlows, func(b []byte) []byte { return appendFlow(b, f) })
	}
	return appendBool(b, fieldOpMore, more)
}

func appendFlow(b []byte, f *flow.Flow) []byte {
	b = appendVarint(b, fieldFlowTable, uint64(f.Table))
	b = appendVarint(b, fieldFlowPriority, uint64(f.Priority))
	if f.Match != "" {
		b = protowire.AppendString(protowire.AppendTag(b, fieldFlowMatch, protowire.BytesType), string(f.Match))
	}
	if f.Actions != "" {
		b = protowire.AppendString(protowire.AppendTag(b, fieldFlowActions, protowire.BytesType), string(f.Actions))
	}
	if f.Cookie != 0 {
		b = protowire.AppendFixed64(protowire.AppendTag(b, fieldFlowCookie, protowire.Fixed64Type), uint64(f.Cookie))
	}
	return b
}

// appendVarint and appendBool append a field unless it is 0.
func appendVarint(b []byte, num protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func appendBool(b []byte, num protowire.Number, v bool) []byte {
	return appendVarint(b, num, protowire.EncodeBool(v))
}

// appendPart appends a message that part appends. Its length goes before it, and takes more than one byte from 128 on.
func appendPart(b []byte, num protowire.Number, part func([]byte) []byte) []byte {
	b = append(protowire.AppendTag(b, num, protowire.BytesType), 0)
	start := len(b)
	b = part(b)
	n := len(b) - start
	if n < 1<<7 {
		b[start-1] = byte(n)
		return b
	}
	more := protowire.SizeVarint(uint64(n)) - 1
	b = append(b, make([]byte, more)...)
	copy(b[start+more:], b[start:start+n])
	protowire.AppendVarint(b[:start-1], uint64(n))
	return b
}

func appendMessage(b []byte, num protowire.Number, m proto.Message) []byte {
	return appendPart(b, num, func(b []byte) []byte {
		b, _ = proto.MarshalOptions{}.MarshalAppend(b, m) // checkMarks has seen to its strings
		return b
	})
}
