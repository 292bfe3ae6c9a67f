package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Limits are what the kernel lets a plugin's process have; the zero value of each means no limit beside the host's own. Children of
// the process inherit them, each for itself.
type Limits struct {
	Memory    uint64 // bytes it may write to: RLIMIT_DATA
	CPUWeight int    // 1 to 10000, of which 100 is an ordinary process's, as cgroup v2's cpu.weight
	NoFile    int    // open files: RLIMIT_NOFILE
}

// runner is how go-plugin starts and ends the process.
type runner struct {
	cmd    *exec.Cmd
	stdout io.ReadCloser
	stderr drain
	limits Limits
}

// newRunner makes the runner of a command whose standard error goes to a writer.
func newRunner(cmd *exec.Cmd, limits Limits, stderr io.Writer) (*runner, error) {
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	pipe, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	return &runner{cmd, stdout, drain{pipe, stderr}, limits}, nil
}

// drain is a standard error that shows nothing to go-plugin, which would take it apart line by line with two writes each: at 100 MB of
// empty lines that is ten seconds of the host's. All of it goes to a writer, in one Read that lasts until the end.
type drain struct {
	io.ReadCloser
	to io.Writer
}

func (d drain) Read([]byte) (int, error) {
	buf := make([]byte, 64<<10)
	for {
		n, err := d.ReadCloser.Read(buf)
		_, _ = d.to.Write(buf[:n])
		if err != nil {
			return 0, err
		}
	}
}

// Start starts the process and limits it. Until the limits are there, some 100 µs after exec, it is as free as the host: it cannot get
// more than them afterwards, and keeps no more than it got.
func (r *runner) Start(context.Context) error {
	if err := r.cmd.Start(); err != nil {
		return err
	}
	if err := r.limits.apply(r.cmd.Process.Pid); err != nil {
		_ = r.cmd.Process.Kill() // go-plugin waits for it
		return fmt.Errorf("limits: %w", err)
	}
	return nil
}

// Wait and Kill, and what follows, implement go-plugin's runner.Runner.
func (r *runner) Wait(context.Context) error { return r.cmd.Wait() }

func (r *runner) Kill(context.Context) error {
	if r.cmd.Process == nil {
		return nil
	}
	if err := r.cmd.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

func (r *runner) Stdout() io.ReadCloser           { return r.stdout }
func (r *runner) Stderr() io.ReadCloser           { return r.stderr }
func (r *runner) Name() string                    { return r.cmd.Path }
func (r *runner) Diagnose(context.Context) string { return "" }

func (r *runner) ID() string {
	if r.cmd.Process == nil {
		return ""
	}
	return strconv.Itoa(r.cmd.Process.Pid)
}

// PluginToHost and HostToPlugin: both see the same addresses.
func (r *runner) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

func (r *runner) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// apply limits a process that has its own process group.
func (l Limits) apply(pid int) error {
	for _, limit := range []struct {
		resource int
		value    uint64
	}{
		// Unlike RLIMIT_AS this leaves out what is only reserved, as the Go runtime does by the gigabyte (setrlimit(2): since Linux
		// 4.7 it covers private writable mappings).
		{unix.RLIMIT_DATA, l.Memory},
		{unix.RLIMIT_NOFILE, uint64(l.NoFile)},
	} {
		if limit.value == 0 {
			continue
		}
		if err := unix.Prlimit(pid, limit.resource, &unix.Rlimit{Cur: limit.value, Max: limit.value}, nil); err != nil {
			return fmt.Errorf("prlimit: %w", err)
		}
	}
	if l.CPUWeight == 0 {
		return nil
	}
	// The group: setpriority(2) of a process is of its first thread alone.
	nice := niceness(l.CPUWeight)
	if err := unix.Setpriority(unix.PRIO_PGRP, pid, nice); err != nil {
		return fmt.Errorf("setpriority: %w", err)
	}
	// Where there are autogroups, a nice value only counts inside one; this one is the plugin's alone (sched(7)).
	err := os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", pid), []byte(strconv.Itoa(nice)), 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("autogroup: %w", err)
	}
	return nil
}

// niceness is the nice value that comes nearest to a weight: each step is a quarter more or less (sched(7)), and a weight of 100 is
// 0. Unlike a cgroup's weight it needs no cgroup of the host's own, and means the same to a scheduler that has no groups.
func niceness(weight int) int {
	steps := math.Log(float64(weight)/100) / math.Log(1.25)
	return max(-20, min(19, -int(math.Round(steps))))
}

// credential is the user that a process is to run as: its own group, and no others.
func credential(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		if _, numeric := strconv.ParseUint(name, 10, 32); numeric == nil {
			u, err = user.LookupId(name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
