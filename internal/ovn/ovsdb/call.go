package ovsdb

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"sync"
)

// call is a request whose reply is awaited.
type call struct {
	slow   bool
	result func(p *parser) // reads the result, as it arrives
	done   func(err error) // called when the whole reply was read, or the connection is lost; may be nil
}

// calls are the requests of a session whose replies are awaited.
type calls struct {
	mu      sync.Mutex
	waiting map[int]*call // by the request's id
	last    int           // id given out
	ended   bool          // no reply will come any more
}

// send queues a request. Errors: ErrNotConnected when the session has ended, so that done will not be called.
func (s *session) send(method string, params any, c *call) error {
	text, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	if s.calls.ended {
		return ErrNotConnected
	}
	s.calls.last++
	s.calls.waiting[s.calls.last] = c
	if c.slow {
		s.slow.Add(1)
	}
	s.out.put(fmt.Appendf(nil, `{"id":%d,"method":%q,"params":%s}`, s.calls.last, method, text))
	return nil
}

// lookup finds the call that a reply's id belongs to; nil if there is none.
func (s *session) lookup(id []byte) *call {
	n, err := strconv.Atoi(string(id))
	if err != nil {
		return nil
	}
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return s.calls.waiting[n]
}

// complete ends the call that a reply's id belongs to.
func (s *session) complete(id []byte, err error) {
	call := s.lookup(id)
	if call == nil {
		return // of a server that repeats itself
	}
	n, _ := strconv.Atoi(string(id))
	s.calls.mu.Lock()
	delete(s.calls.waiting, n)
	s.calls.mu.Unlock()
	if call.slow {
		s.slow.Add(-1)
	}
	if call.done != nil {
		call.done(err)
	}
}

// abandon ends all calls with an error.
func (s *session) abandon(err error) {
	s.calls.mu.Lock()
	s.calls.ended = true
	waiting := s.calls.waiting
	s.calls.waiting = nil
	s.calls.mu.Unlock()
	for _, c := range waiting {
		if c.done != nil {
			c.done(err)
		}
	}
}

// outbox holds what is to be written, without bound: each text in it is an answer to one that was read, or has a caller waiting.
type outbox struct {
	mu    sync.Mutex
	texts net.Buffers
	wake  chan struct{} // has room for one
}

func (o *outbox) put(text []byte) {
	o.mu.Lock()
	o.texts = append(o.texts, text)
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) take() net.Buffers {
	o.mu.Lock()
	defer o.mu.Unlock()
	texts := o.texts
	o.texts = nil
	return texts
}

// write writes what is queued until ctx ends, or ends it with the error.
func (s *session) write(ctx context.Context, cancel context.CancelCauseFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.out.wake:
			texts := s.out.take()
			if _, err := texts.WriteTo(s.conn); err != nil {
				cancel(err)
				return
			}
		}
	}
}
