package rows

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/e2e/cloud"
	"github.com/flowhost/flowhost/e2e/meant"
	"github.com/flowhost/flowhost/e2e/parity"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// All scenarios take several minutes: make rows.
var (
	scenarios = flag.String("scenarios", "testdata/registration.nb", "scenarios, or folders of them")
	self      = flag.Bool("self", false, "compare ovn-controller with itself")
)

// TestFound changes a row that nobody mends: it must be found, and nothing else.
func TestFound(t *testing.T) {
	p := Pair{Start(t, ovstest.Controller, ""), Start(t, ovstest.Controller, "")}
	if err := p.sync(); err != nil {
		t.Fatal(err)
	}
	r, err := p.settle("found", nil)
	if err != nil || len(r.Differences) > 0 {
		t.Fatalf("ovn-controller differs from itself: %v, %v", r, err)
	}
	p.Ours.Vsctl(t, "set", "Interface", ovstest.Bridge, "external_ids:color=red")
	p.Theirs.Sbctl(t, "set", "Chassis", "hv1", "external_ids:color=blue")
	r, err = p.settle("found", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Difference{
		{Key: Key{"Chassis", "hv1"}, Outcome: Differ, Column: "external_ids:color", Theirs: "blue"},
		{Key: Key{"Interface", ovstest.Bridge}, Outcome: Differ, Column: "external_ids:color", Ours: "red"},
	}
	if !slices.Equal(r.Differences, want) {
		t.Errorf("found %v, want %v", r.Differences, want)
	}
}

// TestScenarios runs scenarios, and compares once more at the end of each when both programs were killed and started again.
func TestScenarios(t *testing.T) {
	var all []*parity.Scenario
	for _, path := range strings.Fields(*scenarios) {
		some, err := parity.ReadAll(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
	ours, programs := Flowhost, t.TempDir()
	if *self {
		ours = ovstest.Controller
	} else {
		ovstest.Build(t, programs, cloud.Flowhosts())
	}
	known, err := meant.ReadFile("known.txt")
	if err != nil {
		t.Fatal(err)
	}
	total := Sum{}
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			p := Pair{Start(t, ours, programs), Start(t, ovstest.Controller, "")}
			sum, err := p.Run(s, known, os.Stdout)
			total.add(sum)
			if err != nil {
				t.Fatal(err)
			}
			p.Ours.restart(t)
			p.Theirs.restart(t)
			again, err := p.Step(s.Name+", started again", known, os.Stdout)
			total.add(again)
			if err != nil {
				t.Fatal(err)
			}
			if n := sum.Unmeant + again.Unmeant; n > 0 {
				t.Errorf("%d differences", n)
			}
		})
	}
	fmt.Printf("rows: %v\n", total)
	if total.Rows == 0 {
		t.Error("nothing was compared")
	}
}
