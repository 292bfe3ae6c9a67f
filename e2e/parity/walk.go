package parity

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/flowhost/flowhost/e2e/meant"
)

// A Fault is what a walk must not find.
type Fault struct {
	Kind string // command, settle, flows or traces: what it comes from
	Step string // at which it was found, "" if before it
	What string
}

func (f *Fault) Error() string { return fmt.Sprintf("%s, step %q: %s", f.Kind, f.Step, f.What) }

// walk runs commands on a fresh pair. At each step it waits and compares; at every so many steps, and again where there seem to be
// differences, both compute their flows anew before: what ovn-controller comes to incrementally is not always what it comes to anew.
// The tally counts what it came by.
func (p *Pair) walk(commands []Command, every int, known meant.Differences, tally *Tally) *Fault {
	steps := 0
	for _, c := range commands {
		if c.Tool != "step" {
			if err := p.do(c); err != nil {
				return &Fault{Kind: "command", What: err.Error()}
			}
			continue
		}
		steps++
		p.recompute = steps%every == 0
		fault := p.check(c.Args[0], known)
		if fault != nil && fault.Kind != "settle" {
			p.recompute = true
			fault = p.check(c.Args[0], known)
		}
		if fault != nil {
			fault.Step = c.Args[0]
			return fault
		}
		if err := p.tally(tally, c.Args[0]); err != nil {
			return &Fault{Kind: "command", Step: c.Args[0], What: err.Error()}
		}
	}
	return nil
}

// tally counts a step; those of ovn-controller's flows that come from logical flows only where it recomputed, for that takes long.
func (p *Pair) tally(t *Tally, step string) error {
	theirs, err := ReadSide(p.theirs)
	if err != nil {
		return err
	}
	t.step(step, theirs.Flows)
	if p.recompute {
		err = t.logical(p.ovn, theirs.Flows)
	}
	return err
}

// check is a step: the name says which packets are traced, if flowhost has all flows.
func (p *Pair) check(name string, known meant.Differences) *Fault {
	if err := p.settle(); err != nil {
		return &Fault{Kind: "settle", What: err.Error()}
	}
	result, err := p.compare(known)
	if err != nil {
		return &Fault{Kind: "settle", What: err.Error()}
	}
	var report strings.Builder
	if bad := result.bad(); len(bad) > 0 {
		(&Result{Differences: bad}).Report(&report, p.logicalFlow)
		return &Fault{Kind: "flows", What: fmt.Sprintf("%d differences\n%s", len(bad), report.String())}
	}
	if !p.hasAll() {
		return nil
	}
	traced, err := p.traces(name, nil, result)
	if err != nil {
		return &Fault{Kind: "settle", What: err.Error()}
	}
	if len(traced.Differences) == 0 {
		return nil
	}
	traced.Report(&report)
	return &Fault{Kind: "traces", What: report.String()}
}

// bad are the differences that nothing excuses.
func (r *Result) bad() (all []Difference) {
	for _, d := range r.Differences {
		if d.Outcome == OnlyOurs || d.Outcome == Differ || d.Outcome == OnlyTheirs {
			all = append(all, d)
		}
	}
	return all
}

// shrink returns a list without what is not needed for it to fail: first without the steps before the last, then without chunks,
// smaller and smaller. It stops at the deadline.
func shrink(all []Command, deadline time.Time, fails func([]Command) bool) []Command {
	last := len(all) - 1
	only := slices.DeleteFunc(slices.Clone(all[:max(last, 0)]), func(c Command) bool { return c.Tool == "step" })
	if only = append(only, all[max(last, 0):]...); len(only) < len(all) && fails(only) {
		all = only
	}
	for size := len(all) / 2; size > 0; size /= 2 {
		for from := len(all) - 1 - size; from > -size; from -= size { // from the end: what is added is needed by what comes later
			if time.Now().After(deadline) {
				return all
			}
			begin := max(from, 0)
			if fewer := slices.Delete(slices.Clone(all), begin, from+size); fails(fewer) {
				all = fewer
			}
		}
	}
	return all
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_.,:/=@+-]+$`)

// script is the text of a scenario of these commands.
func script(commands []Command) string {
	var out strings.Builder
	for _, c := range commands {
		out.WriteString(c.Tool)
		for _, word := range c.Args {
			if !plainWord.MatchString(word) {
				word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
			}
			out.WriteString(" " + word)
		}
		out.WriteString("\n")
	}
	return out.String()
}
