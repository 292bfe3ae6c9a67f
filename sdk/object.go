package sdk

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// Object names a group or a meter. The zero Object names none.
type Object struct {
	Kind ObjectKind
	ID   uint32
}

// ObjectKind is what an Object is.
type ObjectKind uint8

// The kinds of Object.
const (
	NoObject ObjectKind = iota
	GroupObject
	MeterObject
)

// String is for people, e.g. "group 5".
func (o Object) String() string {
	switch o.Kind {
	case GroupObject:
		return fmt.Sprintf("group %d", o.ID)
	case MeterObject:
		return fmt.Sprintf("meter %d", o.ID)
	}
	return "none"
}

// SetGroup makes the group with g's id what g says. The id is in one of Host.Ranges; then this source's flows may name it. A group
// that changes stays where it is, so that connections keep their buckets; one that is the same is not touched.
func (t *Txn) SetGroup(g flow.Group) {
	t.other(&pb.Op{Kind: pb.OpKind_OP_KIND_SET_GROUP, Group: &pb.Group{
		Id: uint32(g.ID), Type: uint32(g.Type), Buckets: []byte(g.Buckets), Properties: []byte(g.Properties),
	}})
}

// RemoveGroup takes a group away. One that is not there is no error; one that a flow of this source names after the transaction is
// (ErrInUse). The switch keeps it for a second after the last flow that named it: packets may be on their way to it. The transaction
// counts as installed before.
func (t *Txn) RemoveGroup(id flow.GroupID) {
	t.other(&pb.Op{Kind: pb.OpKind_OP_KIND_REMOVE_GROUP, Group: &pb.Group{Id: uint32(id)}})
}

// SetMeter is SetGroup for a meter.
func (t *Txn) SetMeter(m flow.Meter) {
	t.other(&pb.Op{Kind: pb.OpKind_OP_KIND_SET_METER, Meter: &pb.Meter{
		Id: uint32(m.ID), Flags: uint32(m.Flags), Bands: []byte(m.Bands),
	}})
}

// RemoveMeter is RemoveGroup for a meter.
func (t *Txn) RemoveMeter(id flow.MeterID) {
	t.other(&pb.Op{Kind: pb.OpKind_OP_KIND_REMOVE_METER, Meter: &pb.Meter{Id: uint32(id)}})
}

// FlushCT makes the switch forget all connections of a conntrack zone, before the transaction's flows go in. The fence says which
// zones may be flushed.
func (t *Txn) FlushCT(zone uint16) {
	t.other(&pb.Op{Kind: pb.OpKind_OP_KIND_FLUSH_CT, Flush: &pb.CTFlush{Zone: uint32(zone)}})
}

// FlushCTTuple makes the switch forget some connections of a conntrack zone, after the transaction's flows are in. A flush that the
// switch refuses (Open vSwitch has this one since 3.1) is not tried again.
func (t *Txn) FlushCTTuple(zone uint16, c flow.Connections) {
	t.other(&pb.Op{Kind: pb.OpKind_OP_KIND_FLUSH_CT_TUPLE, Flush: &pb.CTFlush{
		Zone: uint32(zone), Protocol: uint32(c.Proto), Orig: wireTuple(c.Orig), Reply: wireTuple(c.Reply),
	}})
}

func wireTuple(t flow.Tuple) *pb.CTTuple {
	if t == (flow.Tuple{}) {
		return nil
	}
	return &pb.CTTuple{
		Src: t.Src.AsSlice(), Dst: t.Dst.AsSlice(), SrcPort: uint32(t.SrcPort), DstPort: uint32(t.DstPort),
		IcmpId: uint32(t.ICMPID), IcmpType: uint32(t.ICMPType), IcmpCode: uint32(t.ICMPCode),
	}
}

// other adds an operation that is not on flows.
func (t *Txn) other(wire *pb.Op) {
	t.bytes += size(wire)
	t.ops = append(t.ops, op{kind: wire.Kind, from: len(t.flows), to: len(t.flows), wire: wire})
}

// size is how many bytes an operation that is not on flows holds.
func size(wire *pb.Op) int {
	g, m := wire.GetGroup(), wire.GetMeter()
	return len(g.GetBuckets()) + len(g.GetProperties()) + len(m.GetBands())
}

// object is the group or meter that an operation is on.
func (o *op) object() Object {
	if g := o.wire.GetGroup(); g != nil {
		return Object{GroupObject, g.Id}
	}
	if m := o.wire.GetMeter(); m != nil {
		return Object{MeterObject, m.Id}
	}
	return Object{}
}

func toObject(wire *pb.Object) Object {
	switch id := wire.GetId().(type) {
	case *pb.Object_Group:
		return Object{GroupObject, id.Group}
	case *pb.Object_Meter:
		return Object{MeterObject, id.Meter}
	}
	return Object{}
}

// touched is what a transaction is on.
type touched struct {
	uuids   map[uuid.UUID]bool
	objects map[Object]bool
	flushes bool
}

// touched collects it.
func (t *Txn) touched() touched {
	all := touched{make(map[uuid.UUID]bool, len(t.ops)), make(map[Object]bool), false}
	for i := range t.ops {
		switch o := &t.ops[i]; {
		case o.wire == nil:
			all.uuids[o.uuid] = true
		case o.wire.Flush != nil:
			all.flushes = true
		default:
			all.objects[o.object()] = true
		}
	}
	return all
}

// has says whether a refusal is of something that the transaction is on.
func (all *touched) has(r *pb.Refused) bool {
	switch {
	case r.Object != nil:
		return all.objects[toObject(r.Object)]
	case r.Key != nil:
		return all.uuids[toUUID(r.Uuid)]
	}
	return all.flushes
}
