package sdk

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

const (
	// sdkVersion is what the host is told that the source was built with.
	sdkVersion = "go/1"
	// grace is how long run has to return after its context ended.
	grace = 2 * time.Second
)

// errResync ends the session of a source that is to say everything again and has no ear for it.
var errResync = errors.New("the host asked to say everything again, and this source does not take events")

// service is the gRPC service of a source. It calls run in each session.
type service struct {
	pb.UnimplementedSourceServer
	info  Info
	run   func(context.Context, *Host) error
	began func(h *Host, end context.CancelCauseFunc) // called before run; end ends run's context
}

// NewService returns the source as a gRPC service, for those who serve it themselves: package sdktest does, in the process of a
// test. It does nothing to the process, and calls run once for each session. Programs call Serve.
func NewService(info Info, run func(context.Context, *Host) error) pb.SourceServer {
	return &service{info: info, run: run, began: func(*Host, context.CancelCauseFunc) {}}
}

// Session serves the stream from the host's Hello to the end. Its error is a gRPC status with the reason for the host.
func (s *service) Session(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	hello := first.GetHello()
	if hello == nil {
		return status.Error(codes.InvalidArgument, "the host's first message is not its Hello")
	}
	ring := newLogRing(hclogLevel(hello.LogLevel))
	host := &Host{session: newSession(stream, hello.Capabilities), hello: hello, logger: ring.logger()}
	err = host.session.send(&pb.SourceMessage{Message: &pb.SourceMessage_Hello{Hello: &pb.SourceHello{
		Name: clip(s.info.Name), Version: clip(s.info.Version), SdkVersion: sdkVersion, Protocol: pb.Protocol,
		Capabilities: s.info.capabilities(), Commands: s.info.commands(),
	}}})
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	over := make(chan struct{})
	defer close(over)
	go ring.ship(host.session, over)
	err = s.converse(host)
	ring.flush(host.session)
	return err
}

// converse calls run, receives meanwhile, and returns when run has returned and the session is over, or run failed.
func (s *service) converse(host *Host) error {
	ctx, end := context.WithCancelCause(context.Background())
	defer end(nil)
	s.began(host, end)
	go func() {
		host.session.receive(newAnswers(s.info, host.session), end)
		end(ErrClosed)
	}()
	returned := make(chan error, 1)
	go func() { returned <- s.run(ctx, host) }()

	select {
	case err := <-returned:
		if err != nil && ctx.Err() == nil {
			return status.Error(codes.Aborted, clip(err.Error()))
		}
		<-ctx.Done() // nothing more to say: the flows stay
	case <-ctx.Done():
		select {
		case <-returned:
		case <-time.After(grace):
		}
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, ErrShutdown):
		return nil
	case errors.Is(cause, errResync):
		return status.Error(codes.Aborted, cause.Error())
	}
	return status.Error(codes.Unavailable, "the host is gone")
}
