package ovstest

import (
	"os"
	"strings"
	"testing"
)

// Need skips the test when one of the programs is not installed. With FLOWHOST_REQUIRE_OVS=1 or CI=true it fails instead,
// so that nothing hides behind a skip. Without programs it means all that a sandbox with OVN runs.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	if len(programs) == 0 {
		programs = []string{"ovsdb-tool", "ovsdb-server", Vswitchd, "ovs-vsctl", Northd, Controller, "ovn-nbctl", "ovn-sbctl"}
	}
	var missing []string
	for _, program := range programs {
		if _, err := lookPath(program); err != nil {
			missing = append(missing, program)
		}
	}
	if len(missing) == 0 {
		return
	}
	lacking(t, "not installed: %s; `make deps` installs it", strings.Join(missing, ", "))
}

// lacking skips the test, or fails it where nothing may hide behind a skip.
func lacking(t testing.TB, what string, args ...any) {
	t.Helper()
	report := t.Skipf
	if os.Getenv("FLOWHOST_REQUIRE_OVS") == "1" || os.Getenv("CI") == "true" {
		report = t.Fatalf
	}
	report(what, args...)
}
