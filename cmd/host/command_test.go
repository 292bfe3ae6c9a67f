package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/sdk"
)

// asked is a plugin that can be asked.
var asked = sdk.Info{
	Name: "test", Version: "1",
	Describe: func(_ context.Context, id uuid.UUID) (sdk.Description, error) {
		return sdk.Description{Text: fmt.Sprintf("thing %d", id[0]), Fields: []sdk.Field{{Name: "stage", Value: "ls_in"}}}, nil
	},
	Commands: map[string]func(context.Context, []string) (string, error){
		"echo": func(_ context.Context, args []string) (string, error) { return strings.Join(args, " "), nil },
		"fail": func(context.Context, []string) (string, error) { return "", errors.New("no such thing") },
	},
}

// silent is a plugin that never answers.
var silent = sdk.Info{
	Name: "test", Version: "1",
	Describe: func(context.Context, uuid.UUID) (sdk.Description, error) { select {} },
}

// flowhost runs a subcommand and returns what it prints.
func (r *reloaded) flowhost(args ...string) (string, error) {
	r.t.Helper()
	var out bytes.Buffer
	root, _ := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(r.t.Context())
	return out.String(), err
}

// TestPluginsAreAsked asks plugins what they are in conflict about, and has one do its commands.
func TestPluginsAreAsked(t *testing.T) {
	r := startReloaded(t, map[string]string{"config.yaml": `
plugins:
  - {name: a, path: SELF, env: [TABLE=1, PLAY=asked], tables: [1], rank: 1}
  - {name: b, path: SELF, env: [TABLE=1, PLAY=silent], tables: [1], rank: 2}
  - {name: c, path: SELF, env: [TABLE=1], tables: [1], rank: 3}
`})
	socket := "--socket=" + filepath.Join(r.dir, "s")
	var conflicts []admin.Conflict
	for end := time.Now().Add(time.Minute); len(conflicts) < 2; time.Sleep(20 * time.Millisecond) {
		var err error
		if conflicts, err = r.Conflicts(t.Context()); err != nil || time.Now().After(end) {
			t.Fatalf("conflicts %+v, %v", conflicts, err)
		}
	}
	out, err := r.flowhost("conflicts", socket, "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &conflicts); err != nil {
		t.Fatal(err)
	}
	for i := range conflicts {
		c := &conflicts[i]
		d := c.Winner.Description
		if d == nil || d.Text != "thing 1" || len(d.Fields) != 1 || d.Fields[0] != (admin.DescriptionField{Name: "stage", Value: "ls_in"}) {
			t.Errorf("the winner says %+v", d)
		}
		want := map[string]string{"b": "source does not answer", "c": "source cannot do that"}[c.Loser.Owner]
		if d := c.Loser.Description; d == nil || want == "" || !strings.HasPrefix(d.Error, want) {
			t.Errorf("loser %s says %+v, want %q", c.Loser.Owner, d, want)
		}
	}
	if out, err := r.flowhost("conflicts", socket); err != nil || strings.Count(out, "(thing 1)") != 2 {
		t.Errorf("conflicts: %v\n%s", err, out)
	}

	for what, want := range map[string]string{
		"0x01000000": "a 01", "01000000-0000": "stage: ls_in", "0100": "b 01", "f00d": "nobody has flows of f00d", "xyz": "neither a UUID",
	} {
		out, err := r.flowhost("explain", socket, what)
		if err != nil {
			out += err.Error()
		}
		if !strings.Contains(out, want) {
			t.Errorf("explain %s: %v\n%s\nwant %q", what, err, out, want)
		}
	}

	for _, c := range []struct{ args, out, err string }{
		{"a", "echo\nfail\n", ""},
		{"a echo -n two words", "-n two words\n", ""},
		{"a fail", "", "no such thing"},
		{"a dance", "", `it has no command "dance"`},
		{"c", "", ""},
		{"d", "", `plugin "d": not configured`},
		{"d echo", "", `plugin "d": not configured`},
	} {
		out, err := r.flowhost(append([]string{"plugins", "command", socket}, strings.Fields(c.args)...)...)
		if err == nil && c.err == "" && out == c.out {
			continue
		}
		if err == nil || c.err == "" || !strings.Contains(err.Error(), c.err) {
			t.Errorf("command %s: %q, %v; want %q, %q", c.args, out, err, c.out, c.err)
		}
	}
}
