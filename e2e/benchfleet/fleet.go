package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// Ways to the database.
const (
	direct  = "direct"
	relayed = "relay"
)

// relayName is the daemon that relays the southbound database.
const relayName = "relay"

// A fleet is the central databases, and nodes that connect to the southbound one through the front.
type fleet struct {
	*bench
	centre *ovstest.Sandbox // its own Open vSwitch does nothing
	front  *meter           // between all nodes and the server that they talk to
	trunk  *meter           // between the relay and the southbound database
	nodes  []*node
	spare  string                   // the UUID of the port of that name
	commit map[string]time.Duration // how long ovn-nbctl takes for a change of a kind that no node hears of
}

// withFleet starts a fleet whose ports are bound, with neither side running.
func (b *bench) withFleet(count int, do func(*fleet) error) (err error) {
	home := filepath.Join(b.dir, strconv.Itoa(count))
	f := &fleet{bench: b, centre: ovstest.Open(filepath.Join(home, "c"), ovstest.Options{OVN: true})}
	defer func() { err = errors.Join(err, f.stop()) }()
	if err := f.startCentre(count); err != nil {
		return err
	}
	for i := range count {
		f.nodes = append(f.nodes, b.newNode(filepath.Join(home, strconv.Itoa(i)), i, f.front.endpoint()))
	}
	// One after the other: a tool of an Open vSwitch has 30 seconds, which many that start at once may use up.
	for i, n := range f.nodes {
		if err := n.start(b, plug(i)); err != nil {
			return fmt.Errorf("node %d: %w", i, err)
		}
	}
	if err := f.bind(); err != nil {
		return err
	}
	return do(f)
}

// startCentre starts the databases, the ways to them, and makes the network.
func (f *fleet) startCentre(nodes int) (err error) {
	if err := os.MkdirAll(f.centre.Dir, 0o755); err != nil {
		return err
	}
	if _, err := ovstest.StartIn(f.ctx, f.centre.Dir, f.centre.Options); err != nil {
		return err
	}
	run := func(name string) string { return filepath.Join(f.centre.Dir, "run", name) }
	if f.front, err = newMeter(run("front.sock")); err != nil {
		return err
	}
	f.front.lead(f.centre.SB())
	if f.trunk, err = newMeter(run("trunk.sock")); err != nil {
		return err
	}
	f.trunk.lead(f.centre.SB())
	f.centre.Add(ovstest.Daemon{
		Name: relayName, Program: "ovsdb-server",
		Args: []string{"-vconsole:off", "--log-file=" + f.centre.Log(relayName), "--unixctl=" + run("relay.ctl"),
			"--remote=punix:" + run("relay.sock"), "relay:OVN_Southbound:" + f.trunk.endpoint()},
		Ready: func() error {
			_, err := f.centre.Run("ovsdb-client", "--timeout=5", "get-schema-version", "unix:"+run("relay.sock"), "OVN_Southbound")
			return err
		},
	})
	if err := batch(f.ctx, f.centre, "ovn-nbctl", northbound(nodes)); err != nil {
		return err
	}
	if err := f.sync("sb"); err != nil {
		return err
	}
	f.spare, err = f.centre.Run("ovn-nbctl", "--bare", "--columns=_uuid", "find", "Logical_Switch_Port", "name="+spare)
	f.spare = strings.TrimSpace(f.spare)
	return err
}

// sync waits for ovn-northd ("sb"), or for all nodes, too ("hv").
func (f *fleet) sync(what string) error {
	_, err := f.centre.Run("ovn-nbctl", "--wait="+what, "--timeout=25", "sync")
	return err
}

// bind has ovn-controller bind the ports and make the tunnels of all nodes, and leave them.
func (f *fleet) bind() error {
	if err := f.each(func(n *node) error { return controller.up(f.ctx, n) }); err != nil {
		return err
	}
	if err := f.countFlows(); err != nil {
		return err
	}
	bar.Note("%d nodes: the first has %d flows", len(f.nodes), f.nodes[0].flows)
	if err := f.each(func(n *node) error { return controller.down(f.ctx, n) }); err != nil {
		return err
	}
	return f.timeCommits()
}

// countFlows finds out how many flows each node has with ovn-controller. Other nodes' tunnels and what follows from ports that are bound may
// come after a node has been at rest for a moment.
func (f *fleet) countFlows() error {
	var same atomic.Bool
	for !same.Load() {
		if err := ovstest.Poll(f.ctx, func() error { return f.sync("hv") }); err != nil {
			return err
		}
		same.Store(true)
		err := f.each(func(n *node) error {
			flows, err := n.awaitRest(f.ctx)
			if flows != n.flows {
				n.flows = flows
				same.Store(false)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// timeCommits measures the commits of changes while nothing runs on the nodes: what is measured later begins when ovn-nbctl is started, and
// when that ends depends on who else wants the processors then.
func (f *fleet) timeCommits() error {
	f.commit = make(map[string]time.Duration)
	for _, k := range kinds {
		var took []time.Duration
		for n := range max(5, f.changes) {
			for _, command := range [][]string{k.do(n, f.spare), k.undo(n, f.spare)} {
				start := time.Now()
				if _, err := f.centre.Run("ovn-nbctl", command...); err != nil {
					return err
				}
				took = append(took, time.Since(start))
				time.Sleep(20 * time.Millisecond) // until ovn-northd has done it
			}
		}
		f.commit[k.name] = bar.Median(took)
	}
	return nil
}

// connect has nodes that connect from now on come to the database on another way.
func (f *fleet) connect(way string) error {
	if way == direct {
		f.front.lead(f.centre.SB())
		return f.centre.Down(relayName)
	}
	f.front.lead("unix:" + filepath.Join(f.centre.Dir, "run", "relay.sock"))
	return f.centre.Up(f.ctx, relayName)
}

// each does something with all nodes at once.
func (f *fleet) each(do func(*node) error) error {
	errs := make([]error, len(f.nodes))
	var all sync.WaitGroup
	for i, n := range f.nodes {
		all.Go(func() { errs[i] = do(n) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// stop ends all that was started.
func (f *fleet) stop() error {
	err := f.each((*node).stop)
	for _, m := range []*meter{f.front, f.trunk} {
		if m != nil {
			m.close()
		}
	}
	return errors.Join(err, ovstest.StopDir(f.centre.Dir))
}
