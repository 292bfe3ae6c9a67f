package sdk

import (
	"context"
	"fmt"
	"time"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// busyPause is how long an atomic transaction that came too early waits for the event Installed, before it is sent again: what is
// under way may also be the host's own work for this source, of which there is no event.
const busyPause = 100 * time.Millisecond

// sendAtomic sends an atomic transaction until the host takes it up, and lets the others go on.
func (h *heaps) sendAtomic(c *commit) {
	c.resolve(h.session.requestAtomic(c))
	h.session.mu.Lock()
	defer h.session.mu.Unlock()
	h.alone = false
	if len(h.waiting) > 0 {
		h.start()
	}
}

// requestAtomic is request for an atomic transaction. It does not end with the author's context once the host has taken it up.
func (s *session) requestAtomic(c *commit) answer {
	for {
		news := s.news()
		a := s.request(context.Background(), []*commit{c}, c.txn.messages)
		if a.rejected.GetRule() != pb.Rule_RULE_BUSY {
			return a
		}
		select {
		case <-news:
		case <-time.After(busyPause):
		case <-c.ctx.Done():
			return answer{err: fmt.Errorf("%w: %w", ErrBusy, context.Cause(c.ctx))}
		case <-s.done:
			return answer{err: ErrClosed}
		}
	}
}

// news returns a channel that is closed with the next Installed.
func (s *session) news() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.installed == nil {
		s.installed = make(chan struct{})
	}
	return s.installed
}
