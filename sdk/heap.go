package sdk

import "context"

const (
	// maxUnanswered transactions may be on their way to the host; what is committed meanwhile waits, and goes together. More
	// than one, so that the host has the next when it is done with the last.
	maxUnanswered = 2
	// heapFlows and heapBytes are how much goes together at most: well below what any host takes, and so little that other
	// sources, which wait while the host does it, hardly notice.
	heapFlows = 1024
	heapBytes = 8 << 20
)

// heaps puts transactions that wait together, so that many small ones from many goroutines cost little more than one.
type heaps struct {
	session *session

	// Guarded by session.mu.
	waiting []*commit
	senders int  // goroutines in send, at most maxUnanswered
	alone   bool // one of them sends an atomic transaction: what is committed meanwhile waits
}

// commit has a transaction sent, and waits for what comes of it. When ctx ends first it may have been done or not.
func (h *heaps) commit(c *commit) (Revision, error) {
	h.session.mu.Lock()
	h.waiting = append(h.waiting, c)
	h.start()
	h.session.mu.Unlock()
	select {
	case r := <-c.result:
		return r.revision, r.err
	case <-c.ctx.Done():
		return 0, context.Cause(c.ctx)
	}
}

// start starts a sender if there is room for one. It needs session.mu.
func (h *heaps) start() {
	if h.senders < maxUnanswered && !h.alone {
		h.senders++
		go h.send()
	}
}

// send sends what waits, heap by heap, until nothing does. It does not end with any author's context: a heap is of several.
func (h *heaps) send() {
	for heap := h.take(); len(heap) > 0; heap = h.take() {
		if heap[0].txn.atomic {
			h.sendAtomic(heap[0])
			continue
		}
		a := h.session.request(context.Background(), heap, merge(heap).messages)
		if a.rejected != nil && len(heap) > 1 {
			h.sendEach(heap)
			continue
		}
		for _, c := range heap {
			c.resolve(a)
		}
	}
}

// sendEach sends the members of a heap that was rejected one by one: only who did wrong is told so.
func (h *heaps) sendEach(heap []*commit) {
	for _, c := range heap {
		c.resolve(h.session.request(context.Background(), []*commit{c}, c.txn.messages))
	}
}

// take takes from the front of what waits as much as goes together. When it returns nothing, the sender has signed off.
//
// An atomic transaction goes alone: its sender does not let any other take before it is answered.
func (h *heaps) take() (heap []*commit) {
	h.session.mu.Lock()
	defer h.session.mu.Unlock()
	flows, bytes, marks := 0, 0, 0
	for ; len(h.waiting) > 0 && !h.alone; h.waiting = h.waiting[1:] {
		c := h.waiting[0]
		if c.ctx.Err() != nil {
			continue // its author is gone
		}
		if c.txn.atomic && len(heap) == 0 {
			h.waiting, h.alone = h.waiting[1:], true
			return []*commit{c}
		}
		if c.txn.atomic {
			return heap
		}
		flows, bytes, marks = flows+len(c.txn.flows)+len(c.txn.ops), bytes+c.txn.bytes, marks+len(c.txn.marks)
		if len(heap) > 0 && (flows > heapFlows || bytes > heapBytes || marks > maxMarks) {
			return heap
		}
		heap = append(heap, c)
	}
	if len(h.waiting) == 0 {
		h.waiting = nil
	}
	if len(heap) == 0 {
		h.senders--
	}
	return heap
}

// merge makes one transaction out of several.
func merge(heap []*commit) *Txn {
	if len(heap) == 1 {
		return heap[0].txn
	}
	all := &Txn{}
	for _, c := range heap {
		shift := len(all.flows)
		all.flows = append(all.flows, c.txn.flows...)
		for _, o := range c.txn.ops {
			o.from, o.to = o.from+shift, o.to+shift
			all.ops = append(all.ops, o)
		}
		all.marks = append(all.marks, c.txn.marks...)
	}
	return all
}
