package main

import (
	"fmt"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/e2e/bar/wire"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// resync compares the time from the loss of the connection until the switch is read and found equal with the bare reading.
func (b *bench) resync() ([]bar.Figure, error) {
	var ours, dumps []time.Duration
	mods := 0
	err := b.onNode("resync", 0, func(n *node) error {
		return n.withHost(func() error {
			if _, err := n.loadNow(Work{Flows: b.flows}); err != nil {
				return err
			}
			if err := n.settled(); err != nil {
				return err
			}
			for range b.runs {
				took, bytes, err := n.bareDump()
				if err != nil {
					return err
				}
				dumps = append(dumps, took)
				took, changed, err := n.reconnect()
				if err != nil {
					return err
				}
				ours, mods = append(ours, took), mods+changed
				bar.Note("resync-250k: %v, bare dump %v (%d MB)", took, dumps[len(dumps)-1], bytes>>20)
			}
			return n.expect(b.flows)
		})
	})
	if err != nil {
		return nil, err
	}
	return []bar.Figure{
		{Name: "resync-250k", Unit: "times the dump alone", Value: bar.Ratio(bar.Median(ours), bar.Median(dumps)), Limit: 1.3},
		{Name: "resync-250k changes", Unit: "changes of the switch's flow tables", Value: float64(mods), Limit: 0},
	}, nil
}

func (n *node) bareDump() (time.Duration, int, error) {
	w, err := wire.Dial(n.Mgmt(ovstest.Bridge))
	if err != nil {
		return 0, 0, err
	}
	defer w.Close()
	return w.DumpAll()
}

// reconnect has the switch cut all connections, waits until the host is steady again, and says how long that took, and how often the
// switch's flow tables have changed meanwhile.
func (n *node) reconnect() (took time.Duration, changed int, err error) {
	before, err := n.tableChanges()
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if _, err := n.Run("ovs-appctl", "bridge/reconnect", ovstest.Bridge); err != nil {
		return 0, 0, err
	}
	var lost, steady time.Time
	err = n.poll(func() error {
		lost, steady = bar.PhaseAfter(n.Log(hostName), "disconnected", start), bar.PhaseAfter(n.Log(hostName), "steady", start)
		if lost.IsZero() || steady.Before(lost) {
			return fmt.Errorf("not steady again")
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	if err := n.rest(); err != nil {
		return 0, 0, err
	}
	after, err := n.tableChanges()
	return steady.Sub(lost), after - before, err
}

// tableChanges counts main loop turns of ovs-vswitchd in which a flow mod had an effect: what was added, modified, even to what it
// was already, or deleted has every datapath flow looked at once more.
func (n *node) tableChanges() (count int, err error) {
	out, err := n.Run("ovs-appctl", "coverage/read-counter", "rev_flow_table")
	if err == nil {
		_, err = fmt.Sscan(out, &count)
	}
	return count, err
}
