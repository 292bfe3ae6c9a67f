package parity

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/e2e/meant"
	"github.com/flowhost/flowhost/e2e/standin"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// All scenarios take several minutes: make parity.
var scenarios = flag.String("scenarios", "testdata/router.nb", "a scenario, or a folder of them")

// programs are flowhost and its sources.
var programs = ovstest.Programs{Commands: commands()}

func commands() map[string]string {
	sources := map[string]string{"flowhost": "../../cmd/host", "flowhost-plugin-" + standin.Name: "../../examples/ofctl"}
	for _, name := range standin.Sources {
		sources["flowhost-plugin-"+name] = "../../plugins/" + name
	}
	return sources
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	programs.Remove()
	os.Exit(code)
}

func knownDifferences(t testing.TB) meant.Differences {
	known, err := meant.ReadFile("known.txt")
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// TestScenarios runs the scenarios that -scenarios names, prints the table of each step, and what they add up to. It fails where
// something did not run, or where flowhost has all flows and they differ from ovn-controller's, or do something else with a packet. What
// ovn-controller has without a recompute is for who reads it.
func TestScenarios(t *testing.T) {
	folder := programs.Folder(t)
	all, err := ReadAll(*scenarios)
	if err != nil {
		t.Fatal(err)
	}
	known := knownDifferences(t)
	total, recomputed := new(Sum), new(Recomputed)
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			pair := StartPair(t, folder)
			sum, err := pair.Run(s, known, os.Stdout)
			total.add(sum)
			recomputed.add(pair.recomputed)
			if err != nil {
				t.Error(err)
			}
			if stand := pair.feed.stand; len(stand) > 0 {
				fmt.Printf("%s: not compared: the tables of %s, where ofctl has ovn-controller's flows\n", s.Name, strings.Join(stand, ", "))
			}
			if n := sum.Counts.Total() - sum.Counts.SameKeys() - sum.Counts[Known]; n > 0 && pair.hasAll() && pair.recompute {
				t.Errorf("%d flows differ", n)
			}
			if n := len(sum.Traced.Differences); n > 0 && pair.hasAll() {
				t.Errorf("flowhost has all flows, and does something else with %d packets", n)
			}
		})
	}
	fmt.Println(recomputed)
	fmt.Println(&total.Traced)
	fmt.Println(total.Counts.Summary())
	if total.Counts.Total() == 0 && os.Getenv(sourcesVariable) != "ofctl" {
		t.Error("nothing was compared")
	}
	if total.Traced.Total() == 0 {
		t.Error("nothing was traced")
	}
}
