package sdk

import (
	"context"
	"iter"
	"sync"

	"google.golang.org/grpc"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// session is the stream to the host: requests out, answers and events in.
type session struct {
	stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]
	done   chan struct{} // closed when nothing can be received any more
	turn   chan struct{} // holds a token while a request is being sent: its messages follow each other

	sendMu sync.Mutex // stream.Send is not safe for several goroutines

	mu      sync.Mutex
	lastID  uint64              // Invariant: rises in the order of sending
	pending map[uint64]*pending // sent, and not yet answered or still waited for
	state   SwitchState
	events  *eventQueue // nil until the author asks for events
}

func newSession(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) *session {
	return &session{
		stream:  stream,
		done:    make(chan struct{}),
		turn:    make(chan struct{}, 1),
		pending: make(map[uint64]*pending),
	}
}

// send hands one message to gRPC. It blocks while the host does not keep up.
func (s *session) send(m *pb.SourceMessage) error {
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	if err := s.stream.Send(m); err != nil {
		return ErrClosed
	}
	return nil
}

// request sends the messages that encode makes for the next id, and waits for the host's answer.
func (s *session) request(ctx context.Context, p *pending, encode func(id uint64) iter.Seq[*pb.SourceMessage]) (Revision, error) {
	if err := s.sendRequest(ctx, p, encode); err != nil {
		s.forget(p)
		return 0, err
	}
	select {
	case a := <-p.answer:
		if a.err != nil || p.installed == nil {
			s.forget(p)
		}
		return a.revision, a.err
	case <-ctx.Done():
		s.forget(p)
		return 0, context.Cause(ctx)
	case <-s.done:
	}
	select {
	case a := <-p.answer: // the last thing that was received
		return a.revision, a.err
	default:
		return 0, ErrClosed
	}
}

// sendRequest takes the turn and the next id. What was begun is sent whole: ctx ends only the wait for the turn.
func (s *session) sendRequest(ctx context.Context, p *pending, encode func(id uint64) iter.Seq[*pb.SourceMessage]) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.done:
		return ErrClosed
	}
	defer func() { <-s.turn }()
	s.mu.Lock()
	s.lastID++
	p.id = s.lastID
	s.pending[p.id] = p
	s.mu.Unlock()
	for m := range encode(p.id) {
		if err := s.send(m); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) forget(p *pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, p.id)
}

// awaitInstalled waits until the switch has confirmed p.
func (s *session) awaitInstalled(ctx context.Context, p *pending) error {
	defer s.forget(p)
	select {
	case <-p.installed:
		if len(p.refused) > 0 {
			return &RefusedError{Flows: p.refused}
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.done:
		return ErrClosed
	}
}

// receive handles what the host says until the stream ends. It calls end when the host asks the source to exit, or asks
// something that only a new process can do.
func (s *session) receive(end context.CancelCauseFunc) {
	defer close(s.done)
	for {
		m, err := s.stream.Recv()
		switch {
		case err != nil:
			return
		case m.GetShutdown() != nil:
			end(ErrShutdown)
		case m.GetResync() != nil && !s.listened():
			end(errResync)
		default:
			s.handle(m)
		}
	}
}

// listened says whether the author takes events.
func (s *session) listened() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events != nil
}

// handle answers who waits, and passes the event on. It blocks when the author's queue of events is full: then the host
// notices that the source does not read.
func (s *session) handle(m *pb.HostMessage) {
	s.mu.Lock()
	switch m := m.Message.(type) {
	case *pb.HostMessage_Committed:
		s.answer(m.Committed.Txn, answer{revision: Revision(m.Committed.Revision)})
	case *pb.HostMessage_Rejected:
		s.reject(m.Rejected)
	case *pb.HostMessage_Installed:
		s.confirm(m.Installed)
	case *pb.HostMessage_SwitchState:
		s.state = toSwitchState(m.SwitchState)
	}
	events := s.events
	s.mu.Unlock()
	if events == nil {
		return
	}
	if e := event(m); e != nil {
		events.push(e, s.stream.Context().Done())
	}
}

func (s *session) answer(id uint64, a answer) {
	if p := s.pending[id]; p != nil {
		p.answer <- a
	}
}

func (s *session) reject(r *pb.Rejected) {
	p := s.pending[r.Txn]
	if p == nil {
		return
	}
	err := &RejectedError{Kind: sentinel(r.Rule), Op: -1, Text: r.Text}
	if r.Operation != nil && int(*r.Operation) < len(p.ops) {
		err.Op = int(*r.Operation)
		err.UUID = p.ops[err.Op].uuid
	}
	p.answer <- answer{err: err}
}

func (s *session) confirm(i *pb.Installed) {
	for id, p := range s.pending {
		if id <= i.Txn {
			p.confirm(i.Refused)
		}
	}
}
