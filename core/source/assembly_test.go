package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

var uuid1 = testUUID(1)

// set is an operation with flows of table 1 with the given priorities.
func set(more bool, priorities ...uint32) *pb.Op {
	op := &pb.Op{Kind: pb.OpKind_OP_KIND_SET, Uuid: uuid1[:], More: more}
	for _, p := range priorities {
		op.Flows = append(op.Flows, &pb.Flow{Table: 1, Priority: p, Match: []byte(testFlow(1).Match), Cookie: 5})
	}
	return op
}

func assemble(messages ...[]*pb.Op) (*assembly, error) {
	a := &assembly{}
	for _, ops := range messages {
		a.add(ops)
	}
	return a, a.whole()
}

func TestAssembly(t *testing.T) {
	a, err := assemble(
		[]*pb.Op{{Kind: pb.OpKind_OP_KIND_CLEAR}, set(true, 1, 2)},
		[]*pb.Op{set(true, 3)},
		[]*pb.Op{set(false, 4), {Kind: pb.OpKind_OP_KIND_REMOVE, Uuid: uuid1[:]}},
		[]*pb.Op{{Kind: pb.OpKind_OP_KIND_REMOVE_FLOW, Uuid: uuid1[:], Flows: set(false, 9).Flows}},
	)
	if err != nil {
		t.Fatal(err)
	}
	ops := a.txn.Ops
	if len(ops) != 4 || ops[0].Kind != table.OpClear || ops[2].Kind != table.OpRemove || ops[2].UUID != uuid1 ||
		ops[3].Kind != table.OpRemoveFlow || ops[3].Key.Priority != 9 || ops[3].Key.Match != testFlow(1).Match {
		t.Fatalf("operations = %v", ops)
	}
	if len(ops[1].Flows) != 4 {
		t.Fatalf("flows = %v", ops[1].Flows)
	}
	for i, f := range ops[1].Flows {
		want := testFlow(1)
		want.Priority, want.Cookie = flow.Priority(i+1), 5
		if f != want {
			t.Errorf("flow %d = %v, want %v", i, f, want)
		}
	}
}

func setGroup(id uint32) *pb.Op {
	g, err := flow.ParseGroup(fmt.Sprintf("group_id=%d,type=select,bucket=actions=output:1,bucket=actions=group:9", id))
	if err != nil {
		panic(err)
	}
	return &pb.Op{Kind: pb.OpKind_OP_KIND_SET_GROUP, Group: &pb.Group{Id: id, Type: 1, Buckets: []byte(g.Buckets)}}
}

func setMeter(id uint32) *pb.Op {
	m, err := flow.NewMeter(flow.MeterID(id), flow.MeterKbps, flow.Band{Type: flow.BandDrop, Rate: 5})
	if err != nil {
		panic(err)
	}
	return &pb.Op{Kind: pb.OpKind_OP_KIND_SET_METER, Meter: &pb.Meter{Id: id, Flags: uint32(m.Flags), Bands: []byte(m.Bands)}}
}

func flushTuple(zone uint32) *pb.Op {
	return &pb.Op{Kind: pb.OpKind_OP_KIND_FLUSH_CT_TUPLE, Flush: &pb.CTFlush{Zone: zone, Protocol: 6,
		Orig: &pb.CTTuple{Src: []byte{192, 0, 2, 1}, DstPort: 80}}}
}

func TestAssemblyOfObjects(t *testing.T) {
	a, err := assemble([]*pb.Op{setGroup(5), setMeter(6), flushTuple(7),
		{Kind: pb.OpKind_OP_KIND_REMOVE_GROUP, Group: &pb.Group{Id: 8}},
		{Kind: pb.OpKind_OP_KIND_REMOVE_METER, Meter: &pb.Meter{Id: 9}},
		{Kind: pb.OpKind_OP_KIND_FLUSH_CT, Flush: &pb.CTFlush{Zone: 10}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ops := a.txn.Ops
	g, m, f := ops[0], ops[1], ops[2]
	if g.Kind != table.OpSetGroup || g.ID != 5 || g.Body == "" || !slices.Equal(g.Refs, []flow.Ref{{Kind: flow.RefGroup, ID: 9}}) {
		t.Errorf("group: %+v", g)
	}
	if m.Kind != table.OpSetMeter || m.ID != 6 || m.Body == "" {
		t.Errorf("meter: %+v", m)
	}
	if f.Kind != table.OpFlushCTTuple || f.Zone != 7 || !strings.Contains(string(f.Body), "\xff\xff\xc0\x00\x02\x01") {
		t.Errorf("flush: %+v", f)
	}
	for i, want := range []table.Op{{Kind: table.OpRemoveGroup, ID: 8}, {Kind: table.OpRemoveMeter, ID: 9}, {Kind: table.OpFlushCT, Zone: 10}} {
		if got := ops[3+i]; got.Kind != want.Kind || got.ID != want.ID || got.Zone != want.Zone || got.Body != "" {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestAssemblyRefuses(t *testing.T) {
	other := set(false, 1)
	other.Uuid = make([]byte, 16)
	big := set(false, 1)
	big.Flows[0].Match = make([]byte, table.MaxTxnBytes+1)
	wide := set(false, 70000)
	many := &pb.Op{Kind: pb.OpKind_OP_KIND_ADD, Uuid: uuid1[:], Flows: make([]*pb.Flow, table.MaxTxnFlows+1)}
	for name, c := range map[string]struct {
		messages [][]*pb.Op
		want     error
		index    int
	}{
		"unknown kind":          {[][]*pb.Op{{set(false, 1), {Kind: 77, Uuid: uuid1[:]}}}, table.ErrBadOp, 1},
		"no kind":               {[][]*pb.Op{{{Uuid: uuid1[:]}}}, table.ErrBadOp, 0},
		"short UUID":            {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_REMOVE, Uuid: uuid1[:15]}}}, table.ErrBadOp, 0},
		"clear of a UUID":       {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_CLEAR, Uuid: uuid1[:]}}}, table.ErrBadOp, 0},
		"remove with flows":     {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_REMOVE, Uuid: uuid1[:], Flows: set(false, 1).Flows}}}, table.ErrBadOp, 0},
		"remove of two flows":   {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_REMOVE_FLOW, Uuid: uuid1[:], Flows: set(false, 1, 2).Flows}}}, table.ErrBadOp, 0},
		"more before another":   {[][]*pb.Op{{set(true, 1), set(false, 2)}}, table.ErrBadOp, 0},
		"goes on as another":    {[][]*pb.Op{{set(false, 1), set(true, 1)}, {other}}, table.ErrBadOp, 1},
		"never goes on":         {[][]*pb.Op{{set(true, 1)}}, table.ErrBadOp, -1},
		"priority out of range": {[][]*pb.Op{{wide}}, ErrFlowRange, 0},
		"too many flows":        {[][]*pb.Op{{many}}, table.ErrTooBig, 0},
		"too many bytes":        {[][]*pb.Op{{set(false, 1)}, {big}}, table.ErrTooBig, 1},
		"a group without one":   {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_SET_GROUP}}}, table.ErrBadOp, 0},
		"a group with flows":    {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_SET_GROUP, Group: &pb.Group{}, Flows: set(false, 1).Flows}}}, table.ErrBadOp, 0},
		"a meter with a UUID":   {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_REMOVE_METER, Meter: &pb.Meter{}, Uuid: uuid1[:]}}}, table.ErrBadOp, 0},
		"flows with a group":    {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_REMOVE, Uuid: uuid1[:], Group: &pb.Group{}}}}, table.ErrBadOp, 0},
		"buckets that are none": {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_SET_GROUP, Group: &pb.Group{Buckets: []byte{1}}}}}, flow.ErrGroup, 0},
		"a group's type":        {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_SET_GROUP, Group: &pb.Group{Type: 256}}}}, flow.ErrGroup, 0},
		"bands that are none":   {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_SET_METER, Meter: &pb.Meter{Id: 1, Flags: 1, Bands: []byte{1}}}}}, flow.ErrMeter, 0},
		"a meter's flags":       {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_SET_METER, Meter: &pb.Meter{Id: 1, Flags: 1 << 16}}}}, flow.ErrMeter, 0},
		"a zone out of range":   {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_FLUSH_CT, Flush: &pb.CTFlush{Zone: 1 << 16}}}}, ErrFlushRange, 0},
		"an address of 5 bytes": {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_FLUSH_CT_TUPLE,
			Flush: &pb.CTFlush{Orig: &pb.CTTuple{Dst: make([]byte, 5)}}}}}, ErrFlushRange, 0},
		"a port out of range": {[][]*pb.Op{{{Kind: pb.OpKind_OP_KIND_FLUSH_CT_TUPLE,
			Flush: &pb.CTFlush{Reply: &pb.CTTuple{DstPort: 1 << 16}}}}}, ErrFlushRange, 0},
		"what follows is not read": {[][]*pb.Op{{{Kind: 77}}, {{Kind: 78}, set(true, 1)}}, table.ErrBadOp, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := assemble(c.messages...)
			if !errors.Is(err, c.want) {
				t.Fatalf("err = %v, want %v", err, c.want)
			}
			var op *table.OpError
			if errors.As(err, &op) && op.Index != c.index {
				t.Errorf("operation %d, want %d", op.Index, c.index)
			}
			if c.index >= 0 && a.txn.Ops != nil {
				t.Errorf("%d operations are kept", len(a.txn.Ops))
			}
		})
	}
}

// FuzzAssembly feeds whatever protobuf can carry: it must not panic, and what it keeps is bounded by what came in.
func FuzzAssembly(f *testing.F) {
	for _, m := range []*pb.Txn{
		{Id: 1, Ops: []*pb.Op{set(true, 1, 2), set(false, 3)}},
		{Id: 1, Ops: []*pb.Op{{Kind: pb.OpKind_OP_KIND_CLEAR}, {Kind: pb.OpKind_OP_KIND_REMOVE, Uuid: uuid1[:]}}},
		{Id: 1, Ops: []*pb.Op{{Kind: pb.OpKind_OP_KIND_REMOVE_FLOW, Uuid: uuid1[:], Flows: set(false, 9).Flows}}},
		{Id: 1, Atomic: true, Ops: []*pb.Op{setGroup(5), setMeter(6), flushTuple(7)}},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, b)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		a := &assembly{}
		flows := 0
		for _, b := range [][]byte{first, second} {
			m := &pb.Txn{}
			if proto.Unmarshal(b, m) != nil {
				return
			}
			for _, op := range m.Ops {
				flows += len(op.Flows)
			}
			a.add(m.Ops)
		}
		kept := 0
		for _, op := range a.txn.Ops {
			kept += len(op.Flows)
		}
		if kept > flows || a.err != nil && a.txn.Ops != nil {
			t.Errorf("%d flows kept of %d, err = %v", kept, flows, a.err)
		}
	})
}
