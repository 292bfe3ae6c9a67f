package parity

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowhost/flowhost/e2e/dump"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// Recomputed counts after how many steps each side held other flows than it comes to when it computes them anew. ovn-controller's
// incremental result is not always that of its own recomputation; flowhost's must be.
type Recomputed struct{ Steps, Ours, Theirs int }

func (r *Recomputed) add(other Recomputed) {
	r.Steps, r.Ours, r.Theirs = r.Steps+other.Steps, r.Ours+other.Ours, r.Theirs+other.Theirs
}

func (r Recomputed) String() string {
	return fmt.Sprintf("recomputed after %d steps: other flows than before on ovn-controller's side after %d, on flowhost's after %d",
		r.Steps, r.Theirs, r.Ours)
}

// recomputeTries is how often recomputeBoth begins again because something else changed meanwhile.
const recomputeTries = 5

// errMoved is that something changed which recomputing does not explain.
var errMoved = errors.New("ovn-controller's flows changed while nobody changed anything")

// recomputeBoth has ovn-controller recompute and flowhost's plugins begin anew, each when both are at rest. The error is also that
// flowhost's flows are others than before. It begins again when ovn-controller's flows changed meanwhile, too: seconds after a port
// came, ovn-controller announces its address, and makes a MAC binding of that itself (send_garp_locally).
func (p *Pair) recomputeBoth() (err error) {
	for range recomputeTries {
		if err = p.tryRecompute(); !errors.Is(err, errMoved) {
			return err
		}
	}
	return err
}

func (p *Pair) tryRecompute() error {
	before, err := dump.Read(p.ovn.Run, ovstest.Bridge)
	if err != nil {
		return err
	}
	if _, err := p.ovn.Control(ovstest.Controller, "inc-engine/recompute"); err != nil {
		return err
	}
	if err := p.rest(); err != nil {
		return err
	}
	after, err := dump.Read(p.ovn.Run, ovstest.Bridge)
	if err != nil {
		return err
	}
	ours, err := dump.Read(p.own.Run, ovstest.Bridge)
	if err != nil {
		return err
	}
	for _, name := range p.plugins {
		if err := p.restart(name); err != nil {
			return err
		}
	}
	if err := p.rest(); err != nil {
		return err
	}
	anew, err := dump.Read(p.own.Run, ovstest.Bridge)
	if err != nil {
		return err
	}
	if later, err := dump.Read(p.ovn.Run, ovstest.Bridge); err != nil || !after.Equal(later) {
		return cmp.Or(err, errMoved)
	}
	p.recomputed.Steps++
	if !before.Equal(after) {
		p.recomputed.Theirs++
	}
	if !ours.Equal(anew) {
		p.recomputed.Ours++
		return fmt.Errorf("flowhost's flows are others when its plugins begin anew:\n%s", changedLines(ours, anew))
	}
	return nil
}

// restart restarts a plugin and waits until the new one has said everything.
func (p *Pair) restart(name string) error {
	was, _, err := p.plugged(name)
	if err != nil {
		return err
	}
	if _, err := p.own.Run(p.flowhost(), "plugins", "restart", name, "--socket="+p.socket()); err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(quiet / 6) {
		pid, synced, err := p.plugged(name)
		if err == nil && pid != 0 && pid != was && synced {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("plugin %s did not begin anew within %v: %v", name, patience, err)
		}
	}
}

// plugged is a plugin's process, and whether it has said everything.
func (p *Pair) plugged(name string) (pid int, synced bool, err error) {
	status, err := p.status()
	for _, plugin := range status.Plugins {
		if plugin.Name == name {
			return plugin.PID, plugin.Synced, err
		}
	}
	return 0, false, err
}

// changedLines are the first lines that are only in one of two dumps.
func changedLines(before, after dump.Switch) string {
	const most = 20
	was, is := before.Lines(), after.Lines()
	var out []string
	only := func(sign string, list, other []string) {
		for _, line := range list {
			if !slices.Contains(other, line) && len(out) < most {
				out = append(out, sign+line)
			}
		}
	}
	only("- ", was, is)
	only("+ ", is, was)
	return strings.Join(out, "\n")
}
