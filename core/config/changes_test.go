package config

import (
	"errors"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	const start = "plugins: [{name: a, tables: [1]}, {name: b, tables: [2]}]"
	for next, want := range map[string]string{
		start: "nothing differs",
		"# else\nplugins: [{name: a, args: [], tables: ['1-1']}, {name: b, tables: [2]}]":          "nothing differs",
		"log-level: debug\nplugins: [{name: a, tables: [1]}, {name: b, tables: [2]}]":              "log level changed",
		"plugins: [{name: a, tables: [1]}, {name: c, tables: [2]}]":                                "added c; removed b",
		"plugins: [{name: a, tables: [1], args: [x]}, {name: b, tables: [2], user: nobody}]":       "restarted a, b",
		"plugins: [{name: a, tables: [1], limits: {nofile: 99}}, {name: b, tables: [2], rate: 5}]": "restarted a; limits changed of b",
		"plugins: [{name: a, tables: [1], grace: 1s, env: [X=]}, {name: b, tables: [2]}]":          "restarted a; limits changed of a",
		"plugins: []": "removed a, b",

		"bridge: x\nhold: 2s\nplugins: []":                                       "! bridge is br-int, not x; switch is ",
		"plugins: [{name: a, tables: [1]}, {name: b, tables: [2, 3]}]":           "! plugin b: tables is [2], not [2 3]",
		"plugins: [{name: a, tables: [1], rank: 7}, {name: b, tables: [2]}]":     "! plugin a: rank is 0, not 7",
		"plugins: [{name: a, tables: [1], slot: 9}, {name: b, tables: [2]}]":     "! plugin a: slot is 1, not 9; plugin a: groups is ",
		"plugins: [{name: a, tables: [1]}, {name: gone, slot: 30, tables: [9]}]": "! plugin gone: tables is [8], not [9]",
		"plugins: [{name: a, tables: [1]}, {name: gone, slot: 30, tables: [8]}]": "added gone; removed b",
	} {
		configs := make(map[string]*Config)
		for _, text := range []string{start, next, "plugins: [{name: gone, slot: 30, tables: [8]}]"} {
			c, err := load(t, "state-dir: /nonexistent\n"+text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			configs[text] = c
		}
		former := configs["plugins: [{name: gone, slot: 30, tables: [8]}]"].Plugins
		changes, err := Compare(configs[start], configs[next], former)
		text, refused := strings.CutPrefix(want, "! ")
		switch {
		case refused && (!errors.Is(err, ErrRestart) || !strings.Contains(err.Error(), text) || !changes.Empty()):
			t.Errorf("%s: %v, %v; want an error that says %q", next, &changes, err, text)
		case !refused && (err != nil || changes.String() != want):
			t.Errorf("%s: %v, %v; want %q", next, &changes, err, want)
		}
	}
}
