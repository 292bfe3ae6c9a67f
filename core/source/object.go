package source

import (
	"fmt"
	"math"
	"net/netip"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// decodeObject decodes an operation on a group, a meter or a conntrack zone.
func decodeObject(kind table.OpKind, wire *pb.Op) (op table.Op, err error) {
	op.Kind = kind
	if len(wire.Uuid)+len(wire.Flows) > 0 {
		return op, fmt.Errorf("%w: a %s has no UUID and no flows", table.ErrBadOp, kind)
	}
	switch kind {
	case table.OpSetGroup, table.OpRemoveGroup:
		return op, decodeGroup(&op, wire.Group)
	case table.OpSetMeter, table.OpRemoveMeter:
		return op, decodeMeter(&op, wire.Meter)
	default:
		return op, decodeFlush(&op, wire.Flush)
	}
}

// hasParts says whether an operation has the parts of its kind beside UUID and flows, and no others.
func hasParts(kind table.OpKind, wire *pb.Op) bool {
	return (wire.Group != nil) == (kind == table.OpSetGroup || kind == table.OpRemoveGroup) &&
		(wire.Meter != nil) == (kind == table.OpSetMeter || kind == table.OpRemoveMeter) &&
		(wire.Flush != nil) == (kind == table.OpFlushCT || kind == table.OpFlushCTTuple)
}

func decodeGroup(op *table.Op, wire *pb.Group) error {
	op.ID = wire.Id
	if op.Kind == table.OpRemoveGroup {
		return nil
	}
	if wire.Type > math.MaxUint8 {
		return fmt.Errorf("%w: type %d", flow.ErrGroup, wire.Type)
	}
	g, err := flow.CanonicalGroup(flow.GroupID(wire.Id), flow.GroupType(wire.Type), wire.Buckets, wire.Properties)
	op.Body, op.Refs = apply.GroupBody(g), g.Refs()
	return err
}

func decodeMeter(op *table.Op, wire *pb.Meter) error {
	op.ID = wire.Id
	if op.Kind == table.OpRemoveMeter {
		return nil
	}
	if wire.Flags > math.MaxUint16 {
		return fmt.Errorf("%w: flags %#x", flow.ErrMeter, wire.Flags)
	}
	m, err := flow.CanonicalMeter(flow.MeterID(wire.Id), flow.MeterFlags(wire.Flags), wire.Bands)
	op.Body = apply.MeterBody(m)
	return err
}

func decodeFlush(op *table.Op, wire *pb.CTFlush) error {
	if wire.Zone > math.MaxUint16 || wire.Protocol > math.MaxUint8 {
		return fmt.Errorf("%w: zone %d, protocol %d", ErrFlushRange, wire.Zone, wire.Protocol)
	}
	op.Zone = uint16(wire.Zone)
	if op.Kind == table.OpFlushCT {
		return nil
	}
	c := flow.Connections{Proto: uint8(wire.Protocol)}
	var err error
	if c.Orig, err = decodeTuple(wire.Orig); err != nil {
		return err
	}
	if c.Reply, err = decodeTuple(wire.Reply); err != nil {
		return err
	}
	op.Body = apply.FlushBody(op.Zone, c)
	return nil
}

func decodeTuple(wire *pb.CTTuple) (t flow.Tuple, err error) {
	if wire == nil {
		return t, nil
	}
	if max(wire.SrcPort, wire.DstPort, wire.IcmpId) > math.MaxUint16 || max(wire.IcmpType, wire.IcmpCode) > math.MaxUint8 {
		return t, fmt.Errorf("%w: ports %d and %d, ICMP id %d, type %d, code %d", ErrFlushRange,
			wire.SrcPort, wire.DstPort, wire.IcmpId, wire.IcmpType, wire.IcmpCode)
	}
	t = flow.Tuple{
		SrcPort: uint16(wire.SrcPort), DstPort: uint16(wire.DstPort),
		ICMPID: uint16(wire.IcmpId), ICMPType: uint8(wire.IcmpType), ICMPCode: uint8(wire.IcmpCode),
	}
	if t.Src, err = decodeAddr(wire.Src); err != nil {
		return t, err
	}
	t.Dst, err = decodeAddr(wire.Dst)
	return t, err
}

// decodeAddr decodes an address; one of no bytes is none.
func decodeAddr(b []byte) (netip.Addr, error) {
	addr, ok := netip.AddrFromSlice(b)
	if !ok && len(b) > 0 {
		return addr, fmt.Errorf("%w: an address of %d bytes", ErrFlushRange, len(b))
	}
	return addr, nil
}
