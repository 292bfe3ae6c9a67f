package rows

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/flowhost/flowhost/e2e/meant"
	"github.com/flowhost/flowhost/e2e/parity"
)

const (
	// patience is how long both may take to come to the same.
	patience = 15 * time.Second
	// quiet is how long nothing may have changed for it to count as settled; and stuck, for differences to count as lasting.
	quiet = 300 * time.Millisecond
	stuck = 5 * time.Second
)

// A Pair is flowhost, and ovn-controller or what else it is compared with.
type Pair struct{ Ours, Theirs *Side }

// both has something done on either side, at the same time.
func (p Pair) both(what func(*Side) error) error {
	theirs := make(chan error, 1)
	go func() { theirs <- told("their side", what(p.Theirs)) }()
	return errors.Join(told("our side", what(p.Ours)), <-theirs)
}

func told(where string, err error) error {
	if err != nil {
		err = fmt.Errorf("%s: %w", where, err)
	}
	return err
}

// sync has both do what was said to their northbound databases; twice where an ovn-controller had to be started again, so that both count
// alike.
func (p Pair) sync() error {
	err := p.both((*Side).sync)
	if err == nil || !p.Ours.crashed() && !p.Theirs.crashed() {
		return err
	}
	return errors.Join(p.both((*Side).revive), p.both((*Side).sync))
}

// Run runs a scenario on a fresh pair, and writes a report of each step to out. Packets that it names are nothing here. The error is
// of a command, or that a side did not do what was asked in time.
func (p Pair) Run(s *parity.Scenario, known meant.Differences, out io.Writer) (total Sum, err error) {
	for _, c := range s.Commands {
		switch c.Tool {
		case "trace":
		case "step":
			var sum Sum
			sum, err = p.Step(s.Name+", step "+c.Args[0], known, out)
			total.add(sum)
		default:
			err = p.both(func(s *Side) error { return s.do(c) })
		}
		if err != nil {
			return total, fmt.Errorf("%s:%d: %s %s: %w", s.Name, c.Line, c.Tool, c.Args[0], err)
		}
	}
	return total, nil
}

// Step waits and compares. Where there are differences, ovn-controller has to compute anew once more: what it came to after the first
// time, such as rows that it need not be told of any more, may make it come to something else.
func (p Pair) Step(name string, known meant.Differences, out io.Writer) (Sum, error) {
	if err := p.sync(); err != nil {
		return Sum{}, err
	}
	var r *Result
	for range 2 {
		err := p.both((*Side).recompute)
		if err == nil {
			r, err = p.settle(name, known)
		}
		if err != nil {
			return Sum{}, err
		}
		if r.Unmeant() == 0 {
			break
		}
	}
	r.Report(out)
	return r.Sum(), nil
}

// settle waits until nothing changes any more and both have the same, or for as long as patience lasts.
func (p Pair) settle(step string, known meant.Differences) (*Result, error) {
	var before [2]Rows
	since := time.Now()
	for deadline := time.Now().Add(patience); ; time.Sleep(quiet / 6) {
		ours, err := Read(p.Ours.Sandbox)
		if err != nil {
			return nil, err
		}
		theirs, err := Read(p.Theirs.Sandbox)
		if err != nil {
			return nil, err
		}
		if !equal(ours, before[0]) || !equal(theirs, before[1]) {
			before, since = [2]Rows{ours, theirs}, time.Now()
		}
		r, enough := Compare(step, ours, theirs, known), quiet
		if r.Unmeant() > 0 {
			enough = stuck
		}
		if time.Since(since) >= enough || time.Now().After(deadline) {
			return r, nil
		}
	}
}

func equal(a, b Rows) bool {
	return maps.EqualFunc(a, b, maps.Equal[map[string]string, map[string]string])
}
