package main

import (
	"fmt"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

// refused compares a load of which the switch refuses a tenth with one of the same size that it takes: refused one by one, and
// together with what is good by a table that is full.
func (b *bench) refused() ([]bar.Figure, error) {
	const flows, bad = 10_000, 1000
	var good, badAdd, half, full []time.Duration
	err := b.onNode("refused", 0, func(n *node) error {
		run := func(w Work, took *[]time.Duration) error {
			return n.withHost(func() error {
				l, err := n.loadNow(w)
				*took = append(*took, l.Installed)
				return err
			})
		}
		for range b.runs {
			for _, r := range []struct {
				work  Work
				limit string
				took  *[]time.Duration
			}{
				{Work{Flows: flows}, "", &good},
				{Work{Flows: flows, Bad: bad}, "", &badAdd},
				{Work{Flows: flows, Limited: 2 * bad}, "", &half},
				{Work{Flows: flows, Limited: 2 * bad}, fmt.Sprint(bad), &full},
			} {
				if err := n.limit(limitedTable, r.limit); err != nil {
					return err
				}
				if err := run(r.work, r.took); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	bar.Note("refused: %d good %v, %d of them bad %v; %d into a table %v, full after half of them %v", flows, bar.Median(good), bad, bar.Median(badAdd),
		2*bad, bar.Median(half), bar.Median(full))
	const unit = "times all good"
	return []bar.Figure{
		{Name: "refused", Unit: unit, Value: bar.Ratio(bar.Median(badAdd), bar.Median(good)), Limit: 3},
		{Name: "refused at commit", Unit: unit, Value: bar.Ratio(bar.Median(full), bar.Median(half)), Limit: 3},
	}, nil
}

// limit limits the flows of a table; "" is no limit.
func (n *node) limit(table flow.TableID, flows string) error {
	args := []string{"clear", "bridge", ovstest.Bridge, "flow_tables"}
	if flows != "" {
		args = []string{"--", "--id=@t", "create", "flow_table", "flow_limit=" + flows, "--", "set", "bridge", ovstest.Bridge,
			fmt.Sprintf("flow_tables:%d=@t", table)}
	}
	_, err := n.Run("ovs-vsctl", args...)
	return err
}
