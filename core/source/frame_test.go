package source

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// frames are messages of all kinds.
func frames(t testing.TB) (all [][]byte) {
	t.Helper()
	for _, m := range []*pb.SourceMessage{
		{Message: &pb.SourceMessage_Txn{Txn: &pb.Txn{Id: 1, More: true, Ops: []*pb.Op{set(true, 1, 2), set(false, 3)}}}},
		{Message: &pb.SourceMessage_Txn{Txn: &pb.Txn{Id: 2, Atomic: true, Marks: []*pb.Mark{{Name: "a", Value: "b"}, {Name: "c"}},
			Ops: []*pb.Op{setGroup(5), setMeter(6), flushTuple(7), {Kind: pb.OpKind_OP_KIND_CLEAR}}}}},
		{Message: &pb.SourceMessage_Txn{Txn: unknown(&pb.Txn{Ops: []*pb.Op{unknown(set(false, 8)), {}}})}},
		{Message: &pb.SourceMessage_Txn{Txn: &pb.Txn{}}},
		{Message: &pb.SourceMessage_Status{Status: &pb.Status{Text: "ready"}}},
		{},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

// sameAsGenerated checks that a frame decodes b as the generated decoder does.
func sameAsGenerated(t *testing.T, f *frame, b []byte) {
	t.Helper()
	want := &pb.SourceMessage{}
	wantErr := proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(b, want)
	f.bytes = bytes.Clone(b)
	if err := f.decode(); (err == nil) != (wantErr == nil) {
		t.Fatalf("%x: %v, the generated decoder: %v", b, err, wantErr)
	}
	if wantErr != nil {
		return
	}
	if f.message.GetTxn() != nil && !proto.Equal(f.message, want) {
		t.Fatalf("%x:\n%v\nthe generated decoder:\n%v", b, f.message, want)
	}
}

func TestFrames(t *testing.T) {
	var f frame // one for all, as in a session
	for range 2 {
		for _, b := range frames(t) {
			sameAsGenerated(t, &f, b)
		}
	}
}

func FuzzFrame(f *testing.F) {
	for _, b := range frames(f) {
		f.Add(b, b)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var f frame
		sameAsGenerated(t, &f, first)
		sameAsGenerated(t, &f, second)
	})
}

func BenchmarkFrame(b *testing.B) {
	txn := &pb.Txn{}
	for n := range pb.BatchOps {
		f, id := testFlow(n), testUUID(n)
		txn.Ops = append(txn.Ops, &pb.Op{Kind: pb.OpKind_OP_KIND_ADD, Uuid: id[:], Flows: []*pb.Flow{{Table: 1, Priority: 1, Match: []byte(f.Match)}}})
	}
	wire, err := proto.Marshal(&pb.SourceMessage{Message: &pb.SourceMessage_Txn{Txn: txn}})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("generated", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = proto.Unmarshal(wire, &pb.SourceMessage{})
		}
	})
	b.Run("frame", func(b *testing.B) {
		b.ReportAllocs()
		f := frame{bytes: wire}
		for b.Loop() {
			_ = f.decode()
		}
	})
}
