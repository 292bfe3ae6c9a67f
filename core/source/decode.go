package source

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// decoder decodes transactions as proto.Unmarshal does, but for fields that it does not know, which it drops. Its memory is used again
// for the next one; matches, actions and UUIDs are parts of what was decoded.
type decoder struct {
	ops      []pb.Op
	flows    []pb.Flow
	opRefs   []*pb.Op
	flowRefs []*pb.Flow
	counts   []int // flows of each operation
}

// maxKept is how many operations and flows a decoder keeps room for.
const maxKept = 16 * pb.BatchOps

// field is one field of a message.
type field struct {
	num   protowire.Number
	typ   protowire.Type
	value uint64 // of a varint or a fixed64
	bytes []byte // of a string, bytes or a message
}

// nextField takes a field from the front of b.
func nextField(b []byte) (f field, rest []byte, err error) {
	var n, m int
	if f.num, f.typ, n = protowire.ConsumeTag(b); n < 0 {
		return f, nil, protowire.ParseError(n)
	}
	switch b = b[n:]; f.typ {
	case protowire.VarintType:
		f.value, m = protowire.ConsumeVarint(b)
	case protowire.Fixed64Type:
		f.value, m = protowire.ConsumeFixed64(b)
	case protowire.BytesType:
		f.bytes, m = protowire.ConsumeBytes(b)
	default:
		m = protowire.ConsumeFieldValue(f.num, f.typ, b)
	}
	if m < 0 {
		return f, nil, protowire.ParseError(m)
	}
	return f, b[m:], nil
}

// is says whether a field is the one of a number and a type.
func (f *field) is(num protowire.Number, typ protowire.Type) bool {
	return f.num == num && f.typ == typ
}

// message decodes a transaction, and puts it into the message that it comes in.
func (d *decoder) message(b []byte) (*pb.SourceMessage, error) {
	if max(cap(d.ops), cap(d.flows)) > maxKept { // of a message as no SDK makes it
		*d = decoder{}
	}
	d.ops, d.flows, d.counts = d.ops[:0], d.flows[:0], d.counts[:0]
	txn := &pb.Txn{}
	for len(b) > 0 {
		f, rest, err := nextField(b)
		switch {
		case err != nil:
		case f.is(1, protowire.VarintType):
			txn.Id = f.value
		case f.is(2, protowire.BytesType):
			err = d.op(f.bytes)
		case f.is(3, protowire.VarintType):
			txn.More = f.value != 0
		case f.is(4, protowire.VarintType):
			txn.Atomic = f.value != 0
		case f.is(5, protowire.BytesType):
			m := &pb.Mark{}
			err = merge(f.bytes, m)
			txn.Marks = append(txn.Marks, m)
		}
		if err != nil {
			return nil, err
		}
		b = rest
	}
	txn.Ops = d.refer()
	return &pb.SourceMessage{Message: &pb.SourceMessage_Txn{Txn: txn}}, nil
}

// refer makes the pointers that the messages have, once nothing moves any more.
func (d *decoder) refer() []*pb.Op {
	d.opRefs, d.flowRefs = d.opRefs[:0], d.flowRefs[:0]
	for i := range d.flows {
		d.flowRefs = append(d.flowRefs, &d.flows[i])
	}
	from := 0
	for i := range d.ops {
		to := from + d.counts[i]
		d.ops[i].Flows = d.flowRefs[from:to:to]
		d.opRefs = append(d.opRefs, &d.ops[i])
		from = to
	}
	return d.opRefs
}

func (d *decoder) op(b []byte) error {
	d.ops = append(d.ops, pb.Op{})
	op, before := &d.ops[len(d.ops)-1], len(d.flows)
	for len(b) > 0 {
		f, rest, err := nextField(b)
		switch {
		case err != nil:
		case f.is(1, protowire.VarintType):
			op.Kind = pb.OpKind(f.value)
		case f.is(2, protowire.BytesType):
			op.Uuid = f.bytes
		case f.is(3, protowire.BytesType):
			err = d.flow(f.bytes)
		case f.is(4, protowire.VarintType):
			op.More = f.value != 0
		case f.is(5, protowire.BytesType):
			op.Group = orNew(op.Group)
			err = merge(f.bytes, op.Group)
		case f.is(6, protowire.BytesType):
			op.Meter = orNew(op.Meter)
			err = merge(f.bytes, op.Meter)
		case f.is(7, protowire.BytesType):
			op.Flush = orNew(op.Flush)
			err = merge(f.bytes, op.Flush)
		}
		if err != nil {
			return err
		}
		b = rest
	}
	d.counts = append(d.counts, len(d.flows)-before)
	return nil
}

func (d *decoder) flow(b []byte) error {
	d.flows = append(d.flows, pb.Flow{})
	flow := &d.flows[len(d.flows)-1]
	for len(b) > 0 {
		f, rest, err := nextField(b)
		switch {
		case err != nil:
			return err
		case f.is(1, protowire.VarintType):
			flow.Table = uint32(f.value)
		case f.is(2, protowire.VarintType):
			flow.Priority = uint32(f.value)
		case f.is(3, protowire.BytesType):
			flow.Match = f.bytes
		case f.is(4, protowire.BytesType):
			flow.Actions = f.bytes
		case f.is(5, protowire.Fixed64Type):
			flow.Cookie = f.value
		}
		b = rest
	}
	return nil
}

// orNew returns m, or a new one if it is nil.
func orNew[M any](m *M) *M {
	if m == nil {
		m = new(M)
	}
	return m
}

// merge decodes a message that is rare. A field that comes twice is merged.
func merge(b []byte, m proto.Message) error {
	return proto.UnmarshalOptions{Merge: true, DiscardUnknown: true}.Unmarshal(b, m)
}
