package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/e2e/standin"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// A site is an OVN of one size, and the two on it.
type site struct {
	*bench
	size        topology
	apart       bool // each has an OVN of its own
	own, theirs *contestant
	sb          *ovsdb.Client // for changes of the southbound database
	fromFile    string        // whose flows come from a file, for people; empty: nobody's
	ports       int           // numbers given to ports
}

// onSite starts a site, with both at rest, for measurements.
func (b *bench) onSite(size topology, apart bool, measure func(*site) error) (err error) {
	s := &site{bench: b, size: size, apart: apart}
	home := filepath.Join(b.dir, size.name)
	if apart {
		home += "-apart"
	}
	s.theirs = &contestant{name: "ovn-controller", daemon: ovstest.Controller,
		Sandbox: ovstest.Open(filepath.Join(home, "a"), ovstest.Options{OVN: true})}
	options := ovstest.Options{OVN: true}
	if !apart {
		options = ovstest.Options{SB: s.theirs.SB()}
	}
	s.own = &contestant{name: hostName, daemon: hostName, Sandbox: ovstest.Open(filepath.Join(home, "b"), options)}
	if b.self {
		s.own.name, s.own.daemon = "ovn-controller", ovstest.Controller
	}
	defer func() {
		for _, c := range []*contestant{s.own, s.theirs} {
			if c.daemon == hostName {
				_ = c.Down(hostName)
			}
			if stopErr := ovstest.StopDir(c.Dir); err == nil {
				err = stopErr
			}
		}
	}()
	if err := s.start(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); s.sb.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	if err := s.poll(func() error {
		if state := s.sb.State(); state.Phase != ovsdb.Ready {
			return fmt.Errorf("southbound database: %v %v", state.Phase, state.Err)
		}
		return nil
	}); err != nil {
		return err
	}
	return measure(s)
}

// start makes the topology, starts ovn-controller, and when that is at rest, the other one.
func (s *site) start() (err error) {
	for _, c := range []*contestant{s.theirs, s.own} {
		if err := os.MkdirAll(c.Dir, 0o755); err != nil {
			return err
		}
		if _, err := ovstest.StartIn(s.ctx, c.Dir, c.Options); err != nil {
			return err
		}
		// Of 250,000 flows ovs-vswitchd takes longer than ovn-controller waits for a sign of life, which then begins from nothing, for ever.
		if _, err := s.command(c, "ovs-vsctl", "set", "Open_vSwitch", ".", "external_ids:ovn-openflow-probe-interval=0"); err != nil {
			return err
		}
		if err := s.batches(c, "ovs-vsctl", nil, s.size.plug()); err != nil {
			return err
		}
	}
	s.ports = len(s.size.plug())
	if err := s.startAlone(s.theirs); err != nil {
		return err
	}
	if s.apart {
		return s.startApart()
	}
	if _, err := s.command(s.theirs, "ovn-appctl", "-t", ovstest.Northd, "pause"); err != nil { // changes are made in the southbound database
		return err
	}
	return s.startOwn()
}

// startAlone makes the topology at a contestant's own OVN and starts its daemon.
func (s *site) startAlone(c *contestant) (err error) {
	if err := s.batches(c, "ovn-nbctl", []string{"--timeout=120"}, s.size.northbound()); err != nil {
		return err
	}
	if _, err := s.command(c, "ovn-nbctl", "--wait=sb", "--timeout=600", "sync"); err != nil {
		return err
	}
	if err := c.Up(s.ctx, c.daemon); err != nil {
		return err
	}
	if c.flows, err = c.awaitRest(s); err != nil {
		return err
	}
	// Its claims, and what follows from them, may come after it has been idle for a moment.
	if _, err := s.command(c, "ovn-nbctl", "--wait=hv", "--timeout=600", "sync"); err != nil {
		return err
	}
	c.flows, err = c.awaitRest(s)
	return err
}

// startApart starts the one that is compared with ovn-controller at an OVN of its own.
func (s *site) startApart() (err error) {
	if s.sb, err = s.southbound(); err != nil {
		return err
	}
	if !s.self {
		if err := s.addFlowhost(); err != nil {
			return err
		}
	}
	if err := s.startAlone(s.own); err != nil {
		return err
	}
	s.noteFlows()
	return nil
}

// southbound is a client of the southbound database of ovn-controller's.
func (s *site) southbound() (*ovsdb.Client, error) {
	model, err := sb.FullDatabaseModel()
	if err != nil {
		return nil, err
	}
	return ovsdb.New(ovsdb.Config{Database: "OVN_Southbound", Endpoints: s.theirs.SB(), Model: model, Probe: -1})
}

// startOwn starts the one that is compared with ovn-controller.
func (s *site) startOwn() (err error) {
	if s.sb, err = s.southbound(); err != nil {
		return err
	}
	if err := s.mirrorZones(); err != nil {
		return err
	}
	if !s.self {
		if err := s.addFlowhost(); err != nil {
			return err
		}
	}
	if err := s.own.Up(s.ctx, s.own.daemon); err != nil {
		return err
	}
	if s.own.flows, err = s.own.awaitRest(s); err != nil {
		return err
	}
	s.noteFlows()
	return nil
}

func (s *site) noteFlows() {
	bar.Note("%s: ovn-controller has %d flows, %s has %d", s.size.name, s.theirs.flows, s.own.name, s.own.flows)
	if s.own.flows != s.theirs.flows {
		bar.Note("%s: these numbers differ: ratios are of different work", s.size.name)
	}
}

func (s *site) addFlowhost() error {
	lacking := standin.Lacking(s.bin, standin.Sources)
	if len(lacking) > 0 {
		s.fromFile = "flows of " + strings.Join(lacking, ", ") + " from a file"
		if err := s.writeStandIn(lacking); err != nil {
			return err
		}
	}
	if err := s.configure(lacking); err != nil {
		return err
	}
	s.own.admin = admin.NewClient(s.own.path("run", "admin.sock"))
	s.own.Add(ovstest.Daemon{
		Name: hostName, Program: filepath.Join(s.bin, "flowhost"), Args: []string{"run", "--config=" + s.own.path("config.yaml"), "--log-json"},
		Ready: func() error { _, err := s.own.admin.Status(s.ctx); return err },
	})
	return nil
}

// mirrorZones gives the other bridge the conntrack zones that ovn-controller has chosen.
func (s *site) mirrorZones() error {
	ids, err := s.command(s.theirs, "ovs-vsctl", "get", "Bridge", ovstest.Bridge, "external_ids")
	if err == nil {
		_, err = s.command(s.own, "ovs-vsctl", "set", "Bridge", ovstest.Bridge, "external_ids="+strings.TrimSpace(ids))
	}
	return err
}

// batches runs a tool with several commands at a time.
func (s *site) batches(c *contestant, tool string, options, commands []string) error {
	for some := range slices.Chunk(commands, 200) {
		args := append(slices.Clone(options), strings.Join(some, " -- "))
		if _, err := s.command(c, "sh", "-c", tool+" "+strings.Join(args, " ")); err != nil {
			return err
		}
	}
	return nil
}

// command runs a program in a contestant's environment, for as long as it takes.
func (s *site) command(c *contestant, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(s.ctx, program, args...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = c.Env(), &stderr
	out, err := cmd.Output()
	if err != nil {
		line := strings.Join(cmd.Args, " ")
		err = fmt.Errorf("%s: %w: %s", line[:min(len(line), 200)], err, strings.TrimSpace(stderr.String()))
	}
	return string(out), err
}

// poll waits for what takes a machine that does nothing else a moment.
func (s *site) poll(check func() error) error {
	ctx, cancel := context.WithTimeout(s.ctx, 2*time.Minute)
	defer cancel()
	return ovstest.Poll(ctx, check)
}

// turns measures n times in turns: while one is measured, the other's processes are stopped. It returns what each took.
func (s *site) turns(n int, measure func(*contestant) (time.Duration, error)) (own, theirs []time.Duration, err error) {
	took := make(map[*contestant][]time.Duration)
	order := []*contestant{s.theirs, s.own}
	for range n {
		for _, c := range order {
			err := s.alone(c, func() error {
				t, err := measure(c)
				took[c] = append(took[c], t)
				return err
			})
			if err != nil {
				return nil, nil, err
			}
		}
		slices.Reverse(order)
	}
	return took[s.own], took[s.theirs], nil
}

// alone does something with the other one stopped.
func (s *site) alone(c *contestant, do func() error) error {
	other := s.own
	if c == s.own {
		other = s.theirs
	}
	if err := s.without(do, other); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// withoutBoth does something with both stopped.
func (s *site) withoutBoth(do func() error) error { return s.without(do, s.own, s.theirs) }

// without does something with some stopped, and waits until they have taken in what they have missed.
func (s *site) without(do func() error, stopped ...*contestant) error {
	var pids []int
	for _, c := range stopped {
		its, err := c.pids(s)
		if err != nil {
			return err
		}
		pids = append(pids, its...)
	}
	if err := send(pids, syscall.SIGSTOP); err != nil {
		return err
	}
	err := do()
	if err = errors.Join(err, send(pids, syscall.SIGCONT)); err != nil {
		return err
	}
	for _, c := range stopped {
		if _, err := c.awaitRest(s); err != nil {
			return err
		}
	}
	return nil
}

// durations is the outcome of two lists of times.
func durations(what string, own, theirs []time.Duration) outcome {
	a, b := bar.Median(own), bar.Median(theirs)
	text := func(median time.Duration, of []time.Duration) string {
		return fmt.Sprintf("%v (%v–%v)", round(median), round(slices.Min(of)), round(slices.Max(of)))
	}
	return outcome{what: what, own: text(a, own), theirs: text(b, theirs), ratio: bar.Ratio(a, b), incomparable: b == 0}
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}
