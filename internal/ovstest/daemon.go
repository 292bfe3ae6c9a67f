package ovstest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// readyTimeout and stopTimeout are generous: a machine that runs other tests may need seconds for what takes milliseconds.
const (
	readyTimeout = 30 * time.Second
	stopTimeout  = 10 * time.Second
)

// Daemon says how one process of a sandbox is started. `--pidfile=<Dir>/run/<Name>.pid` is added to its arguments, and the
// process must write its id there; its standard output and error go to <Dir>/log/<Name>.log.
type Daemon struct {
	Name    string       // names its pidfile and log; unique in the sandbox
	Program string       // a path, or a name to look up
	Args    []string     // without the program
	Prepare func() error // called before each start; nil: nothing to prepare
	Ready   func() error // returns nil once the daemon serves; nil: the pidfile is enough
}

// process is a daemon in a sandbox, running or not.
type process struct {
	Daemon
	pidfile, logfile string
	env              []string
	// in is the network namespace that the process is started in; nil: the one of this process.
	in *Namespace
	// lasting: the process outlives the one that started it (the demo); otherwise the kernel kills it with its parent.
	lasting bool
	// child is the process last started from here; nil when none was.
	child *child
}

type child struct {
	process *os.Process
	ended   chan struct{} // closed once the process has been reaped
}

// exited tells whether the child has come and gone.
func (c *child) exited() bool {
	if c == nil {
		return false
	}
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// reap kills what is still there, a process that never got as far as its pidfile, and waits until it is gone.
func (c *child) reap() {
	if c != nil {
		c.process.Kill()
		<-c.ended
	}
}

func (p *process) pid() int { return running(p.pidfile) }

// start starts the daemon, or wakes it when it runs and is paused, and waits until it is ready.
func (p *process) start(ctx context.Context) error {
	if pid := p.pid(); pid != 0 {
		syscall.Kill(pid, syscall.SIGCONT)
	} else if err := p.spawn(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	err := Poll(ctx, p.check)
	if err == nil {
		return nil
	}
	if !errors.Is(err, ErrExited) {
		err = fmt.Errorf("%w: %w", ErrNotReady, err)
	}
	return fmt.Errorf("start %s: %w; the end of %s:\n%s", p.Name, err, p.logfile, tail(p.logfile, 20))
}

// check returns nil when the daemon is ready, [ErrExited] when it never will be, and otherwise what it lacks.
func (p *process) check() error {
	if p.pid() == 0 {
		if p.child.exited() {
			return giveUp{ErrExited}
		}
		return fmt.Errorf("%s does not name a running process", p.pidfile)
	}
	if p.Ready == nil {
		return nil
	}
	return p.Ready()
}

// spawn starts the process. PR_SET_PDEATHSIG is bound to the thread that forked, not to the process (prctl(2)): so each
// daemon has a goroutine that holds its thread until the daemon has ended, unless a namespace's thread forks.
func (p *process) spawn() error {
	if p.Prepare != nil {
		if err := p.Prepare(); err != nil {
			return err
		}
	}
	cmd, err := p.command()
	if err != nil {
		return err
	}
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.in.Do(cmd.Start)
		cmd.Stdout.(*os.File).Close() // the child has its own now
		started <- err
		if err == nil {
			cmd.Wait() // how it ended stands in its log
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	p.child = &child{process: cmd.Process, ended: ended}
	return nil
}

func (p *process) command() (*exec.Cmd, error) {
	program, err := lookPath(p.Program)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(p.logfile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, append(p.Args[:len(p.Args):len(p.Args)], pidfileFlag(p.pidfile))...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if !p.lasting {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	return cmd, nil
}

// stop ends the process with the signal and waits until it is gone. One that does not run is stopped already; one that is
// paused is continued, so that it can end; one that does not end in time is killed, and that is an error.
func (p *process) stop(signal syscall.Signal) error {
	defer p.child.reap()
	pid := p.pid()
	if pid == 0 {
		return nil
	}
	syscall.Kill(pid, signal)
	syscall.Kill(pid, syscall.SIGCONT)
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	err := Poll(ctx, func() error {
		if runs(pid, p.pidfile) {
			return fmt.Errorf("process %d is still there", pid)
		}
		return nil
	})
	if err != nil {
		syscall.Kill(pid, syscall.SIGKILL)
		return fmt.Errorf("stop %s by %v: %w; killed it", p.Name, signal, err)
	}
	return nil
}

// pause stops the process where it is and waits until it stands still.
func (p *process) pause() error {
	pid := p.pid()
	if pid == 0 {
		return fmt.Errorf("%s: %w", p.Name, ErrNotRunning)
	}
	return freeze(pid)
}

func (p *process) resume() error {
	_, err := p.signal(syscall.SIGCONT)
	return err
}

// signal sends a signal and returns whom it was sent to; [ErrNotRunning] when there is nobody to get it.
func (p *process) signal(signal syscall.Signal) (pid int, err error) {
	if pid = p.pid(); pid == 0 {
		return 0, fmt.Errorf("%s: %w", p.Name, ErrNotRunning)
	}
	return pid, syscall.Kill(pid, signal)
}

// lookPath finds a program in PATH or where daemons live, which is not in an ordinary user's PATH on Debian.
func lookPath(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
		if path, e := exec.LookPath(filepath.Join(dir, program)); e == nil {
			return path, nil
		}
	}
	return "", err
}
