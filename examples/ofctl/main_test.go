package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

const (
	spread = "group_id=1,type=select,bucket=weight:1,actions=output:1,bucket=weight:3,actions=output:2\n"
	named  = "table=1,priority=5,ip,nw_dst=192.0.2.0/24 actions=group:1 # by group\n"
	single = "table=1,priority=5,ip,nw_dst=192.0.2.0/24 actions=output:2\n"
	beside = "\ntable=2 actions=drop\n"
	slowed = "meter=3,pktps,bands=type=drop,rate=1000\ntable=3 actions=meter:3,output:1\n"
)

// write replaces the file's contents in one step, as an editor does.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// awaitLines waits until the switch has so many groups and flows.
func awaitLines(t *testing.T, h *sdktest.Host, groups, flows int) {
	t.Helper()
	var g, f string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		g, f = h.Groups(), h.Flows()
		if strings.Count(g, "\n") == groups && strings.Count(f, "\n") == flows {
			return
		}
	}
	t.Fatalf("%d groups and %d flows have not come:\n%s%s", groups, flows, g, f)
}

func TestFileIsKeptInstalled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flows.txt")
	write(t, path, named+beside+spread)
	h := sdktest.Start(t, sdktest.Options{}, func(ctx context.Context, host *sdk.Host) error {
		return (&keeper{host: host, path: path}).keep(ctx)
	})
	awaitLines(t, h, 1, 2)
	write(t, path, single) // the group goes after the flow that named it
	awaitLines(t, h, 0, 1)
	if !strings.Contains(h.Flows(), "actions=output:2") {
		t.Errorf("flows:\n%s", h.Flows())
	}
	write(t, path, named) // its group is missing: nothing is done
	h.WaitLog("group 1 is not set")
	awaitLines(t, h, 0, 1)
	write(t, path, named+spread)
	awaitLines(t, h, 1, 1)
	if h.Restart(); !strings.Contains(h.Flows(), "group:1") {
		t.Errorf("flows:\n%s", h.Flows())
	}
	awaitLines(t, h, 1, 1)
	write(t, path, named+spread+slowed)
	awaitLines(t, h, 1, 2)
	write(t, path, named+spread+strings.SplitAfter(slowed, "\n")[1]) // without the meter that it names
	h.WaitLog("meter 3 is named by a flow")
	write(t, path, named+spread)
	awaitLines(t, h, 1, 1)
}

func TestMistakesNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		beside + "table=300 actions=drop":  "3: ",
		"group_id=1,bucket=actions=drop\n": "type= is missing",
		named + "group_id=x,type=all":      "2: ",
		"meter=3,pktps,bands=type=drop":    "1: ",
	} {
		if _, err := read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	program, file := filepath.Join(dir, "ofctl"), filepath.Join(dir, "flows.txt")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	write(t, file, named+beside+spread+slowed)
	sdktest.Conformance(t, sdktest.Plugin{Path: program, Args: []string{file}})
}
