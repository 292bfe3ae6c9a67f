package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// only is all that the plugin's configuration allows.
var only = sdktest.Options{Owner: "blocklist", Slot: 9, Tables: []sdk.Range{{First: 0, Last: 0}}}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFlowsFollowTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "blocklist")
	write(t, file, "192.0.2.7  # a scanner\n\n198.51.100.0/24\n2001:db8::/32\n")
	t.Setenv("BLOCKLIST", file)
	h := sdktest.Start(t, only, run)
	h.WaitSynced()
	h.Golden("testdata/flows.txt")

	write(t, file, "198.51.100.99/24\n203.0.113.1\n")
	for end := time.Now().Add(10 * time.Second); !strings.Contains(h.Flows(), "203.0.113.1") && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	h.WaitSynced()
	h.Golden("testdata/changed.txt")
	if sent := h.Sent(); sent != 3+3 {
		t.Errorf("%d flow_mods sent, want 3 and then 3: one to add, two to delete", sent)
	}
}

func TestBadLineIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "blocklist")
	write(t, file, "192.0.2.7\nexample.org\n")
	t.Setenv("BLOCKLIST", file)
	h := sdktest.Start(t, only, run)
	if got := h.WaitFailed(); !strings.Contains(got, "line 2") || !strings.Contains(got, "example.org") {
		t.Errorf("failed with %s", got)
	}
}

func TestConformance(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "blocklist")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file := filepath.Join(t.TempDir(), "list")
	write(t, file, "192.0.2.7\n2001:db8::/32\n")
	sdktest.Conformance(t, sdktest.Plugin{Options: only, Path: binary, Env: []string{"BLOCKLIST=" + file}})
}
