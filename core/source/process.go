package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// HTTP/2's flow control windows: what a source may have sent that the host has not read yet.
const (
	streamWindow = 4 << 20
	connWindow   = 8 << 20
)

// exitPeriod is how often go-plugin is asked whether the process has ended.
const exitPeriod = 10 * time.Millisecond

// process is a plugin that was started here.
type process struct {
	client *plugin.Client
	cmd    *exec.Cmd
	dir    string             // of its socket
	kill   context.CancelFunc // SIGKILL to the process group, if the process has not been waited for
	stderr *lines
}

// remotePlugin is go-plugin's view of a source, on the host's side.
type remotePlugin struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer is the plugin's side, which is not here.
func (remotePlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the host serves nothing")
}

// GRPCClient returns a *peer.
func (remotePlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return newPeer(conn), nil
}

// start starts the plugin and waits for its handshake. It has to be called on the thread that Run occupies.
func (s *Source) start(ctx context.Context) (*peer, error) {
	dir, err := s.socketDir()
	if err != nil {
		return nil, err
	}
	alive, kill := context.WithCancel(context.Background())
	p := &process{dir: dir, kill: kill, stderr: newLines(s.log)}
	p.cmd = s.command(alive, dir)
	p.client = plugin.NewClient(s.clientConfig(p))

	defer context.AfterFunc(ctx, kill)()
	defer time.AfterFunc(s.timing.start+s.timing.exit, kill).Stop() // go-plugin's StartTimeout does not cover the connection
	peer, err := p.handshake()
	if err != nil {
		exit := p.end(s.timing.exit, s.timing.reap)
		return nil, launchError(s.Plugin.Path, err, exit, p.stderr.last())
	}
	return peer, nil
}

// handshake starts the process and dispenses what it serves.
func (p *process) handshake() (*peer, error) {
	protocol, err := p.client.Client()
	if err != nil {
		return nil, err
	}
	raw, err := protocol.Dispense(pb.PluginKey)
	if err != nil {
		return nil, err
	}
	peer := raw.(*peer)
	peer.pid, peer.end, peer.last = p.cmd.Process.Pid, p.end, p.stderr.last
	return peer, nil
}

// socketDir makes an empty folder for the plugin's socket, which only this user can enter.
func (s *Source) socketDir() (string, error) {
	dir := filepath.Join(s.RunDir, s.Plugin.Name)
	const sunPath, name = 108, len("/plugin4294967295") + 1 // unix(7); os.CreateTemp's numbers are of 32 bits
	if len(dir)+name > sunPath {
		return "", fmt.Errorf("%w: %s (at most %d bytes)", ErrSocketPath, dir, sunPath-name)
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("wipe the plugin's folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the plugin's folder: %w", err)
	}
	return dir, nil
}

// command is the plugin in a process group of its own. It dies with this process, and with ctx.
func (s *Source) command(ctx context.Context, dir string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.Plugin.Path, s.Plugin.Args...)
	cmd.Env = s.environment(dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// environment is all a plugin gets to see, but for what go-plugin adds (the magic cookie, PLUGIN_…).
func (s *Source) environment(dir string) []string {
	return append([]string{
		plugin.EnvUnixSocketDir + "=" + dir,
		"PATH=" + os.Getenv("PATH"),
		"TMPDIR=" + os.TempDir(),
		"FLOWHOST_OVSDB=" + s.OVSDB,
	}, s.Plugin.Env...)
}

func (s *Source) clientConfig(p *process) *plugin.ClientConfig {
	return &plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{MagicCookieKey: pb.MagicCookieKey, MagicCookieValue: pb.MagicCookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{
			pb.PluginVersion: {pb.PluginKey: remotePlugin{}},
		},
		Cmd:              p.cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     s.timing.start,
		Stderr:           p.stderr,
		SyncStdout:       p.stderr.stream(),
		SyncStderr:       p.stderr.stream(),
		// go-plugin's own lines say nothing that is not said here, or come at a level that is not theirs.
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Off}),
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithInitialWindowSize(streamWindow), grpc.WithInitialConnWindowSize(connWindow),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pb.MaxMessageBytes)),
		},
	}
}

// end ends the process and returns how it ended by itself ("exit status 2"), "" when it had to be killed. A process that has
// reason to exit gets patience for it; then its whole group is killed.
//
// go-plugin waits for as long as anybody holds the plugin's output open, which may be a process that the plugin put into a
// session of its own. Such a one is left behind after limit.
func (p *process) end(patience, limit time.Duration) string {
	exited := p.exitsWithin(patience)
	p.kill()
	p.killGroup()
	defer os.RemoveAll(p.dir)
	reaped := make(chan struct{})
	go func() {
		p.client.Kill()
		close(reaped)
	}()
	select {
	case <-reaped:
	case <-time.After(limit):
		return "and holds on to its output"
	}
	if exited && p.cmd.ProcessState != nil {
		return p.cmd.ProcessState.String()
	}
	return ""
}

// killGroup kills what the plugin started and left behind. Its own process may have been reaped by now: then its number still
// names the group as long as that has members, and is not given to anybody else; only without members might it be, and not so soon.
func (p *process) killGroup() {
	if p.cmd.Process != nil && p.cmd.Process.Pid > 1 {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // ESRCH: nobody is left, as it should be
	}
}

// exitsWithin waits for the end of the process. go-plugin has no channel for it.
func (p *process) exitsWithin(patience time.Duration) bool {
	for end := time.Now().Add(patience); !p.client.Exited(); time.Sleep(exitPeriod) {
		if !time.Now().Before(end) {
			return false
		}
	}
	return true
}

// launchError says in one line why a plugin did not start. go-plugin's texts are of several lines, for its own users.
func launchError(path string, err error, exit, stderr string) error {
	const unrecognized = "Unrecognized remote plugin message: "
	text, _, _ := strings.Cut(err.Error(), "\n")
	printed, found := strings.CutPrefix(text, unrecognized)
	switch {
	case found && printed != "":
		return fmt.Errorf("%s printed %q: %w", path, printed, ErrStdout)
	case found, exit != "":
		return endReason(fmt.Errorf("%s: %w", path, ErrNoHandshake), exit, stderr)
	case strings.HasPrefix(text, "timeout while waiting"):
		return endReason(fmt.Errorf("%s: %w in time", path, ErrNoHandshake), "", stderr)
	}
	return fmt.Errorf("start the plugin: %s", text)
}

// endReason adds how the process ended, and what it said last if it said nothing better.
func endReason(err error, exit, stderr string) error {
	if err == nil {
		err = ErrDied
	}
	silent := errors.Is(err, ErrDied) || errors.Is(err, ErrNoHandshake)
	if exit != "" {
		err = fmt.Errorf("%w (%s)", err, exit)
	}
	if silent && stderr != "" {
		err = fmt.Errorf("%w; it said %q", err, stderr)
	}
	return err
}
