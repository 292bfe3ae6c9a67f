package expr

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/golden"
)

// TestStages runs a script of expressions.
func TestStages(t *testing.T) {
	golden.Test(t, "testdata/stages.txt", func(*testing.T) golden.Command { return new(stageRun).run })
}

// stageRun is what the lines so far have set.
type stageRun struct {
	dialect *dialect.Dialect
	env     *Env
	stages  []string
}

func (r *stageRun) run(t *testing.T, out *strings.Builder, name, rest string) {
	switch name {
	case "dialect":
		r.dialect = golden.Dialect(t, rest)
		r.env = scriptEnv(r.dialect)
	case "stages":
		r.stages = strings.Fields(rest)
	case ">":
		r.expression(out, rest)
	}
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
