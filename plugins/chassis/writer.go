package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// maxWrites is how many Writes go into one transaction: so few that others of the same database do not wait long for it.
const maxWrites = 200

// database is what a writer needs of one.
type database interface {
	Transact(context.Context, ...ovsdb.Operation) ([]ovsdb.OperationResult, error)
	Made() uint64
}

// writer has written what duties plan: one transaction at a time for each database, of as many Writes as there are. When one with
// several is refused, they are tried apart, until the guilty one is alone. It belongs to one goroutine; transactions are under way in
// others.
type writer struct {
	duties   []duty.Duty
	log      hclog.Logger
	asks     feed.Asks // by which outcomes come back
	lanes    [2]lane   // by duty.Database
	refusals map[string]refusal
	running  sync.WaitGroup
}

// lane is the way to one database.
type lane struct {
	flying  []duty.Write   // the transaction under way; nil: none is
	outcome *outcome       // of that; nil: none has come yet
	parts   [][]duty.Write // transactions of what was refused together, to be tried before anything else
	next    []duty.Write   // what follows. Invariant: both are empty while no transaction is under way, but between plan and start
}

// outcome is what came of a transaction, to be told once the batch of that number was taken in.
type outcome struct {
	err error
	at  uint64
}

// refusal is what the server said last of a Write, by Write.What.
type refusal struct {
	err   error
	since time.Time
	last  time.Time
	times int
}

// forgotten is after what time a refusal that does not come again is none any more: twice the longest pause between two attempts.
const forgotten = 2 * time.Minute

func newWriter(duties []duty.Duty, log hclog.Logger, asks feed.Asks) *writer {
	return &writer{duties: duties, log: log, asks: asks, refusals: map[string]refusal{}}
}

// act tells duties what came of their Writes, asks for others, and sends them; it returns when duties want to be asked again.
func (w *writer) act(ctx context.Context, now time.Time, known bool, to [2]database, taken [2]uint64) (again time.Time) {
	for db := range w.lanes {
		if o := w.lanes[db].outcome; o != nil && taken[db] >= o.at {
			w.end(duty.Database(db), o.err, now)
		}
	}
	if !known {
		return time.Time{}
	}
	if w.lanes[duty.Vswitch].idle() || w.lanes[duty.Southbound].idle() {
		again = w.plan(now)
	}
	for db := range w.lanes {
		w.start(ctx, duty.Database(db), to[db])
	}
	return again
}

func (l *lane) idle() bool { return l.flying == nil && len(l.parts)+len(l.next) == 0 }

// plan asks the duties for Writes. What is for a database that has a transaction under way waits, and goes together with what comes
// meanwhile.
func (w *writer) plan(now time.Time) (again time.Time) {
	room := maxWrites
	for _, d := range w.duties {
		if room == 0 {
			break // they are asked again when this has been written
		}
		planned, next := d.Plan(now, room)
		room -= len(planned)
		again = earlier(again, next)
		for _, one := range planned {
			l := &w.lanes[one.Database]
			l.next = append(l.next, one)
		}
	}
	return again
}

// earlier is the earlier of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// take makes the next transaction the one under way, if there is one.
func (l *lane) take() bool {
	switch {
	case len(l.parts) > 0:
		l.flying, l.parts = l.parts[0], l.parts[1:]
	case len(l.next) > 0:
		n := min(len(l.next), maxWrites)
		l.flying, l.next = l.next[:n:n], l.next[n:]
	}
	return l.flying != nil
}

// start sends the next transaction, unless one is under way.
func (w *writer) start(ctx context.Context, db duty.Database, to database) {
	l := &w.lanes[db]
	if l.flying != nil || !l.take() {
		return
	}
	var operations []ovsdb.Operation
	for _, one := range l.flying {
		operations = append(operations, one.Operations...)
		w.log.Debug("writing", "database", db, "what", one.What)
	}
	w.running.Go(func() {
		_, err := to.Transact(ctx, operations...)
		o := outcome{err, to.Made()}
		select {
		case w.asks <- func(*ovsdb.Client) { l.outcome = &o }:
		case <-ctx.Done():
		}
	})
}

// end takes in what came of the transaction under way.
func (w *writer) end(db duty.Database, err error, now time.Time) {
	l := &w.lanes[db]
	writes := l.flying
	l.flying, l.outcome = nil, nil
	refused := (*ovsdb.TransactionError)(nil)
	switch {
	case err == nil:
		for _, one := range writes {
			w.done(one, nil, now)
		}
	case !errors.As(err, &refused): // the connection was lost, or there was none
		l.parts, l.next = nil, nil
		for _, d := range w.duties {
			d.Lost(db)
		}
	case len(writes) == 1:
		w.done(writes[0], err, now)
	default:
		l.parts = append(apart(writes, refused.Index), l.parts...)
	}
}

// apart makes several transactions of one that was refused at this operation: the Write that it is of is alone in the first one. When the
// server does not say which it is, both halves are tried.
func apart(writes []duty.Write, index int) [][]duty.Write {
	for i, one := range writes {
		if index -= len(one.Operations); index < 0 {
			others := slices.Concat(writes[:i], writes[i+1:])
			return [][]duty.Write{{one}, others}
		}
	}
	half := len(writes) / 2
	return [][]duty.Write{writes[:half], writes[half:]}
}

// done tells what came of a Write: its duty, and the operator when it is refused for the first time.
func (w *writer) done(one duty.Write, err error, now time.Time) {
	if r, was := w.refusals[one.What]; err == nil {
		delete(w.refusals, one.What)
	} else {
		if !was || now.Sub(r.last) > forgotten {
			r = refusal{since: now}
			w.log.Warn("refused, and tried again", "what", one.What, "database", one.Database, "error", err)
		}
		r.err, r.last, r.times = err, now, r.times+1
		w.refusals[one.What] = r
	}
	if one.Done != nil {
		one.Done(err)
	}
}

// refused are the Writes that were refused last and not so long ago.
func (w *writer) refused(now time.Time) map[string]refusal {
	for what, r := range w.refusals {
		if now.Sub(r.last) > forgotten {
			delete(w.refusals, what)
		}
	}
	return w.refusals
}
