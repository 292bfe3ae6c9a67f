package parity

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/flowhost/flowhost/e2e/standin"
)

// All scenarios take several minutes: make parity.
var scenarios = flag.String("scenarios", "testdata/router.nb", "a scenario, or a folder of them")

// built is the folder that build has made; "" if nothing was built.
var built string

// build builds flowhost and its plugins into a folder of the test process, once.
var build = sync.OnceValues(func() (folder string, err error) {
	if folder, err = os.MkdirTemp("", "flowhost-parity"); err != nil {
		return "", err
	}
	built = folder
	sources := map[string]string{"flowhost": "../../cmd/host", "flowhost-plugin-" + standin.Name: "../../examples/ofctl"}
	for _, name := range standin.Sources {
		if plugin, _ := filepath.Glob("../../plugins/" + name + "/main.go"); plugin != nil {
			sources["flowhost-plugin-"+name] = "../../plugins/" + name
		}
	}
	for program, source := range sources {
		out, err := exec.Command("go", "build", "-o", filepath.Join(folder, program), source).CombinedOutput()
		if err != nil {
			return folder, fmt.Errorf("go build %s: %w\n%s", source, err, out)
		}
	}
	return folder, nil
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	os.RemoveAll(built)
	os.Exit(code)
}

func meantOf(t testing.TB) Meant {
	file, err := os.Open("known.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	known, err := ReadMeant(file)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// TestScenarios runs the scenarios that -scenarios names, prints the table of each step, and what they add up to. It fails where
// something did not run, or where flowhost has all flows and they differ from ovn-controller's, or do something else with a packet. What
// ovn-controller has without a recompute is for who reads it.
func TestScenarios(t *testing.T) {
	programs, err := build()
	if err != nil {
		t.Fatal(err)
	}
	all, err := ReadAll(*scenarios)
	if err != nil {
		t.Fatal(err)
	}
	total, recomputed := new(Sum), new(Recomputed)
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			pair := StartPair(t, programs)
			sum, err := pair.Run(s, meantOf(t), os.Stdout)
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
