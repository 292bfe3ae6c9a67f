package source

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/flowhost/flowhost/core/table"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// maxSpare is how many operations' room is kept between transactions.
const maxSpare = 1 << 15

// request is what the source is answered with Committed or Rejected.
type request struct {
	id    uint64
	do    func(*requests, context.Context, request) error
	txn   *table.Txn // of a transaction
	err   error      // what is wrong with it already
	watch *pb.Watch  // of a Watch

	subscribe *pb.Subscribe // of a Subscribe
}

// requests does a session's requests one after the other, and answers them.
type requests struct {
	*Source
	owner  Owner
	told   *outbox
	rate   rate            // of transactions
	notes  *limiter        // of lines about what was rejected
	queue  chan request    // has no room: one request is being done, and at most one waits
	spares chan []table.Op // room for one list of operations to use again: the table keeps nothing of it
}

func newRequests(s *Source, owner Owner, told *outbox) *requests {
	return &requests{
		Source: s, owner: owner, told: told, notes: newLimiter(s.log),
		queue: make(chan request), spares: make(chan []table.Op, 1),
	}
}

// put hands a request over when the one before it is done.
func (r *requests) put(ctx context.Context, q request) error {
	select {
	case r.queue <- q:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serve does what comes until the queue is closed.
func (r *requests) serve(ctx context.Context) {
	for q := range r.queue {
		if err := q.do(r, ctx, q); err != nil {
			r.reject(q.id, err)
		}
	}
}

func (r *requests) commit(ctx context.Context, q request) error {
	if q.err != nil {
		return q.err
	}
	if perSecond := r.owner.Spec().Rate; !r.rate.allows(perSecond, time.Now()) {
		return fmt.Errorf("%w: %d transactions a second are allowed", table.ErrQuota, perSecond)
	}
	revision, err := r.owner.Commit(ctx, q.txn)
	r.recycle(q.txn.Ops)
	if err == nil {
		r.told.commit(q.id, revision)
	}
	return err
}

func (r *requests) syncBegin(ctx context.Context, q request) error {
	if err := r.owner.SyncBegin(ctx); err != nil {
		return err
	}
	r.state.enter(Syncing)
	r.told.commit(q.id, 0)
	return nil
}

func (r *requests) syncDone(ctx context.Context, q request) error {
	revision, err := r.owner.SyncDone(ctx)
	if err != nil {
		return err
	}
	r.state.enter(Synced)
	r.told.synced(q.id, revision)
	return nil
}

func (r *requests) watch(ctx context.Context, q request) error {
	if err := r.owner.Watch(ctx, q.watch.Owner, q.watch.Name); err != nil {
		return err
	}
	r.told.commit(q.id, 0)
	return nil
}

func (r *requests) subscribe(ctx context.Context, q request) error {
	if q.subscribe.Controller > math.MaxUint16 {
		return fmt.Errorf("%w: controller %d", table.ErrFenced, q.subscribe.Controller)
	}
	err := r.owner.Subscribe(ctx, uint16(q.subscribe.Controller), string(q.subscribe.Userdata))
	if err == nil {
		r.told.commit(q.id, 0)
	}
	return err
}

func (r *requests) reject(id uint64, err error) {
	m := rejected(id, err)
	if r.notes.allowed() {
		r.log.Warn("request rejected", "txn", id, "rule", m.Rule, "reason", err)
	}
	r.told.say(&pb.HostMessage{Message: &pb.HostMessage_Rejected{Rejected: m}})
}

// spare returns an empty list of operations.
func (r *requests) spare() []table.Op {
	select {
	case ops := <-r.spares:
		return ops
	default:
		return nil
	}
}

// recycle keeps a list for spare, if it is not a very long one.
func (r *requests) recycle(ops []table.Op) {
	if cap(ops) > maxSpare {
		return
	}
	clear(ops)
	select {
	case r.spares <- ops[:0]:
	default:
	}
}
