package sdk

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// commitAll commits transactions one after the other, each in a goroutine that begins when the one before it waits.
func commitAll(ctx context.Context, t *testing.T, host *Host, waiting int, txns ...*Txn) []chan error {
	results := make([]chan error, len(txns))
	for i, txn := range txns {
		results[i] = make(chan error, 1)
		go func() {
			_, err := txn.Commit(ctx)
			results[i] <- err
		}()
		waitFor(t, host, waiting+i+1)
	}
	return results
}

func removal(host *Host, n byte, atomic bool) *Txn {
	txn := host.Begin()
	txn.Remove(uuid.UUID{n})
	if atomic {
		txn.Atomic()
	}
	return txn
}

// atomicTxn receives a transaction, and says whether it is atomic.
func (h *fakeHost) atomicTxn() (id uint64, ops []*pb.Op, atomic bool) {
	h.t.Helper()
	txn := h.receive().GetTxn()
	return txn.GetId(), txn.GetOps(), txn.GetAtomic()
}

// TestAtomicGoesAlone: of A, B, atomic, C, D, which all wait, A and B go together, then the atomic one, then C and D.
func TestAtomicGoesAlone(t *testing.T) {
	results := make(chan []chan error, 1)
	hosts := make(chan *Host)
	h := startSource(t, func(ctx context.Context, host *Host) error {
		for range maxUnanswered {
			hosts <- host // once the one before is sent: two that wait would go together
			go func() { _, _ = host.Begin().Commit(ctx) }()
		}
		<-hosts
		results <- commitAll(ctx, t, host, 0, removal(host, 1, false), removal(host, 2, false), removal(host, 3, true),
			removal(host, 4, false), removal(host, 5, false))
		<-ctx.Done()
		return nil
	})
	var first []uint64
	var host *Host
	for range maxUnanswered {
		host = <-hosts
		id, _, _ := h.txn()
		first = append(first, id)
	}
	hosts <- host
	commits := <-results
	for _, id := range first {
		h.commit(id, id)
	}
	heap, ops, atomic := h.atomicTxn()
	if len(ops) != 2 || atomic {
		t.Fatalf("first %v, atomic %v", ops, atomic)
	}
	id, ops, atomic := h.atomicTxn() // behind the heap, which is not answered yet
	if len(ops) != 1 || ops[0].Uuid[0] != 3 || !atomic {
		t.Fatalf("second %v, atomic %v", ops, atomic)
	}
	h.commit(heap, 10)
	h.send(&pb.HostMessage{Message: &pb.HostMessage_Rejected{Rejected: &pb.Rejected{Txn: id, Rule: pb.Rule_RULE_BUSY}}})
	h.installed(heap, 10)
	id, ops, atomic = h.atomicTxn() // once more
	if len(ops) != 1 || ops[0].Uuid[0] != 3 || !atomic {
		t.Fatalf("third %v, atomic %v", ops, atomic)
	}
	h.send(&pb.HostMessage{Message: &pb.HostMessage_Rejected{Rejected: &pb.Rejected{Txn: id, Rule: pb.Rule_RULE_REFUSED,
		Refused: []*pb.Refused{{Uuid: ops[0].Uuid, Key: &pb.Key{}, Text: "no"}}}}})
	id, ops, atomic = h.atomicTxn()
	if len(ops) != 2 || atomic {
		t.Fatalf("fourth %v, atomic %v", ops, atomic)
	}
	h.commit(id, 11)
	for i, result := range commits {
		err := <-result
		var r *RefusedError
		if i == 2 && (!errors.Is(err, ErrRefused) || !errors.As(err, &r) || !r.Undone || errors.Is(err, ErrRejected)) || i != 2 && err != nil {
			t.Errorf("transaction %d: %v", i, err)
		}
	}
	h.shutdown()
}

func TestBusyEndsWithTheContext(t *testing.T) {
	got := make(chan error, 1)
	cancels := make(chan context.CancelFunc, 1)
	h := startSource(t, func(ctx context.Context, host *Host) error {
		ctx, cancel := context.WithCancel(ctx)
		cancels <- cancel
		got <- host.session.requestAtomic(&commit{ctx: ctx, txn: removal(host, 1, true)}).err
		return nil
	})
	id, _, _ := h.txn()
	(<-cancels)()
	h.send(&pb.HostMessage{Message: &pb.HostMessage_Rejected{Rejected: &pb.Rejected{Txn: id, Rule: pb.Rule_RULE_BUSY}}})
	if err := <-got; !errors.Is(err, ErrBusy) || !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want ErrBusy and Canceled", err)
	}
	h.shutdown()
}
