// Command benchnode measures a whole node: flowhost with the sources that there are, and ovn-controller, on the same southbound database,
// each on an Open vSwitch of its own with the same ports.
//
//	go run ./e2e/benchnode -bin bin -flows 1k,50k -only mac-binding,resync
//
// The two take turns, and the one that is not measured is stopped: figures are ratios of what one machine did in the same minutes. What
// needs a source that is not in the folder of binaries is left out by name; where only its flows are needed, they come from a file
// (examples/ofctl), and the figure says so. With -self the second one is ovn-controller, too: all ratios should be 1, and how far they
// are from it tells what this machine's figures are worth.
package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/e2e/standin"
)

// timeout is generous: other work on the machine may stretch everything.
const timeout = 3 * time.Hour

// bench is what all measurements share.
type bench struct {
	ctx  context.Context
	dir  string
	bin  string // the folder of binaries
	runs int    // of what takes long, of which the median counts
	n    int    // of single changes, of which the median counts
	self bool
	rows []row // of the table at the end
}

// measurements are in the order in which they run.
var measurements = []measurement{
	{name: "cold-start", sizes: bySize, needs: standin.Sources, measure: (*site).coldStart, limits: map[string]float64{"50k": 0.9, "250k": 0.2}},
	{name: "resync", sizes: bySize, measure: (*site).resync},
	{name: "rest", sizes: bySize, measure: (*site).rest},
	{name: "mac-binding", sizes: bySize, needs: []string{"neighbor"}, measure: (*site).macBinding},
	{name: "acl", sizes: bySize, needs: []string{"lflow"}, measure: (*site).acl, limits: always(0.5)},
	{name: "address", sizes: bySize, needs: []string{"lflow"}, measure: (*site).address, limits: always(0.5)},
	{name: "member", sizes: bySize, needs: []string{"lflow"}, measure: (*site).member, limits: always(0.5)},
	{name: "backend", sizes: bySize, needs: []string{"lflow"}, measure: (*site).backend, limits: always(0.5)},
	{name: "churn", sizes: bySize, needs: []string{"neighbor"}, measure: (*site).churn},
	{name: "port-up", sizes: []string{"1000-ports"}, needs: []string{"lflow", "physical"}, measure: (*site).portUp, limits: always(0.5)},
	{name: "installed", sizes: []string{"1000-ports"}, needs: append([]string{chassisSource}, standin.Sources...), apart: true,
		measure: (*site).installed, limits: always(0.5)},
	{name: "chassis", sizes: []string{"1k"}, needs: []string{"physical"}, alone: true, measure: (*site).chassis, limits: always(0.3)},
}

// A measurement needs sources, and makes sense at some sizes. If limits has the size, the ratio is a bar.
type measurement struct {
	name    string
	sizes   []string
	needs   []string
	apart   bool // each has an OVN of its own, flowhost with its chassis source
	alone   bool // it is about these sources only: it is a bar also when others' flows come from a file
	measure func(*site) ([]outcome, error)
	limits  map[string]float64
}

// An outcome is what one measurement found of the two.
type outcome struct {
	what         string // beside the measurement's name; may be empty
	own, theirs  string // for people
	ratio        float64
	limit        float64 // its own, if not 0
	incomparable bool    // there is no ratio: one of them is too small to be measured
}

// always is the same limit at all sizes.
func always(limit float64) map[string]float64 {
	limits := make(map[string]float64)
	for _, size := range sizes {
		limits[size.name] = limit
	}
	return limits
}

func main() {
	b := new(bench)
	flag.StringVar(&b.bin, "bin", "bin", "the `folder` of flowhost and its plugins")
	flag.IntVar(&b.runs, "runs", 5, "runs of what takes long, of which the median counts")
	flag.IntVar(&b.n, "n", 30, "single changes, of which the median counts")
	flag.BoolVar(&b.self, "self", false, "measure ovn-controller against itself")
	var only, flows bar.Only
	flag.Var(&only, "only", "measure only what is named so, `NAME[,NAME…]`")
	flag.Var(&flows, "flows", "only at these sizes, `SIZE[,SIZE…]` of 1k, 50k, 250k, 1000-ports")
	flag.Parse()
	bar.Main("benchnode", timeout, func(ctx context.Context, dir string) (missed int, err error) {
		b.ctx, b.dir = ctx, dir
		return b.run(only, flows)
	})
}

// run returns the number of bars missed.
func (b *bench) run(only, flows bar.Only) (missed int, err error) {
	if b.bin, err = filepath.Abs(b.bin); err != nil {
		return 0, err
	}
	for _, size := range sizes {
		if !flows.Has(size.name) {
			continue
		}
		more, err := b.measure(size, only)
		if missed += more; err != nil {
			return missed, fmt.Errorf("%s flows: %w", size.name, err)
		}
	}
	b.table()
	return missed, nil
}

// measure does all measurements that are wanted at one size.
func (b *bench) measure(size topology, only bar.Only) (missed int, err error) {
	for _, apart := range []bool{false, true} {
		more, err := b.measureOn(size, apart, only)
		if missed += more; err != nil {
			return missed, err
		}
	}
	return missed, nil
}

// measureOn does those of them for which both are at one OVN, or apart.
func (b *bench) measureOn(size topology, apart bool, only bar.Only) (missed int, err error) {
	var todo []measurement
	for _, m := range measurements {
		if m.apart != apart || !only.Has(m.name) || !slices.Contains(m.sizes, size.name) {
			continue
		}
		if lacking := standin.Lacking(b.bin, m.needs); len(lacking) > 0 && !b.self {
			fmt.Printf("left out: %s at %s (needs %s)\n", m.name, size.name, strings.Join(lacking, ", "))
			continue
		}
		todo = append(todo, m)
	}
	if len(todo) == 0 {
		return 0, nil
	}
	err = b.onSite(size, apart, func(s *site) error {
		for _, m := range todo {
			outcomes, err := m.measure(s)
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			for _, o := range outcomes {
				missed += b.tell(m, s, o)
			}
		}
		return nil
	})
	return missed, err
}
