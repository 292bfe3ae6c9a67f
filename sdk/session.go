package sdk

import (
	"context"
	"sync"

	"google.golang.org/grpc"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// session is the stream to the host: requests out, answers and events in.
type session struct {
	stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]
	done   chan struct{} // closed when nothing can be received any more
	turn   chan struct{} // holds a token while a request is being sent: its messages follow each other
	heaps  heaps

	sendMu sync.Mutex // stream.Send is not safe for several goroutines

	mu          sync.Mutex
	lastID      uint64              // Invariant: rises in the order of sending
	requests    map[uint64]*request // sent and not answered
	unconfirmed map[*commit]uint64  // id of the request in which it was sent, of those that wait for the switch
	state       SwitchState
	events      *eventQueue // nil until the author asks for events
}

func newSession(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) *session {
	s := &session{
		stream:      stream,
		done:        make(chan struct{}),
		turn:        make(chan struct{}, 1),
		requests:    make(map[uint64]*request),
		unconfirmed: make(map[*commit]uint64),
		state:       SwitchState{Geneve: NoGeneve},
	}
	s.heaps.session = s
	return s
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
		s.answered(m.Committed.Txn, answer{revision: Revision(m.Committed.Revision)})
	case *pb.HostMessage_Rejected:
		s.answered(m.Rejected.Txn, answer{rejected: m.Rejected})
	case *pb.HostMessage_Installed:
		s.confirmed(m.Installed)
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
