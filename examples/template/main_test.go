package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// fence is what mysource.yaml allows: a test that passes with it passes on a node.
var fence = sdktest.Options{
	Owner: "mysource", Slot: 1, Tables: []sdk.Range{{First: 0, Last: 0}}, Priorities: []sdk.Range{{First: 900, Last: 900}},
}

// TestFlows compares the flows with testdata/flows.txt, which SDKTEST_REWRITE=1 writes anew.
func TestFlows(t *testing.T) {
	t.Setenv("MYSOURCE_PORTS", "23 2323")
	h := sdktest.Start(t, fence, run)
	h.WaitSynced()
	h.Golden("testdata/flows.txt")
}

func TestBadInput(t *testing.T) {
	t.Setenv("MYSOURCE_PORTS", "23 telnet")
	h := sdktest.Start(t, fence, run)
	if got := h.WaitFailed(); !strings.Contains(got, `"telnet" is not a port`) {
		t.Errorf("failed with %s", got)
	}
}

// TestConformance runs the program as the daemon does.
func TestConformance(t *testing.T) {
	program := filepath.Join(t.TempDir(), "mysource")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sdktest.Conformance(t, sdktest.Plugin{Options: fence, Path: program, Env: []string{"MYSOURCE_PORTS=23 2323"}})
}
