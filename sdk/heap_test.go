package sdk

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// commitMany commits n transactions at a time, each of two operations for a UUID of its own; the result of the i-th is results[i].
func commitMany(ctx context.Context, host *Host, n int) (results []error) {
	results = make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			txn := host.Begin()
			txn.Remove(uuid.UUID{byte(i)})
			txn.Add(uuid.UUID{byte(i)}, drop(flow.TableID(i)))
			_, results[i] = txn.Commit(ctx)
		})
	}
	all.Wait()
	return results
}

// waitFor waits until n transactions of the session wait to be sent.
func waitFor(t *testing.T, host *Host, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		host.session.mu.Lock()
		waiting := len(host.session.heaps.waiting)
		host.session.mu.Unlock()
		if waiting == n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d transactions wait, want %d", waiting, n)
		}
	}
}

// startBusy runs a source that commits as many transactions as may be on their way, and then n at a time, which have to wait. It
// returns the host and the ids of the first ones when that is so.
func startBusy(t *testing.T, n int) (h *fakeHost, first []uint64, results chan []error) {
	t.Helper()
	hosts := make(chan *Host)
	results = make(chan []error, 1)
	h = startSource(t, func(ctx context.Context, host *Host) error {
		var busy sync.WaitGroup
		for range maxUnanswered {
			hosts <- host // once the one before is sent: two that wait would go together
			busy.Go(func() {
				if _, err := host.Begin().Commit(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		<-hosts
		results <- commitMany(ctx, host, n)
		busy.Wait()
		return nil
	})
	var host *Host
	for range maxUnanswered {
		host = <-hosts
		id, _, _ := h.txn()
		first = append(first, id)
	}
	hosts <- host
	waitFor(t, host, n)
	return h, first, results
}

func TestWaitingTransactionsGoTogether(t *testing.T) {
	const n = 40
	h, first, results := startBusy(t, n)
	for _, id := range first {
		h.commit(id, id)
	}
	id, ops, _ := h.txn()
	if len(ops) != 2*n {
		t.Errorf("%d operations in the heap, want %d", len(ops), 2*n)
	}
	for i := 0; i+1 < len(ops); i += 2 {
		remove, add := ops[i], ops[i+1]
		if remove.Kind != pb.OpKind_OP_KIND_REMOVE || add.Kind != pb.OpKind_OP_KIND_ADD ||
			remove.Uuid[0] != add.Uuid[0] || add.Flows[0].Table != uint32(add.Uuid[0]) {
			t.Errorf("operations %v, %v", remove, add)
		}
	}
	h.commit(id, id)
	for i, err := range <-results {
		if err != nil {
			t.Errorf("transaction %d: %v", i, err)
		}
	}
	h.shutdown()
}

func TestRejectedHeapIsSentOneByOne(t *testing.T) {
	const n, bad = 10, 7
	h, first, results := startBusy(t, n)
	for _, id := range first {
		h.commit(id, id)
	}
	for i := range n + 1 { // the heap, then each by itself
		id, ops, _ := h.txn()
		if want := 2 * n; i == 0 && len(ops) != want || i > 0 && len(ops) != 2 {
			t.Errorf("request %d has %d operations", i, len(ops))
		}
		rejected := slices.IndexFunc(ops, func(op *pb.Op) bool { return len(op.Flows) > 0 && op.Flows[0].Table == bad })
		if rejected < 0 {
			h.commit(id, id)
			continue
		}
		index := uint32(rejected)
		h.send(&pb.HostMessage{Message: &pb.HostMessage_Rejected{
			Rejected: &pb.Rejected{Txn: id, Operation: &index, Rule: pb.Rule_RULE_FENCED, Text: "table 7"}}})
	}
	for i, err := range <-results {
		var r *RejectedError
		switch {
		case i != bad && err != nil:
			t.Errorf("transaction %d: %v", i, err)
		case i == bad && (!errors.As(err, &r) || !errors.Is(err, ErrFenced) || r.Op != 1 || r.UUID != uuid.UUID{bad}):
			t.Errorf("the bad transaction: %v", err)
		}
	}
	h.shutdown()
}

func TestHeapsHaveABound(t *testing.T) {
	h := heaps{session: newSession(nil, nil)}
	for range 5 {
		txn := &Txn{}
		for i := range heapFlows / 4 {
			txn.Set(uuid.UUID{byte(i)}, drop(1))
		}
		h.waiting = append(h.waiting, &commit{ctx: t.Context(), txn: txn})
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	h.waiting[1].ctx = gone
	h.senders = 1
	for _, want := range []int{2, 2, 0} {
		if got := len(h.take()); got != want {
			t.Errorf("%d transactions in a heap, want %d", got, want)
		}
	}
	if h.senders != 0 {
		t.Errorf("%d senders are left", h.senders)
	}
}
