package sdk

import (
	"context"
	"errors"
	"log"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

const (
	// sdkVersion is what the host is told that the source was built with.
	sdkVersion = "go/1"
	// grace is how long run has to return when the host is gone. A host that is there has a deadline of its own, and kills.
	grace = 2 * time.Second
	// lastWords is how long the end of the session, with the reason in it, has to reach the host before the process exits.
	lastWords = 500 * time.Millisecond
)

// sourceServer serves the one session of the process.
type sourceServer struct {
	pb.UnimplementedSourceServer
	info   Info
	run    func(context.Context, *Host) error
	opened atomic.Bool
	failed atomic.Bool
}

func (s *sourceServer) exitStatus() int {
	if s.failed.Load() {
		return 1
	}
	return 0
}

// Session serves the stream from the host's Hello to the end, and ends the process then.
func (s *sourceServer) Session(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) error {
	if !s.opened.CompareAndSwap(false, true) {
		return status.Error(codes.FailedPrecondition, "this process has had its session")
	}
	err := s.session(stream)
	if err != nil {
		s.failed.Store(true)
	}
	time.AfterFunc(lastWords, func() { os.Exit(s.exitStatus()) })
	return err
}

// session greets the host and calls run. Its error is a gRPC status with the reason for the host.
func (s *sourceServer) session(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	hello := first.GetHello()
	if hello == nil {
		return status.Error(codes.InvalidArgument, "the host's first message is not its Hello")
	}
	ring := newLogRing(hclogLevel(hello.LogLevel))
	host := &Host{session: newSession(stream), hello: hello, logger: ring.logger()}
	leadLog(host.logger)
	err = host.session.send(&pb.SourceMessage{Message: &pb.SourceMessage_Hello{Hello: &pb.SourceHello{
		Name: clip(s.info.Name), Version: clip(s.info.Version), SdkVersion: sdkVersion, Protocol: pb.Protocol,
	}}})
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	over := make(chan struct{})
	defer close(over)
	go ring.ship(host.session, over)
	err = s.runUntilDone(host)
	ring.flush(host.session)
	return err
}

// leadLog leads the standard library's log, and with it slog, to the host's.
func leadLog(logger hclog.Logger) {
	log.SetFlags(0)
	log.SetOutput(logger.StandardWriter(&hclog.StandardLoggerOptions{InferLevels: true}))
}

// runUntilDone calls run, receives meanwhile, and returns when run has returned and the session is over, or run failed.
func (s *sourceServer) runUntilDone(host *Host) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	terminated, untrap := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer untrap()
	context.AfterFunc(terminated, func() { cancel(ErrShutdown) })
	go func() {
		host.session.receive(func() { cancel(ErrShutdown) })
		cancel(ErrClosed)
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
		await(returned, host.session.done)
	}
	if errors.Is(context.Cause(ctx), ErrShutdown) {
		return nil
	}
	return status.Error(codes.Unavailable, "the host is gone")
}

// await waits until run has returned, but not for long once the host is gone.
func await(returned <-chan error, gone <-chan struct{}) {
	select {
	case <-returned:
		return
	case <-gone:
	}
	select {
	case <-returned:
	case <-time.After(grace):
	}
}
