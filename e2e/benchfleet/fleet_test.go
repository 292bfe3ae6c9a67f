package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/e2e/standin"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// A fleet of two, through a relay: both sides come to the same numbers of flows on each node, and are told of a change.
func TestFleet(t *testing.T) {
	ovstest.Need(t)
	dir, err := os.MkdirTemp("", "fleet") // t.TempDir's are too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const nodes = 2
	b := &bench{ctx: t.Context(), dir: dir, bin: build(t), changes: 1, ways: bar.Only{relayed}, only: bar.Only{"acl"}}
	if err := b.run([]string{"2"}); err != nil {
		t.Fatal(err)
	}
	if len(b.starts) != len(sides) || len(b.rows) != len(sides) {
		t.Fatalf("%d starts and %d changes were measured, want one of each side", len(b.starts), len(b.rows))
	}
	connections := map[string]int64{flowhost.name: nodes * int64(len(standin.Sources)), controller.name: nodes}
	for i, start := range b.starts {
		change := b.rows[i]
		if start.amiss > 0 || start.connections != connections[start.side] || start.spent.toNodes < 1000 || start.spent.relay == 0 {
			t.Errorf("start of %s: %+v", start.side, start)
		}
		if change.spent.toNodes == 0 || change.spent.byServer == 0 || change.spent.server == 0 || change.spent.relay == 0 || len(change.took) != 2 {
			t.Errorf("change with %s: %+v", change.side, change)
		}
	}
}

// What is not there, or makes no sense, is refused before anything is started.
func TestRefused(t *testing.T) {
	bin := t.TempDir()
	for _, name := range standin.Sources {
		if err := os.WriteFile(standin.Path(bin, name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		bench bench
		nodes string
		want  string
	}{
		"programs": {bench{bin: t.TempDir(), changes: 1}, "1", "there is no program of [lflow physical neighbor]"},
		"changes":  {bench{bin: bin}, "1", "-changes 0: must be at least 1"},
		"word":     {bench{bin: bin, changes: 1}, "few", "-nodes few: must be a number from 1 to 250"},
		"none":     {bench{bin: bin, changes: 1}, "0", "-nodes 0: must be"},
		"many":     {bench{bin: bin, changes: 1}, "251", "-nodes 251: must be"},
	} {
		c.bench.dir = filepath.Join(bin, "nothing")
		if err := c.bench.run([]string{c.nodes}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(c.bench.dir); err == nil {
			t.Errorf("%s: something was started", name)
		}
	}
}

// build builds flowhost and its sources.
func build(t *testing.T) (folder string) {
	folder = t.TempDir()
	programs := map[string]string{"flowhost": "../../cmd/host"}
	for _, name := range standin.Sources {
		programs[filepath.Base(standin.Path(folder, name))] = "../../plugins/" + name
	}
	ovstest.Build(t, folder, programs)
	return folder
}
