package sdk

import (
	"context"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// Txn is a transaction: operations that take effect together, in the order of the calls, or not at all. It is made by
// Host.Begin, filled, and committed once; it belongs to one goroutine. A Txn that is never committed leaves no trace.
//
// A UUID names the thing that flows are made from, in the source's own words; one UUID has any number of flows, and other
// sources' UUIDs never meet it.
type Txn struct {
	session *session
	ops     []op
	flows   []flow.Flow // of all operations, one after the other
	bytes   int         // of what the operations hold
	marks   []*pb.Mark
	atomic  bool
}

// op is one operation on flows, which are Txn.flows[from:to], or one on something else, which is wire.
type op struct {
	kind     pb.OpKind
	uuid     uuid.UUID
	from, to int
	wire     *pb.Op // nil: on flows
}

// Add wants flows for id, beside those it has. A flow that id has already stays as it is (but for one from before a sync:
// that takes the new actions).
func (t *Txn) Add(id uuid.UUID, flows ...flow.Flow) { t.op(pb.OpKind_OP_KIND_ADD, id, flows...) }

// Remove takes away all flows of id. An id that has none is no error.
func (t *Txn) Remove(id uuid.UUID) { t.op(pb.OpKind_OP_KIND_REMOVE, id) }

// RemoveFlow takes away the flow of id with the given key. One that is not there is no error.
func (t *Txn) RemoveFlow(id uuid.UUID, key flow.Key) {
	t.op(pb.OpKind_OP_KIND_REMOVE_FLOW, id, flow.Flow{Key: key})
}

// Set makes flows what id has: exactly those, afterwards. Nothing is done for a flow that id has already, so setting the same
// again is cheap. Without flows it is the same as Remove.
func (t *Txn) Set(id uuid.UUID, flows ...flow.Flow) { t.op(pb.OpKind_OP_KIND_SET, id, flows...) }

// Clear takes away everything of this source: flows, groups and meters.
func (t *Txn) Clear() { t.op(pb.OpKind_OP_KIND_CLEAR, uuid.Nil) }

func (t *Txn) op(kind pb.OpKind, id uuid.UUID, flows ...flow.Flow) {
	from := len(t.flows)
	t.flows = append(t.flows, flows...)
	for i := range flows {
		t.bytes += len(flows[i].Match) + len(flows[i].Actions)
	}
	t.ops = append(t.ops, op{kind: kind, uuid: id, from: from, to: len(t.flows)})
}

// Atomic makes the transaction one that the switch, too, takes as a whole or not at all: Commit returns when the switch has taken
// it, or with an error that Is ErrRefused when the switch refused a part. Then nothing of it is in the switch, or in the host's
// table. It may hold anything but meters and flushes.
//
// An atomic transaction is alone under way: it waits until the switch has confirmed what this source committed before, and what is
// committed later waits for it. While the switch is not connected, that takes until it is. Use none before SyncDone: what the
// host finds in the switch at a connect is not changed until the source has said that (or nothing for a minute, `hold` in the host's
// configuration), and who waits for the change does not come to say it.
func (t *Txn) Atomic() { t.atomic = true }

// Len is the number of operations so far.
func (t *Txn) Len() int { return len(t.ops) }

// Commit sends the transaction and waits until the host's table has it: from then on it outlives this process. The switch
// follows; CommitAndWait and the event Installed tell when. Transactions that several goroutines commit at a time may go
// together, as if they were one; the error of one is not the others'. One that is Atomic goes alone.
//
// Errors: ErrRejected and its kinds (nothing was done), ErrClosed, or ctx's when ctx ends first (it may have been done or not); of an
// atomic one also ErrRefused, and ErrBusy together with ctx's when ctx ends before its turn.
func (t *Txn) Commit(ctx context.Context) (Revision, error) {
	return t.commit(&commit{ctx: ctx, txn: t, result: make(chan result, 1)})
}

// CommitAndWait commits and waits until the switch has confirmed the transaction and all of this source's before it. While the
// switch is not connected, that takes until it is. Before SyncDone it may take a minute, see Atomic.
//
// Errors: those of Commit; ErrRefused when the switch refused a flow of one of the transaction's UUIDs, one of its groups or meters, or
// a flush (the rest is in).
func (t *Txn) CommitAndWait(ctx context.Context) (Revision, error) {
	c := &commit{ctx: ctx, txn: t, result: make(chan result, 1), installed: make(chan struct{})}
	revision, err := t.commit(c)
	if err != nil {
		return 0, err
	}
	select {
	case <-c.installed:
		if len(c.refused) > 0 {
			return revision, &RefusedError{Flows: c.refused}
		}
		return revision, nil
	case <-ctx.Done():
		return revision, context.Cause(ctx)
	case <-t.session.done:
		return revision, ErrClosed
	}
}

func (t *Txn) commit(c *commit) (Revision, error) {
	if err := t.check(); err != nil {
		return 0, err
	}
	return t.session.heaps.commit(c)
}
