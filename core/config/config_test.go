package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"
)

// write makes a folder of files and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	return complete(write(t, map[string]string{"config.yaml": text}))
}

func complete(dir string) (*Config, error) {
	c, err := Load(filepath.Join(dir, "config.yaml"))
	if err != nil {
		return nil, err
	}
	return c, c.Complete()
}

// content compares what configurations say, not where.
var content = cmpopts.IgnoreUnexported(Config{}, Plugin{})

func TestBuiltIn(t *testing.T) {
	t.Setenv("OVS_RUNDIR", "/r")
	c, err := load(t, "state-dir: /nonexistent\nplugins: [{name: neighbor}, {name: mine, tables: [3, 5-7], meters: []}, {name: idle}]")
	if err != nil {
		t.Fatal(err)
	}
	zero, one, two, yes, all := uint8(0), uint8(1), uint8(2), true, []Range{{0, 65535}}
	want := &Config{
		Bridge: "br-int", Switch: "unix:/r/br-int.mgmt", OVSDB: "unix:/r/db.sock", Socket: "/run/flowhost/br-int.sock",
		StateDir: "/nonexistent", LogLevel: "info", Hold: time.Minute, Unclaimed: "delete", FlowRestoreWait: "tell",
		Plugins: []Plugin{
			{
				Name: "neighbor", Path: "/usr/lib/flowhost/plugins/flowhost-plugin-neighbor", Slot: &zero,
				Tables: []Range{{66, 67}, {71, 72}}, Priorities: all, Groups: []Range{}, Meters: []Range{}, Conjunctions: []Range{},
				MaxFlows: 1_000_000, Expected: &yes, Restart: "always", BackoffMax: 30 * time.Second,
			},
			{
				Name: "mine", Path: "/usr/lib/flowhost/plugins/flowhost-plugin-mine", Slot: &one,
				Tables: []Range{{3, 3}, {5, 7}}, Priorities: all,
				Groups: []Range{{1 << 24, 2<<24 - 1}}, Meters: []Range{}, Conjunctions: []Range{{1 << 24, 2<<24 - 1}},
				MaxFlows: 1_000_000, Expected: &yes, Restart: "always", BackoffMax: 30 * time.Second,
			},
			{
				Name: "idle", Path: "/usr/lib/flowhost/plugins/flowhost-plugin-idle", Slot: &two,
				MaxFlows: 1_000_000, Expected: &yes, Restart: "always", BackoffMax: 30 * time.Second,
			},
		},
	}
	if diff := cmp.Diff(want, c, content); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDefaultIsWhatIsBuiltIn(t *testing.T) {
	t.Setenv("OVS_RUNDIR", "")
	for what, c := range map[string]struct{ file, least string }{
		"as it is":         {Default, ""},
		"with the example": {example(t), "plugins: [{name: example, tables: [0]}]"},
	} {
		const state = "state-dir: /var/lib/flowhost\n" // this machine may have one
		if !strings.Contains(c.file, "\n"+state) {
			t.Fatalf("%s: no %s", what, state)
		}
		got, err := load(t, strings.Replace(c.file, state, "state-dir: /nonexistent\n", 1))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		want, err := load(t, "state-dir: /nonexistent\n"+c.least)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if diff := cmp.Diff(want, got, content, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: -built in +default file:\n%s", what, diff)
		}
	}
}

// example is Default with the plugin in its comments.
func example(t *testing.T) string {
	t.Helper()
	general, plugin, found := strings.Cut(Default, "plugins: []\n")
	if !found {
		t.Fatal("Default has no line that says: plugins: []")
	}
	return general + "plugins:\n" + strings.ReplaceAll("\n"+plugin, "\n#", "\n")
}

func TestDefaultHasEveryKey(t *testing.T) {
	keys := example(t)
	for _, s := range []any{Config{}, Plugin{}, Limits{}} {
		for f := range reflect.TypeOf(s).Fields() {
			key := f.Tag.Get("yaml")
			if key != "" && key != "-" && !regexp.MustCompile(`(?m)^[ -]*`+key+`:`).MatchString(keys) {
				t.Errorf("%T: no key %s in Default", s, key)
			}
		}
	}
}

func TestFilesAddUp(t *testing.T) {
	dir := write(t, map[string]string{
		"config.yaml":          "bridge: br0\nplugins:\n- name: b\n",
		"conf.d/10-c.yaml":     "# only a plugin\nplugins:\n- name: c\n  rank: 3\n",
		"conf.d/20-empty.yaml": "# nothing\n",
		"conf.d/30-a.yaml":     "unclaimed: keep\nplugins:\n- name: a\n",
		"conf.d/README":        "not: read",
	})
	c, err := complete(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := c.Bridge + " " + c.Unclaimed
	for _, p := range c.Plugins {
		got += " " + p.Name
	}
	if want := "br0 keep b c a"; got != want || c.Plugins[1].Rank != 3 {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestErrorsNameFileAndLine(t *testing.T) {
	for more, says := range map[string]string{
		"#\nbridge: br1":                            "conf.d/x.yaml:2: bridge is set already, at DIR/config.yaml:2",
		"plugins:\n- name: a":                       "conf.d/x.yaml:2: plugin a is named twice, before at DIR/config.yaml:4",
		"plugins:\n- name: b\n\n  tables: [254]":    "conf.d/x.yaml:4: plugin b: tables: 254; they go from 0 to 253",
		"plugins:\n- name: b\n  tabels: [1]":        "conf.d/x.yaml:3: unknown key tabels",
		"plugins:\n- name: b\n  tables: [9-3]":      "conf.d/x.yaml:3: \"9-3\" is not a range",
		"plugins:\n- name: b\n  groups: [5]":        "conf.d/x.yaml:3: plugins a and b: groups: 1-9 and 5 overlap",
		"plugins:\n- name: b\n  max-flows: many":    "conf.d/x.yaml:3: cannot unmarshal",
		"plugins:\n- name: b\n  limits: {cpu: 3}":   "conf.d/x.yaml:3: unknown key cpu",
		"plugins:\n- name: b\n  restart: sometimes": `conf.d/x.yaml:3: restart: "sometimes"; write always or on-failure or never`,
		"unclaimed: maybe":                          `conf.d/x.yaml:1: unclaimed: "maybe"; write delete or keep`,
		"#\na: b: c":                                "conf.d/x.yaml:2: mapping values",
		"hold: 1s\nhold: 2s":                        "conf.d/x.yaml:2: mapping key \"hold\" already defined at line 1",
		"- name: x":                                 "conf.d/x.yaml:1: cannot unmarshal",
		"plugins: x":                                "conf.d/x.yaml:1: cannot unmarshal",
	} {
		dir := write(t, map[string]string{
			"config.yaml":   "#\nbridge: br0\nplugins:\n- name: a\n  groups: [1-9]",
			"conf.d/x.yaml": more,
		})
		_, err := complete(dir)
		want := dir + "/" + strings.ReplaceAll(says, "DIR", dir)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s:\n%v\nwant one line that says\n%s", more, err, want)
		}
	}
}

func TestShippedFencesShareNoTable(t *testing.T) {
	owner := make(map[uint32]string)
	for name, fence := range shipped {
		for _, r := range fence.tables {
			for id := r.First; id <= r.Last; id++ {
				if other, taken := owner[id]; taken {
					t.Errorf("table %d is %s's and %s's", id, other, name)
				}
				owner[id] = name
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for text, says := range map[string]string{
		"brigde: x": "config.yaml:1: unknown key brigde",
		"plugins: [{name: a, priorities: [0-65536]}]":                                 "priorities: 0-65536",
		"plugins: [{name: A}]":                                                        `plugin name "A"`,
		"plugins: [{name: a, slot: 256}]":                                             "config.yaml:1",
		"plugins: [{name: a, max-flows: -1}]":                                         "max-flows: -1 is negative",
		"plugins: [{name: a, rate: -1}]":                                              "rate: -1 is negative",
		"plugins: [{name: a, grace: -1s}]":                                            "grace: -1s is negative",
		"plugins: [{name: a, backoff-max: -1s}]":                                      "backoff-max: -1s is negative",
		"plugins: [{name: a, meters: [0]}]":                                           "meters: 0; they go from 1",
		"plugins: [{name: a, zones: [65536]}]":                                        "zones: 65536",
		"plugins: [{name: a, packet-out: [254]}]":                                     "packet-out: 254",
		"plugins: [{name: a, packet-in: {controllers: [65536]}}]":                     "packet-in: 65536",
		"plugins: [{name: a, packet-in: {userdata: [xy]}}]":                           "is not bytes in hexadecimal",
		"plugins: [{name: a, path: ./a}]":                                             `path: "./a" is not absolute`,
		"plugins: [{name: a, sha256: 12}]":                                            `sha256: "12" is not 64 hexadecimal digits`,
		"plugins: [{name: a, env: [A]}]":                                              `env: "A"; write NAME=VALUE`,
		"plugins: [{name: a, limits: {memory: 1MiB}}]":                                "memory: 1MiB; the least is 64MiB",
		"plugins: [{name: a, limits: {memory: 1MB}}]":                                 `"1MB" is not a number of bytes`,
		"plugins: [{name: a, limits: {cpu-weight: -1}}]":                              "cpu-weight: -1; it goes from 1 to 10000",
		"plugins: [{name: a, limits: {nofile: 3}}]":                                   "nofile: 3; the least is 16",
		"flow-restore-wait: never":                                                    `flow-restore-wait: "never"; write tell or finish`,
		"log-level: loud":                                                             `log-level: "loud"; write trace or debug`,
		"hold: -1s":                                                                   "hold: -1s is negative",
		"bridge: [":                                                                   "config.yaml:1",
		"bridge: a\n---\nbridge: b":                                                   "more than one document",
		"plugins: [{name: a, slot: 1, tables: [1]}, {name: b, slot: 1, tables: [2]}]": "groups: 16777216-33554431 and 16777216-33554431 overlap",
	} {
		_, err := load(t, text)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want one line that says %q", text, err, says)
		}
	}
}

func TestBytes(t *testing.T) {
	for _, text := range []string{"0", "268435457", "256MiB", "3GiB", "70000KiB"} {
		var b Bytes
		if err := yaml.Unmarshal([]byte(text), &b); err != nil || b.String() != text {
			t.Errorf("%s: %v, %v", text, b, err)
		}
	}
}

// TestIDsOfSlots pins numbers that must never change: groups in a switch have them.
func TestIDsOfSlots(t *testing.T) {
	c, err := load(t, "plugins: [{name: lflow}, {name: physical}, {name: neighbor}, {name: b, slot: 1, tables: [1]}, {name: z, slot: 255, tables: [1]}]")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range c.Plugins {
		got = append(got, fmt.Sprintln(p.Name, p.Groups, p.Meters, p.Conjunctions))
	}
	want := []string{
		"lflow [1-8388607] [1-28671] [1-99 101-16777215]\n",
		"physical [8388608-16777215] [28672-32767] [100]\n",
		"neighbor [] [] []\n",
		"b [16777216-33554431] [32768-32895] [16777216-33554431]\n",
		"z [4278190080-4294967040] [65280-65407] [4278190080-4294967295]\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSlotsNeverMove(t *testing.T) {
	dir := t.TempDir()
	assign := func(plugins ...Plugin) map[string]uint8 {
		t.Helper()
		c := &Config{StateDir: filepath.Join(dir, "state"), Plugins: plugins}
		if err := c.Complete(); err != nil {
			t.Fatal(err)
		}
		if err := c.Remember(); err != nil {
			t.Fatal(err)
		}
		slots := make(map[string]uint8)
		for _, p := range c.Plugins {
			slots[p.Name] = *p.Slot
		}
		return slots
	}
	two := uint8(2)
	first := assign(Plugin{Name: "b"}, Plugin{Name: "neighbor"}, Plugin{Name: "fixed", Slot: &two}, Plugin{Name: "c"})
	want := map[string]uint8{"b": 1, "neighbor": 0, "fixed": 2, "c": 3}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := assign(Plugin{Name: "a"}, Plugin{Name: "c"}); got["c"] != 3 || got["a"] != 2 {
		t.Errorf("c was 3, the lowest free slot is 2 and b's 1 is remembered: %v", got)
	}
}
