// Command bars holds flowhost's switch side against what it must reach: a real flowhost with plugins in processes of their own, on
// a real ovs-vswitchd with its dummy datapath, beside ovs-ofctl and beside what ovs-vswitchd itself takes.
//
//	go run ./e2e/bars -flowhost bin/flowhost
//
// Those that are compared take turns in one run, so that figures are ratios of what one machine did in the same minutes. It prints
// a line for each bar, with the absolute figures above it, and exits with 1 if one is missed.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// timeout is generous: other work on the machine may stretch everything.
const timeout = 40 * time.Minute

// bench is what all measurements share.
type bench struct {
	ctx      context.Context
	dir      string
	flowhost string // the host's binary
	flows    int    // of a big table
	few      int    // of the smaller of two big loads
	runs     int    // of each contestant, of which the median counts
	settle   time.Duration
}

// bars are the measurements, in the order in which they run. Each gives one or more figures.
var bars = []struct {
	name    string
	measure func(*bench) ([]bar.Figure, error)
}{
	{"load-100k", (*bench).smallerLoad},
	{"load-250k", (*bench).bigLoad},
	{"load-2000-ports", (*bench).loadManyPorts},
	{"change-250k", (*bench).change},
	{"change-during-load", (*bench).changeDuringLoad},
	{"resync-250k", (*bench).resync},
	{"refused", (*bench).refused},
	{"cpu", (*bench).cpu},
	{"memory", (*bench).memory},
}

func main() {
	if os.Getenv(pluginCookie) != "" {
		serveSource()
		return
	}
	b := new(bench)
	flag.StringVar(&b.flowhost, "flowhost", "bin/flowhost", "the host's `binary`")
	flag.IntVar(&b.flows, "flows", 250_000, "flows of a big table")
	flag.IntVar(&b.few, "few", 100_000, "flows of the smaller big load")
	flag.IntVar(&b.runs, "runs", 5, "runs of each contestant, of which the median counts")
	flag.DurationVar(&b.settle, "settle", time.Minute, "time from the end of a load to the measuring of memory")
	var only bar.Only
	flag.Var(&only, "only", "measure only what is named so, `NAME[,NAME…]`")
	flag.Parse()
	bar.Main("bars", timeout, func(ctx context.Context, dir string) (missed int, err error) {
		b.ctx, b.dir = ctx, dir
		return b.run(only)
	})
}

// run returns the number of bars missed.
func (b *bench) run(only bar.Only) (missed int, err error) {
	if b.flowhost, err = filepath.Abs(b.flowhost); err != nil {
		return 0, err
	}
	for _, m := range bars {
		if !only.Has(m.name) {
			continue
		}
		figures, err := m.measure(b)
		if err != nil {
			return missed, fmt.Errorf("%s: %w", m.name, err)
		}
		for _, f := range figures {
			missed += f.Print()
		}
	}
	return missed, nil
}

// onNode runs a measurement on a node that is started for it, with so many ports.
func (b *bench) onNode(name string, ports int, measure func(*node) error) (err error) {
	n := &node{bench: b, Sandbox: ovstest.Open(filepath.Join(b.dir, name), ovstest.Options{})}
	defer func() {
		if stopErr := n.stop(); err == nil {
			err = stopErr
		}
	}()
	if err := n.start(ports); err != nil {
		return err
	}
	return measure(n)
}
