package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/e2e/bar/wire"
	"github.com/flowhost/flowhost/internal/ovstest"
)

const hostName = "flowhost"

// A contestant is an Open vSwitch and the processes that write its flows.
type contestant struct {
	name string
	*ovstest.Sandbox
	daemon string
	admin  *admin.Client // of flowhost; nil for ovn-controller
	flows  int           // that its bridge has when all is well
	wire   *wire.Conn    // to count them with
}

func (c *contestant) path(elem ...string) string {
	return filepath.Join(append([]string{c.Dir}, elem...)...)
}

// pids are its processes, plugins too, but for some.
func (c *contestant) pids(s *site, without ...string) ([]int, error) {
	pids := []int{c.Pid(c.daemon)}
	if pids[0] == 0 {
		return nil, fmt.Errorf("%s does not run", c.name)
	}
	if c.admin != nil {
		status, err := c.admin.Status(s.ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range status.Plugins {
			if p.PID != 0 && !slices.Contains(without, p.Name) {
				pids = append(pids, p.PID)
			}
		}
	}
	return pids, nil
}

// send sends a signal to all of its processes.
func send(pids []int, what syscall.Signal) (err error) {
	for _, pid := range pids {
		err = errors.Join(err, syscall.Kill(pid, what))
	}
	return err
}

// spent is the CPU time that processes have used.
func spent(pids []int) (sum time.Duration) {
	for _, pid := range pids {
		sum += bar.CPU(pid)
	}
	return sum
}

// memory is what processes have in memory, in bytes.
func memory(pids []int) (sum int64, err error) {
	for _, pid := range pids {
		of, err := bar.Memory(pid)
		if err != nil {
			return 0, err
		}
		sum += of
	}
	return sum, nil
}

// count is how many flows its bridge has. A connection that was cut is made anew.
func (c *contestant) count() (flows int, err error) {
	for range 2 {
		if c.wire == nil {
			if c.wire, err = wire.Dial(c.Mgmt(ovstest.Bridge)); err != nil {
				return 0, err
			}
		}
		if flows, err = c.wire.Count(); err == nil {
			return flows, nil
		}
		c.wire.Close()
		c.wire = nil
	}
	return 0, err
}

// awaitCount waits, looking often, until its bridge has at least so many flows, and says when it had.
func (c *contestant) awaitCount(s *site, flows int) (at time.Time, err error) {
	for {
		has, err := c.count()
		at = time.Now()
		if err == nil && has >= flows {
			return at, nil
		}
		select {
		case <-s.ctx.Done():
			return at, fmt.Errorf("%s has %d flows, want %d: %w", c.name, has, flows, s.ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// awaitRest waits until the number of flows has been the same for a while, and neither it nor ovs-vswitchd has had much to do.
func (c *contestant) awaitRest(s *site) (flows int, err error) {
	const span, idle = 500 * time.Millisecond, 40 * time.Millisecond
	pids, err := c.pids(s)
	if err != nil {
		return 0, err
	}
	pids = append(pids, c.Pid(ovstest.Vswitchd))
	var used time.Duration
	limit := time.After(restPatience)
	for quiet, last := 0, -1; quiet < 3; quiet++ {
		before := spent(pids)
		select {
		case <-s.ctx.Done():
			return 0, s.ctx.Err()
		case <-limit:
			return 0, fmt.Errorf("%s does not come to rest: it has %d flows, and used %v in %v; the end of its log:\n%s",
				c.name, flows, used, span, c.LogEnd(c.daemon, 15))
		case <-time.After(span):
		}
		if flows, err = c.count(); err != nil {
			return 0, err
		}
		if used = spent(pids) - before; flows != last || flows < minimum || used > idle {
			quiet = -1
		}
		last = flows
	}
	if c.admin != nil {
		status, err := c.admin.Status(s.ctx)
		if err != nil {
			return 0, err
		}
		if f := status.Flows; !status.Ready || f.Pending+f.Quarantined+f.Stale > 0 {
			return 0, fmt.Errorf("flowhost has come to rest and says %+v, %v", f, status.Reasons)
		}
	}
	return flows, nil
}

// patience is how long the local database may take to give a port its number.
const patience = 30 * time.Second

// restPatience is how long it may take until all is done that follows from a change of everything.
const restPatience = 3 * time.Minute

// minimum is how many flows a bridge has at least, once anything was done.
const minimum = 100

// clear ends it and empties its bridge.
func (c *contestant) clear(s *site) error {
	if err := c.Down(c.daemon); err != nil {
		return err
	}
	for _, what := range []string{"del-flows", "del-groups", "del-meters"} {
		if _, err := s.command(c, "ovs-ofctl", "-O", "OpenFlow15", what, ovstest.Bridge); err != nil {
			return err
		}
	}
	time.Sleep(2 * time.Second) // ovs-vswitchd frees what was deleted
	return nil
}
