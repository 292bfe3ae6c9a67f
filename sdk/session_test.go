package sdk

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	idA = uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000001")
	idB = uuid.MustParse("bbbbbbbb-0000-4000-8000-000000000002")
)

func drop(table flow.TableID) flow.Flow { return flow.Flow{Key: flow.Key{Table: table, Priority: 1}} }

// shutdown asks the source to exit and wants its session to end in good order.
func (h *fakeHost) shutdown() {
	h.t.Helper()
	h.send(&pb.HostMessage{Message: &pb.HostMessage_Shutdown{Shutdown: &pb.Shutdown{DeadlineMs: 1000}}})
	for {
		if _, err := h.stream.Recv(); err != nil {
			if !errors.Is(err, io.EOF) {
				h.t.Fatalf("session ended with %v", err)
			}
			return
		}
	}
}

func TestCommitIsAnswered(t *testing.T) {
	got := make(chan error, 3)
	h := startSource(t, func(ctx context.Context, host *Host) error {
		if host.Bridge() != "br-test" || host.Owner() != "test" || host.Ranges().Groups[0] != (Range{10, 19}) {
			t.Errorf("host = %s %s %v", host.Bridge(), host.Owner(), host.Ranges())
		}
		txn := host.Begin()
		txn.Add(idA, drop(1), drop(2))
		txn.RemoveFlow(idB, drop(3).Key)
		txn.Clear()
		revision, err := txn.Commit(ctx)
		if revision != 7 {
			t.Errorf("revision = %d, want 7", revision)
		}
		got <- err
		got <- host.SyncBegin(ctx)
		_, err = host.SyncDone(ctx)
		got <- err
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), ErrShutdown) {
			t.Errorf("cause = %v, want ErrShutdown", context.Cause(ctx))
		}
		return nil
	})
	id, ops, _ := h.txn()
	if len(ops) != 3 || len(ops[0].Flows) != 2 || ops[1].Flows[0].Table != 3 || ops[2].Uuid != nil {
		t.Fatalf("operations = %v", ops)
	}
	h.commit(id, 7)
	begin := h.receive().GetSyncBegin().GetId()
	h.commit(begin, 7)
	done := h.receive().GetSyncDone().GetId()
	h.commit(done, 8)
	if !(id < begin && begin < done) {
		t.Errorf("ids %d, %d, %d do not rise", id, begin, done)
	}
	for range 3 {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
	h.shutdown()
}

func TestRejectionKeepsItsKind(t *testing.T) {
	for rule, want := range map[pb.Rule]error{
		pb.Rule_RULE_MALFORMED: ErrMalformed, pb.Rule_RULE_BAD_MATCH: ErrBadMatch, pb.Rule_RULE_BAD_ACTIONS: ErrBadActions,
		pb.Rule_RULE_BAD_FLOW: ErrBadFlow, pb.Rule_RULE_FENCED: ErrFenced, pb.Rule_RULE_QUOTA: ErrQuota,
		pb.Rule_RULE_BAD_GROUP: ErrBadGroup, pb.Rule_RULE_BAD_METER: ErrBadMeter, pb.Rule_RULE_IN_USE: ErrInUse,
		pb.Rule_RULE_NOT_ATOMIC: ErrNotAtomic, pb.Rule_RULE_BUSY: ErrBusy,
		pb.Rule_RULE_UNSET: ErrUnset, pb.Rule_RULE_TOO_LARGE: ErrTooLarge, pb.Rule_RULE_UNAVAILABLE: ErrUnavailable,
		pb.Rule_RULE_UNSPECIFIED: ErrRejected, 4711: ErrRejected,
	} {
		t.Run(rule.String(), func(t *testing.T) {
			got := make(chan error, 1)
			h := startSource(t, func(ctx context.Context, host *Host) error {
				txn := host.Begin()
				txn.Remove(idA)
				txn.Set(idB, drop(9))
				_, err := txn.Commit(ctx)
				got <- err
				return nil
			})
			id, _, _ := h.txn()
			second := uint32(1)
			h.send(&pb.HostMessage{Message: &pb.HostMessage_Rejected{
				Rejected: &pb.Rejected{Txn: id, Operation: &second, Rule: rule, Text: "because"}}})
			err := <-got
			if !errors.Is(err, want) || !errors.Is(err, ErrRejected) {
				t.Errorf("err = %v, want %v and ErrRejected", err, want)
			}
			var r *RejectedError
			if !errors.As(err, &r) || r.Op != 1 || r.UUID != idB || r.Text != "because" {
				t.Errorf("err = %#v", err)
			}
			h.shutdown()
		})
	}
}

func TestCommitAndWait(t *testing.T) {
	got := make(chan error, 1)
	h := startSource(t, func(ctx context.Context, host *Host) error {
		for range 4 {
			txn := host.Begin()
			txn.Set(idA, drop(1))
			_, err := txn.CommitAndWait(ctx)
			got <- err
		}
		return nil
	})
	refused := func(id uuid.UUID) *pb.Refused {
		return &pb.Refused{Uuid: id[:], Key: &pb.Key{Table: 1, Priority: 1}, Type: 2, Code: 9, Text: "OFPBAC_BAD_OUT_GROUP"}
	}
	id, _, _ := h.txn()
	h.commit(id, 1)
	h.installed(id, 1, refused(idB))
	if err := <-got; err != nil {
		t.Errorf("another's refused flow: %v", err)
	}
	id, _, _ = h.txn()
	h.commit(id, 2)
	h.installed(id+5, 3, refused(idA))
	var r *RefusedError
	if err := <-got; !errors.Is(err, ErrRefused) || !errors.As(err, &r) || r.Flows[0].Code != 9 {
		t.Errorf("own refused flow: %v", err)
	}
	id, _, _ = h.txn()
	h.commit(id, 3)
	contested := refused(idA)
	contested.Why = pb.RefusedFor_REFUSED_FOR_CONTESTED
	h.installed(id, 3, contested)
	if err := <-got; !errors.Is(err, ErrRefused) || !errors.Is(err, ErrContested) || errors.Is(err, ErrUnstable) {
		t.Errorf("a contested flow: %v", err)
	}
	_, _, _ = h.txn()
	h.cancel()
	if err := <-got; !errors.Is(err, ErrClosed) {
		t.Errorf("host gone: %v, want ErrClosed", err)
	}
}

func TestContextEndsTheWait(t *testing.T) {
	got := make(chan error, 2)
	next := make(chan struct{})
	h := startSource(t, func(ctx context.Context, host *Host) error {
		short, cancel := context.WithCancel(ctx)
		go func() { <-next; cancel() }()
		_, err := host.Begin().Commit(short)
		got <- err
		_, err = host.Begin().Commit(ctx)
		got <- err
		return nil
	})
	first, _, _ := h.txn()
	close(next)
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want Canceled", err)
	}
	h.commit(first, 1) // nobody waits any more
	second, _, _ := h.txn()
	h.commit(second, 2)
	if err := <-got; err != nil {
		t.Error(err)
	}
	h.shutdown()
}

func TestReplace(t *testing.T) {
	const total = replaceFlows + 2
	h := startSource(t, func(ctx context.Context, host *Host) error {
		_, err := host.Replace(ctx, func(yield func(uuid.UUID, flow.Flow) bool) {
			for n := range total {
				if !yield(uuid.UUID{byte(n), byte(n >> 8)}, drop(flow.TableID(n%7))) {
					return
				}
			}
		})
		return err
	})
	h.commit(h.receive().GetSyncBegin().GetId(), 1)
	first, ops, _ := h.txn() // the host has the next one before it has answered
	second, more, _ := h.txn()
	if len(ops)+len(more) != total || max(len(ops), len(more)) != replaceFlows || ops[0].Kind != pb.OpKind_OP_KIND_ADD {
		t.Errorf("%d and %d operations, want %d together", len(ops), len(more), total)
	}
	h.commit(first, 1)
	h.commit(second, 2)
	done := h.receive().GetSyncDone().GetId()
	if done == 0 {
		t.Error("no SyncDone at the end")
	}
	h.commit(done, 9)
	h.shutdown()
}

func TestRunErrorIsTold(t *testing.T) {
	h := startSource(t, func(context.Context, *Host) error { return errors.New("no database") })
	_, err := h.stream.Recv()
	if s := status.Convert(err); s.Code() != codes.Aborted || s.Message() != "no database" {
		t.Errorf("session ended with %v", err)
	}
}

func TestResyncOfASourceWithoutEars(t *testing.T) {
	h := startSource(t, func(ctx context.Context, _ *Host) error { <-ctx.Done(); return ctx.Err() })
	h.send(&pb.HostMessage{Message: &pb.HostMessage_Resync{Resync: &pb.Resync{Reason: "r"}}})
	if _, err := h.stream.Recv(); status.Code(err) != codes.Aborted {
		t.Errorf("session ended with %v", err)
	}
}

func refusedFlow(why pb.RefusedFor) *pb.HostMessage {
	return &pb.HostMessage{Message: &pb.HostMessage_Refused{Refused: &pb.Refused{Uuid: idA[:], Text: "x", Why: why}}}
}

func TestEvents(t *testing.T) {
	key := &pb.Key{Table: 5, Priority: 6}
	want := []struct {
		message *pb.HostMessage
		event   Event
	}{
		{&pb.HostMessage{Message: &pb.HostMessage_SwitchState{SwitchState: &pb.SwitchState{Connected: true, DatapathId: 3}}},
			SwitchState{Connected: true, DatapathID: 3, Geneve: NoGeneve}},
		{&pb.HostMessage{Message: &pb.HostMessage_SwitchState{SwitchState: &pb.SwitchState{GeneveOption: new(uint32)}}},
			SwitchState{Geneve: 0}},
		{&pb.HostMessage{Message: &pb.HostMessage_SwitchState{SwitchState: &pb.SwitchState{
			Features: &pb.SwitchFeatures{Buffers: 1, Tables: 254, Capabilities: 0x4f}}}},
			SwitchState{Geneve: NoGeneve, Features: SwitchFeatures{Buffers: 1, Tables: 254, Capabilities: 0x4f}}},
		{&pb.HostMessage{Message: &pb.HostMessage_PacketRefused{PacketRefused: &pb.PacketRefused{Id: 7, Type: 2, Code: 4, Text: "z"}}},
			PacketRefused{Type: 2, Code: 4, Text: "z"}},
		{refusedFlow(pb.RefusedFor_REFUSED_FOR_OPTION_MOVED), Refused{UUID: idA, Text: "x", Kind: ErrOptionMoved}},
		{refusedFlow(pb.RefusedFor_REFUSED_FOR_CONTESTED), Refused{UUID: idA, Text: "x", Kind: ErrContested}},
		{refusedFlow(pb.RefusedFor_REFUSED_FOR_UNSTABLE), Refused{UUID: idA, Text: "x", Kind: ErrUnstable}},
		{refusedFlow(99), Refused{UUID: idA, Text: "x"}}, // a newer host's
		{&pb.HostMessage{Message: &pb.HostMessage_Installed{Installed: &pb.Installed{Txn: 1, Revision: 4}}}, Installed{Revision: 4}},
		{&pb.HostMessage{Message: &pb.HostMessage_Refused{Refused: &pb.Refused{Uuid: idA[:], Key: key, Type: 2, Code: 9, Text: "x"}}},
			Refused{UUID: idA, Key: toKey(key), Type: 2, Code: 9, Text: "x"}},
		{&pb.HostMessage{Message: &pb.HostMessage_Recovered{Recovered: &pb.Recovered{Uuid: idA[:], Key: key}}},
			Recovered{UUID: idA, Key: toKey(key)}},
		{&pb.HostMessage{Message: &pb.HostMessage_Refused{Refused: &pb.Refused{
			Object: &pb.Object{Id: &pb.Object_Group{Group: 5}}, Type: 6, Code: 1, Text: "y"}}},
			Refused{Object: Object{GroupObject, 5}, Type: 6, Code: 1, Text: "y"}},
		{&pb.HostMessage{Message: &pb.HostMessage_Recovered{Recovered: &pb.Recovered{
			Object: &pb.Object{Id: &pb.Object_Meter{Meter: 6}}}}}, Recovered{Object: Object{MeterObject, 6}}},
		{&pb.HostMessage{Message: &pb.HostMessage_Lost{Lost: &pb.Lost{Uuid: idA[:], Key: key, ToOwner: "o", ToUuid: idB[:]}}},
			Lost{UUID: idA, Key: toKey(key), ToOwner: "o", ToUUID: idB}},
		{&pb.HostMessage{Message: &pb.HostMessage_Won{Won: &pb.Won{Uuid: idA[:], Key: key}}}, Won{UUID: idA, Key: toKey(key)}},
		{&pb.HostMessage{Message: &pb.HostMessage_Drifted{Drifted: &pb.Drifted{Object: &pb.Object{Id: &pb.Object_Meter{Meter: 8}}}}},
			Drifted{Object: Object{MeterObject, 8}}},
		{&pb.HostMessage{Message: &pb.HostMessage_Drifted{Drifted: &pb.Drifted{Uuid: idA[:], Key: key, Contested: true}}},
			Drifted{UUID: idA, Key: toKey(key), Contested: true}},
		{&pb.HostMessage{Message: &pb.HostMessage_Duplicate{Duplicate: &pb.Duplicate{Uuid: idA[:], Key: key}}},
			Duplicate{UUID: idA, Key: toKey(key)}},
		{&pb.HostMessage{Message: &pb.HostMessage_Resync{Resync: &pb.Resync{Reason: "r"}}}, Resync{Reason: "r"}},
	}
	started := make(chan struct{})
	seen := make(chan Event)
	h := startSource(t, func(ctx context.Context, host *Host) error {
		events := host.Events()
		close(started)
		for e := range events {
			if _, ok := e.(SwitchState); ok && host.Switch() != e {
				t.Errorf("Switch() = %v, event %v", host.Switch(), e)
			}
			seen <- e
		}
		return nil
	})
	<-started
	for _, w := range want {
		h.send(w.message)
		if got := <-seen; got != w.event {
			t.Errorf("event = %#v, want %#v", got, w.event)
		}
	}
	h.cancel()
}
