package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/source"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// devShow prints what a source does. It stands between the session and the loop: each transaction is let go on when it is in the
// switch, so that what is printed is of that transaction alone.
type devShow struct {
	sw  *swtest.Switch
	out io.Writer

	mu        sync.Mutex
	text      strings.Builder   // not printed yet
	wake      chan struct{}     // capacity 1: there is some
	confirmed table.Revision    // the switch has everything up to it
	arrived   chan struct{}     // closed when that rises, and made anew
	shown     map[string]string // what the switch had at the last look: by name of a flow, group or meter, the whole of it
}

func newDevShow(sw *swtest.Switch, out io.Writer) *devShow {
	return &devShow{sw: sw, out: out, wake: make(chan struct{}, 1), arrived: make(chan struct{})}
}

// say has text printed.
func (d *devShow) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintf(&d.text, format+"\n", args...)
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// run prints until ctx ends: the loop, which has things to say, does not wait for a terminal.
func (d *devShow) run(ctx context.Context) {
	for end := false; !end; {
		select {
		case <-d.wake:
		case <-ctx.Done():
			end = true
		}
		d.mu.Lock()
		text := d.text.String()
		d.text.Reset()
		d.mu.Unlock()
		_, _ = io.WriteString(d.out, text)
	}
}

// attach stands in the way of sessions.
func (d *devShow) attach(attach source.Attach) source.Attach {
	return func(ctx context.Context, owner string, sink apply.Sink) (source.Owner, error) {
		packets, _ := sink.(apply.PacketSink)
		inner, err := attach(ctx, owner, devSink{sink, packets, d})
		return devOwner{inner, d}, err
	}
}

// devOwner shows what is committed.
type devOwner struct {
	source.Owner
	show *devShow
}

func (o devOwner) Commit(ctx context.Context, txn *table.Txn) (table.Revision, error) {
	rev, err := o.Owner.Commit(ctx, txn)
	if err != nil {
		o.show.say("! rejected: %v", err)
		return rev, err
	}
	o.show.settled(ctx, rev)
	return rev, nil
}

func (o devOwner) SyncDone(ctx context.Context) (table.Revision, error) {
	rev, err := o.Owner.SyncDone(ctx)
	if err == nil {
		o.show.settled(ctx, rev)
		o.show.say("synced: %s", o.show.count())
	}
	return rev, err
}

func (o devOwner) SendPacket(p *apply.PacketOut, refused func(table.SwitchError)) error {
	err := o.Owner.SendPacket(p, func(e table.SwitchError) {
		o.show.say("! packet-out refused by the switch: %v", e)
		refused(e)
	})
	if err != nil {
		o.show.say("! packet-out refused: %v", err)
		return err
	}
	o.show.say("< packet-out of %d bytes, actions=%s", len(p.Packet), p.Actions)
	return nil
}

// devSink shows what the table and the switch have to say.
type devSink struct {
	apply.Sink
	packets apply.PacketSink
	show    *devShow
}

func (s devSink) PacketIn(p *apply.PacketIn) {
	s.show.say("> packet-in for controller %d from table %d, cookie %#x: %d bytes", p.Controller, p.Table, uint64(p.Cookie), p.FullLen)
	s.packets.PacketIn(p)
}

func (s devSink) Events(events []table.Event) {
	for i := range events {
		s.show.event(&events[i])
	}
	s.Sink.Events(events)
}

func (d *devShow) event(e *table.Event) {
	what := fmt.Sprintf("flow of %s in %s", e.UUID, strings.TrimRight(e.Key.String(), ", "))
	if e.Object != (table.Object{}) {
		what = e.Object.String()
	}
	switch e.Kind {
	case table.EventInstalled:
		d.mu.Lock()
		d.confirmed = max(d.confirmed, e.Revision)
		close(d.arrived)
		d.arrived = make(chan struct{})
		d.mu.Unlock()
	case table.EventRefused:
		d.say("! refused by the switch, tried again later: %s: %v", what, e.Err)
	case table.EventLost:
		d.say("! lost: %s, to %s of %s", what, e.OtherUUID, e.Other)
	case table.EventRecovered, table.EventWon, table.EventDuplicate:
		d.say("! %s: %s", e.Kind, what)
	}
}

// settled waits until the switch has a revision, and shows what it changed there.
func (d *devShow) settled(ctx context.Context, rev table.Revision) {
	patience := time.After(devPatience)
	for {
		d.mu.Lock()
		done, arrived := d.confirmed >= rev, d.arrived
		d.mu.Unlock()
		if done {
			break
		}
		select {
		case <-arrived:
			continue
		case <-patience:
			d.say("! revision %d is not in the switch after %v", rev, devPatience)
		case <-ctx.Done():
		}
		break
	}
	now := d.look()
	if lines := difference(d.shown, now); len(lines) > 0 {
		d.say("revision %d\n%s", rev, strings.Join(lines, "\n"))
	}
	d.shown = now
}

// look is what the switch has.
func (d *devShow) look() map[string]string {
	has := make(map[string]string)
	for _, g := range d.sw.Groups() {
		shown := flow.Group{ID: flow.GroupID(g.ID), Type: flow.GroupType(g.Type), Buckets: string(g.Buckets), Properties: string(g.Properties)}
		has[fmt.Sprintf("0 %010d", g.ID)] = shown.String()
	}
	for _, m := range d.sw.Meters() {
		shown := flow.Meter{ID: flow.MeterID(m.ID), Flags: flow.MeterFlags(m.Flags), Bands: string(m.Bands)}
		has[fmt.Sprintf("1 %010d", m.ID)] = strings.ReplaceAll(shown.String(), "\n", " ")
	}
	for _, f := range d.sw.Flows() {
		has[fmt.Sprintf("2 %03d %05d %s", f.Table, 65535-int(f.Priority), f.Match)] = f.String()
	}
	return has
}

func (d *devShow) count() string {
	kinds := make(map[byte]int)
	for name := range d.shown {
		kinds[name[0]]++
	}
	text := fmt.Sprintf("%d flows", kinds['2'])
	for kind, what := range []string{"groups", "meters"} {
		if n := kinds['0'+byte(kind)]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, what)
		}
	}
	return text
}

// difference is what makes before into after, in the order of the names.
func difference(before, after map[string]string) (lines []string) {
	names := maps.Clone(before)
	if names == nil {
		names = make(map[string]string)
	}
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, had := before[name]
		is, has := after[name]
		switch {
		case !had:
			lines = append(lines, "+"+is)
		case !has:
			lines = append(lines, "-"+was)
		case was != is:
			lines = append(lines, "~"+is)
		}
	}
	return lines
}
