package sdk

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// TestOlderHost knows flows and syncs, and nothing beyond. What it cannot do is told to the author, and not sent.
func TestOlderHost(t *testing.T) {
	got := make(chan error, 16)
	h := startSourceAt(t, &pb.HostHello{Protocol: 1, Owner: "test"}, func(ctx context.Context, host *Host) error {
		for _, fill := range []func(*Txn){
			func(t *Txn) { t.Atomic() },
			func(t *Txn) { t.SetGroup(flow.Group{}) },
			func(t *Txn) { t.RemoveMeter(1) },
			func(t *Txn) { t.FlushCT(1) },
			func(t *Txn) { t.Mark("x", "1") },
		} {
			txn := host.Begin()
			txn.Add(idA, drop(1))
			fill(txn)
			_, err := txn.Commit(ctx)
			got <- err
		}
		got <- host.Watch(ctx, "other", "x")
		_, err := host.PacketIns(ctx, 1, nil)
		got <- err
		got <- host.PacketOut(ctx, PacketOut{})
		got <- host.Resume(ctx, PacketIn{})
		txn := host.Begin()
		txn.Add(idA, drop(1))
		_, err = txn.Commit(ctx)
		got <- err
		return nil
	})
	for range 9 {
		if err := <-got; !errors.Is(err, ErrUnsupported) {
			t.Errorf("err = %v, want ErrUnsupported", err)
		}
	}
	id, ops, _ := h.txn()
	if len(ops) != 1 {
		t.Errorf("operations %v", ops)
	}
	h.commit(id, 1)
	if err := <-got; err != nil {
		t.Error(err)
	}
	h.shutdown()
}

// TestNewerHost says what this SDK does not know: it lets that pass.
func TestNewerHost(t *testing.T) {
	future := protowire.AppendString(protowire.AppendTag(nil, 1000, protowire.BytesType), "from the future")
	hello := &pb.HostHello{Protocol: 9, Owner: "test", Capabilities: []string{"telepathy"}}
	hello.ProtoReflect().SetUnknown(future)
	events := make(chan Event, 1)
	ready := make(chan struct{})
	h := startSourceAt(t, hello, func(ctx context.Context, host *Host) error {
		all := host.Events()
		close(ready)
		for e := range all {
			events <- e
		}
		return nil
	})
	<-ready
	unknown := &pb.HostMessage{}
	unknown.ProtoReflect().SetUnknown(future)
	h.send(unknown)
	installed := &pb.Installed{Txn: 1, Revision: 4}
	installed.ProtoReflect().SetUnknown(future)
	h.send(&pb.HostMessage{Message: &pb.HostMessage_Installed{Installed: installed}})
	if e := <-events; e != (Installed{Revision: 4}) {
		t.Errorf("event = %#v", e)
	}
	h.shutdown()
}
