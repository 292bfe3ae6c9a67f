package source

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// TestMain makes the test binary the plugin, too: with the magic cookie it plays the script that PLAY names. With PLAY_HOST it is
// a host.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(pb.MagicCookieKey) != "":
		play(os.Getenv("PLAY"))
	case os.Getenv("PLAY_BY_HAND") != "":
		play(os.Getenv("PLAY_BY_HAND"))
	case os.Getenv("PLAY_HOST") != "":
		playHost()
	default:
		goleak.VerifyTestMain(m)
	}
}

// scripts are the sources that tests start, by name.
var scripts = map[string]func(context.Context, *sdk.Host) error{
	"good":     good,
	"empty":    func(ctx context.Context, h *sdk.Host) error { _, err := h.SyncDone(ctx); return err },
	"fail":     func(context.Context, *sdk.Host) error { return errors.New("no database") },
	"exit":     func(context.Context, *sdk.Host) error { os.Exit(3); return nil },
	"panic":    func(context.Context, *sdk.Host) error { go panic("out of luck"); select {} },
	"abort":    func(context.Context, *sdk.Host) error { _ = syscall.Kill(os.Getpid(), syscall.SIGABRT); select {} },
	"stubborn": func(context.Context, *sdk.Host) error { select {} },
	"orphans":  orphans,
	"chatty":   chatty,
	"flood":    flood,
	"rejected": rejectedOnce,
	"events":   showEvents,
	"bouncer":  bouncer,
	"mistaken": mistaken,
	"marker":   marker,
	"watcher":  watcher,

	"done":    func(context.Context, *sdk.Host) error { os.Exit(0); return nil },
	"churn":   churn,
	"regular": regular,
	"hurried": hurried,
	"greedy":  greedy,
	"limits":  showLimits,

	"replace":   replace,
	"ping-pong": pingPong,
}

func play(script string) {
	info := sdk.Info{Name: script, Version: "1"}
	switch script {
	case "stdout":
		fmt.Println("hello world")
	case "silent":
		time.Sleep(time.Hour)
	case "answering":
		info = answering
	case "early":
		fmt.Fprintln(os.Stderr, "no such file: config")
		os.Exit(4)
	}
	if line, ok := handshakes[strings.TrimPrefix(script, "handshake ")]; ok {
		fmt.Println(line)
		time.Sleep(time.Hour)
	}
	if what, ok := scribblings[strings.TrimPrefix(script, "scribble ")]; ok {
		scribble(what.text, what.times)
	}
	if play := rogues[script]; play != nil {
		rogue{play: play}.serve()
		return
	}
	run := scripts[script]
	if run == nil {
		run = good
	}
	sdk.Serve(info, run)
}

// testFlow is the flow of thing n: table 1, metadata=n, drop.
func testFlow(n int) flow.Flow {
	match := append([]byte{0x80, 0x00, 0x04, 0x08}, make([]byte, 8)...) // OXM_OF_METADATA
	binary.BigEndian.PutUint64(match[4:], uint64(n))
	return flow.Flow{Key: flow.Key{Table: 1, Priority: 100, Match: flow.Match(match)}}
}

func testUUID(n int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func number(name string) int {
	n, _ := strconv.Atoi(os.Getenv(name))
	return n
}

// good pushes FLOWS flows, and syncs.
func good(ctx context.Context, h *sdk.Host) error {
	h.Status(true, "all is well")
	h.Logger().Info("pushing", "flows", number("FLOWS"))
	txn := h.Begin()
	for n := range number("FLOWS") {
		txn.Set(testUUID(n), testFlow(n+number("OFFSET")))
	}
	if _, err := txn.CommitAndWait(ctx); err != nil {
		return err
	}
	_, err := h.SyncDone(ctx)
	return err
}

// flood adds flows as fast as it can, in transactions of 10,000, without ever waiting for the switch.
func flood(ctx context.Context, h *sdk.Host) error {
	for n := 0; n < number("FLOWS"); {
		txn := h.Begin()
		for range min(10_000, number("FLOWS")-n) {
			txn.Add(testUUID(n), testFlow(n))
			n++
		}
		if _, err := txn.Commit(ctx); err != nil {
			return err
		}
	}
	_, err := h.SyncDone(ctx)
	return err
}

// chatty writes wherever one can write.
func chatty(ctx context.Context, h *sdk.Host) error {
	fmt.Println("to standard output")
	fmt.Fprintln(os.Stderr, "to standard error")
	if out, err := exec.Command("echo", "from a child").Output(); err != nil || string(out) != "from a child\n" {
		return fmt.Errorf("child said %q: %w", out, err)
	}
	for n := range number("LINES") {
		h.Logger().Warn("line", "n", n, "padding", "................................................................")
	}
	return good(ctx, h)
}

// orphans starts a child that outlives it, and dies.
func orphans(ctx context.Context, h *sdk.Host) error {
	child := exec.Command("sleep", "1000")
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		return err
	}
	h.Status(true, strconv.Itoa(child.Process.Pid))
	return nil
}

// rejectedOnce wants a flow outside its fence, checks the error, and goes on.
func rejectedOnce(ctx context.Context, h *sdk.Host) error {
	f := testFlow(1)
	f.Table = 99
	txn := h.Begin()
	txn.Remove(testUUID(7))
	txn.Add(testUUID(1), testFlow(1), f)
	_, err := txn.Commit(ctx)
	var r *sdk.RejectedError
	if !errors.Is(err, sdk.ErrFenced) || !errors.As(err, &r) || r.Op != 1 || r.UUID != testUUID(1) {
		return fmt.Errorf("outside the fence: %#v", err)
	}
	return good(ctx, h)
}

// showEvents adds a flow twice and shows the first events in its status.
func showEvents(ctx context.Context, h *sdk.Host) error {
	events := h.Events()
	txn := h.Begin()
	txn.Add(testUUID(2), testFlow(1))
	txn.Add(testUUID(1), testFlow(1))
	txn.Add(testUUID(1), testFlow(1))
	if _, err := txn.Commit(ctx); err != nil {
		return err
	}
	text := ""
	for e := range events {
		text += fmt.Sprintf("%T ", e)
		h.Status(true, text)
	}
	return nil
}
