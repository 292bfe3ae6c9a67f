package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		return nil, err
	}
	return c, c.Complete()
}

func TestBuiltIn(t *testing.T) {
	t.Setenv("OVS_RUNDIR", "/r")
	c, err := load(t, "plugins: [{name: neighbor}, {name: mine, tables: [3, 5-7]}]")
	if err != nil {
		t.Fatal(err)
	}
	slot, yes, all := uint8(0), true, []Range{{0, 65535}}
	want := &Config{
		Bridge: "br-int", Switch: "unix:/r/br-int.mgmt", OVSDB: "unix:/r/db.sock", Socket: "/run/flowhost/br-int.sock",
		StateDir: "/var/lib/flowhost", Hold: time.Minute, Unclaimed: "delete",
		Plugins: []Plugin{
			{
				Name: "neighbor", Path: "/usr/lib/flowhost/plugins/flowhost-plugin-neighbor", Slot: &slot,
				Tables: []Range{{66, 67}, {71, 72}}, Priorities: all, MaxFlows: 1_000_000, Expected: &yes,
			},
			{
				Name: "mine", Path: "/usr/lib/flowhost/plugins/flowhost-plugin-mine",
				Tables: []Range{{3, 3}, {5, 7}}, Priorities: all, MaxFlows: 1_000_000, Expected: &yes,
			},
		},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestShippedFencesShareNoTable(t *testing.T) {
	owner := make(map[uint32]string)
	for name, tables := range shipped {
		for _, r := range tables {
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
		"brigde: x":                                                       "line 1: field brigde not found",
		"plugins: [{name: a, tables: [9-3]}]":                             `"9-3" is not a range`,
		"plugins: [{name: a, tables: [254]}]":                             "tables: 254; they go from 0 to 253",
		"plugins: [{name: a, priorities: [0-65536]}]":                     "priorities: 0-65536",
		"plugins: [{name: A}]":                                            `plugin name "A"`,
		"plugins: [{name: a}, {name: a}]":                                 "plugin a is named twice",
		"plugins: [{name: a, slot: 256}]":                                 "line 1",
		"plugins: [{name: a, max-flows: -1}]":                             "max-flows: -1 is negative",
		"plugins: [{name: a, grace: -1s}]":                                "grace: -1s is negative",
		"plugins: [{name: a, meters: [0]}]":                               "meters: 0; they go from 1",
		"plugins: [{name: a, zones: [65536]}]":                            "zones: 65536",
		"plugins: [{name: a, groups: [1-9]}, {name: b, groups: [20, 9]}]": "plugins a and b: groups: 1-9 and 9 overlap",
		"unclaimed: maybe":                                                `unclaimed: "maybe"; write delete or keep`,
		"hold: -1s":                                                       "hold: -1s is negative",
		"bridge: [":                                                       "line 1",
	} {
		_, err := load(t, text)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want one line that says %q", text, err, says)
		}
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
		if err := c.AssignSlots(); err != nil {
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
