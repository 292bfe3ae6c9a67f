package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// TestConformance runs the plugin as the daemon does, behind the fence that ships, with databases of its own.
func TestConformance(t *testing.T) {
	program := filepath.Join(t.TempDir(), "neighbor")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	local := chassis(t, southbound(t, "10.0.0.1").OVSDB())
	sdktest.Conformance(t, sdktest.Plugin{
		Options: sdktest.Options{Owner: "neighbor", Bridge: "br-int", Tables: []sdk.Range{{First: 66, Last: 67}, {First: 71, Last: 72}}},
		Path:    program, Env: []string{"FLOWHOST_OVSDB=" + local.OVSDB()},
	})
}
