package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/e2e/bar/watch"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// spent is what was asked of the servers.
type spent struct {
	toNodes  int64 // bytes that the nodes were sent, by the southbound server or the relay
	byServer int64 // bytes that the southbound server sent to the nodes, or to the relay
	server   time.Duration
	relay    time.Duration // processor time; 0 without a relay
}

// spent is what was asked so far.
func (f *fleet) spent(way string) (s spent, err error) {
	s.toNodes, s.byServer = f.front.bytes.Load(), f.front.bytes.Load()
	if s.server, err = bar.FineCPU(f.centre.Pid(ovstest.Southbound)); err == nil && way == relayed {
		s.byServer = f.trunk.bytes.Load()
		s.relay, err = bar.FineCPU(f.centre.Pid(relayName))
	}
	return s, err
}

// asked is what was asked while something was done.
func (f *fleet) asked(way string, do func() error) (spent, error) {
	before, err := f.spent(way)
	if err == nil {
		err = do()
	}
	if err != nil {
		return spent{}, err
	}
	after, err := f.spent(way)
	return after.minus(before), err
}

func (s spent) minus(before spent) spent {
	return spent{s.toNodes - before.toNodes, s.byServer - before.byServer, s.server - before.server, s.relay - before.relay}
}

// over is the part of each of so many changes.
func (s spent) over(n int) spent {
	return spent{s.toNodes / int64(n), s.byServer / int64(n), s.server / time.Duration(n), s.relay / time.Duration(n)}
}

// measure starts one side on all nodes, makes changes, and stops it.
func (f *fleet) measure(way string, s side) (err error) {
	if err := f.start(way, s); err != nil {
		return errors.Join(err, f.each(func(n *node) error { return s.down(f.ctx, n) }))
	}
	defer func() { err = errors.Join(err, f.each(func(n *node) error { return s.down(f.ctx, n) })) }()
	defer func() {
		for _, n := range f.nodes {
			if n.monitor != nil {
				n.monitor.Stop()
				n.monitor = nil
			}
		}
	}()
	if err := f.each(func(n *node) (err error) { n.monitor, err = watch.Start(f.ctx, n.Sandbox); return err }); err != nil {
		return err
	}
	for _, k := range kinds {
		if !f.only.Has(k.name) {
			continue
		}
		if err := f.change(way, s, k); err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
	}
	return nil
}

// start starts a side on all nodes at once, with empty bridges, and waits until they are at rest with as many flows as they should have.
func (f *fleet) start(way string, s side) error {
	if err := f.each((*node).clear); err != nil {
		return err
	}
	row := startRow{nodes: len(f.nodes), way: way, side: s.name}
	asked, err := f.asked(way, func() (err error) {
		start := time.Now()
		last, err := f.last(func(n *node) (time.Time, error) {
			if err := s.up(f.ctx, n); err != nil {
				return time.Time{}, err
			}
			return n.awaitCount(f.ctx)
		})
		row.last = last.Sub(start)
		if err == nil {
			row.amiss, err = f.rest(s)
		}
		return err
	})
	row.spent, row.connections = asked, f.front.open.Load()
	if row.amiss > 0 {
		bar.Note("%d nodes, %s, %s: %d have other numbers of flows than at first: this is other work", row.nodes, way, s.name, row.amiss)
	}
	if err == nil {
		f.starts = append(f.starts, row)
	}
	return err
}

// rest waits until all nodes are at rest, and says how many have another number of flows than they should have.
func (f *fleet) rest(s side) (amiss int, err error) {
	counts := make(chan bool, len(f.nodes))
	err = f.each(func(n *node) error {
		flows, err := n.awaitRest(f.ctx)
		if err == nil {
			err = ovstest.Poll(f.ctx, func() error { return s.idle(f.ctx, n) })
		}
		counts <- flows == n.flows
		return err
	})
	for range f.nodes {
		if !<-counts {
			amiss++
		}
	}
	return amiss, err
}

// last does something with all nodes at once, and returns the last moment of theirs.
func (f *fleet) last(do func(*node) (time.Time, error)) (last time.Time, err error) {
	var mu sync.Mutex
	err = f.each(func(n *node) error {
		at, err := do(n)
		mu.Lock()
		defer mu.Unlock()
		if at.After(last) {
			last = at
		}
		return err
	})
	return last, err
}

// change makes changes of a kind, and undoes each.
func (f *fleet) change(way string, s side, k kind) error {
	var took []time.Duration
	asked, err := f.asked(way, func() error {
		for n := range f.changes {
			for _, command := range [][]string{k.do(n, f.spare), k.undo(n, f.spare)} {
				t, err := f.once(command)
				if err != nil {
					return err
				}
				took = append(took, t-f.commit[k.name])
			}
		}
		return nil
	})
	if err == nil {
		f.rows = append(f.rows, changeRow{len(f.nodes), way, s.name, k.name, asked.over(len(took)), took})
	}
	return err
}

// once makes a change, and says how long after its start the last flow came to the last node.
func (f *fleet) once(command []string) (took time.Duration, err error) {
	start := time.Now()
	if _, err := f.centre.Run("ovn-nbctl", command...); err != nil {
		return 0, err
	}
	last, err := f.last(func(n *node) (time.Time, error) {
		at, err := n.monitor.Settle(start)
		if err != nil {
			err = fmt.Errorf("%s: %w", n.Options.SystemID, err)
		}
		return at, err
	})
	return last.Sub(start), err
}
