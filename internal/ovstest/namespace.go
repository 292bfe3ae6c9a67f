package ovstest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Namespace is a network namespace of a test's own. It has no name that another could have as well, and nothing to remove: it is
// there as long as a thread of this process, and the processes that were started in it.
type Namespace struct {
	path  string // of the namespace's file, for ip(8)
	calls chan func()
}

// NewNamespace makes a namespace that the test's cleanup leaves. It has no device that is up. Making one needs root, and in a
// container `docker run --privileged`: see [Need] for what happens without.
func NewNamespace(t testing.TB) *Namespace {
	t.Helper()
	Need(t, "ip")
	n := &Namespace{calls: make(chan func())}
	entered := make(chan error)
	go n.live(entered)
	t.Cleanup(func() { close(n.calls) })
	switch err := <-entered; {
	case errors.Is(err, syscall.EPERM):
		lacking(t, "a network namespace needs root, and a container that is privileged: %v", err)
	case err != nil:
		t.Fatalf("new network namespace: %v", err)
	}
	return n
}

// live is the goroutine whose thread is in the namespace. It keeps the thread until both end, so that nothing else ever runs there.
func (n *Namespace) live(entered chan<- error) {
	runtime.LockOSThread()
	if syscall.Gettid() == os.Getpid() { // the main thread does not end with its goroutine: another one, while this is held
		defer runtime.UnlockOSThread()
		elsewhere := make(chan error)
		go n.live(elsewhere)
		entered <- <-elsewhere
		return
	}
	err := syscall.Unshare(syscall.CLONE_NEWNET)
	n.path = filepath.Join("/proc", strconv.Itoa(os.Getpid()), "task", strconv.Itoa(syscall.Gettid()), "ns", "net")
	entered <- err
	for call := range n.calls {
		call()
	}
}

// Do calls f in the namespace: sockets that f opens and processes that it starts are in it, wherever they are used. In a nil
// namespace f is called where the caller is.
func (n *Namespace) Do(f func() error) error {
	if n == nil {
		return f()
	}
	done := make(chan error)
	n.calls <- func() { done <- f() }
	return <-done
}

// IP runs ip(8) in the namespace, and ends the test when it fails.
func (n *Namespace) IP(t testing.TB, args ...string) {
	t.Helper()
	err := n.Do(func() error {
		out, err := exec.Command("ip", args...).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Path names the namespace where ip(8) takes a NETNSNAME, as of the other end of a pair of veth devices.
func (n *Namespace) Path() string { return n.path }
