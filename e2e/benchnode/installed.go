package main

import (
	"fmt"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// installed measures the time from the command that plugs a port in until its interface is marked ovn-installed, which is what those who start
// workloads wait for. What the command, ovs-vswitchd and the local database need until the port has a number is taken off.
func (s *site) installed() ([]outcome, error) {
	bare, err := s.bareUp()
	if err != nil {
		return nil, err
	}
	bar.Note("installed at %s: without any controller a port has its number %v after the command; that is taken off", s.size.name, round(bare))
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
		own, theirs, err := s.turns(s.n, func(c *contestant) (time.Duration, error) {
			took, err := s.install(c, which.port)
			return took - bare, err
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", which.what, err)
		}
		outcomes = append(outcomes, durations(which.what, own, theirs))
	}
	return outcomes, nil
}

// install plugs a port in, and out again once it is installed.
func (s *site) install(c *contestant, port string) (took time.Duration, err error) {
	var start time.Time
	seen, err := s.seen(c, port, func(i *vswitch.Interface) bool { return i.ExternalIDs["ovn-installed"] == "true" }, func() error {
		start = time.Now()
		return s.plug(c, port)
	})
	if err != nil {
		return 0, err
	}
	return seen.Sub(start), s.down(c, port)
}
