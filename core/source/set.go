package source

import (
	"context"
	"slices"
	"sync"
)

// Set is the sources of a host: they come and go while it runs. Its methods may be called from any goroutine, but Add and Remove not
// once Run's context has ended.
type Set struct {
	mu      sync.Mutex
	members []*member       // in the order in which they were added
	ctx     context.Context // of Run; nil before it
	running sync.WaitGroup
}

type member struct {
	*Source
	cancel context.CancelFunc // nil before Run
	done   chan struct{}      // closed when Source.Run has returned
}

// Add adds a source, and starts it if Run runs.
func (s *Set) Add(src *Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &member{Source: src, done: make(chan struct{})}
	s.members = append(s.members, m)
	if s.ctx != nil {
		s.start(m)
	}
}

// start needs s.mu.
func (s *Set) start(m *member) {
	ctx, cancel := context.WithCancel(s.ctx)
	m.cancel = cancel
	s.running.Go(func() {
		defer close(m.done)
		_ = m.Run(ctx)
	})
}

// Run runs all sources, now and those to come, until ctx ends, and returns when all of them have stopped.
func (s *Set) Run(ctx context.Context) {
	s.mu.Lock()
	s.ctx = ctx
	for _, m := range s.members {
		s.start(m)
	}
	s.mu.Unlock()
	<-ctx.Done()
	s.running.Wait()
}

// Remove stops a source and takes it out. It returns when its process is gone; at once if there is no such source.
func (s *Set) Remove(name string) {
	s.mu.Lock()
	i := slices.IndexFunc(s.members, func(m *member) bool { return m.State().Name == name })
	if i < 0 {
		s.mu.Unlock()
		return
	}
	m := s.members[i]
	s.members = slices.Delete(slices.Clone(s.members), i, i+1)
	s.mu.Unlock()
	if m.cancel != nil {
		m.cancel()
		<-m.done
	}
}

// Get returns the source of a name, nil if there is none.
func (s *Set) Get(name string) *Source {
	for _, src := range s.List() {
		if src.State().Name == name {
			return src
		}
	}
	return nil
}

// List returns all sources.
func (s *Set) List() []*Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*Source, 0, len(s.members))
	for _, m := range s.members {
		list = append(list, m.Source)
	}
	return list
}
