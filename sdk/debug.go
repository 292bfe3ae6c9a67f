package sdk

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// debugEnv does what the argument -debug does, for programs that are strict about their arguments.
const debugEnv = "FLOWHOST_DEBUG"

// debugWanted says whether the program was started by hand to be debugged. It takes -debug out of the arguments.
func debugWanted() bool {
	before := len(os.Args)
	os.Args = slices.DeleteFunc(os.Args, func(arg string) bool { return arg == "-debug" || arg == "--debug" })
	return len(os.Args) < before || os.Getenv(debugEnv) == "1"
}

// serveDebug serves sessions on a socket, one after the other, until SIGINT or SIGTERM. The process is the author's: under a debugger,
// with its standard output, and not ended by the host.
func serveDebug(info Info, run func(context.Context, *Host) error) error {
	dir, err := os.MkdirTemp("", "flowhost-debug") // which nobody else can enter
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "plugin.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer(serverOptions()...)
	pb.RegisterSourceServer(server, &oneAtATime{SourceServer: NewService(info, run)})
	healthy := health.NewServer()
	healthy.SetServingStatus(plugin.GRPCServiceName, grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, healthy)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, server.Stop)()
	fmt.Fprintf(os.Stderr, "%s waits for a host that is told to attach to it:\n  flowhost dev --attach %s\n  flowhost run --attach %s=%s\n",
		info.Name, socket, info.Name, socket)
	return server.Serve(listener)
}

// oneAtATime lets one session be at a time.
type oneAtATime struct {
	pb.SourceServer
	busy atomic.Bool
}

func (o *oneAtATime) Session(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) error {
	if !o.busy.CompareAndSwap(false, true) {
		return status.Error(codes.FailedPrecondition, "another host is attached to this process")
	}
	defer o.busy.Store(false)
	return o.SourceServer.Session(stream)
}
