package source

import (
	"sync"
	"time"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/table"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// maxQueue is how many messages may wait for the source. A source that reads at all does not come near it.
const maxQueue = 1 << 17

// outbox is what the source has not been told yet. It is the session's apply.Sink: the loop puts events in and never waits.
type outbox struct {
	wake   chan struct{} // capacity 1
	cutOff func(error)   // ends the session

	mu        sync.Mutex
	queue     []*pb.HostMessage
	packets   packets
	first     table.Revision            // of this session; what is installed of before it was another session's
	committed table.Revision            // in the last Committed
	early     []table.Event             // installed, but its Committed is not queued yet: the loop is ahead of the session
	syncs     map[table.Revision]uint64 // revision → request of the SyncDones that are not installed: the table has no number for them
}

func newOutbox(cutOff func(error)) *outbox {
	return &outbox{wake: make(chan struct{}, 1), cutOff: cutOff, syncs: make(map[table.Revision]uint64)}
}

var _ apply.Sink = (*outbox)(nil)

// Events queues what the source is to hear.
func (o *outbox) Events(events []table.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range events {
		if e.Kind == table.EventInstalled && e.Revision > o.committed {
			o.early = append(o.early, e)
			continue
		}
		o.event(e)
	}
}

// event needs o.mu.
func (o *outbox) event(e table.Event) {
	if e.Kind == table.EventInstalled {
		if e.Revision < o.first {
			return
		}
		if id, ok := o.syncs[e.Revision]; ok {
			e.Txn = id
			delete(o.syncs, e.Revision)
		}
	}
	if m := wireEvent(e); m != nil && !o.merge(m) {
		o.push(m)
	}
}

// merge lets an Installed of which nothing is refused take the place of another one that is queued last, which it means, too, and says
// whether it did: when the switch comes back, all that was committed while it was away is installed at once. It needs o.mu.
func (o *outbox) merge(m *pb.HostMessage) bool {
	if len(o.queue) == 0 {
		return false
	}
	last, now := o.queue[len(o.queue)-1].GetInstalled(), m.GetInstalled()
	if last == nil || now == nil || len(last.Refused)+len(now.Refused) > 0 {
		return false
	}
	o.queue[len(o.queue)-1] = m
	return true
}

// SwitchChanged queues the switch's state.
func (o *outbox) SwitchChanged(s apply.SwitchState) { o.say(wireSwitch(s)) }

// say queues one message.
func (o *outbox) say(m *pb.HostMessage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.push(m)
}

// commit queues the answer to a request, and what had to come after it.
func (o *outbox) commit(id uint64, revision table.Revision) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.push(&pb.HostMessage{Message: &pb.HostMessage_Committed{
		Committed: &pb.Committed{Txn: id, Revision: uint64(revision)},
	}})
	if revision == 0 { // of a SyncBegin, Watch or Subscribe, which the table does not count
		return
	}
	if o.first == 0 {
		o.first = revision
	}
	o.committed = revision
	early := o.early
	o.early = nil
	for _, e := range early {
		o.event(e)
	}
}

// synced is commit for a SyncDone.
func (o *outbox) synced(id uint64, revision table.Revision) {
	o.mu.Lock()
	o.syncs[revision] = id
	o.mu.Unlock()
	o.commit(id, revision)
}

// push needs o.mu.
func (o *outbox) push(m *pb.HostMessage) {
	if len(o.queue) >= maxQueue {
		o.cutOff(ErrSlowReader)
		return
	}
	o.queue = append(o.queue, m)
	o.stir()
}

// stir makes deliver look at what waits.
func (o *outbox) stir() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take empties the queue.
func (o *outbox) take() []*pb.HostMessage {
	o.mu.Lock()
	defer o.mu.Unlock()
	queue := append(o.queue, o.packets.waiting...)
	o.queue, o.packets.waiting, o.packets.bytes = nil, nil, 0
	return queue
}

// deliver sends what is queued until done is closed. It cuts the source off when one message takes longer than stall.
func (o *outbox) deliver(send func(*pb.HostMessage) error, stall time.Duration, done <-chan struct{}) {
	watch := time.AfterFunc(stall, func() { o.cutOff(ErrSlowReader) })
	watch.Stop()
	for {
		for _, m := range o.take() {
			watch.Reset(stall)
			err := send(m)
			watch.Stop()
			if err != nil {
				return // the receiving side knows why
			}
		}
		select {
		case <-o.wake:
		case <-done:
			return
		}
	}
}
