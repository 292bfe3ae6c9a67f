package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/flowhost/flowhost/sdk"
)

// TestMain makes the test binary the daemon, for scripts, and a plugin, for hosts under test.
func TestMain(m *testing.M) {
	if os.Getenv("FLOWHOST_PLUGIN") != "" {
		run, info := oneFlow, sdk.Info{Name: "test", Version: "1"}
		switch os.Getenv("PLAY") {
		case "wrongs":
			run = wrongs
		case "asked":
			info = asked
		case "silent":
			info = silent
		}
		sdk.Serve(info, run)
	}
	testscript.Main(m, map[string]func(){"flowhost": main})
}

// TestScripts runs testdata/*.txtar: what an operator types, what comes back, and the exit code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
		},
	})
}

// exits runs flowhost and checks its exit code and that what it says on standard error is one line:
//
//	exits CODE ARGS…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE ARGS…")
	}
	out, code := capture(ts, args[1:])
	if code != args[0] {
		ts.Fatalf("flowhost %v: exit code %s, want %s; it said %q", args[1:], code, args[0], out)
	}
	ts.Logf("%s", out)
	ts.Check(os.WriteFile(ts.MkAbs("said"), []byte(out), 0o644))
}
