package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/internal/ovstest"
)

func (b *bench) smallerLoad() ([]bar.Figure, error) { return b.loadBeside("load-100k", b.few, 0, 1.1) }
func (b *bench) bigLoad() ([]bar.Figure, error)     { return b.loadBeside("load-250k", b.flows, 0, 1.1) }

func (b *bench) loadManyPorts() ([]bar.Figure, error) {
	return b.loadBeside("load-2000-ports", b.flows, 2000, 0.45)
}

// loadBeside compares a load from a plugin's first commit to its being installed with ovs-ofctl's time for the same flows, less
// what it takes to parse them.
func (b *bench) loadBeside(name string, flows, ports int, limit float64) ([]bar.Figure, error) {
	file := filepath.Join(b.dir, name+".flows")
	if err := writeFlows(file, flows); err != nil {
		return nil, err
	}
	var ours, commits, theirs, parse []time.Duration
	err := b.onNode(name, ports, func(n *node) error {
		for range b.runs {
			l, err := n.loadOnce(Work{Flows: flows})
			if err != nil {
				return err
			}
			whole, err := n.addFlows(ovstest.Bridge, file)
			if err != nil {
				return err
			}
			if err := n.expect(flows); err != nil {
				return err
			}
			if err := n.clear(); err != nil {
				return err
			}
			only, err := n.parseTime(file)
			if err != nil {
				return err
			}
			ours, commits = append(ours, l.Installed), append(commits, l.Committed)
			theirs, parse = append(theirs, whole-only), append(parse, only)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	bar.Note("%s: flowhost %v (committed after %v), each %v", name, bar.Median(ours), bar.Median(commits), ours)
	bar.Note("%s: ovs-ofctl %v less parsing (%v), each %v", name, bar.Median(theirs), bar.Median(parse), theirs)
	return []bar.Figure{{Name: name, Unit: "times ovs-ofctl --bundle", Value: bar.Ratio(bar.Median(ours), bar.Median(theirs)), Limit: limit}}, nil
}

// writeFlows writes the flows of a load as ovs-ofctl reads them.
func writeFlows(path string, flows int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	for n := range flows {
		fmt.Fprintln(w, numbered(n))
	}
	return w.Flush()
}

// loaded is one load by a host of its own.
type loaded struct {
	Took
	host, plugin, vswitchd time.Duration // CPU time that each has used
}

// loadOnce starts a host on the empty bridge, loads, and leaves the bridge empty.
func (n *node) loadOnce(w Work) (l loaded, err error) {
	return l, n.withHost(func() error {
		l, err = n.loadNow(w)
		if err != nil {
			return err
		}
		return n.expect(w.Flows - w.Bad)
	})
}

// loadNow has the source load.
func (n *node) loadNow(w Work) (l loaded, err error) {
	if err := n.load.Call("Source.Prepare", w, nil); err != nil {
		return l, err
	}
	processes := map[int]*time.Duration{
		n.Pid(hostName): &l.host, n.load.pid: &l.plugin, n.Pid(ovstest.Vswitchd): &l.vswitchd,
	}
	for pid, used := range processes {
		*used = -bar.CPU(pid)
	}
	err = n.load.Call("Source.Load", Nothing{}, &l.Took)
	for pid, used := range processes {
		*used += bar.CPU(pid)
	}
	return l, err
}

// addFlows is the time that ovs-ofctl takes to add the flows of a file in one bundle.
func (n *node) addFlows(target, file string) (time.Duration, error) {
	cmd := exec.CommandContext(n.ctx, "ovs-ofctl", "-O", "OpenFlow15", "--no-names", "--bundle", "add-flows", target, file)
	var stderr strings.Builder
	cmd.Env, cmd.Stderr = n.Env(), &stderr
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil {
		err = fmt.Errorf("%v: %w: %s", cmd.Args, err, stderr.String())
	}
	return took, err
}

// parseTime is the part of addFlows that is not the switch's: ovs-ofctl parses the whole file before it connects, so that is what it
// takes to fail when nobody listens. (With --names it would ask for the ports first. `ovs-ofctl parse-flows` also decodes and
// prints each flow, which takes longer than a load.)
func (n *node) parseTime(file string) (time.Duration, error) {
	took, err := n.addFlows("unix:"+n.path("run", "nobody"), file)
	if err == nil || !strings.Contains(err.Error(), "ovs-ofctl: connecting to") {
		return 0, fmt.Errorf("ovs-ofctl was to find nobody: %w", err)
	}
	return took, nil
}

// expect checks how many flows the switch holds: a load that leaves some out proves nothing.
func (n *node) expect(flows int) error {
	got, err := n.count()
	if err == nil && got != flows {
		err = fmt.Errorf("the switch holds %d flows, want %d", got, flows)
	}
	return err
}

// count is how many flows the switch holds.
func (n *node) count() (int, error) {
	out, err := n.Run("ovs-ofctl", "-O", "OpenFlow15", "dump-aggregate", ovstest.Bridge)
	if err != nil {
		return 0, err
	}
	return flowCount(out)
}
