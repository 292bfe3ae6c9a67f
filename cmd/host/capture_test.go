package main

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// capture runs flowhost with args in the script's environment and returns its standard error and exit code.
func capture(ts *testscript.TestScript, args []string) (stderr, code string) {
	path, err := exec.LookPath("flowhost")
	ts.Check(err)
	cmd := exec.Command(path, args...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "FLOWHOST_SOCKET=" + ts.MkAbs("none.sock")}
	var said strings.Builder
	cmd.Stderr = &said
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return said.String(), "0"
	case errors.As(err, &exit):
		return said.String(), strconv.Itoa(exit.ExitCode())
	}
	ts.Fatalf("%v", err)
	return "", ""
}
