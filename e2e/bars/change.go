package main

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/e2e/bar/wire"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

// small is how many flows a small table has.
const small = 1000

// change compares one change in a big table with one in a small one, each in a switch of its own.
func (b *bench) change() ([]bar.Figure, error) {
	const changes, pause = 400, 2 * time.Millisecond
	tables := []struct {
		name  string
		flows int
		p50   []time.Duration
		p99   []time.Duration
	}{{name: "few", flows: small}, {name: "many", flows: b.flows}}
	err := b.onNode("few", 0, func(few *node) error {
		return b.onNode("many", 0, func(many *node) error {
			nodes := []*node{few, many}
			for i, n := range nodes {
				if err := n.startHost(); err != nil {
					return err
				}
				if _, err := n.loadNow(Work{Flows: tables[i].flows}); err != nil {
					return err
				}
				if err := n.settled(); err != nil {
					return err
				}
			}
			for range b.runs {
				for i, n := range nodes {
					var took []time.Duration
					if err := n.load.Call("Source.Change", Changes{changes, pause}, &took); err != nil {
						return err
					}
					tables[i].p50 = append(tables[i].p50, bar.Percentile(took, 50))
					tables[i].p99 = append(tables[i].p99, bar.Percentile(took, 99))
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		bar.Note("change-250k: %d flows: p50 %v of %v, p99 %v of %v", t.flows, bar.Median(t.p50), t.p50, bar.Median(t.p99), t.p99)
	}
	const unit = "times that in a table of 1,000"
	return []bar.Figure{
		{Name: "change-250k p50", Unit: unit, Value: bar.Ratio(bar.Median(tables[1].p50), bar.Median(tables[0].p50)), Limit: 1.2},
		{Name: "change-250k p99", Unit: unit, Value: bar.Ratio(bar.Median(tables[1].p99), bar.Median(tables[0].p99)), Limit: 1.2},
	}, nil
}

// settled waits until what follows a big load is over: the lanes are closed, and the switch has been read once more.
func (n *node) settled() error {
	if err := n.poll(func() error {
		status, err := n.admin.Status(n.ctx)
		if err == nil && !status.Ready {
			err = fmt.Errorf("not ready: %v", status.Reasons)
		}
		return err
	}); err != nil {
		return err
	}
	time.Sleep(6 * time.Second)
	return n.rest()
}

// duringLoad are times of one change each: of another owner when there is no load and during one, of the owner who loads until it
// is in the switch, and of a bare connection.
type duringLoad struct{ idle, other, same, bare []time.Duration }

// changeDuringLoad has others change single flows while one source loads.
func (b *bench) changeDuringLoad() ([]bar.Figure, error) {
	var idle, other, bare, same, ownersP50 []time.Duration
	err := b.onNode("during", 0, func(n *node) error {
		for range b.runs {
			var d duringLoad
			if err := n.withHost(func() error { return n.duringLoad(&d) }); err != nil {
				return err
			}
			idle, other = append(idle, bar.Percentile(d.idle, 99)), append(other, bar.Percentile(d.other, 99))
			bare, ownersP50 = append(bare, bar.Percentile(d.bare, 99)), append(ownersP50, bar.Percentile(d.other, 50))
			same = append(same, d.same...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	bar.Note("change-during-load: idle p99 %v of %v", bar.Median(idle), idle)
	bar.Note("change-during-load: another owner's p50 %v, p99 %v of %v", bar.Median(ownersP50), bar.Median(other), other)
	bar.Note("change-during-load: a bare connection's p99 %v of %v", bar.Median(bare), bare)
	if len(same) > 0 {
		bar.Note("change-during-load: the same owner's, in the switch after %v (median), %v (longest of %d)", bar.Median(same), bar.Percentile(same, 100), len(same))
	}
	return []bar.Figure{{Name: "change-during-load", Unit: "times idle, p99", Value: bar.Ratio(bar.Median(other), bar.Median(idle)), Limit: 20}}, nil
}

func (n *node) duringLoad(d *duringLoad) error {
	const pause = 5 * time.Millisecond
	if err := n.load.Call("Source.Prepare", Work{Flows: n.flows}, nil); err != nil {
		return err
	}
	if err := n.other.Call("Source.Change", Changes{200, pause}, &d.idle); err != nil {
		return err
	}
	done := make(chan struct{})
	results := make(chan error, 3)
	go func() {
		results <- n.other.Call("Source.Change", Changes{1 << 30, pause}, &d.other)
	}()
	go func() { results <- n.probe(done, pause, &d.bare) }()
	go func() { results <- n.marks(done, &d.same) }()
	var took Took
	err := n.load.Call("Source.Load", Nothing{}, &took)
	close(done)
	if enough := n.other.Call("Source.Enough", Nothing{}, nil); err == nil {
		err = enough
	}
	for range cap(results) {
		if other := <-results; err == nil {
			err = other
		}
	}
	return err
}

// nobody is a cookie of no owner's slot: the host is configured to leave such flows alone.
const nobody flow.Cookie = 0xff << 56

// probe changes single flows over a bare connection until done.
func (n *node) probe(done chan struct{}, pause time.Duration, took *[]time.Duration) error {
	w, err := wire.Dial(n.Mgmt(ovstest.Bridge))
	if err != nil {
		return err
	}
	defer w.Close()
	for i := 0; ; i++ {
		select {
		case <-done:
			return nil
		case <-time.After(pause):
		}
		f := parsed(fmt.Sprintf("table=253,priority=100,metadata=%d,actions=drop", i%8))
		f.Cookie = nobody
		t, err := w.Mod(&f)
		if err != nil {
			return err
		}
		*took = append(*took, t)
	}
}

// marks has the loading source change one flow now and then, and looks when the switch has it, until done. A mark that the load
// has outrun does not count.
func (n *node) marks(done chan struct{}, took *[]time.Duration) error {
	w, err := wire.Dial(n.Mgmt(ovstest.Bridge))
	if err != nil {
		return err
	}
	defer w.Close()
	for cookie := uint32(1); ; cookie++ {
		select {
		case <-done:
			return nil
		case <-time.After(100 * time.Millisecond):
		}
		start := time.Now()
		if err := n.load.Call("Source.Mark", cookie, nil); err != nil {
			return err
		}
		for there := false; !there; time.Sleep(time.Millisecond) {
			if err := w.Dump(199, func(m []byte) {
				for d := range openflow.FlowDescs(m) {
					there = there || uint32(d.Cookie) == cookie
				}
			}); err != nil {
				return err
			}
		}
		select {
		case <-done:
			return nil
		default:
			*took = append(*took, time.Since(start))
		}
	}
}

var countPattern = regexp.MustCompile(`flow_count=(\d+)`)

// flowCount reads what `ovs-ofctl dump-aggregate` prints.
func flowCount(text string) (int, error) {
	found := countPattern.FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("no flow count in %q", text)
	}
	return strconv.Atoi(found[1])
}
