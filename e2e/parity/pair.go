package parity

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/e2e/dump"
	"github.com/flowhost/flowhost/e2e/meant"
	"github.com/flowhost/flowhost/e2e/standin"
	"github.com/flowhost/flowhost/internal/ovstest"
)

const (
	hostName = "flowhost"
	// patience is how long both may take to settle after a step.
	patience = 60 * time.Second
	// quiet is how long nothing may have changed for it to count as settled.
	quiet = 300 * time.Millisecond
)

// A Pair is ovn-controller and flowhost, each on an Open vSwitch of its own, for one chassis of one OVN.
type Pair struct {
	t         testing.TB
	ovn       *ovstest.Sandbox // with ovn-controller
	own       *ovstest.Sandbox // with flowhost
	programs  string           // folder of flowhost and its plugins
	plugins   []string         // those of OVN's sources that run
	feed      feed             // for the others
	recompute bool             // have both compute their flows anew before each comparison
	theirs    dump.Switch      // what ovn-controller's had when it was last looked at
	strays    []string         // names whose conntrack zone ovn-controller's bridge says wrongly

	recomputed Recomputed
}

// StartPair starts both, with the sources that [sourcesVariable] says. Those of OVN's that are there have their binaries in programs.
func StartPair(t testing.TB, programs string) *Pair {
	t.Helper()
	ovstest.Need(t)
	p := &Pair{t: t, ovn: ovstest.Start(t, ovstest.Options{OVN: true}), programs: programs, recompute: os.Getenv("RECOMPUTE") != "0"}
	p.own = ovstest.Start(t, ovstest.Options{SB: p.ovn.SB()})
	p.feed.path = filepath.Join(p.own.Dir, "flows")
	var err error
	if p.plugins, p.feed.stand, err = choose(os.Getenv(sourcesVariable), programs); err != nil {
		t.Fatal(err)
	}
	host, err := p.host()
	if err != nil {
		t.Fatal(err)
	}
	p.own.Add(host)
	for _, s := range []*ovstest.Sandbox{p.ovn, p.own} {
		if err := addUnderlay(s); err != nil {
			t.Fatal(err)
		}
	}
	p.ovn.StartController(t)
	p.own.Start(t, hostName)
	return p
}

func (p *Pair) flowhost() string { return filepath.Join(p.programs, "flowhost") }

func (p *Pair) socket() string { return filepath.Join(p.own.Dir, "run", hostName+".sock") }

// host is flowhost with OVN's sources, and what stands in for some.
func (p *Pair) host() (ovstest.Daemon, error) {
	file := filepath.Join(p.own.Dir, "config.yaml")
	config, err := json.Marshal(map[string]any{ // which is YAML, too
		"bridge": ovstest.Bridge, "switch": p.own.Mgmt(ovstest.Bridge), "ovsdb": p.own.OVSDB(), "socket": p.socket(),
		"state-dir": filepath.Join(p.own.Dir, "state"), "plugins": standin.Plugins(p.programs, p.plugins, p.feed.stand, p.feed.path),
	})
	if err == nil {
		err = errors.Join(os.WriteFile(file, config, 0o600), p.feed.write(dump.Switch{}))
	}
	return ovstest.Daemon{Name: hostName, Program: p.flowhost(), Args: []string{"run", "--config=" + file}, Ready: p.ready}, err
}

// status is what `flowhost status` says.
func (p *Pair) status() (s admin.Status, err error) {
	out, err := p.own.Run(p.flowhost(), "status", "-o", "json", "--socket="+p.socket())
	if err == nil {
		err = json.Unmarshal([]byte(out), &s)
	}
	return s, err
}

// ready says whether flowhost has said and installed everything.
func (p *Pair) ready() error {
	status, err := p.status()
	if err == nil && status.Flows.Lingering > 0 {
		err = fmt.Errorf("%d groups have yet to go", status.Flows.Lingering)
	}
	if err == nil && !status.Ready {
		err = fmt.Errorf("flowhost is not ready: %s", strings.Join(status.Reasons, "; "))
	}
	return err
}

// do runs one command of a scenario. Those for the southbound database name what ovn-northd makes of the ones before.
func (p *Pair) do(c Command) error {
	if c.Tool == "sb" {
		if err := p.northd(); err != nil {
			return err
		}
	}
	program := map[string]string{"nb": "ovn-nbctl", "sb": "ovn-sbctl", "vs": "ovs-vsctl"}[c.Tool]
	_, err := p.ovn.Run(program, c.Args...)
	return err
}

// settle waits until both have worked off all that was said, and the second Open vSwitch looks like the first.
func (p *Pair) settle() error {
	if err := p.northd(); err != nil {
		return err
	}
	before := p.strays
	if err := p.rest(); err != nil {
		return err
	}
	if len(p.strays) > 0 && !slices.Equal(p.strays, before) {
		fmt.Println("ovn-controller's bridge says wrongly which conntrack zone they have:", strings.Join(p.strays, ", "))
	}
	if !p.recompute {
		return nil
	}
	return p.recomputeBoth()
}

// northd waits until ovn-northd has worked off the northbound database.
func (p *Pair) northd() error {
	_, err := p.ovn.Run("ovn-nbctl", "--wait=sb", "sync")
	return err
}

// rest waits until nothing changes any more.
func (p *Pair) rest() error {
	deadline := time.Now().Add(patience)
	var before string
	since := time.Now()
	for {
		now, err := p.look()
		switch {
		case err == nil && now == before && time.Since(since) >= quiet:
			return nil
		case err != nil || now != before:
			before, since = now, time.Now()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not settled within %v: %v", patience, err)
		}
		time.Sleep(quiet / 6)
	}
}

// look mirrors what ovn-controller has made of its Open vSwitch, and returns all that may still change.
func (p *Pair) look() (string, error) {
	wanted, err := p.ovn.Run("ovn-sbctl", "--bare", "--columns=nb_cfg", "list", "SB_Global")
	if err != nil {
		return "", err
	}
	done, err := p.ovn.Run("ovn-sbctl", "--bare", "--columns=nb_cfg", "find", "Chassis_Private", "name="+p.ovn.Options.SystemID)
	if err != nil {
		return "", err
	}
	if done != wanted {
		return "", fmt.Errorf("ovn-controller has worked off %s of %s", strings.TrimSpace(done), strings.TrimSpace(wanted))
	}
	if p.strays, err = mirror(p.ovn, p.own); err != nil {
		return "", err
	}
	if err := p.ready(); err != nil {
		return "", err
	}
	if p.theirs, err = dump.Read(p.ovn.Run, ovstest.Bridge); err != nil {
		return "", err
	}
	ours, err := dump.Read(p.own.Run, ovstest.Bridge)
	if err == nil {
		err = p.feed.follow(p.theirs, ours)
	}
	return strings.Join(append(p.theirs.Lines(), ours.Lines()...), "\n"), err
}

// compare compares what both hold.
func (p *Pair) compare(known meant.Differences) (*Result, error) {
	ours, err := p.side(p.own)
	if err != nil {
		return nil, fmt.Errorf("flowhost's: %w", err)
	}
	theirs, err := p.side(p.ovn)
	if err != nil {
		return nil, fmt.Errorf("ovn-controller's: %w", err)
	}
	contenders, err := p.contenders(ours)
	if err != nil {
		return nil, err
	}
	return Compare(ours, theirs, contenders, known), nil
}

// side is what a switch has, but for tables where something stands in for a source: there, both have ovn-controller's flows.
func (p *Pair) side(s *ovstest.Sandbox) (*Side, error) {
	has, err := dump.Read(s.Run, ovstest.Bridge)
	if err != nil {
		return nil, err
	}
	side, err := ReadSide(has)
	if err == nil {
		maps.DeleteFunc(side.Flows, func(k Key, _ Flow) bool { return standin.Has(p.feed.stand, k.Table) })
	}
	return side, err
}

// contenders asks flowhost for the flows of keys that more than one logical flow wants.
func (p *Pair) contenders(ours *Side) (map[Key][]Flow, error) {
	out, err := p.own.Run(p.flowhost(), "flows", "-o", "json", "--socket="+p.socket())
	if err != nil {
		return nil, err
	}
	var all []struct{ Owner, Flow string }
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		return nil, err
	}
	byKey := make(map[Key][]Flow)
	for _, wanted := range all {
		if wanted.Owner == "" {
			continue
		}
		f, err := ours.Read(strings.TrimSpace(wanted.Flow))
		if err != nil {
			return nil, err
		}
		byKey[f.Key] = append(byKey[f.Key], f)
	}
	return byKey, nil
}

// logicalFlow tells what a cookie stands for: the logical flow, or another row, whose UUID begins so.
func (p *Pair) logicalFlow(cookie string) string {
	var n uint32
	if _, err := fmt.Sscanf(cookie, "0x%x", &n); err != nil || n == 0 {
		return "cookie " + cookie
	}
	prefix := fmt.Sprintf("%08x", n)
	for _, table := range []string{"Logical_Flow", "Port_Binding", "Multicast_Group", "MAC_Binding", "Static_MAC_Binding", "FDB", "Load_Balancer", "Chassis"} {
		columns := "_uuid"
		if table == "Logical_Flow" {
			columns = "_uuid,pipeline,table_id,priority,match,actions"
		}
		out, err := p.ovn.Run("ovn-sbctl", "--no-headings", "--format=csv", "--columns="+columns, "list", table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(out) {
			if strings.HasPrefix(line, prefix) {
				return table + " " + strings.TrimSpace(line)
			}
		}
	}
	return "no row " + prefix
}
