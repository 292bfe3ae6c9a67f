package ovstest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// MaxDir is the longest path of a sandbox, in bytes. A unix socket's path has at most 107 (unix(7)), and a plugin's is 47 bytes
// longer than the folder.
const MaxDir = 60

// toolTimeout ends a tool that waits for a daemon that does not answer: ovs-vsctl waits for ovs-vswitchd for ever.
const toolTimeout = 30 * time.Second

// OVSDB is the endpoint of the Open_vSwitch database, "unix:PATH".
func (s *Sandbox) OVSDB() string { return "unix:" + s.run("db.sock") }

// NB is the endpoint of the northbound database; "" without OVN.
func (s *Sandbox) NB() string {
	if !s.Options.OVN {
		return ""
	}
	return "unix:" + s.run(Northbound+".sock")
}

// SB is the endpoint of the southbound database, the own one or that of the options; "" when there is none.
func (s *Sandbox) SB() string {
	if s.Options.SB != "" || !s.Options.OVN {
		return s.Options.SB
	}
	return "unix:" + s.run(Southbound+".sock")
}

// Mgmt is the OpenFlow target of a bridge, "unix:PATH".
func (s *Sandbox) Mgmt(bridge string) string { return "unix:" + s.run(bridge+".mgmt") }

// Log is the path of a daemon's log.
func (s *Sandbox) Log(name string) string { return filepath.Join(s.Dir, "log", name+".log") }

// LogEnd is the last lines of a daemon's log, for the error of whoever waits for it in vain.
func (s *Sandbox) LogEnd(name string, lines int) string { return tail(s.Log(name), lines) }

func (s *Sandbox) run(name string) string { return filepath.Join(s.Dir, "run", name) }

func (s *Sandbox) db(name string) string { return filepath.Join(s.Dir, "db", name+".db") }

// Vars are the environment variables, "NAME=VALUE", that make the tools of Open vSwitch and OVN talk to this sandbox.
func (s *Sandbox) Vars() []string {
	run, db, log := filepath.Join(s.Dir, "run"), filepath.Join(s.Dir, "db"), filepath.Join(s.Dir, "log")
	return []string{
		"OVS_RUNDIR=" + run, "OVS_DBDIR=" + db, "OVS_LOGDIR=" + log, "OVS_SYSCONFDIR=" + s.Dir,
		"OVN_RUNDIR=" + run, "OVN_DBDIR=" + db, "OVN_LOGDIR=" + log, "OVN_SYSCONFDIR=" + s.Dir,
		"OVN_NB_DB=" + s.NB(), "OVN_SB_DB=" + s.SB(),
		"OVN_NB_DAEMON=", "OVN_SB_DAEMON=", // else ovn-nbctl hands its work to somebody else's daemon
	}
}

// Env is this process's environment with [Sandbox.Vars].
func (s *Sandbox) Env() []string { return append(os.Environ(), s.Vars()...) }

// Run runs a program in the sandbox's environment, for at most 30 seconds, and returns its standard output. The error
// holds the command line and what it wrote to standard error.
func (s *Sandbox) Run(program string, args ...string) (string, error) {
	path, err := lookPath(program)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Stderr = s.Env(), &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), err
}

// Vsctl runs ovs-vsctl, which waits until ovs-vswitchd, if there is one, has done it; it ends the test on failure, like the tools below.
func (s *Sandbox) Vsctl(t testing.TB, args ...string) string {
	t.Helper()
	if _, err := s.process(Vswitchd); err != nil {
		args = append([]string{"--no-wait"}, args...)
	}
	return s.must(t, "ovs-vsctl", args...)
}

// Nbctl runs ovn-nbctl; with --wait=sb it waits for ovn-northd.
func (s *Sandbox) Nbctl(t testing.TB, args ...string) string {
	t.Helper()
	return s.must(t, "ovn-nbctl", args...)
}

// Sbctl runs ovn-sbctl.
func (s *Sandbox) Sbctl(t testing.TB, args ...string) string {
	t.Helper()
	return s.must(t, "ovn-sbctl", args...)
}

// Ofctl runs ovs-ofctl in OpenFlow 1.5.
func (s *Sandbox) Ofctl(t testing.TB, args ...string) string {
	t.Helper()
	return s.must(t, "ovs-ofctl", append([]string{"-O", "OpenFlow15"}, args...)...)
}

// Appctl is [Sandbox.Control] in a test.
func (s *Sandbox) Appctl(t testing.TB, name, command string, args ...string) string {
	t.Helper()
	out, err := s.Control(name, command, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Flows returns the flows of a bridge as `ovs-ofctl dump-flows` prints them without statistics and names, one a line, sorted.
func (s *Sandbox) Flows(t testing.TB, bridge string, match ...string) []string {
	t.Helper()
	out := s.Ofctl(t, append([]string{"--no-stats", "--no-names", "--sort", "dump-flows", bridge}, match...)...)
	var flows []string
	for line := range strings.Lines(out) {
		if flow := strings.TrimSpace(line); flow != "" {
			flows = append(flows, flow)
		}
	}
	return flows
}

func (s *Sandbox) must(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := s.Run(program, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tempDir is the test's own temporary folder, or a shorter one when sockets would not fit.
func tempDir(t testing.TB) string {
	dir := t.TempDir()
	if len(dir) <= MaxDir {
		return dir
	}
	dir, err := os.MkdirTemp("/tmp", "ovstest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
