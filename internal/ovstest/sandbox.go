package ovstest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// Datapath says how ovs-vswitchd forwards packets.
type Datapath string

const (
	// Dummy is the userspace datapath with devices that exist only inside ovs-vswitchd (--enable-dummy=system): every
	// port of no type is one, and there is no limit to the sandboxes on one machine. Packets come from
	// netdev-dummy/receive.
	Dummy Datapath = "dummy"
	// Netdev is the userspace datapath with real devices. It needs root, and creates tap devices named like the bridge:
	// one per network namespace, see [Options].
	Netdev Datapath = "netdev"
)

// Names of a sandbox's daemons.
const (
	OVSDB      = "ovsdb-server"
	Vswitchd   = "ovs-vswitchd"
	Northbound = "ovnnb_db" // its ovsdb-server; ovn-ctl's name
	Southbound = "ovnsb_db" // its ovsdb-server; ovn-ctl's name
	Northd     = "ovn-northd"
	Controller = "ovn-controller"
)

// Bridge is the one bridge of a sandbox, with fail-mode secure.
const Bridge = "br-int"

// Options say what a sandbox consists of. The zero value is one Open vSwitch: ovsdb-server, ovs-vswitchd, and [Bridge].
type Options struct {
	OVN      bool     // northbound and southbound database and ovn-northd, too
	SB       string   // a southbound database elsewhere: a second Open vSwitch of the same OVN; default the own one, if OVN
	Datapath Datapath // default Dummy
	SystemID string   // external_ids:system-id, the chassis name; default hv1
	EncapIP  string   // external_ids:ovn-encap-ip; default 127.0.0.1
	// Namespace is what the daemons run in, those of [Sandbox.Add] too; default the network namespace of this process.
	Namespace *Namespace
}

func (o Options) withDefaults() Options {
	if o.Datapath == "" {
		o.Datapath = Dummy
	}
	if o.SystemID == "" {
		o.SystemID = "hv1"
	}
	if o.EncapIP == "" {
		o.EncapIP = "127.0.0.1"
	}
	return o
}

// Sandbox is a private Open vSwitch, with OVN if asked for, in one folder. It belongs to one goroutine.
type Sandbox struct {
	Dir     string // absolute, at most [MaxDir] bytes
	Options Options

	processes []*process // in the order in which they start
	lasting   bool
}

// Start starts a sandbox that the test's cleanup stops. When the test failed, the end of each log is in its output.
func Start(t testing.TB, options Options) *Sandbox {
	t.Helper()
	Need(t, OVSDB, "ovsdb-tool", Vswitchd, "ovs-vsctl")
	if options.OVN {
		Need(t)
	}
	s := newSandbox(tempDir(t), options, false)
	t.Cleanup(func() { s.finish(t) })
	if err := s.startAll(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// StartServer starts one ovsdb-server with an empty database of the schema (a file), and nothing else; [Sandbox.OVSDB] is
// where it listens. [Sandbox.Vsctl] or [Sandbox.Sbctl] talks to it.
func StartServer(t testing.TB, schema string) *Sandbox {
	t.Helper()
	Need(t, OVSDB, "ovsdb-tool")
	s := &Sandbox{Dir: tempDir(t)}
	if schema == SouthboundSchema {
		s.Options.SB = s.OVSDB()
	}
	s.addServer(OVSDB, s.OVSDB(), schema)
	t.Cleanup(func() { s.finish(t) })
	if err := s.startAll(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// StartIn starts a sandbox in dir that outlives this process. What runs there already is kept, what does not is started, with
// the databases that are there. The options must be those of the first start. After an error, what was started
// still runs: see [StopDir].
func StartIn(ctx context.Context, dir string, options Options) (*Sandbox, error) {
	if len(dir) > MaxDir || !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("sandbox folder %s: must be absolute and at most %d bytes long", dir, MaxDir)
	}
	s := Open(dir, options)
	return s, s.startAll(ctx)
}

// Open is the sandbox that [StartIn] starts in dir, as it is: nothing is started or looked for.
func Open(dir string, options Options) *Sandbox { return newSandbox(dir, options, true) }

// finish is the cleanup of a test.
func (s *Sandbox) finish(t testing.TB) {
	if t.Failed() {
		s.logTails(t)
	}
	for _, p := range slices.Backward(s.processes) {
		if err := p.stop(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}
}

func (s *Sandbox) logTails(t testing.TB) {
	for _, p := range s.processes {
		t.Logf("the end of %s:\n%s", p.logfile, tail(p.logfile, 25))
	}
}

// startAll starts each daemon that does not run, but for ovn-controller, which is started on request only.
func (s *Sandbox) startAll(ctx context.Context) error {
	if err := s.makeDirs(); err != nil {
		return err
	}
	for _, p := range s.processes {
		if p.Name == Controller {
			continue
		}
		if err := p.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Up starts a daemon that does not run, wakes one that is paused, and waits until it serves.
func (s *Sandbox) Up(ctx context.Context, name string) error {
	p, err := s.process(name)
	if err != nil {
		return err
	}
	return p.start(ctx)
}

// Down ends a daemon with SIGTERM and waits until it is gone. One that does not run is stopped already.
func (s *Sandbox) Down(name string) error {
	p, err := s.process(name)
	if err != nil {
		return err
	}
	return p.stop(syscall.SIGTERM)
}

func (s *Sandbox) process(name string) (*process, error) {
	for _, p := range s.processes {
		if p.Name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", name, ErrUnknownDaemon)
}

// Start is [Sandbox.Up] in a test: it starts a daemon that was stopped or killed, with the database it had.
func (s *Sandbox) Start(t testing.TB, name string) {
	t.Helper()
	s.do(t, name, func(p *process) error { return p.start(t.Context()) })
}

// Stop is [Sandbox.Down] in a test.
func (s *Sandbox) Stop(t testing.TB, name string) {
	t.Helper()
	s.do(t, name, func(p *process) error { return p.stop(syscall.SIGTERM) })
}

// Kill ends a daemon with SIGKILL and waits until it is gone. One that does not run is gone already.
func (s *Sandbox) Kill(t testing.TB, name string) {
	t.Helper()
	s.do(t, name, func(p *process) error { return p.stop(syscall.SIGKILL) })
}

// Pause freezes a daemon with SIGSTOP; its sockets stay open and nobody answers.
func (s *Sandbox) Pause(t testing.TB, name string) { t.Helper(); s.do(t, name, (*process).pause) }

// Continue wakes a daemon that was paused.
func (s *Sandbox) Continue(t testing.TB, name string) { t.Helper(); s.do(t, name, (*process).resume) }

// do ends the test when the sandbox has no such daemon or the action fails.
func (s *Sandbox) do(t testing.TB, name string, action func(*process) error) {
	t.Helper()
	p, err := s.process(name)
	if err == nil {
		err = action(p)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Pid returns a daemon's process id; 0 when it does not run or the sandbox has none of that name.
func (s *Sandbox) Pid(name string) int {
	p, err := s.process(name)
	if err != nil {
		return 0
	}
	return p.pid()
}

// StartController starts ovn-controller on the sandbox's Open vSwitch and waits until it is connected to the southbound
// database.
func (s *Sandbox) StartController(t testing.TB) {
	t.Helper()
	Need(t, Controller)
	s.Start(t, Controller)
}

// IgnoreStartupDelay has ovn-controller delete what is stale at once, which it otherwise puts off for some time after its start
// (daemon_started_recently). One of 23.03 now and then ends by a signal just then: it is started again.
func (s *Sandbox) IgnoreStartupDelay(t testing.TB) {
	t.Helper()
	Eventually(t, stopTimeout, func() error {
		if s.Pid(Controller) == 0 {
			if err := s.Up(t.Context(), Controller); err != nil {
				return err
			}
		}
		_, err := s.Control(Controller, "debug/ignore-startup-delay")
		return err
	})
}

// Add makes a further daemon part of the sandbox: it can be started, killed and so on by its name, it runs in the sandbox's
// environment, and it is stopped first. It is not started yet.
func (s *Sandbox) Add(daemon Daemon) {
	s.processes = append(s.processes, &process{
		Daemon:  daemon,
		pidfile: s.run(daemon.Name + ".pid"),
		logfile: s.Log(daemon.Name),
		env:     s.Env(),
		in:      s.Options.Namespace,
		lasting: s.lasting,
	})
}

// StopDir stops every daemon of the sandbox in dir, whoever started it: each whose pidfile is in its run folder. A folder
// that is not there holds no daemon. The files stay.
func StopDir(dir string) error {
	pidfiles, err := filepath.Glob(filepath.Join(dir, "run", "*.pid"))
	var all []error
	for _, pidfile := range pidfiles {
		name := filepath.Base(pidfile)
		p := process{Daemon: Daemon{Name: name[:len(name)-len(".pid")]}, pidfile: pidfile}
		all = append(all, p.stop(syscall.SIGTERM))
	}
	return errors.Join(append(all, err)...)
}

func (s *Sandbox) makeDirs() error {
	for _, dir := range []string{"run", "db", "log"} {
		if err := os.MkdirAll(filepath.Join(s.Dir, dir), 0o755); err != nil {
			return err
		}
	}
	return nil
}
