package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/flowhost/flowhost/sdk"
)

// greedy maps more and more memory until it gets none, and says so. It does not leave that to Go's runtime, which ends in many ways:
// "out of memory", "newosproc", or a nil pointer of the collector's.
func greedy(context.Context, *sdk.Host) error {
	for eaten := [][]byte(nil); ; {
		block, err := unix.Mmap(-1, 0, 8<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			for _, block := range eaten { // the runtime needs some to end
				_ = unix.Munmap(block)
			}
			return fmt.Errorf("%d MiB more: %w", len(eaten)*8, err)
		}
		eaten = append(eaten, block)
	}
}

// showLimits says who and how limited it is.
func showLimits(_ context.Context, h *sdk.Host) error {
	var data, files unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_DATA, &data)
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &files)
	// getpriority(2) as a system call returns 20 - nice.
	nice, _ := unix.Getpriority(unix.PRIO_PROCESS, 0)
	groups, _ := os.Getgroups()
	_, group, ok := strings.Cut(autogroup("self"), " ")
	if !ok {
		group = "none"
	}
	h.Status(true, fmt.Sprintf("data %d, files %d, nice %d, autogroup %s, uid %d, gid %d, groups %v",
		data.Max, files.Max, 20-nice, group, os.Getuid(), os.Getgid(), groups))
	return nil
}

// autogroup is what Linux says of a process's, "" where there are none.
func autogroup(pid string) string {
	group, _ := os.ReadFile("/proc/" + pid + "/autogroup")
	return strings.TrimSpace(string(group))
}

// haveAutogroups says whether a session of its own gets an autogroup here. The test's own may have none all the same: whatever runs in
// the session of the first process is in the root task group (sched(7)).
func haveAutogroups(t *testing.T) bool {
	t.Helper()
	cmd := exec.Command("cat", "/proc/self/autogroup")
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	out, _ := cmd.Output()
	return len(out) > 0
}

// start runs a plugin on a fakeLoop.
func start(t *testing.T, p Plugin) *running {
	t.Helper()
	loop, err := newFakeLoop("test")
	if err != nil {
		t.Fatal(err)
	}
	r := startPlugin(t, loop.attach, hasty, p)
	r.loop = loop
	return r
}

func (r *running) says() string {
	r.t.Helper()
	return r.until("told", func(st State) bool { return st.Text != "" }).Text
}

func TestLimits(t *testing.T) {
	p := plugged(t, "limits")
	p.Limits = Limits{Memory: 1 << 40, CPUWeight: 10, NoFile: 300}
	want := "data 1099511627776, files 300, nice 10, autogroup nice 10, uid"
	if !haveAutogroups(t) {
		want = strings.Replace(want, "group nice 10", "group none", 1)
	}
	if got := start(t, p).says(); !strings.HasPrefix(got, want) {
		t.Errorf("the process says %q, want %q", got, want)
	}
}

// lackOfMemory is what a greedy process says, or the race detector's runtime, which may need more than the limit before the plugin has
// begun.
var lackOfMemory = []string{"MiB more: cannot allocate memory", "out of memory", "failed to allocate", "unable to mmap"}

func TestMemoryLimitEndsAGreedyProcess(t *testing.T) {
	p := plugged(t, "greedy")
	p.Limits.Memory = 256 << 20
	r := start(t, p)
	got := r.failed()
	for _, words := range lackOfMemory {
		if strings.Contains(got, words) {
			return
		}
	}
	t.Errorf("last error = %s, want one of a lack of memory", got)
}

func TestNiceness(t *testing.T) {
	for weight, want := range map[int]int{1: 19, 50: 3, 80: 1, 100: 0, 125: -1, 1000: -10, 10000: -20} {
		if got := niceness(weight); got != want {
			t.Errorf("weight %d: nice %d, want %d", weight, got, want)
		}
	}
}

// TestUser runs a plugin as another user; if the test is not root's, it must not run at all.
func TestUser(t *testing.T) {
	dir, err := os.MkdirTemp("", "exe") // the test's own binary is in a folder that is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := plugged(t, "limits")
	binary, err := os.ReadFile(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	p.Path = filepath.Join(dir, "plugin")
	if err := os.WriteFile(p.Path, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"nobody", "65534"} {
		p.User = user
		r := start(t, p)
		if os.Getuid() == 0 { // the source's folder is closed to others, too
			if got, want := r.failed(), ErrNoEntry.Error()+": "+r.RunDir; !strings.Contains(got, want) {
				t.Errorf("last error = %s, want %s", got, want)
			}
			if err := os.Chmod(r.RunDir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if os.Getuid() != 0 {
			if got := r.failed(); !strings.Contains(got, "operation not permitted") {
				t.Errorf("last error = %s", got)
			}
			continue
		}
		if got, want := r.says(), "uid 65534, gid 65534, groups []"; !strings.HasSuffix(got, want) {
			t.Errorf("as %s, the process says %q (%s), want %q", user, got, r.State().LastError, want)
		}
		folder, err := os.Stat(filepath.Join(r.RunDir, "test"))
		if err != nil || folder.Mode().Perm() != 0o700 || folder.Sys().(*syscall.Stat_t).Uid != 65534 {
			t.Errorf("the socket's folder is %+v, %v", folder, err)
		}
		r.stop()
	}
	p.User = "no-such-user"
	if got := start(t, p).failed(); !strings.Contains(got, "user no-such-user: ") {
		t.Errorf("last error = %s", got)
	}
}

func TestChecksum(t *testing.T) {
	p := plugged(t, "good", "FLOWS=3")
	binary, err := os.ReadFile(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(binary)
	p.SHA256 = strings.ToUpper(hex.EncodeToString(sum[:]))
	start(t, p).synced()

	sum[0]++
	p.SHA256 = hex.EncodeToString(sum[:])
	r := start(t, p)
	if got, want := r.failed(), p.Path+": "+ErrChecksum.Error(); got != want {
		t.Errorf("last error = %s\nwant %s", got, want)
	}
	if r.State().PID != 0 || r.State().Version != "" {
		t.Errorf("it was started: %+v", r.State())
	}
}

func TestRestartPolicy(t *testing.T) {
	for _, c := range []struct {
		script string
		policy Restart
		again  bool
		reason string
	}{
		{"done", Always, true, ErrFinished.Error()},
		{"done", OnFailure, false, ErrFinished.Error()},
		{"done", Never, false, ErrFinished.Error()},
		{"exit", OnFailure, true, "exit status 3"},
		{"exit", Never, false, "exit status 3"},
	} {
		t.Run(fmt.Sprintf("%s %s", c.script, c.policy), func(t *testing.T) {
			t.Parallel()
			p := plugged(t, c.script)
			p.Restart = c.policy
			r := start(t, p)
			if got := r.failed(); !strings.Contains(got, c.reason) {
				t.Errorf("last error = %s, want %s", got, c.reason)
			}
			if c.again {
				r.until("started again and again", func(st State) bool { return st.Restarts > 2 })
				return
			}
			st := r.until("at rest", func(st State) bool { return st.Phase == Stopped })
			if st.Restarts != 0 {
				t.Errorf("%d restarts", st.Restarts)
			}
			r.wantLog("it is not started again")
			r.Restart() // the operator may
			r.until("started by the operator, and at rest again", func(again State) bool {
				return again.Phase == Stopped && again.Since.After(st.Since)
			})
		})
	}
}

func TestLongestPause(t *testing.T) {
	b := backoff{timing: patient}
	for range 20 {
		b.after(0, 0)
	}
	if got := b.after(0, 0); got != patient.backoffMax {
		t.Errorf("pause %v, want %v", got, patient.backoffMax)
	}
	if got := b.after(0, patient.backoffMin/2); got != patient.backoffMin/2 {
		t.Errorf("pause %v, want the configured %v", got, patient.backoffMin/2)
	}
}

func TestStopAndStart(t *testing.T) {
	r := start(t, plugged(t, "good", "FLOWS=10"))
	first := r.synced().PID
	r.Stop()
	st := r.until("stopped", func(st State) bool { return st.Phase == Stopped })
	gone(t, first)
	if st.LastError != errHeld.Error() || st.PID != 0 || st.Restarts != 0 {
		t.Errorf("stopped: %+v", st)
	}
	r.Stop()
	if n := r.loop.installed(); n != 10 {
		t.Errorf("%d flows installed while stopped, want 10", n)
	}
	r.Reconfigure(plugged(t, "good", "FLOWS=7")) // starts nothing
	r.Start()
	again := r.synced()
	if again.PID == first || r.loop.installed() != 7 {
		t.Errorf("started again: %+v, %d flows, want 7", again, r.loop.installed())
	}
	r.Start() // does nothing
	r.Reconfigure(plugged(t, "good", "FLOWS=5"))
	r.until("reconfigured", func(st State) bool { return st.Phase == Synced && st.PID != again.PID })
	if n := r.loop.installed(); n != 5 {
		t.Errorf("%d flows installed, want 5", n)
	}
}

func TestLogIsKept(t *testing.T) {
	r := start(t, plugged(t, "chatty", "FLOWS=1", "LINES=3"))
	r.synced()
	r.wantLog("line: ", "n=2")
	lines, last := r.Log(0)
	text := strings.Join(lines, "\n")
	for _, want := range []string{"plugin connected: name=chatty", "plugin wrote: to standard output", "[WARN]  line: n=2"} {
		if !strings.Contains(text, want) {
			t.Errorf("no line with %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "plugin=test") {
		t.Errorf("lines that say whose they are, in\n%s", text)
	}
	if after, _ := r.Log(last - 2); len(after) < 2 || after[0] != lines[len(lines)-2] {
		t.Errorf("after %d: %q", last-2, after)
	}
	if after, _ := r.Log(math.MaxUint64); len(after) != 0 {
		t.Errorf("after the end: %q", after)
	}
}

func TestRecordIsBounded(t *testing.T) {
	r := new(record)
	for n := range 5000 {
		fmt.Fprintf(r, "%d\n", n)
	}
	if len(r.lines) != recordLines || r.lines[recordLines-1] != "4999" || r.end != 5000 {
		t.Errorf("%d lines, the last %q, of %d", len(r.lines), r.lines[len(r.lines)-1], r.end)
	}
	fmt.Fprintln(r, strings.Repeat("x", recordBytes))
	if len(r.lines) != 1 || r.bytes != recordBytes {
		t.Errorf("%d lines of %d bytes", len(r.lines), r.bytes)
	}
}

func TestSetComesAndGoes(t *testing.T) {
	var set Set
	ctx, cancel := context.WithCancel(t.Context())
	add := func(name string) *Source {
		loop, err := newFakeLoop(name)
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, plugged(t, "good", "FLOWS=1")) // for its folder, which is removed at the end of the test
		r.stop()
		c := r.Config
		c.Plugin.Name, c.Attach = name, loop.attach
		src := New(c)
		set.Add(src)
		return src
	}
	synced := func(src *Source) int {
		r := &running{Source: src, t: t, log: &logBuffer{}}
		return r.synced().PID
	}
	a := add("a")
	done := make(chan struct{})
	go func() { defer close(done); set.Run(ctx) }()
	synced(a)
	b := add("b")
	pid := synced(b)
	if set.Get("b") != b || set.Get("c") != nil || len(set.List()) != 2 {
		t.Errorf("the set has %v", set.List())
	}
	set.Remove("b")
	set.Remove("c")
	if alive(pid) || set.Get("b") != nil || b.State().Phase != Stopped || a.State().Phase != Synced {
		t.Errorf("b was removed: %+v; a: %+v", b.State(), a.State())
	}
	cancel()
	<-done
	if a.State().Phase != Stopped {
		t.Errorf("a after the end: %+v", a.State())
	}
}
