package sdk

import (
	"context"
	"fmt"
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
	// parentPeriod is how often the parent is looked at. It matters only for a host that dies while it has no session with
	// this process: otherwise the end of the stream tells.
	parentPeriod = time.Second
	// lastWords is how long the end of the session, with the reason in it, has to reach the host before the process exits.
	lastWords = 500 * time.Millisecond
)

// process is the service of a process that has one session, and ends with it.
type process struct {
	*service
	opened atomic.Bool
	failed atomic.Bool
}

func newProcess(info Info, run func(context.Context, *Host) error) *process {
	return &process{service: &service{info: info, run: run, began: func(h *Host, end context.CancelCauseFunc) {
		leadLog(h.logger)
		trapTerm(end)
	}}}
}

// Session serves the one session, and ends the process after it.
func (p *process) Session(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) error {
	if !p.opened.CompareAndSwap(false, true) {
		return status.Error(codes.FailedPrecondition, "this process has had its session")
	}
	err := p.service.Session(stream)
	p.failed.Store(err != nil)
	time.AfterFunc(lastWords, p.exit)
	return err
}

// exit ends the process, with a status that says whether the session ended well.
func (p *process) exit() {
	if p.failed.Load() {
		os.Exit(1)
	}
	os.Exit(0)
}

// leadLog leads the standard library's log, and with it slog, to the host's.
func leadLog(logger hclog.Logger) {
	log.SetFlags(0)
	log.SetOutput(logger.StandardWriter(&hclog.StandardLoggerOptions{InferLevels: true}))
}

// trapTerm makes SIGTERM end run's context: systemd sends it to the whole control group when the host is stopped.
func trapTerm(end context.CancelCauseFunc) {
	terms := make(chan os.Signal, 1)
	signal.Notify(terms, syscall.SIGTERM)
	go func() {
		<-terms
		end(ErrShutdown)
	}()
}

// exitWithParent ends the process when it gets another parent: the host that started it is gone.
func exitWithParent(parent int) {
	for range time.Tick(parentPeriod) {
		if os.Getppid() != parent {
			os.Exit(1)
		}
	}
}

// claimStdout keeps standard output for the handshake line: from now on file descriptor 1 is standard error, and only os.Stdout
// (which go-plugin writes the line to, and then replaces) still reaches the host's end of the pipe. So a C library or a child
// process cannot get in between.
func claimStdout() error {
	stdout, err := syscall.Dup(1)
	if err != nil {
		return fmt.Errorf("take standard output: %w", err)
	}
	syscall.CloseOnExec(stdout)
	if err := syscall.Dup3(2, 1, 0); err != nil {
		return fmt.Errorf("lead standard output to standard error: %w", err)
	}
	os.Stdout = os.NewFile(uintptr(stdout), "/dev/stdout")
	return nil
}
