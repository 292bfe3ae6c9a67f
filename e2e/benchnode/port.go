package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/e2e/bar/watch"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// portUp measures the time from when a port's number is in the local database until the last flow that follows from it is in the switch:
// of ports in the switch's port group, and of ports in none.
func (s *site) portUp() ([]outcome, error) {
	var outcomes []outcome
	bare, err := s.bareUp()
	if err != nil {
		return nil, err
	}
	bar.Note("port-up at %s: without any controller a port has its number %v after the command", s.size.name, round(bare))
	for _, which := range []struct {
		what string
		port string
	}{{"in no group", portName(0, s.size.ports)}, {"in a port group", portName(0, 0)}} {
		own, theirs, err := s.turns(s.n, func(c *contestant) (time.Duration, error) { return s.up(c, which.port) })
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, durations(which.what, own, theirs))
	}
	return outcomes, nil
}

// up plugs a port in, after it was plugged out. It ends as it was.
func (s *site) up(c *contestant, port string) (took time.Duration, err error) {
	there := port != portName(0, s.size.ports)
	if there {
		if err := s.down(c, port); err != nil {
			return 0, err
		}
	}
	if err := s.claim(c, port); err != nil {
		return 0, err
	}
	m, err := watch.Start(s.ctx, c.Sandbox)
	if err != nil {
		return 0, err
	}
	defer m.Stop()
	seen, err := s.number(c, port, func() error { return s.plug(c, port) })
	if err != nil {
		return 0, err
	}
	last, err := m.Settle(seen.Add(-time.Millisecond))
	if err == nil && !there {
		err = s.down(c, port)
	}
	return last.Sub(seen), err
}

func (s *site) plug(c *contestant, port string) error {
	s.ports++
	_, err := s.command(c, "sh", "-c", "ovs-vsctl "+plugPort(port, s.ports))
	return err
}

func (s *site) down(c *contestant, port string) error {
	if _, err := s.command(c, "ovs-vsctl", "del-port", port); err != nil {
		return err
	}
	_, err := c.awaitRest(s)
	return err
}

// claim has the port be this chassis's, before it is plugged in: to write that is no source's work. ovn-controller does it on its own.
func (s *site) claim(c *contestant, port string) error {
	if c.admin == nil {
		return nil
	}
	chassis, err := s.first(sb.ChassisTable, "name", c.Options.SystemID)
	if err != nil {
		return err
	}
	_, err = s.transact(ovsdb.Operation{Op: libovsdb.OperationUpdate, Table: sb.PortBindingTable, Where: where("logical_port", port),
		Row: libovsdb.Row{"chassis": chassis["_uuid"], "up": true}})
	return err
}

// number does something, and says when the local database then had a number for the port.
func (s *site) number(c *contestant, port string, do func() error) (seen time.Time, err error) {
	return s.seen(c, port, numbered, do)
}

// numbered says whether ovs-vswitchd has given a port its number.
func numbered(i *vswitch.Interface) bool { return i.Ofport != nil && *i.Ofport > 0 }

// seen does something, and says when the port's interface then was what it should be.
func (s *site) seen(c *contestant, port string, is func(*vswitch.Interface) bool, do func() error) (seen time.Time, err error) {
	model, err := vswitch.FullDatabaseModel()
	if err != nil {
		return seen, err
	}
	client, err := ovsdb.New(ovsdb.Config{Database: "Open_vSwitch", Endpoints: c.OVSDB(), Model: model,
		Tables: []ovsdb.Table{{Name: vswitch.InterfaceTable, Columns: []string{"name", "ofport", "external_ids"}}}})
	if err != nil {
		return seen, err
	}
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	ended := make(chan struct{})
	go func() { defer close(ended); client.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	if err := firstBatch(ctx, client); err != nil {
		return seen, err
	}
	done := make(chan error, 1)
	go func() { done <- do() }()
	for {
		select {
		case <-ctx.Done():
			return seen, fmt.Errorf("%s is not what it should be after %v", port, patience)
		case batch := <-client.Batches():
			at := time.Now()
			for row := range ovsdb.Rows[vswitch.Interface](batch) {
				if row.New != nil && row.New.Name == port && is(row.New) {
					return at, <-done
				}
			}
		}
	}
}

// firstBatch waits until all that is there is read.
func firstBatch(ctx context.Context, client *ovsdb.Client) error {
	select {
	case <-client.Batches():
		return nil
	case <-ctx.Done():
		return errors.New("the local database does not answer")
	}
}

// bareUp is the time from the command to the port's number, with both controllers stopped.
func (s *site) bareUp() (time.Duration, error) {
	var took []time.Duration
	port := portName(0, s.size.ports)
	err := s.withoutBoth(func() error {
		for range s.n {
			var start time.Time
			seen, err := s.number(s.theirs, port, func() error { start = time.Now(); return s.plug(s.theirs, port) })
			if err != nil {
				return err
			}
			took = append(took, seen.Sub(start))
			if _, err := s.command(s.theirs, "ovs-vsctl", "del-port", port); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return bar.Median(took), nil
}
