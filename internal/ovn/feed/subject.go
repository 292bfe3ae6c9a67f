package feed

import (
	"context"
	"errors"
	"sync"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
)

// ErrNoSession is the answer while nobody works on the subject.
var ErrNoSession = errors.New("not started yet")

// Subject lets other goroutines ask about what Run works on. The zero Subject is about nothing.
type Subject[T any] struct {
	mu   sync.Mutex
	asks Asks // nil between sessions
	now  T
}

// Is makes the subject now, until what it returns is called. What is returned first is for Config.Asks.
func (s *Subject[T]) Is(now T) (asks Asks, end func()) {
	asks = make(Asks)
	s.set(asks, now)
	return asks, func() {
		var none T
		s.set(nil, none)
	}
}

func (s *Subject[T]) set(asks Asks, now T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asks, s.now = asks, now
}

// Ask lets f look at the subject in Run's goroutine.
//
// Errors: ErrNoSession, what f returns, or ctx's.
func (s *Subject[T]) Ask(ctx context.Context, f func(T) error) error {
	return s.ask(ctx, func(now T, _ *ovsdb.Client) error { return f(now) })
}

// Southbound is the southbound database that Run follows, for what it does not follow of it.
//
// Errors: ErrNoSession also as long as it is not known where the database is, or ctx's.
func (s *Subject[T]) Southbound(ctx context.Context) (client *ovsdb.Client, err error) {
	err = s.ask(ctx, func(_ T, southbound *ovsdb.Client) error {
		if client = southbound; client == nil {
			return ErrNoSession
		}
		return nil
	})
	return client, err
}

func (s *Subject[T]) ask(ctx context.Context, f func(T, *ovsdb.Client) error) error {
	s.mu.Lock()
	asks, now := s.asks, s.now
	s.mu.Unlock()
	if asks == nil {
		return ErrNoSession
	}
	answer := make(chan error, 1)
	select {
	case asks <- func(southbound *ovsdb.Client) { answer <- f(now, southbound) }:
		return <-answer
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
