package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/hashicorp/go-hclog"
)

// Config is what a Loop is made from.
type Config struct {
	Owners  []table.OwnerSpec
	Options table.Options
	Conn    *swconn.Conn
	Logger  hclog.Logger
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Loop owns the table and the connection. All its fields below requests belong to the goroutine in Run.
type Loop struct {
	conn     *swconn.Conn
	log      hclog.Logger
	now      func() time.Time
	owners   map[string]owner
	requests chan func()
	stopped  chan struct{}

	table    *table.Table
	sessions map[table.OwnerID]*Session
	sw       connection
	sent     inFlight
	timer    *time.Timer
}

type owner struct {
	id   table.OwnerID
	spec table.OwnerSpec
}

// New makes a Loop over an empty table. It returns an error if two owners have one name.
func New(c Config) (*Loop, error) {
	l := &Loop{
		conn:     c.Conn,
		log:      c.Logger,
		now:      c.Now,
		owners:   make(map[string]owner, len(c.Owners)),
		requests: make(chan func()),
		stopped:  make(chan struct{}),
		table:    table.New(c.Options),
		sessions: make(map[table.OwnerID]*Session),
		timer:    time.NewTimer(0),
	}
	if l.now == nil {
		l.now = time.Now
	}
	for _, spec := range c.Owners {
		id, err := l.table.AddOwner(spec)
		if err != nil {
			return nil, fmt.Errorf("owner %s: %w", spec.Name, err)
		}
		l.owners[spec.Name] = owner{id, spec}
	}
	return l, nil
}

// Run works until ctx ends, and leaves the switch's flows as they are. It runs the connection, too.
func (l *Loop) Run(ctx context.Context) error {
	defer close(l.stopped)
	defer l.timer.Stop()
	ctx, cancel := context.WithCancel(ctx)
	connDone := make(chan error, 1)
	go func() { connDone <- l.conn.Run(ctx) }()
	defer func() { cancel(); l.drain(); <-connDone }()

	for {
		select {
		case do := <-l.requests:
			do()
		case e, ok := <-l.conn.Events():
			if !ok {
				return context.Cause(ctx)
			}
			l.switchEvent(e)
		case <-l.timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		l.settle()
	}
}

// drain takes what the connection still says, so that it can end.
func (l *Loop) drain() {
	for range l.conn.Events() {
	}
}

// settle is what follows each step: due timers, changes to the switch, news to the owners.
func (l *Loop) settle() {
	now := l.now()
	next := l.table.Tick(now)
	l.send()
	l.deliver(l.table.Events())
	if next.IsZero() {
		l.timer.Stop()
		return
	}
	l.timer.Reset(max(next.Sub(now), time.Millisecond))
}

// deliver hands each owner's events to its session, in order. Events of an owner without a session are dropped: a new
// session starts from nothing, and the log has what went wrong.
func (l *Loop) deliver(events []table.Event) {
	if len(events) == 0 {
		return
	}
	byOwner := make(map[table.OwnerID][]table.Event)
	for _, e := range events {
		byOwner[e.Owner] = append(byOwner[e.Owner], e)
	}
	for id, events := range byOwner {
		if s := l.sessions[id]; s != nil {
			s.sink.Events(events)
		}
	}
}

// do runs f in the loop and waits until it has run.
func (l *Loop) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case l.requests <- func() { f(); close(done) }:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.stopped:
		return ErrStopped
	}
	<-done
	return nil
}

// View runs f in the loop, where it may read the table; f must not keep it. The loop waits meanwhile, so f only copies.
func (l *Loop) View(ctx context.Context, f func(*table.Table)) error {
	return l.do(ctx, func() { f(l.table) })
}

// switchEvent takes one event of the connection.
func (l *Loop) switchEvent(e swconn.Event) {
	switch e := e.(type) {
	case swconn.Up:
		l.connected(e)
	case swconn.Down:
		l.disconnected(e)
	case swconn.Message:
		l.message(e)
	}
}

// message takes one message of the switch.
func (l *Loop) message(m swconn.Message) {
	switch m.Type {
	case openflow.TypeMultipartReply:
		l.dumped(m)
	case openflow.TypeError:
		l.refused(m)
	case openflow.TypeBundleControl:
		l.bundleReply(m)
	case openflow.TypeBarrierReply:
		l.barrierReply(m)
	default:
		l.log.Debug("message ignored", "type", m.Type, "xid", m.XID)
	}
}
