package sdk

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/grpc"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// session is the stream to the host: requests out, answers and events in.
type session struct {
	stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]
	can    []string      // the host's capabilities
	done   chan struct{} // closed when nothing can be received any more
	turn   chan struct{} // holds a token while a request is being sent: its messages follow each other
	heaps  heaps

	sendMu sync.Mutex // stream.Send is not safe for several goroutines

	mu          sync.Mutex
	lastID      uint64              // Invariant: rises in the order of sending
	requests    map[uint64]*request // sent and not answered
	unconfirmed map[*commit]uint64  // id of the request in which it was sent, of those that wait for the switch
	installed   chan struct{}       // closed at the next Installed; nil: nobody waits for it
	packets     packets
	over        bool // nothing more comes
	state       SwitchState
	events      *eventQueue // nil until the author asks for events
}

func newSession(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage], can []string) *session {
	s := &session{
		stream:      stream,
		can:         can,
		done:        make(chan struct{}),
		turn:        make(chan struct{}, 1),
		requests:    make(map[uint64]*request),
		unconfirmed: make(map[*commit]uint64),
		packets:     packets{open: make(map[uint64]chan error)},
		state:       SwitchState{Geneve: NoGeneve},
	}
	s.heaps.session = s
	return s
}

// supports says whether the host can do something; the error Is ErrUnsupported.
func (s *session) supports(capability string) error {
	if slices.Contains(s.can, capability) {
		return nil
	}
	return fmt.Errorf("%w: it is older than this source's SDK and knows no %s", ErrUnsupported, capability)
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
func (s *session) receive(questions *answers, end context.CancelCauseFunc) {
	defer close(s.done)
	defer s.endPackets()
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
			questions.take(m)
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
	e := event(m)
	s.mu.Lock()
	switch m := m.Message.(type) {
	case *pb.HostMessage_Committed:
		s.answered(m.Committed.Txn, answer{revision: Revision(m.Committed.Revision)})
	case *pb.HostMessage_Rejected:
		s.answered(m.Rejected.Txn, answer{rejected: m.Rejected})
	case *pb.HostMessage_Installed:
		s.confirmed(m.Installed)
	case *pb.HostMessage_PacketIn:
		s.packetIn(m.PacketIn)
	case *pb.HostMessage_PacketAnswer:
		s.packetAnswered(m.PacketAnswer)
	case *pb.HostMessage_PacketRefused:
		e = s.packetRefused(m.PacketRefused)
	case *pb.HostMessage_SwitchState:
		s.state = toSwitchState(m.SwitchState)
	}
	events := s.events
	s.mu.Unlock()
	if events == nil {
		return
	}
	if e != nil {
		events.push(e, s.stream.Context().Done())
	}
}
