package dutytest

import (
	"slices"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// Table is the rows of a table of a sandbox's Open vSwitch whose name has one of these prefixes, in the columns given, sorted as text.
// The name is the first of those.
func Table(t testing.TB, s *ovstest.Sandbox, table string, columns []string, prefixes ...string) (rows []string) {
	t.Helper()
	out := s.Vsctl(t, "--format=csv", "--no-headings", "--columns="+strings.Join(columns, ","), "list", table)
	for line := range strings.Lines(out) {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(line, p) }) {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	slices.Sort(rows)
	return rows
}
