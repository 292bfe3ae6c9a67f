package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flowhost/flowhost/core/table"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// session is the stream to one process, from its Hello to the end. One goroutine receives and decodes, and another one, requests,
// commits: what comes in meanwhile is decoded while the loop works.
type session struct {
	*Source
	stream   grpc.BidiStreamingClient[pb.HostMessage, pb.SourceMessage]
	owner    Owner
	told     *outbox
	requests *requests
	greeting *pb.SourceHello
	asked    *questions
	notes    *limiter // of lines that the source writes to the log

	lastID uint64    // of the requests; Invariant: rises
	part   *assembly // the transaction whose messages are coming in; nil between transactions
}

// converse holds the session with p, and returns why it ended: nil when the source ended it in good order.
func (s *Source) converse(ctx context.Context, p *peer) error {
	streamCtx, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	stream, err := p.source.Session(streamCtx, grpc.ForceCodecV2(newFrameCodec()))
	if err != nil {
		return streamError(streamCtx, err)
	}
	out := newOutbox(cut)
	owner, err := s.Attach(ctx, s.Plugin.Name, out)
	if err != nil {
		return fmt.Errorf("attach owner %s: %w", s.Plugin.Name, err)
	}
	defer owner.Detach()
	ses := &session{
		Source: s, stream: stream, owner: owner, told: out, notes: newLimiter(s.log),
		requests: newRequests(s, owner, out), asked: newQuestions(),
	}
	defer ses.asked.close()
	if err := ses.greet(cut); err != nil {
		return streamError(streamCtx, err)
	}
	s.state.enter(Syncing)
	s.session.Store(ses)
	defer s.session.Store(nil)

	var workers sync.WaitGroup
	defer workers.Wait()
	defer cut(nil)
	workers.Go(func() { out.deliver(stream.Send, s.timing.stall, streamCtx.Done()) })
	workers.Go(func() { s.watchHealth(streamCtx, p.health, cut) })
	defer context.AfterFunc(ctx, func() { s.askToExit(streamCtx, out, cut) })()
	done := make(chan struct{})
	go func() {
		defer close(done)
		ses.requests.serve(streamCtx)
	}()
	err = ses.receive(streamCtx)
	close(ses.requests.queue)
	<-done
	return streamError(streamCtx, err)
}

// askToExit sends Shutdown and cuts the session off at the deadline.
func (s *Source) askToExit(streamCtx context.Context, out *outbox, cut context.CancelCauseFunc) {
	out.say(&pb.HostMessage{Message: &pb.HostMessage_Shutdown{
		Shutdown: &pb.Shutdown{DeadlineMs: uint32(s.timing.shutdown.Milliseconds())},
	}})
	select {
	case <-time.After(s.timing.shutdown):
		cut(ErrDeadline)
	case <-streamCtx.Done():
	}
}

// greet exchanges the Hellos.
func (s *session) greet(cut context.CancelCauseFunc) error {
	defer time.AfterFunc(s.timing.start, func() { cut(ErrHung) }).Stop()
	if err := s.stream.Send(s.hello()); err != nil {
		return s.sendError(err)
	}
	m, err := s.stream.Recv()
	if err != nil {
		return err
	}
	h := m.GetHello()
	if h == nil {
		return fmt.Errorf("%w: the source's first message is not its Hello", ErrProtocol)
	}
	s.greeting = h
	s.state.update(func(st *State) { st.Version, st.Commands = h.Name+" "+h.Version, h.Commands })
	s.log.Info("plugin connected", "name", h.Name, "version", h.Version, "sdk", h.SdkVersion)
	return nil
}

// capabilities are what this host can do beyond the base.
var capabilities = []string{pb.CapabilityGroups, pb.CapabilityAtomic, pb.CapabilityMarks, pb.CapabilityPacket}

func (s *session) hello() *pb.HostMessage {
	spec := s.owner.Spec()
	return &pb.HostMessage{Message: &pb.HostMessage_Hello{Hello: &pb.HostHello{
		Protocol:    pb.Protocol,
		HostVersion: s.Version,
		Bridge:      s.Bridge,
		Owner:       spec.Name,
		Slot:        uint32(spec.Slot),
		Fence: &pb.Fence{
			Tables: wireRanges(spec.Tables), Priorities: wireRanges(spec.Priorities), MaxFlows: uint32(spec.MaxFlows),
			Zones: wireRanges(spec.Zones), Controllers: wireRanges(spec.PacketIn.Controllers),
			Rate: uint32(spec.Rate), Userdata: wireBytes(spec.PacketIn.UserData), PacketOut: wireRanges(spec.PacketOut),
		},
		Ranges: &pb.Ranges{
			Groups: wireRanges(spec.Groups), Meters: wireRanges(spec.Meters), Conjunctions: wireRanges(spec.Conjunctions),
		},
		Limits: &pb.Limits{
			TxnFlows: table.MaxTxnFlows, TxnBytes: table.MaxTxnBytes, MessageBytes: pb.MaxMessageBytes,
		},
		LogLevel:     wireLevel(s.Logger),
		Capabilities: capabilities,
	}}}
}

// receive handles what the source says until the stream ends.
func (s *session) receive(ctx context.Context) error {
	var f frame
	for {
		if err := s.stream.RecvMsg(&f); err != nil {
			return err
		}
		if err := s.handle(ctx, f.message); err != nil {
			return err
		}
	}
}

// handle does what one message asks, or has it done in its turn. Nothing of a transaction's message is kept. Its error ends the session.
func (s *session) handle(ctx context.Context, whole *pb.SourceMessage) error {
	switch m := whole.Message.(type) {
	case *pb.SourceMessage_Txn:
		return s.txn(ctx, m.Txn)
	case *pb.SourceMessage_SyncBegin:
		return s.request(ctx, request{id: m.SyncBegin.Id, do: (*requests).syncBegin})
	case *pb.SourceMessage_SyncDone:
		return s.request(ctx, request{id: m.SyncDone.Id, do: (*requests).syncDone})
	case *pb.SourceMessage_Watch:
		return s.request(ctx, request{id: m.Watch.Id, watch: m.Watch, do: (*requests).watch})
	case *pb.SourceMessage_Subscribe:
		return s.request(ctx, request{id: m.Subscribe.Id, subscribe: m.Subscribe, do: (*requests).subscribe})
	case *pb.SourceMessage_PacketOut:
		s.answerPacket(m.PacketOut.Id, s.packetOut(m.PacketOut))
	case *pb.SourceMessage_Resume:
		s.answerPacket(m.Resume.Id, s.resume(m.Resume.Id, m.Resume.Packet))
	case *pb.SourceMessage_Description:
		s.asked.answered(m.Description.Id, whole)
	case *pb.SourceMessage_Reply:
		s.asked.answered(m.Reply.Id, whole)
	case *pb.SourceMessage_Status:
		s.state.update(func(st *State) { st.Ready, st.Text = m.Status.Ready, m.Status.Text })
	case *pb.SourceMessage_Log:
		s.note(m.Log)
	case *pb.SourceMessage_Hello:
		return fmt.Errorf("%w: a second Hello", ErrProtocol)
	}
	return nil
}

// txn takes a transaction or a part of one, and has it committed when it is whole.
func (s *session) txn(ctx context.Context, m *pb.Txn) error {
	if s.part == nil {
		if err := s.rises(m.Id); err != nil {
			return err
		}
		s.part = &assembly{txn: table.Txn{ID: m.Id, Ops: s.requests.spare(), Atomic: m.Atomic}}
	}
	if m.Id != s.part.txn.ID {
		return fmt.Errorf("%w: transaction %d begins inside %d", ErrProtocol, m.Id, s.part.txn.ID)
	}
	s.part.add(m.Ops)
	s.part.addMarks(m.Marks)
	if m.More {
		return nil
	}
	part := s.part
	s.part = nil
	return s.requests.put(ctx, request{id: m.Id, txn: &part.txn, err: part.whole(), do: (*requests).commit})
}

// request has a SyncBegin or SyncDone done.
func (s *session) request(ctx context.Context, r request) error {
	if err := s.rises(r.id); err != nil {
		return err
	}
	return s.requests.put(ctx, r)
}

// rises checks the id of a request that begins.
func (s *session) rises(id uint64) error {
	if s.part != nil {
		return fmt.Errorf("%w: request %d begins inside transaction %d", ErrProtocol, id, s.part.txn.ID)
	}
	if id <= s.lastID {
		return fmt.Errorf("%w: request %d after %d", ErrProtocol, id, s.lastID)
	}
	s.lastID = id
	return nil
}

// sendError is the reason for a failed Send, which only Recv knows.
func (s *session) sendError(err error) error {
	if errors.Is(err, io.EOF) {
		_, err = s.stream.Recv()
	}
	return err
}

// streamError says why the stream ended: the host's own reason first, then the source's.
func streamError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	switch st, ok := status.FromError(err); {
	case errors.Is(err, io.EOF):
		return nil
	case ok && st.Code() == codes.Aborted:
		return fmt.Errorf("%w: %s", ErrSourceFailed, st.Message())
	case ok && st.Code() == codes.Unavailable && strings.Contains(st.Message(), "error while dialing"):
		return fmt.Errorf("%w: %s", ErrUnreachable, st.Message())
	case ok && st.Code() == codes.Unavailable:
		return ErrDied
	case ok && st.Code() == codes.ResourceExhausted:
		return fmt.Errorf("%w: %s", ErrProtocol, st.Message())
	}
	return err
}
