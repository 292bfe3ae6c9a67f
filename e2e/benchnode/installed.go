package main

import (
	"fmt"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// installed measures the time from when a port that was plugged in has its number until its interface is marked ovn-installed, which is what
// those wait for who start workloads: before, only the command, ovs-vswitchd and the local database are at work.
func (s *site) installed() ([]outcome, error) {
	var outcomes []outcome
	for _, which := range []struct{ what, port string }{
		{"in no group", portName(0, s.size.ports)}, {"in a port group", portName(0, 0)},
	} {
		if which.port == portName(0, 0) { // it is there
			for _, c := range []*contestant{s.own, s.theirs} {
				if err := s.down(c, which.port); err != nil {
					return nil, err
				}
			}
		}
		var before []time.Duration
		own, theirs, err := s.turns(s.n, func(c *contestant) (time.Duration, error) {
			numbering, installing, err := s.install(c, which.port)
			before = append(before, numbering)
			return installing, err
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", which.what, err)
		}
		bar.Note("installed %s at %s: a port has its number %v after the command; that is taken off", which.what, s.size.name, round(bar.Median(before)))
		outcomes = append(outcomes, durations(which.what, own, theirs))
	}
	return outcomes, nil
}

// install plugs a port in, and out again once it is installed. It returns how long the port took to have its number, and from then on to be
// installed.
func (s *site) install(c *contestant, port string) (numbering, installing time.Duration, err error) {
	var start, number time.Time
	seen, err := s.seen(c, port, func(i *vswitch.Interface) bool {
		if number.IsZero() && numbered(i) {
			number = time.Now()
		}
		return i.ExternalIDs["ovn-installed"] == "true"
	}, func() error {
		start = time.Now()
		return s.plug(c, port)
	})
	if err != nil {
		return 0, 0, err
	}
	return number.Sub(start), seen.Sub(number), s.down(c, port)
}
