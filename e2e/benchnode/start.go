package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// coldStart is the time from a process's start until all flows are installed in a bridge that is empty.
func (s *site) coldStart() ([]outcome, error) {
	own, theirs, err := s.turns(s.runs, func(c *contestant) (time.Duration, error) {
		if err := c.clear(s); err != nil {
			return 0, err
		}
		start := time.Now()
		started := make(chan error, 1)
		go func() { started <- c.Up(s.ctx, c.daemon) }()
		at, err := c.awaitCount(s, c.flows)
		if err == nil {
			err = <-started
		}
		if err == nil {
			_, err = c.awaitRest(s)
		}
		return at.Sub(start), err
	})
	if err != nil {
		return nil, err
	}
	return []outcome{durations("", own, theirs)}, nil
}

// resync is the time from the loss of the OpenFlow connection until all is known to be in the switch again: ovn-controller has emptied
// and filled it, flowhost has read it.
func (s *site) resync() ([]outcome, error) {
	own, theirs, err := s.turns(s.runs, func(c *contestant) (took time.Duration, err error) {
		if c.admin == nil {
			took, err = s.refill(c)
		} else {
			took, err = s.reread(c)
		}
		if err == nil {
			_, err = c.awaitRest(s)
		}
		return took, err
	})
	if err != nil {
		return nil, err
	}
	return []outcome{durations("", own, theirs)}, nil
}

func (s *site) reconnect(c *contestant) error {
	_, err := s.command(c, "ovs-appctl", "bridge/reconnect", ovstest.Bridge)
	return err
}

// refill has the connection cut, and waits until all flows are there that are younger than that. It is ovn-controller's own pause before it
// connects again that takes the longest with few flows.
func (s *site) refill(c *contestant) (time.Duration, error) {
	start := time.Now()
	if err := s.reconnect(c); err != nil {
		return 0, err
	}
	for time.Since(start) < restPatience {
		flows, err := c.count()
		at := time.Now()
		if err == nil && flows >= c.flows {
			var oldest time.Duration
			err = c.wire.Dump(0, func(m []byte) {
				for d := range openflow.FlowDescs(m) {
					oldest = max(oldest, d.Duration)
				}
			})
			if err == nil && oldest < time.Since(start) {
				return at.Sub(start), nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0, errors.New("its flows stay where they are: it has not noticed")
}

// reread has the connection cut, and waits until flowhost says that it has read the switch. The log says when: to ask would disturb it.
func (s *site) reread(c *contestant) (time.Duration, error) {
	start := time.Now()
	if err := s.reconnect(c); err != nil {
		return 0, err
	}
	var steady time.Time
	err := s.poll(func() error {
		lost := bar.PhaseAfter(c.Log(hostName), "disconnected", start)
		if steady = bar.PhaseAfter(c.Log(hostName), "steady", start); lost.IsZero() || steady.Before(lost) {
			return fmt.Errorf("not steady again")
		}
		return nil
	})
	return steady.Sub(start), err
}
