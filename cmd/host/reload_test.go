package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

// oneFlow is the plugin of these tests: it wants one flow, in the table that TABLE names.
func oneFlow(ctx context.Context, h *sdk.Host) error {
	f, err := flow.ParseFlow("table=" + os.Getenv("TABLE") + " actions=drop")
	if err != nil {
		return err
	}
	txn := h.Begin()
	txn.Set(uuid.UUID{1}, f)
	if _, err := txn.Commit(ctx); err != nil {
		return err
	}
	_, err = h.SyncDone(ctx)
	return err
}

// reloaded is a host whose configuration is in a folder.
type reloaded struct {
	*admin.Client
	t       *testing.T
	dir     string
	log     string // the file
	hangups chan os.Signal
}

func startReloaded(t *testing.T, files map[string]string) *reloaded {
	t.Helper()
	dir, err := os.MkdirTemp("", "fh") // t.TempDir is too long for a unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &reloaded{t: t, dir: dir, log: filepath.Join(dir, "log"), hangups: make(chan os.Signal, 1)}
	r.write(files)
	flags := &runFlags{
		file: filepath.Join(dir, "config.yaml"), target: "unix:" + filepath.Join(dir, "no-switch"),
		ovsdb: "unix:" + filepath.Join(dir, "no-database"), socket: filepath.Join(dir, "s"), stateDir: filepath.Join(dir, "state"),
	}
	c, err := flags.config()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(r.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	log := hclog.New(&hclog.LoggerOptions{Output: file, Level: hclog.LevelFromString(c.LogLevel)})
	r.Client = serveHost(t, c, log, r.hangups, flags.config)
	return r
}

// write writes files; one without text is removed. PATH is the plugin's.
func (r *reloaded) write(files map[string]string) {
	r.t.Helper()
	self, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(r.dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if text == "" {
			err = os.Remove(path)
		} else if err == nil {
			err = os.WriteFile(path, []byte(strings.ReplaceAll(text, "SELF", self)), 0o644)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// reload writes files and has them read, and returns the line of the log that tells what became of it.
func (r *reloaded) reload(files map[string]string) string {
	r.t.Helper()
	r.write(files)
	lines := func() (found []string) {
		text, _ := os.ReadFile(r.log)
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "configuration reloaded") || strings.Contains(line, "configuration not reloaded") {
				found = append(found, line)
			}
		}
		return found
	}
	before := len(lines())
	r.hangups <- syscall.SIGHUP
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if now := lines(); len(now) > before {
			return now[len(now)-1]
		}
	}
	r.t.Fatal("the log does not tell what became of a reload")
	return ""
}

// waitFor waits until the plugins are as wanted: "NAME FLOWS STALE" each, all synced. It returns their process ids by name.
func (r *reloaded) waitFor(want ...string) map[string]int {
	r.t.Helper()
	var got []string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		plugins, err := r.Plugins(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		got = nil
		pids, synced := make(map[string]int), true
		for _, p := range plugins {
			got = append(got, fmt.Sprint(p.Name, " ", p.Desired, " ", p.Stale))
			pids[p.Name] = p.PID
			synced = synced && p.Synced
		}
		if synced && slices.Equal(got, want) {
			return pids
		}
	}
	r.t.Fatalf("plugins %q, want %q, synced", got, want)
	return nil
}

func (r *reloaded) ownersByName() map[string]admin.Owner {
	r.t.Helper()
	owners, err := r.Owners(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	byName := make(map[string]admin.Owner)
	for _, o := range owners {
		byName[o.Name] = o
	}
	return byName
}

func TestReload(t *testing.T) {
	const a = "plugins: [{name: a, path: SELF, env: [TABLE=1], tables: [1]}]"
	const b = "plugins: [{name: b, path: SELF, env: [TABLE=2], tables: [2], max-flows: 50}]"
	r := startReloaded(t, map[string]string{"config.yaml": a})
	first := r.waitFor("a 1 0")

	if got := r.reload(map[string]string{"conf.d/b.yaml": b}); !strings.Contains(got, `done="added b"`) {
		t.Errorf("added: %s", got)
	}
	both := r.waitFor("a 1 0", "b 1 0")
	if both["a"] != first["a"] {
		t.Error("a was restarted for b")
	}

	const more = "log-level: warn\nplugins: [{name: b, path: SELF, env: [TABLE=2], tables: [2], max-flows: 7, grace: 1h}]"
	r.reload(map[string]string{"conf.d/b.yaml": strings.ReplaceAll(more, "warn", "debug")})
	if o := r.ownersByName()["b"]; o.MaxFlows != 7 || o.Grace != 3600 {
		t.Errorf("owner b: %+v", o)
	}
	if got := r.waitFor("a 1 0", "b 1 0"); got["b"] != both["b"] {
		t.Error("b was restarted for its limits")
	}

	const otherwise = "log-level: debug\nplugins: [{name: b, path: SELF, env: [TABLE=2, X=], tables: [2], max-flows: 7, grace: 1h}]"
	r.reload(map[string]string{"conf.d/b.yaml": otherwise})
	for end := time.Now().Add(20 * time.Second); r.waitFor("a 1 0", "b 1 0")["b"] == both["b"] && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if got := r.waitFor("a 1 0", "b 1 0"); got["b"] == both["b"] || got["a"] != first["a"] {
		t.Errorf("b was reconfigured: %v, before %v", got, both)
	}

	got := r.reload(map[string]string{"config.yaml": "log-level: info\n" + a, "conf.d/b.yaml": ""})
	if !strings.Contains(got, `done="removed b; log level changed"`) {
		t.Errorf("removed: %s", got)
	}
	r.waitFor("a 1 0")
	listed := func() bool { _, ok := r.ownersByName()["b"]; return ok }
	for end := time.Now().Add(20 * time.Second); listed() && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if listed() {
		t.Errorf("owner b is still there: %+v", r.ownersByName()["b"])
	}
	r.reload(map[string]string{"conf.d/b.yaml": b})
	r.waitFor("a 1 0", "b 1 0")
	if o := r.ownersByName()["b"]; o.MaxFlows != 50 || o.Grace != 0 || !o.Expected || o.Removed {
		t.Errorf("owner b, back again: %+v", o)
	}
}

func TestReloadIsAllOrNothing(t *testing.T) {
	const a = "plugins: [{name: a, path: SELF, env: [TABLE=1], tables: [1]}]"
	r := startReloaded(t, map[string]string{"config.yaml": a})
	first := r.waitFor("a 1 0")
	for change, want := range map[string]string{
		"bridge: br7\nplugins: []": "this takes a restart of flowhost: bridge is br-int, not br7",
		"plugins: [{name: a, path: SELF, env: [TABLE=1], tables: [1, 2]}, {name: c, path: SELF, tables: [3]}]": "plugin a: tables is [1], not [1 2]",
		"plugins: [{name: c, path: SELF, tables: [3]}, {name: d, path: /nowhere}]":                             "plugin d: no file /nowhere",
		"plugins: [{name: c, path: SELF, tables: [3]}]\nmore: 1":                                               "config.yaml:2: unknown key more",
	} {
		if got := r.reload(map[string]string{"config.yaml": change}); !strings.Contains(got, "configuration not reloaded") || !strings.Contains(got, want) {
			t.Errorf("%s: %s\nwant one that says %s", change, got, want)
		}
		if status, err := r.Status(t.Context()); err != nil || !strings.Contains(status.Config, want) {
			t.Errorf("%s: the status says %q, %v", change, status.Config, err)
		}
		if got := r.waitFor("a 1 0"); got["a"] != first["a"] {
			t.Errorf("%s: a was restarted", change)
		}
		if owners := r.ownersByName(); len(owners) != 1 {
			t.Errorf("%s: owners %v", change, owners)
		}
	}
	if got := r.reload(map[string]string{"config.yaml": a}); !strings.Contains(got, `done="nothing differs"`) {
		t.Errorf("as at first: %s", got)
	}
	if status, err := r.Status(t.Context()); err != nil || status.Config != "" {
		t.Errorf("as at first: the status says %q, %v", status.Config, err)
	}
}

// TestRemovedPluginsFlowsStayIfConfigured removes a plugin where flows that are nobody's are kept.
func TestRemovedPluginsFlowsStayIfConfigured(t *testing.T) {
	const a = "unclaimed: keep\nplugins: [{name: a, path: SELF, env: [TABLE=1], tables: [1]}]"
	r := startReloaded(t, map[string]string{"config.yaml": a})
	r.waitFor("a 1 0")
	r.reload(map[string]string{"config.yaml": "unclaimed: keep\n"})
	r.waitFor()
	if o := r.ownersByName()["a"]; o.Flows != 1 || o.Stale != 1 || !o.Removed {
		t.Errorf("owner a: %+v", o)
	}
}
