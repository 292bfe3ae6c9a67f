package sdk

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// Info says what a source is, for people, and answers what they ask.
//
// Its functions may be called from several goroutines at a time, before run has done anything and while it works. What they return is
// shown to the operator, up to 512 KiB; their context ends when nobody waits for it any more.
type Info struct {
	Name    string // e.g. "blocklist"
	Version string // e.g. "1.4.0"

	// Describe says what a UUID of the source's is: `flowhost explain` shows it beside a flow. It may be asked for UUIDs that it does
	// not know. nil: the source describes nothing.
	Describe func(ctx context.Context, id uuid.UUID) (Description, error)
	// Commands are what the operator can ask the source to do, by name: to show what it knows, or to compute anew.
	Commands map[string]func(ctx context.Context, args []string) (string, error)
}

// window is HTTP/2's flow control window of a stream, for what the host sends.
const window = 1 << 20

// Serve runs a flow source. It is the last call in main: it ends the process, and does not return.
//
// run is called once, when the host has opened the session. Its context ends when the host asks the source to exit, or is gone:
// then run has two seconds to return. An error that run returns is told to the host, the process exits with status 1, and the host starts it again; its flows stay
// in the switch meanwhile. When run returns nil the source has nothing more to say: the process stays, and its flows with it,
// until the host ends the session.
//
// Started by hand with the argument -debug (or FLOWHOST_DEBUG=1 in its environment), the process waits for a host that is told to
// attach to it, as `flowhost dev --attach` is: so it can run under a debugger. Then run is called for each session, one after the other.
//
// Serve takes care of what a plugin easily gets wrong: standard output belongs to the handshake with the host, so it is taken
// away first; the packages log and slog are led to the host's log; SIGPIPE is ignored; SIGTERM ends the context; and the
// process exits when the host is gone.
func Serve(info Info, run func(context.Context, *Host) error) {
	if os.Getenv(pb.MagicCookieKey) != pb.MagicCookieValue {
		runByHand(info, run)
	}
	signal.Ignore(syscall.SIGPIPE)
	if err := claimStdout(); err != nil {
		fmt.Fprintln(os.Stderr, "flowhost sdk:", err)
		os.Exit(1)
	}
	go exitWithParent(os.Getppid())

	process := newProcess(info, run)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{MagicCookieKey: pb.MagicCookieKey, MagicCookieValue: pb.MagicCookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{
			pb.PluginVersion: {pb.PluginKey: &sourcePlugin{service: process}},
		},
		Logger: hclog.NewNullLogger(),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, serverOptions()...)...)
		},
	})
	process.exit()
}

func serverOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(pb.MaxMessageBytes), grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(2 * window),
	}
}

// runByHand is for a process that no host has started. It does not return.
func runByHand(info Info, run func(context.Context, *Host) error) {
	if !debugWanted() {
		fmt.Fprintf(os.Stderr, "%s is a source of flows: flowhost starts it, it does not run by itself (try flowhost dev -- %s, or -debug)\n",
			filepath.Base(os.Args[0]), os.Args[0])
		os.Exit(2)
	}
	if err := serveDebug(info, run); err != nil {
		fmt.Fprintln(os.Stderr, "flowhost sdk:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// sourcePlugin is go-plugin's view of a source.
type sourcePlugin struct {
	plugin.NetRPCUnsupportedPlugin
	service pb.SourceServer
}

// GRPCServer puts the source's service on go-plugin's server.
func (p *sourcePlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterSourceServer(s, p.service)
	return nil
}

// GRPCClient is the host's side, which is not here.
func (p *sourcePlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("package sdk is for sources, not for hosts")
}
