package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

// screen is what a command printed so far.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// startDev runs `flowhost dev` until the test ends.
func startDev(t *testing.T, args ...string) (out, log *screen) {
	t.Helper()
	out, log = new(screen), new(screen)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- runDev(ctx, &devFlags{logLevel: "info"}, args, out, log) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return out, log
}

// prints waits until the screen has the text.
func (s *screen) prints(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if strings.Contains(s.String(), text) {
			return
		}
	}
	t.Fatalf("it printed\n%s\nwant\n%s", s, text)
}

func TestDevShowsTheBlocklist(t *testing.T) {
	dir := t.TempDir()
	binary, list := ovstest.BuildOne(t, "flowhost-plugin-Block_List", "../../examples/blocklist"), filepath.Join(dir, "list")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(list+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(list+".new", list); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("BLOCKLIST", list)
	write("192.0.2.1\n198.51.100.0/24\n")
	out, log := startDev(t, binary)
	const first = `revision 1
+cookie=0x10000001d4edd14, priority=900,ip,nw_src=192.0.2.1 actions=drop
+cookie=0x1000000367252af, priority=900,ip,nw_src=198.51.100.0/24 actions=drop
synced: 2 flows
`
	out.prints(t, first)
	if got := out.String(); got != first {
		t.Errorf("it printed\n%s\nwant\n%s", got, first)
	}
	log.prints(t, "plugin connected: plugin=block-list name=blocklist version=1")

	write("192.0.2.1\n203.0.113.5\n")
	out.prints(t, first+`revision 3
+cookie=0x100000055a60706, priority=900,ip,nw_src=203.0.113.5 actions=drop
revision 4
-cookie=0x1000000367252af, priority=900,ip,nw_src=198.51.100.0/24 actions=drop
synced: 2 flows
`)
	write("nonsense\n")
	log.prints(t, "plugin ended; its flows stay, and it is started again: plugin=block-list reason=\"source failed: line 1: ")
}

// wrongs is a plugin that changes a flow, wants one where none may be, and one twice; it hears packets and sends one.
func wrongs(ctx context.Context, h *sdk.Host) error {
	parse := func(text string) flow.Flow {
		f, err := flow.ParseFlow(text)
		if err != nil {
			panic(err)
		}
		return f
	}
	group, err := flow.ParseGroup("group_id=5,type=all,bucket=actions=output:1")
	if err != nil {
		return err
	}
	for _, fill := range []func(*sdk.Txn){
		func(txn *sdk.Txn) {
			txn.SetGroup(group)
			txn.Set(uuid.UUID{1}, parse("table=1 actions=group:5"))
		},
		func(txn *sdk.Txn) { txn.Set(uuid.UUID{1}, parse("table=1 actions=output:2")) },
		func(txn *sdk.Txn) {
			f := parse("actions=drop")
			f.Table = 254
			txn.Add(uuid.UUID{1}, f)
		},
		func(txn *sdk.Txn) { txn.Set(uuid.UUID{2}, parse("table=1 actions=output:3")) },
	} {
		txn := h.Begin()
		fill(txn)
		_, _ = txn.Commit(ctx)
	}
	if _, err := h.PacketIns(ctx, 7, nil); err != nil {
		return err
	}
	out := parse("actions=output:3").Actions
	if err := h.PacketOut(ctx, sdk.PacketOut{Packet: make([]byte, 60), Actions: out}); err != nil {
		return err
	}
	_, err = h.SyncDone(ctx)
	return err
}

// TestDevShowsWhatIsWrong runs a plugin, this binary, that changes a flow and has some refused: see wrongs.
func TestDevShowsWhatIsWrong(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PLAY", "wrongs")
	out, _ := startDev(t, self)
	out.prints(t, `revision 1
+group_id=5,type=all,bucket=bucket_id:0,actions=output:1
+cookie=0x100000001000000, table=1, actions=group:5
revision 2
~cookie=0x100000001000000, table=1, actions=output:2
! rejected: operation 0, add of 01000000-0000-0000-0000-000000000000, flow table=254`)
	out.prints(t, "! lost: flow of 02000000-0000-0000-0000-000000000000 in table=1, to 01000000-0000-0000-0000-000000000000 of host-test")
	out.prints(t, "< packet-out of 60 bytes, actions=output:3\nsynced: 1 flows, 1 groups")
}
