package dutytest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
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

// A Step changes the databases that a Duty and ovn-controller work on.
type Step struct {
	Name         string
	SB, NB, Node [][]string // arguments of ovn-sbctl, of ovn-nbctl, and of ovs-vsctl on either node
}

// Sides are ovn-controller's node, which runs already and is chassis hv1 of its southbound database, and a node for a Duty.
type Sides struct{ His, Ours *ovstest.Sandbox }

// Compare runs the Duty that start makes. After each step rows must be the same on both nodes. At the end a new Duty must adopt what is on
// either.
func (s Sides) Compare(t *testing.T, tables duty.Tables, start func(*local.State) duty.Duty, rows func(*testing.T, *ovstest.Sandbox) []string, steps []Step) {
	t.Helper()
	live := Start(t, [2]string{s.Ours.OVSDB(), s.Ours.SB()}, ovstest.Bridge, tables, start)
	for _, step := range steps {
		s.change(t, step)
		ovstest.Eventually(t, 15*time.Second, func() error {
			s.His.Appctl(t, ovstest.Controller, "inc-engine/recompute") // it does not see by itself that a datapath is local no more
			live.Settle()
			if diff := cmp.Diff(rows(t, s.His), rows(t, s.Ours)); diff != "" {
				return fmt.Errorf("%s: ovn-controller's rows (-) and ours (+) differ: %s", step.Name, diff)
			}
			return nil
		})
		t.Logf("%s: %d rows alike", step.Name, len(rows(t, s.Ours)))
	}
	s.His.Appctl(t, ovstest.Controller, "exit", "--restart")
	for _, side := range []*ovstest.Sandbox{s.His, s.Ours} {
		if writes := Start(t, [2]string{side.OVSDB(), side.SB()}, ovstest.Bridge, tables, start).Settle(); len(writes) > 0 {
			t.Errorf("what is there is not adopted, but written: %s", writes[0].What)
		}
	}
}

func (s Sides) change(t *testing.T, step Step) {
	t.Helper()
	for _, args := range step.SB {
		s.His.Sbctl(t, args...)
	}
	for _, args := range step.NB {
		s.His.Nbctl(t, args...)
	}
	for _, args := range step.Node {
		s.His.Vsctl(t, args...)
		s.Ours.Vsctl(t, args...)
	}
	s.His.Nbctl(t, "--wait=sb", "sync")
}
