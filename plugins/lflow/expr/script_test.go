package expr

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
)

var rewrite = flag.Bool("rewrite", false, "write the results in testdata anew")

// TestStages runs a script of expressions. Look at the difference before you commit what -rewrite wrote.
func TestStages(t *testing.T) {
	const file = "testdata/stages.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := runScript(t, string(text))
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := strings.Split(string(text), "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(want) || line != want[i] {
			t.Fatalf("%s:%d: %s", file, i+1, line)
		}
	}
}

// runScript copies a script and writes results behind its expressions.
func runScript(t *testing.T, script string) string {
	var out strings.Builder
	run := &stageRun{}
	for s := bufio.NewScanner(strings.NewReader(script)); s.Scan(); {
		line := s.Text()
		if strings.HasPrefix(line, "  ") {
			continue // an old result
		}
		fmt.Fprintln(&out, line)
		command, rest, _ := strings.Cut(line, " ")
		switch command {
		case "dialect":
			d, ok := dialect.ByName(rest)
			if !ok {
				t.Fatalf("no dialect %s", rest)
			}
			run.dialect, run.env = d, scriptEnv(d)
		case "stages":
			run.stages = strings.Fields(rest)
		case ">":
			run.expression(&out, rest)
		}
	}
	return out.String()
}

// stageRun is what the lines so far have set.
type stageRun struct {
	dialect *dialect.Dialect
	env     *Env
	stages  []string
}

func scriptEnv(d *dialect.Dialect) *Env {
	sets := make(map[string]*ConstantSet)
	sets["few"], _ = NewAddressSet("few", []string{"10.0.0.2", "10.0.0.1"}, d)
	sets["net"], _ = NewAddressSet("net", []string{"10.1.2.3", "10.1.0.0/16"}, d)
	sets["none"], _ = NewAddressSet("none", nil, d)
	groups := map[string]*ConstantSet{"ab": NewPortGroup([]string{"a", "b"})}
	return &Env{
		Symtab:     LogicalFields(d),
		AddressSet: func(name string) *ConstantSet { return sets[name] },
		PortGroup:  func(name string) *ConstantSet { return groups[name] },
	}
}

func scriptPort(name string) (uint32, bool) {
	n := strings.Index("abc", name) + 1
	return uint32(n), n > 0 && len(name) == 1
}

// expression writes the stages of one expression that are asked for, as far as it comes.
func (r *stageRun) expression(out *strings.Builder, text string) {
	c := Compiler{Env: *r.env, Dialect: r.dialect, Resident: func(port string) bool { return port == "a" }}
	failed, err := c.Explain(text, nil, &MatchOptions{Port: scriptPort}, func(stage, text string) {
		switch {
		case stage == "flow" && slices.Contains(r.stages, "flows"):
			fmt.Fprintf(out, "  | %s\n", text)
		case slices.Contains(r.stages, stage):
			fmt.Fprintf(out, "  %s: %s\n", stage, text)
		}
	})
	if err != nil {
		fmt.Fprintf(out, "  %s: error: %s\n", failed, err)
	}
}
