package source

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/sdk"
)

// marker waits for HOLD, wants flow FLOW, and marks that as done by this process.
func marker(ctx context.Context, h *sdk.Host) error {
	hold, _ := time.ParseDuration(os.Getenv("HOLD"))
	time.Sleep(hold)
	txn := h.Begin()
	txn.Set(testUUID(number("FLOW")), testFlow(number("FLOW")))
	txn.Mark("done", strconv.Itoa(os.Getpid()))
	if _, err := txn.Commit(ctx); err != nil {
		return err
	}
	h.Status(true, "committed")
	_, err := h.SyncDone(ctx)
	return err
}

// watcher shows in its status what it hears of the owners fast and slow.
func watcher(ctx context.Context, h *sdk.Host) error {
	events := h.Events()
	for _, owner := range []string{"fast", "slow"} {
		if err := h.Watch(ctx, owner, "done"); err != nil {
			return err
		}
	}
	if _, err := h.SyncDone(ctx); err != nil {
		return err
	}
	heard := "watching"
	h.Status(true, heard)
	for e := range events {
		if m, ok := e.(sdk.MarkInstalled); ok {
			heard += fmt.Sprintf(" %s=%s", m.Owner, m.Value)
			h.Status(true, heard)
		}
	}
	return nil
}

// startOwner runs a script as an owner's source.
func startOwner(t *testing.T, loop *apply.Loop, owner, script string, env ...string) *running {
	t.Helper()
	attach := func(ctx context.Context, _ string, sink apply.Sink) (Owner, error) {
		return ToLoop(loop)(ctx, owner, sink)
	}
	return startSourceOn(t, attach, script, hasty, env...)
}

func (r *running) tells(part string) State {
	r.t.Helper()
	return r.until("saying "+part, func(st State) bool { return strings.Contains(st.Text, part) })
}

func TestMarksAcrossSources(t *testing.T) {
	loop := startLoop(t, swtest.New(), "fast", "slow")
	w := startOwner(t, loop, "test", "watcher")
	w.tells("watching")
	const hold = 5 * time.Second
	began := time.Now()
	startOwner(t, loop, "slow", "marker", "FLOW=1", "HOLD="+hold.String())
	startOwner(t, loop, "fast", "marker", "FLOW=2")
	w.tells("fast=")
	w.tells("slow=")
	if took := time.Since(began); took < hold {
		t.Errorf("heard of the slow one after %v, before it had said anything", took)
	}
}

// TestMarkOfASourceThatDies: the switch stands still when the first process commits and is killed. Only the second one's mark is told.
func TestMarkOfASourceThatDies(t *testing.T) {
	sw := swtest.New()
	loop := startLoop(t, sw, "fast", "slow")
	w := startOwner(t, loop, "test", "watcher")
	w.tells("watching")
	sw.Hang(true)
	r := startOwner(t, loop, "slow", "marker", "FLOW=1")
	first := r.tells("committed").PID
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	second := r.until("started again", func(st State) bool { return st.Text == "committed" && st.PID != first }).PID
	if text := w.State().Text; text != "watching" {
		t.Errorf("heard before the switch has confirmed anything: %s", text)
	}
	sw.Hang(false)
	w.tells(fmt.Sprintf("slow=%d", second))
	if text := w.State().Text; strings.Contains(text, fmt.Sprintf("slow=%d ", first)) {
		t.Errorf("heard of the dead process: %s", text)
	}
}

// TestLateWatcher hears what is installed already.
func TestLateWatcher(t *testing.T) {
	sw := swtest.New()
	loop := startLoop(t, sw, "fast", "slow")
	pid := startOwner(t, loop, "slow", "marker", "FLOW=1").synced().PID
	for end := time.Now().Add(20 * time.Second); len(sw.Flows()) == 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	startOwner(t, loop, "test", "watcher").tells(fmt.Sprintf("slow=%d", pid))
}
