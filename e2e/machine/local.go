package machine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// local runs machines as namespaces: of network, processes and mounts. One more of them is the network's switch: a bridge.
type local struct {
	programs string
	hub      *box
	boxes    map[string]*box
}

// A box is a set of namespaces that lives as long as its first process, which dies with the test.
type box struct {
	cmd   *exec.Cmd // unshare
	pid   int       // of the first process inside
	ended chan struct{}
}

// localMissing says why there can be no namespaces, "" if there can.
func localMissing() string {
	if os.Geteuid() != 0 {
		return "namespaces need root"
	}
	return ""
}

func newLocal(ctx context.Context, programs string) (*local, netip.Prefix, error) {
	l := &local{programs: programs, boxes: make(map[string]*box)}
	prefix := netip.MustParsePrefix("10.231.0.0/24") // nobody else sees it
	var err error
	if l.hub, err = newBox(ctx, ""); err != nil {
		return nil, prefix, err
	}
	if _, err = l.hub.run(ctx, "ip link add hub type bridge && ip link set hub up"); err != nil {
		err = errors.Join(err, l.hub.stop())
	}
	return l, prefix, err
}

func (l *local) start(ctx context.Context, name string, address netip.Prefix) error {
	b, err := newBox(ctx, l.programs)
	if err != nil {
		return err
	}
	l.boxes[name] = b
	outer := fmt.Sprintf("port%d", len(l.boxes))
	// Only outside of the namespace of processes does the box's number name it.
	_, err = run(ctx, "nsenter", "--target", strconv.Itoa(l.hub.pid), "--net", "--",
		"ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(b.pid))
	if err == nil {
		_, err = l.hub.run(ctx, "ip link set "+outer+" master hub up")
	}
	if err == nil {
		_, err = b.run(ctx, fmt.Sprintf("ip address add %s dev eth0 && ip link set eth0 up && ip link set lo up", address))
	}
	return err
}

func (l *local) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return l.boxes[name].command(ctx, args...)
}

func (l *local) stop(context.Context) error {
	var errs []error
	for _, b := range l.boxes {
		errs = append(errs, b.stop())
	}
	return errors.Join(append(errs, l.hub.stop())...)
}

// newBox makes namespaces. /run is empty in it and its own: sockets, pidfiles and databases of daemons are there.
func newBox(ctx context.Context, programs string) (*box, error) {
	script := "mount -t tmpfs none /run; mkdir -p /run/netns"
	if programs != "" {
		script += "; mount -t tmpfs none /opt; mkdir " + programsFolder + "; mount --bind '" + programs + "' " + programsFolder
	}
	b := &box{ended: make(chan struct{})}
	b.cmd = exec.Command("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private",
		"bash", "-euc", script+"; touch /run/made; trap exit TERM; while :; do sleep 3600 & wait; done")
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := b.launch(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(runTimeout); ; time.Sleep(5 * time.Millisecond) {
		err := b.find()
		if err == nil {
			if _, err = b.run(ctx, "test -e /run/made"); err == nil {
				return b, nil
			}
		}
		if time.Now().After(end) {
			return nil, errors.Join(fmt.Errorf("namespaces: %w", err), b.stop())
		}
	}
}

// launch starts the first process, and keeps the thread that forked it: with that it would die (prctl(2), PR_SET_PDEATHSIG).
func (b *box) launch() error {
	started := make(chan error, 1)
	go func() {
		defer close(b.ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := b.cmd.Start()
		started <- err
		if err == nil {
			_ = b.cmd.Wait() // it is killed in the end
		}
	}()
	return <-started
}

// find finds the first process of the namespaces: the child of unshare.
func (b *box) find() error {
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", b.cmd.Process.Pid, b.cmd.Process.Pid))
	if err != nil {
		return err
	}
	b.pid, err = strconv.Atoi(strings.TrimSpace(string(children)))
	return err
}

func (b *box) command(ctx context.Context, args ...string) *exec.Cmd {
	enter := []string{"--target", strconv.Itoa(b.pid), "--net", "--mount", "--pid", "--wd=/", "--"}
	return exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
}

func (b *box) run(ctx context.Context, script string) (string, error) {
	out, err := b.command(ctx, "bash", "-euc", script).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return string(out), err
}

// stop kills the first process, and with it all others in its namespace of processes.
func (b *box) stop() error {
	if b.cmd.Process == nil {
		return nil
	}
	err := syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL)
	<-b.ended
	return err
}
