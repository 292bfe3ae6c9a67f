package parity

import (
	"fmt"
	"io"

	"github.com/flowhost/flowhost/e2e/meant"
)

// A Sum is what all steps of a scenario add up to.
type Sum struct {
	Counts Counts
	Traced Traced
}

func (s *Sum) add(other *Sum) {
	s.Counts.add(&other.Counts)
	s.Traced.add(&other.Traced)
}

// Run runs a scenario on a fresh pair, and writes a report of each step to out. The error is of a command, or says which side did not
// settle.
func (p *Pair) Run(s *Scenario, known meant.Differences, out io.Writer) (*Sum, error) {
	total := new(Sum)
	var named []Packet // of the next step
	for _, c := range s.Commands {
		var err error
		switch c.Tool {
		case "step":
			fmt.Fprintf(out, "%s, step %s\n", s.Name, c.Args[0])
			err = p.step(s.Name+" "+c.Args[0], named, known, out, total)
			named = nil
		case "trace":
			named = append(named, Packet{c.Args[0], c.Args[1:]})
		default:
			err = p.do(c)
		}
		if err != nil {
			return total, fmt.Errorf("%s:%d: %s %s: %w", s.Name, c.Line, c.Tool, c.Args[0], err)
		}
	}
	fmt.Fprintf(out, "%s: %v\n", s.Name, &total.Traced)
	return total, nil
}

// step waits, compares and traces. The seed says which packets.
func (p *Pair) step(seed string, named []Packet, known meant.Differences, out io.Writer, total *Sum) error {
	if err := p.settle(); err != nil {
		return err
	}
	result, err := p.compare(known)
	if err == nil && len(result.bad()) > 0 { // ovn-controller may just have learned an address that it has announced itself
		if err = p.settle(); err == nil {
			result, err = p.compare(known)
		}
	}
	if err != nil {
		return err
	}
	result.Report(out, p.logicalFlow)
	total.Counts.add(result.Total())
	traced, err := p.traces(seed, named, result)
	if err != nil {
		return err
	}
	traced.Report(out)
	total.Traced.add(traced)
	return nil
}
