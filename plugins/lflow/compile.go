package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
	"github.com/flowhost/flowhost/plugins/lflow/network"
	"github.com/flowhost/flowhost/sdk/flow"
)

// few is how many units are not worth a second goroutine.
const few = 16

var errPanic = errors.New("compiling it fails")

// hire makes the compilers.
func (s *source) hire(processors int) error {
	actions, err := action.New(s.dialect, s.symtab, s.network.OptionTables())
	if err != nil {
		return err
	}
	for range max(1, processors) {
		c := compiler.New(s.dialect, s.symtab, actions, s.network)
		c.Conjunctions = s.conjunction
		setFeatures(c, s.network.Features())
		c.Options.Meters = true // Linux's datapath has them since 4.15, Open vSwitch's own since 2.9
		c.Options.Group = func(text string) (flow.GroupID, bool) {
			id, ok := s.groups.ID(text)
			return flow.GroupID(id), ok
		}
		c.Options.Meter = func(text string) (flow.MeterID, bool) {
			id, ok := s.meters.ID(text)
			return flow.MeterID(id), ok
		}
		s.compilers = append(s.compilers, c)
	}
	return nil
}

func (s *source) conjunction(row, datapath uuid.UUID, count int) (uint32, bool) {
	s.conjunctionMu.Lock()
	defer s.conjunctionMu.Unlock()
	return s.conjunctions.Take(row, datapath, count)
}

// reoption takes in that options of DHCP are others.
func (s *source) reoption() {
	actions, err := action.New(s.dialect, s.symtab, s.network.OptionTables())
	if err != nil { // it would have failed at the start
		return
	}
	for _, c := range s.compilers {
		c.SetActions(actions)
	}
}

// refeature takes in what the datapath can do. It hardly ever changes, and then for all.
func (s *source) refeature() {
	for _, c := range s.compilers {
		setFeatures(c, s.network.Features())
	}
	s.recompute()
}

func setFeatures(c *compiler.Compiler, f network.Features) {
	c.Options.ZeroSNAT, c.Options.SymmetricHash = f.ZeroSNAT, f.SymmetricHash
}

// compile does what has to be done with units, with all compilers if there are many.
func (s *source) compile(units []*unit) []result {
	results := make([]result, len(units))
	if len(units) <= few || len(s.compilers) == 1 {
		for i, u := range units {
			results[i] = s.work(s.compilers[0], u)
		}
		return results
	}
	var next atomic.Int64
	var working sync.WaitGroup
	for _, c := range s.compilers {
		working.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(units) {
					return
				}
				results[i] = s.work(c, units[i])
			}
		})
	}
	working.Wait()
	return results
}

// work does what has to be done with a unit.
func (s *source) work(c *compiler.Compiler, u *unit) (r result) {
	defer func() { // one row must not take the others with it
		if p := recover(); p != nil {
			r = result{unit: u, err: fmt.Errorf("%w: %v", errPanic, p)}
			if _, is := u.row.(*sb.LogicalFlow); is {
				r.reads = c.Reads()
			}
		}
	}()
	switch row := u.row.(type) {
	case *sb.LogicalFlow:
		return s.logicalFlow(c, u, row)
	case *sb.LoadBalancer:
		return s.balancer(u, row)
	case *sb.PortBinding:
		return s.portSecurity(u, row)
	}
	return result{unit: u}
}

func (s *source) logicalFlow(c *compiler.Compiler, u *unit, row *sb.LogicalFlow) (r result) {
	if u.todo.delta != nil {
		if r, ok := s.delta(c, u, row); ok {
			return r
		}
	}
	keep := !u.todo.whole && u.todo.delta == nil
	datapaths := u.todo.datapaths
	if !keep {
		datapaths = nil
		for id := range s.rows.datapaths(row) {
			if _, here := s.datapaths[id]; here {
				datapaths = append(datapaths, id)
			}
		}
	}
	r = result{unit: u, keep: keep, datapaths: datapaths}
	if len(datapaths) == 0 {
		return r
	}
	if err := s.check(row); err != nil {
		return result{unit: u, err: err}
	}
	if r.err = c.Read(rowOf(u.id, row)); r.err == nil {
		for _, id := range datapaths {
			d, here := s.datapaths[id]
			if !here {
				continue
			}
			flows, err := c.Flows(d)
			if r.err = err; err != nil {
				break
			}
			r.flows = append(r.flows, flows...)
		}
	}
	r.reads, r.groups, r.meters = c.Reads(), c.Groups(), c.Meters()
	switch {
	case r.err != nil: // all of a logical flow, or nothing
		r.keep, r.flows, r.groups, r.meters = false, nil, nil, nil
	case keep && len(r.groups)+len(r.meters) > 0: // which it had before is not written down
		u.todo = todo{whole: true}
		return s.logicalFlow(c, u, row)
	}
	return r
}

// delta makes the flows that a logical flow gets and loses because of one set. ok is false when all its flows have to be made anew.
func (s *source) delta(c *compiler.Compiler, u *unit, row *sb.LogicalFlow) (r result, ok bool) {
	r = result{unit: u, keep: true}
	if c.Read(rowOf(u.id, row)) != nil {
		return r, false
	}
	for _, id := range u.datapaths {
		datapath, here := s.datapaths[id]
		if !here {
			return r, false
		}
		added, removed, ok := c.Delta(datapath, u.todo.delta.Change)
		if !ok {
			return r, false
		}
		r.flows = append(r.flows, added...)
		r.removed = append(r.removed, removed...)
	}
	r.reads = c.Reads()
	return r, true
}
