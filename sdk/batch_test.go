package sdk

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// joined puts the operations of the messages together again, as a host does.
func joined(t *rapid.T, txn *Txn) []*pb.Op {
	var ops []*pb.Op
	open, last := false, false
	for raw := range txn.messages(3) {
		b, err := proto.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		m := &pb.SourceMessage{}
		if err := proto.Unmarshal(b, m); err != nil {
			t.Fatal(err)
		}
		part := m.GetTxn()
		if last || part.Id != 3 {
			t.Fatalf("message %v after the last", part)
		}
		if n := proto.Size(m); n > pb.MaxMessageBytes || len(part.Ops) > pb.BatchOps {
			t.Fatalf("message of %d bytes, %d operations", n, len(part.Ops))
		}
		for _, op := range part.Ops {
			if open {
				before := ops[len(ops)-1]
				if before.Kind != op.Kind || string(before.Uuid) != string(op.Uuid) {
					t.Fatalf("%v goes on as %v", before, op)
				}
				before.Flows = append(before.Flows, op.Flows...)
			} else {
				ops = append(ops, op)
			}
			open = op.More
		}
		last = !part.More
	}
	if open || !last {
		t.Fatalf("open = %v, last = %v at the end", open, last)
	}
	return ops
}

func TestMessagesSayTheTransaction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SampledFrom([]struct{ operations, flows, size int }{
			{0, 0, 0}, {3, 2, maxFlowBytes}, {3, 200, 5000}, {3, 9000, 10}, {3000, 2, 10}, {300, 1, 1500},
		}).Draw(t, "shape")
		size := shape.size
		match := flow.Match(strings.Repeat("m", size/2))
		actions := flow.Actions(strings.Repeat("a", size-size/2))
		txn := &Txn{}
		for i := range shape.operations {
			var flows []flow.Flow
			for j := range rapid.IntRange(0, shape.flows).Draw(t, "flows") {
				key := flow.Key{Table: flow.TableID(j), Priority: flow.Priority(i), Match: match}
				flows = append(flows, flow.Flow{Key: key, Actions: actions, Cookie: flow.Cookie(j)})
			}
			txn.Set(uuid.UUID{byte(i), byte(i >> 8)}, flows...)
		}
		ops := joined(t, txn)
		if len(ops) != len(txn.ops) {
			t.Fatalf("%d operations, want %d", len(ops), len(txn.ops))
		}
		for i, op := range ops {
			want := txn.flows[txn.ops[i].from:txn.ops[i].to]
			if string(op.Uuid) != string(txn.ops[i].uuid[:]) || len(op.Flows) != len(want) {
				t.Fatalf("operation %d: %d flows of %x, want %d of %s", i, len(op.Flows), op.Uuid, len(want), txn.ops[i].uuid)
			}
			for j, f := range op.Flows {
				got := flow.Flow{Key: toKey(&pb.Key{Table: f.Table, Priority: f.Priority, Match: f.Match}),
					Actions: flow.Actions(f.Actions), Cookie: flow.Cookie(f.Cookie)}
				if got != want[j] {
					t.Fatalf("operation %d, flow %d differs", i, j)
				}
			}
		}
	})
}

func TestTooLongFlowIsNotSent(t *testing.T) {
	txn := &Txn{}
	txn.Clear()
	txn.Add(idA, drop(1), flow.Flow{Actions: flow.Actions(strings.Repeat("a", maxFlowBytes+1))})
	_, err := txn.Commit(t.Context())
	r, ok := err.(*RejectedError)
	if !ok || r.Kind != ErrTooLarge || r.Op != 1 || r.UUID != idA {
		t.Errorf("err = %v", err)
	}
}
