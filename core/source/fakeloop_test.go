package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// fakeLoop is the apply loop with a switch that takes everything at once.
type fakeLoop struct {
	mu    sync.Mutex
	table *table.Table
	id    table.OwnerID
	spec  table.OwnerSpec
	sink  apply.Sink // nil: no session
	away  bool       // the switch takes nothing
}

func newFakeLoop(owner string) (*fakeLoop, error) {
	l := &fakeLoop{table: table.New(table.Options{}), spec: table.OwnerSpec{
		Name: owner, Slot: 3, MaxFlows: 20_000_000, Expected: true,
		Tables:     []table.Range[flow.TableID]{{First: 1, Last: 9}},
		Priorities: []table.Range[flow.Priority]{{First: 0, Last: 65535}},
	}}
	var err error
	if l.id, err = l.table.AddOwner(l.spec); err != nil {
		return nil, err
	}
	l.table.AdoptBegin()
	l.table.AdoptDone(time.Now())
	return l, nil
}

func (l *fakeLoop) attach(_ context.Context, owner string, sink apply.Sink) (Owner, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if owner != l.spec.Name {
		return nil, apply.ErrUnknownOwner
	}
	if l.sink != nil {
		return nil, apply.ErrOwnerBusy
	}
	l.sink = sink
	l.table.SyncBegin(l.id, time.Now())
	sink.SwitchChanged(apply.SwitchState{Connected: true, DatapathID: 7})
	return l, nil
}

// settle confirms what the table wants to change, and tells the owner.
func (l *fakeLoop) settle() {
	for changes := l.diff(); len(changes) > 0; changes = l.diff() {
		for _, c := range changes {
			l.table.Confirm(c, time.Now())
		}
	}
	if events := l.table.Events(); l.sink != nil {
		l.sink.Events(events)
	}
}

func (l *fakeLoop) diff() []table.Change {
	if l.away {
		return nil
	}
	return l.table.Diff(1 << 20)
}

func (l *fakeLoop) Spec() table.OwnerSpec { return l.spec }

func (l *fakeLoop) Commit(_ context.Context, txn *table.Txn) (table.Revision, error) {
	txn.Owner = l.id
	if err := l.table.Prepare(txn); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.settle()
	return l.table.Commit(txn, time.Now())
}

func (l *fakeLoop) SyncBegin(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.table.SyncBegin(l.id, time.Now())
	return nil
}

func (l *fakeLoop) SyncDone(context.Context) (table.Revision, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.settle()
	return l.table.SyncDone(l.id, time.Now()), nil
}

func (l *fakeLoop) Subscribe(context.Context, uint16, string) error { return table.ErrFenced }
func (l *fakeLoop) SendPacket(*apply.PacketOut, func(table.SwitchError)) error {
	return table.ErrFenced
}
func (l *fakeLoop) Resume(*apply.PacketIn, func(table.SwitchError)) error { return table.ErrFenced }
func (l *fakeLoop) Watch(context.Context, string, string) error           { return apply.ErrUnknownOwner }

func (l *fakeLoop) Detach() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sink = nil
	l.table.SessionEnded(l.id, time.Now())
}

// installed counts the flows in the switch.
func (l *fakeLoop) installed() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.table.Entries(func(e table.EntryView) bool {
		if e.Installed != nil {
			n++
		}
		return true
	})
	return n
}

// running is a Source under test.
type running struct {
	*Source
	t    testing.TB
	loop *fakeLoop // nil when it runs on another one
	log  *logBuffer
	stop context.CancelFunc

	ended error // what Run returned; valid after stop
}

// hasty lets tests see the end of things.
var hasty = timing{
	start: 10 * time.Second, shutdown: 1500 * time.Millisecond, exit: time.Second, reap: 2 * time.Second, stall: 500 * time.Millisecond,
	healthEvery: 100 * time.Millisecond, healthWithin: 20 * time.Second, // who is slow only is not hung; see watchful
	backoffMin: 20 * time.Millisecond, backoffMax: 80 * time.Millisecond, stable: time.Hour,
}

// watchful is hasty, and soon finds that a process is hung; so is one, to it, that has no processor for a while.
var watchful = func() timing {
	t := hasty
	t.healthWithin = 300 * time.Millisecond
	return t
}()

// startSource runs a script as a plugin on a fakeLoop, with NAME=value pairs in its environment.
func startSource(t testing.TB, script string, env ...string) *running {
	t.Helper()
	loop, err := newFakeLoop("test")
	if err != nil {
		t.Fatal(err)
	}
	r := startSourceOn(t, loop.attach, script, hasty, env...)
	r.loop = loop
	return r
}

// startSourceOn is startSource for any loop.
func startSourceOn(t testing.TB, attach Attach, script string, patience timing, env ...string) *running {
	t.Helper()
	return startPlugin(t, attach, patience, plugged(t, script, env...))
}

// plugged is a script as a plugin, with NAME=value pairs in its environment.
func plugged(t testing.TB, script string, env ...string) Plugin {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Plugin{Name: "test", Path: self, Env: append(env, "PLAY="+script)}
}

// startPlugin runs a plugin. It is stopped when the test ends.
func startPlugin(t testing.TB, attach Attach, patience timing, plugin Plugin) *running {
	t.Helper()
	dir, err := os.MkdirTemp("", "src") // t.TempDir is too long for a unix socket
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, log: &logBuffer{}}
	r.Source = New(Config{
		Plugin: plugin, Attach: attach, Bridge: "br-test", OVSDB: "unix:/db.sock", RunDir: dir, Version: "test",
		Logger: hclog.New(&hclog.LoggerOptions{Output: r.log, Level: hclog.Debug}),
	})
	r.timing = patience
	r.run()
	t.Cleanup(func() {
		r.stop()
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		_ = os.RemoveAll(dir)
	})
	return r
}

// run runs the source until stop.
func (r *running) run() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.ended = r.Run(ctx)
	}()
	r.stop = func() { stop(); <-done }
}

// until waits for a state.
func (r *running) until(what string, is func(State) bool) State {
	r.t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if st := r.State(); is(st) {
			return st
		}
	}
	r.t.Fatalf("not %s: %+v\n%s", what, r.State(), r.log)
	return State{}
}

func (r *running) synced() State {
	r.t.Helper()
	return r.until("synced", func(st State) bool { return st.Phase == Synced })
}

// failed waits until a process ended, and returns why.
func (r *running) failed() string {
	r.t.Helper()
	return r.until("ended", func(st State) bool { return st.LastError != "" }).LastError
}

// wantLog checks that the log has a line with all of the parts.
func (r *running) wantLog(parts ...string) {
	r.t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		for line := range strings.Lines(r.log.String()) {
			missing := false
			for _, p := range parts {
				missing = missing || !strings.Contains(line, p)
			}
			if !missing {
				return
			}
		}
	}
	r.t.Errorf("no line with %q in the log:\n%s", parts, r.log)
}

// gone waits for the end of a process.
func gone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if !alive(pid) {
			return
		}
	}
	t.Errorf("process %d is still there", pid)
}

// alive says whether a process runs; a zombie that nobody reaps does not.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
