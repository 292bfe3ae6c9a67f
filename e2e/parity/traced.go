package parity

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/flowhost/flowhost/e2e/standin"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// Traced is what came of packets that were traced on both sides.
type Traced struct {
	Verdicts    map[Verdict]int // how many of those that are the same have which
	Known       int             // differ, and on their way met a flow that is meant to differ, or contested
	Differences []TraceDifference
}

// Same is how many are the same.
func (t *Traced) Same() (n int) {
	for _, count := range t.Verdicts {
		n += count
	}
	return n
}

// Total is how many were traced.
func (t *Traced) Total() int { return t.Same() + t.Known + len(t.Differences) }

func (t *Traced) add(other *Traced) {
	for v, n := range other.Verdicts {
		t.count(v, n)
	}
	t.Known += other.Known
	t.Differences = append(t.Differences, other.Differences...)
}

func (t *Traced) count(v Verdict, n int) {
	if t.Verdicts == nil {
		t.Verdicts = make(map[Verdict]int)
	}
	t.Verdicts[v] += n
}

func (t *Traced) String() string {
	var of []string
	for _, v := range verdicts {
		of = append(of, fmt.Sprintf("%s %d", v, t.Verdicts[v]))
	}
	if t.Known > 0 {
		of = append(of, fmt.Sprintf("known %d", t.Known))
	}
	return fmt.Sprintf("traces: %d of %d (%s)", t.Same(), t.Total(), strings.Join(of, ", "))
}

// Report prints the counts, and all differences.
func (t *Traced) Report(out io.Writer) {
	fmt.Fprintln(out, t)
	for _, d := range t.Differences {
		d.Report(out)
	}
}

// A TraceDifference is a packet of which two switches make something else.
type TraceDifference struct {
	Packet       Packet
	Ours, Theirs Trace
}

// Report prints what each makes of it, and the flows at which they part.
func (d *TraceDifference) Report(out io.Writer) {
	fmt.Fprintf(out, "  packet %v\n", d.Packet)
	ours, theirs := parts(d.Ours, d.Theirs)
	for _, side := range []struct {
		sign  string
		trace Trace
		at    string
	}{{"-", d.Theirs, theirs}, {"+", d.Ours, ours}} {
		fmt.Fprintf(out, "  %s%s: %s\n      at %s\n", side.sign, side.trace.Verdict(), strings.Join(side.trace.Actions, "; "), side.at)
	}
}

// hasAll says whether flowhost has all flows of all tables: then it must do with every packet what ovn-controller does.
func (p *Pair) hasAll() bool {
	return !slices.ContainsFunc(standin.Sources, func(name string) bool {
		return !slices.Contains(p.feed.stand, name) && !slices.Contains(p.plugins, name)
	})
}

// traces traces packets of all kinds, which follow from the seed, and some more. Both sides have settled before. What differs is traced
// again when they have once more: ovn-controller may announce an address at any time, and makes a MAC binding of that itself
// (send_garp_locally), and a bridge that switches by itself learns where it is. The flows were compared before: a packet that meets one that
// is meant to differ may fare differently.
func (p *Pair) traces(seed string, more []Packet, flows *Result) (*Traced, error) {
	packets, err := p.packets(seed)
	if err != nil {
		return nil, err
	}
	traced, err := p.trace(append(packets, more...))
	if err == nil {
		traced.excuse(flows)
	}
	if err != nil || len(traced.Differences) == 0 {
		return traced, err
	}
	if err := p.rest(); err != nil {
		return nil, err
	}
	for _, s := range []*ovstest.Sandbox{p.ovn, p.own} {
		if _, err := s.Control(ovstest.Vswitchd, "fdb/flush"); err != nil {
			return nil, err
		}
	}
	packets = nil
	for _, d := range traced.Differences {
		packets = append(packets, d.Packet)
	}
	again, err := p.trace(packets)
	if err != nil {
		return nil, err
	}
	again.excuse(flows)
	traced.Differences = nil
	traced.add(again)
	return traced, nil
}

// excuse takes out the differences of packets that met a flow whose actions are known to differ, or of which another contender was taken.
func (t *Traced) excuse(flows *Result) {
	known := make(map[string]bool)
	for _, d := range flows.Differences {
		if (d.Outcome == Known || d.Outcome == Contested) && (d.Ours == nil || d.Theirs == nil || d.Ours.Actions != d.Theirs.Actions) {
			known[fmt.Sprintf("%d. %s, priority %d", d.Table, d.Match, d.Priority)] = true
		}
	}
	met := func(t Trace, numbers *names) bool {
		return slices.ContainsFunc(t.Path, func(flow string) bool { return known[numbers.match(flow)] })
	}
	before := len(t.Differences)
	t.Differences = slices.DeleteFunc(t.Differences, func(d TraceDifference) bool {
		return met(d.Ours, flows.ours) || met(d.Theirs, flows.theirs)
	})
	t.Known += before - len(t.Differences)
}

// packets are those of a step, and have a way through tunnels.
func (p *Pair) packets(seed string) ([]Packet, error) {
	for _, s := range []*ovstest.Sandbox{p.ovn, p.own} {
		if err := route(s); err != nil {
			return nil, err
		}
	}
	w, err := readWorld(p.ovn, p.theirs.Flows)
	if err != nil {
		return nil, err
	}
	return w.Packets(seed), nil
}

// trace traces packets on both sides.
func (p *Pair) trace(packets []Packet) (*Traced, error) {
	traced := new(Traced)
	for _, packet := range packets {
		d := TraceDifference{Packet: packet}
		var err error
		if d.Ours, err = traceOn(p.own, packet); err != nil {
			return nil, fmt.Errorf("packet %v: flowhost's: %w", packet, err)
		}
		if d.Theirs, err = traceOn(p.ovn, packet); err != nil {
			return nil, fmt.Errorf("packet %v: ovn-controller's: %w", packet, err)
		}
		if slices.Equal(d.Ours.Actions, d.Theirs.Actions) {
			traced.count(d.Theirs.Verdict(), 1)
		} else {
			traced.Differences = append(traced.Differences, d)
		}
	}
	return traced, nil
}

func traceOn(s *ovstest.Sandbox, packet Packet) (Trace, error) {
	arguments := append([]string{ovstest.Bridge, packet.Flow}, packet.Options...)
	text, err := s.Control(ovstest.Vswitchd, "ofproto/trace", append(arguments, "--names")...)
	if err != nil {
		return Trace{}, err
	}
	return readTrace(text)
}
