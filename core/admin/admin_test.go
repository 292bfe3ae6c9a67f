package admin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/source"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// quiet is a sink for an owner whose events nobody reads.
type quiet struct{}

func (quiet) Events([]table.Event)            {}
func (quiet) SwitchChanged(apply.SwitchState) {}

// serve runs a loop on a switch in memory, with owners a and b, and its API until the test ends.
func serve(t *testing.T, sources *source.Set) (*Client, *apply.Loop) {
	t.Helper()
	dir, err := os.MkdirTemp("", "adm") // t.TempDir is too long for a unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	spec := table.OwnerSpec{
		Name: "a", Slot: 1, MaxFlows: 10, Grace: time.Minute,
		Tables: []table.Range[flow.TableID]{{First: 1, Last: 1}, {First: 5, Last: 9}}, Priorities: []table.Range[flow.Priority]{{First: 0, Last: 99}},
	}
	other := spec
	other.Name, other.Slot = "b", 2
	sw := swtest.New()
	loop, err := apply.New(apply.Config{
		Owners: []table.OwnerSpec{spec, other}, Switch: swconn.Config{Dial: sw.Dial}, Logger: hclog.NewNullLogger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	h := &Host{Bridge: "br0", Loop: loop, Sources: sources, Logger: hclog.NewNullLogger()}
	socket := filepath.Join(dir, "s")
	listener, err := Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{}, 3)
	for _, run := range []func(){
		func() { _ = loop.Run(ctx) }, func() { _ = h.Serve(ctx, listener) }, func() { sources.Run(ctx) },
	} {
		go func() { run(); done <- struct{}{} }()
	}
	t.Cleanup(func() {
		cancel()
		for range 3 {
			<-done
		}
		sw.Close()
	})
	return NewClient(socket), loop
}

// commit has an owner want a flow.
func commit(t *testing.T, s *apply.Session, id uuid.UUID, text string) {
	t.Helper()
	f, err := flow.ParseFlow(text)
	if err != nil {
		t.Fatal(err)
	}
	txn := &table.Txn{Ops: []table.Op{{Kind: table.OpAdd, UUID: id, Flows: []flow.Flow{f}}}}
	if _, err := s.Commit(t.Context(), txn); err != nil {
		t.Fatal(err)
	}
}

func TestOwnersAndConflicts(t *testing.T) {
	client, loop := serve(t, new(source.Set))
	for name, text := range map[string]string{"a": "table=5,priority=7,ip actions=drop", "b": "table=5,priority=7,ip actions=output:1"} {
		s, err := loop.Attach(t.Context(), name, quiet{})
		if err != nil {
			t.Fatal(err)
		}
		commit(t, s, uuid.UUID{name[0]}, text)
		if name == "b" {
			s.Detach()
		}
	}
	conflicts, err := client.Conflicts(t.Context())
	if err != nil || len(conflicts) != 1 {
		t.Fatalf("conflicts %+v, %v", conflicts, err)
	}
	c := conflicts[0]
	got := fmt.Sprintln(c.Table, c.Priority, c.Match, c.Winner.Owner, c.Winner.Actions, c.Winner.Stale, c.Loser.Owner, c.Loser.Actions, c.Loser.Stale, c.Step)
	if want := fmt.Sprintln(5, 7, "ip", "b", "output:1", true, "a", "drop", false, "class"); got != want {
		t.Errorf("conflict %s, want %s", got, want)
	}
	if c.Since.IsZero() || time.Since(c.Since) > time.Minute {
		t.Errorf("since %v", c.Since)
	}

	owners, err := client.Owners(t.Context())
	if err != nil || len(owners) != 2 {
		t.Fatalf("owners %+v, %v", owners, err)
	}
	o := owners[0]
	got = fmt.Sprintln(o.Name, o.Slot, o.Tables, o.Priorities, o.MaxFlows, o.Grace, o.Flows, o.Stale, o.UUIDs, o.Synced)
	if want := fmt.Sprintln("a", 1, "[1 5-9]", "[0-99]", 10, 60, 1, 0, 1, false); got != want {
		t.Errorf("owner %s, want %s", got, want)
	}
	if owners[1].Stale != 1 {
		t.Errorf("owner b: %+v, want one stale flow", owners[1])
	}
}

func TestPluginsAreTold(t *testing.T) {
	dir := t.TempDir()
	var sources source.Set
	sources.Add(source.New(source.Config{
		Plugin: source.Plugin{Name: "a", Path: "/bin/false", BackoffMax: time.Hour}, RunDir: dir, Logger: hclog.NewNullLogger(),
	}))
	client, _ := serve(t, &sources)
	until := func(what string, is func(Plugin) bool) {
		t.Helper()
		var plugins []Plugin
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			var err error
			if plugins, err = client.Plugins(t.Context()); err != nil || len(plugins) != 1 {
				t.Fatalf("plugins %+v, %v", plugins, err)
			}
			if is(plugins[0]) {
				return
			}
		}
		t.Fatalf("not %s: %+v", what, plugins)
	}
	tell := func(order string) {
		t.Helper()
		if err := client.Tell(t.Context(), "a", order); err != nil {
			t.Fatal(err)
		}
	}
	until("failed", func(p Plugin) bool {
		return p.State == "backoff" && strings.Contains(p.Error, "no handshake (exit status 1)")
	})
	tell("stop")
	until("stopped", func(p Plugin) bool { return p.State == "stopped" })
	tell("start")
	until("started", func(p Plugin) bool { return p.State == "backoff" && p.Restarts > 0 })
	tell("restart")
	until("restarted", func(p Plugin) bool { return p.Restarts > 2 })

	log, err := client.Log(t.Context(), "a", 0)
	if err != nil || len(log.Lines) == 0 || !strings.Contains(log.Lines[0], "[ERROR] plugin ended") {
		t.Errorf("log %+v, %v", log, err)
	}
	if rest, err := client.Log(t.Context(), "a", log.Last-1); err != nil || len(rest.Lines) < 1 || rest.Lines[0] != log.Lines[len(log.Lines)-1] {
		t.Errorf("log after %d: %+v, %v", log.Last-1, rest, err)
	}
	for _, err := range []error{client.Tell(t.Context(), "b", "stop"), func() error { _, err := client.Log(t.Context(), "b", 0); return err }()} {
		if err == nil || !strings.Contains(err.Error(), `plugin "b": not configured`) {
			t.Errorf("err = %v", err)
		}
	}
	if err := client.Tell(t.Context(), "a", "explode"); err == nil {
		t.Error("an order that is none was taken")
	}
}
