package swconn

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
)

// TestQueueKeepsOrder puts messages of all sizes in, some of them with others in one call, and takes them out again.
func TestQueueKeepsOrder(t *testing.T) {
	q := newQueue()
	random := rand.New(rand.NewPCG(1, 2))
	var want, got []byte
	for xid := range uint32(200) {
		var msgs []byte
		for range 1 + random.IntN(5) {
			size := random.IntN(300)
			if random.IntN(20) == 0 {
				size = openflow.MaxMessageLen - openflow.HeaderLen
			}
			msgs = openflow.AppendEchoRequest(msgs, xid, bytes.Repeat([]byte{byte(xid)}, size))
		}
		if err := q.put(msgs); err != nil {
			t.Fatal(err)
		}
		want = append(want, msgs...)
		if q.backlog() != len(want)-len(got) {
			t.Fatalf("backlog %d, want %d", q.backlog(), len(want)-len(got))
		}
		if random.IntN(3) == 0 {
			got = append(got, takeOne(t, q)...)
		}
	}
	for q.backlog() > 0 {
		got = append(got, takeOne(t, q)...)
	}
	if !bytes.Equal(got, want) {
		t.Error("what came out is not what went in")
	}
}

// takeOne takes a batch, checks its shape, and reports it as written.
func takeOne(t *testing.T, q *queue) []byte {
	t.Helper()
	batch, err := q.take(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(batch) == 0 || len(batch) > batchLen || checkWhole(batch) != nil {
		t.Fatalf("a batch of %d bytes, %v", len(batch), checkWhole(batch))
	}
	out := bytes.Clone(batch)
	q.written(batch)
	return out
}

func TestQueueUrgent(t *testing.T) {
	q := newQueue()
	first, second := openflow.AppendBarrierRequest(nil, 1), openflow.AppendEchoReply(nil, 2, nil)
	if err := errors.Join(q.put(first), q.putUrgent(second)); err != nil {
		t.Fatal(err)
	}
	if got := takeOne(t, q); !bytes.Equal(got, second) {
		t.Errorf("first out: %x", got)
	}
	if q.backlog() != len(first) {
		t.Errorf("backlog %d with %d bytes in it", q.backlog(), len(first))
	}
	if got := takeOne(t, q); !bytes.Equal(got, first) {
		t.Errorf("second out: %x", got)
	}
	if q.backlog() != 0 {
		t.Errorf("backlog %d", q.backlog())
	}
}

// TestQueueUrgentLimit is what a switch runs into that asks for echos and does not read them.
func TestQueueUrgentLimit(t *testing.T) {
	q := newQueue()
	var err error
	for n := 0; err == nil; n++ {
		if n > urgentMax/openflow.HeaderLen {
			t.Fatal("no limit")
		}
		err = q.putUrgent(openflow.AppendEchoReply(nil, 1, nil))
	}
	if !errors.Is(err, ErrProtocol) {
		t.Error(err)
	}
}

func TestQueueClosed(t *testing.T) {
	q := newQueue()
	msg := openflow.AppendBarrierRequest(nil, 1)
	if err := q.put(msg); err != nil {
		t.Fatal(err)
	}
	batch, err := q.take(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	q.close()
	q.written(batch)
	if err := q.put(msg); !errors.Is(err, ErrDown) || q.backlog() != 0 {
		t.Errorf("put: %v, backlog %d", err, q.backlog())
	}
	if err := q.putUrgent(msg); !errors.Is(err, ErrDown) {
		t.Errorf("putUrgent: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := q.take(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("take: %v", err)
	}
}

// TestQueueReuses batches: a big load makes no garbage once the writer keeps up.
func TestQueueReuses(t *testing.T) {
	q := newQueue()
	msgs := openflow.AppendEchoRequest(nil, 1, make([]byte, 60000))
	round := func() {
		if err := q.put(msgs); err != nil {
			t.Fatal(err)
		}
		batch, err := q.take(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		q.written(batch)
	}
	round()
	if n := testing.AllocsPerRun(1000, round); n >= 1 {
		t.Errorf("%v allocations for 60 KB", n)
	}
}
