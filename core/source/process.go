package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	goplugin "github.com/hashicorp/go-plugin/runner"
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
	if err := s.checkSum(); err != nil {
		return nil, err
	}
	alive, kill := context.WithCancel(context.Background())
	defer context.AfterFunc(ctx, kill)()
	p := &process{kill: kill, stderr: newLines(s.log)}
	if err := s.prepare(alive, p); err != nil {
		kill()
		return nil, err
	}
	p.client = plugin.NewClient(s.clientConfig(p))

	defer time.AfterFunc(s.timing.start+s.timing.exit, kill).Stop() // go-plugin's StartTimeout does not cover the connection
	peer, err := p.handshake()
	if err != nil {
		exit := p.end(s.timing.exit, s.timing.reap)
		return nil, launchError(s.Plugin.Path, err, exit, p.stderr.last())
	}
	return peer, nil
}

// checkSum compares the binary with what the operator configured.
func (s *Source) checkSum() error {
	if s.Plugin.SHA256 == "" {
		return nil
	}
	sum, err := hex.DecodeString(s.Plugin.SHA256)
	if err != nil {
		return fmt.Errorf("sha256: %w", err)
	}
	secure := plugin.SecureConfig{Checksum: sum, Hash: sha256.New()}
	same, err := secure.Check(s.Plugin.Path)
	if err == nil && !same {
		err = fmt.Errorf("%s: %w", s.Plugin.Path, ErrChecksum)
	}
	return err
}

// prepare makes the process's command and the folder of its socket.
func (s *Source) prepare(alive context.Context, p *process) (err error) {
	var as *syscall.Credential
	if s.Plugin.User != "" {
		if as, err = credential(s.Plugin.User); err != nil {
			return err
		}
	}
	if p.dir, err = s.socketDir(as); err != nil {
		return err
	}
	p.cmd = s.command(alive)
	p.cmd.SysProcAttr.Credential = as
	return nil
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

// socketDir makes an empty folder for the plugin's socket, which only the user that the plugin runs as can enter.
func (s *Source) socketDir(as *syscall.Credential) (string, error) {
	dir := filepath.Join(s.RunDir, s.Plugin.Name)
	const sunPath, name = 108, len("/plugin4294967295") + 1 // unix(7); os.CreateTemp's numbers are of 32 bits
	if len(dir)+name > sunPath {
		return "", fmt.Errorf("%w: %s (at most %d bytes)", ErrSocketPath, dir, sunPath-name)
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("wipe the plugin's folder: %w", err)
	}
	err := os.MkdirAll(s.RunDir, 0o755) // others have to get through it
	if err == nil && as != nil {
		err = enterable(s.RunDir, as)
	}
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err == nil && as != nil {
		err = os.Chown(dir, int(as.Uid), int(as.Gid))
	}
	if err != nil {
		return "", fmt.Errorf("make the plugin's folder: %w", err)
	}
	return dir, nil
}

// enterable checks that a user can get to a folder. A plugin that cannot would end without a word.
func enterable(dir string, as *syscall.Credential) error {
	for {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		is, perm := info.Sys().(*syscall.Stat_t), info.Mode().Perm()
		if perm&0o001 == 0 && is.Uid != as.Uid && (is.Gid != as.Gid || perm&0o010 == 0) {
			return fmt.Errorf("%w: %s (mode %o)", ErrNoEntry, dir, perm)
		}
		up := filepath.Dir(dir)
		if up == dir {
			return nil
		}
		dir = up
	}
}

// command is the plugin in a session of its own: Linux then shares a busy processor out among plugins, and not among their threads
// (sched(7), autogroup). It dies with this process, and with ctx.
func (s *Source) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.Plugin.Path, s.Plugin.Args...)
	cmd.Env = s.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// environment is all a plugin gets to see, but for what go-plugin adds (the magic cookie, PLUGIN_…).
func (s *Source) environment() []string {
	return append([]string{
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
		RunnerFunc: func(_ hclog.Logger, given *exec.Cmd, _ string) (goplugin.Runner, error) {
			// The last word of a name counts: go-plugin's are not for the operator to change.
			p.cmd.Env = append(append(p.cmd.Env, given.Env...), plugin.EnvUnixSocketDir+"="+p.dir)
			return newRunner(p.cmd, s.Plugin.Limits, p.stderr)
		},
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: p.dir}, // of a broker that nobody uses
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     s.timing.start,
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
	const unrecognized, exited = "Unrecognized remote plugin message: ", "plugin exited before we could connect"
	text, _, _ := strings.Cut(err.Error(), "\n")
	printed, found := strings.CutPrefix(text, unrecognized)
	switch {
	case found && printed != "":
		return fmt.Errorf("%s printed %q: %w", path, printed, ErrStdout)
	case found, text == exited:
		return endReason(fmt.Errorf("%s: %w", path, ErrNoHandshake), exit, stderr)
	case strings.HasPrefix(text, "timeout while waiting"):
		return endReason(fmt.Errorf("%s: %w in time", path, ErrNoHandshake), "", stderr)
	}
	return fmt.Errorf("start the plugin: %s", text)
}

// endReason adds how the process ended, and what it said last if it said nothing better.
func endReason(err error, exit, stderr string) error {
	switch {
	case (err == nil || errors.Is(err, ErrDied)) && exit == exitedWell:
		return ErrFinished
	case err == nil:
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

// exitedWell is os.ProcessState.String of a process that exited with status 0.
const exitedWell = "exit status 0"
