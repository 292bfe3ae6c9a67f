package swconn

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/flowhost/flowhost/core/openflow"
)

const (
	// batchLen is how much is written at once, at most: large enough that system calls do not count, and small enough
	// that an echo reply is not held up by what is in front of it.
	batchLen = 64 << 10

	// urgentMax is how many bytes of echo messages may be queued. More are queued only by a switch that asks and
	// does not read.
	urgentMax = 256 << 10

	// spares is how many empty batches are kept to be used again.
	spares = 4
)

// A queue holds what is to be written: echo messages first, then the rest in order, in batches of whole messages.
type queue struct {
	ready chan struct{} // has an element if there may be something to take, or if the queue was closed

	mu      sync.Mutex
	closed  bool
	urgent  []byte
	batches [][]byte // Invariant: none is empty, none is longer than batchLen
	spare   [][]byte
	bytes   int // given to put and not yet reported as written
	taken   int // of them, by the writer: the length of its batch, 0 if that is urgent
}

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1)} }

// put copies whole messages into the queue: all of them, or none and ErrDown or ErrMessages.
func (q *queue) put(msgs []byte) error {
	if err := checkWhole(msgs); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrDown
	}
	q.bytes += len(msgs)
	for len(msgs) > 0 {
		tail := q.tail(messageLen(msgs))
		n := wholeMessages(msgs, batchLen-len(*tail))
		*tail, msgs = append(*tail, msgs[:n]...), msgs[n:]
	}
	q.signal()
	return nil
}

// putUrgent puts one message in front of all that is not urgent.
func (q *queue) putUrgent(msg []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrDown
	}
	if len(q.urgent)+len(msg) > urgentMax {
		return fmt.Errorf("%w: it sends echo requests and does not read the replies", ErrProtocol)
	}
	q.urgent = append(q.urgent, msg...)
	q.signal()
	return nil
}

// take waits for something to write and removes it from the queue. It is the writer's, of which there is one, until it is
// given to written.
func (q *queue) take(ctx context.Context) ([]byte, error) {
	for {
		if batch := q.next(); batch != nil {
			return batch, nil
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// next removes what is to be written next; nil if there is nothing.
func (q *queue) next() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	if batch := q.urgent; len(batch) > 0 {
		q.urgent, q.taken = nil, 0
		return batch
	}
	if len(q.batches) == 0 {
		return nil
	}
	batch := q.batches[0]
	q.batches, q.taken = slices.Delete(q.batches, 0, 1), len(batch)
	return batch
}

// written takes back what take gave.
func (q *queue) written(batch []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= q.taken
	q.taken = 0
	if cap(batch) == batchLen && len(q.spare) < spares {
		q.spare = append(q.spare, batch[:0])
	}
}

// close makes every put fail from now on, and drops what is queued.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.urgent, q.batches, q.spare = true, nil, nil, nil
	q.bytes, q.taken = 0, 0
}

func (q *queue) backlog() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// tail returns the last batch if n bytes fit into it, or else a new one.
func (q *queue) tail(n int) *[]byte {
	if last := len(q.batches) - 1; last >= 0 && len(q.batches[last])+n <= batchLen {
		return &q.batches[last]
	}
	var batch []byte
	if last := len(q.spare) - 1; last >= 0 {
		batch, q.spare = q.spare[last], q.spare[:last]
	} else {
		batch = make([]byte, 0, batchLen)
	}
	q.batches = append(q.batches, batch)
	return &q.batches[len(q.batches)-1]
}

func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// checkWhole returns ErrMessages if msgs is not a row of whole messages.
func checkWhole(msgs []byte) error {
	for len(msgs) > 0 {
		if len(msgs) < openflow.HeaderLen || messageLen(msgs) < openflow.HeaderLen || messageLen(msgs) > len(msgs) {
			return ErrMessages
		}
		msgs = msgs[messageLen(msgs):]
	}
	return nil
}

// wholeMessages returns the length of as many messages from the front of msgs as fit into limit bytes.
func wholeMessages(msgs []byte, limit int) int {
	n := 0
	for n < len(msgs) && n+messageLen(msgs[n:]) <= limit {
		n += messageLen(msgs[n:])
	}
	return n
}

// messageLen returns the length that the header at the front of msgs says.
func messageLen(msgs []byte) int { return int(binary.BigEndian.Uint16(msgs[2:])) }
