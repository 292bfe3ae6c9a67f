package apply

import (
	"context"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/hashicorp/go-hclog"
)

// Config is what a Loop is made from.
type Config struct {
	Owners  []table.OwnerSpec
	Options table.Options
	// Switch is how its connections are made: one, and more for big loads.
	Switch swconn.Config
	Logger hclog.Logger
	// Ports remembers the switch's ports over restarts; nil: nothing does.
	Ports PortMemory
	// Settled is called when something big is over, a load, a sync, the reading of the switch, and nothing is left of it to do: much
	// of the memory that it took may be given back. It must not block. Nil: nobody is told.
	Settled func()
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Loop owns the table and the connection. All its fields below requests belong to the goroutine in Run.
type Loop struct {
	log      hclog.Logger
	now      func() time.Time
	owners   *owners
	requests chan func()
	stopped  chan struct{}

	table    *table.Table
	sessions map[table.OwnerID]*Session
	watches  watches
	punts    *punts
	lanes    *lanes
	sw       connection
	asked    map[uint32]answer // by xid: requests on the first lane that are not answered
	out      outgoing
	more     bool   // there may be more to send, which others need not wait for
	bigs     []*big // the first may be under way, the others wait
	going    bool   // a slice of it was just done, and the next follows at once
	atomics  map[table.OwnerID]*atomicCommit
	memory   PortMemory
	ports    Ports               // as the switch told last
	buf      []byte              // of the batch being sent; the connection copies it
	descs    []openflow.FlowDesc // of the message of a dump being read, with
	keys     []flow.Key          // of them
	flows    []table.Dumped      // and what they are
	settled  func()
	heavy    bool // settled is to be called when there is nothing to do
	timer    *time.Timer
}

// New makes a Loop over an empty table. It returns an error if two owners have one name, or if the switch's address is none.
func New(c Config) (*Loop, error) {
	lanes, err := newLanes(c.Switch)
	if err != nil {
		return nil, err
	}
	l := &Loop{
		lanes:    lanes,
		log:      c.Logger,
		now:      c.Now,
		owners:   newOwners(),
		requests: make(chan func()),
		stopped:  make(chan struct{}),
		table:    table.New(c.Options),
		sessions: make(map[table.OwnerID]*Session),
		watches:  make(watches),
		punts:    newPunts(c.Switch, c.Logger),
		asked:    make(map[uint32]answer),
		atomics:  make(map[table.OwnerID]*atomicCommit),
		settled:  c.Settled,
		timer:    time.NewTimer(0),
	}
	if l.now == nil {
		l.now = time.Now
	}
	if l.settled == nil {
		l.settled = func() {}
	}
	if l.memory = c.Ports; l.memory == nil {
		l.memory = noMemory{}
	}
	l.ports = l.memory.Load()
	l.sw.since, l.sw.geneve, l.sw.lastGeneve = l.now(), NoGeneve, NoGeneve
	for _, spec := range c.Owners {
		if err := l.addOwner(spec); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Run works until ctx ends, and leaves the switch's flows as they are. It runs the connections, too.
func (l *Loop) Run(ctx context.Context) error {
	defer close(l.stopped)
	defer l.timer.Stop()
	stopLanes := l.lanes.run(ctx)
	defer stopLanes()
	defer l.punts.run(ctx)()
	defer l.table.Finish() // it leaves nothing running
	for ctx.Err() == nil {
		l.going = false
		switch next := l.nextBig(); {
		case next:
			l.serveOne()
			if l.nextBig() { // what was served may have finished it
				l.slice()
			}
		case l.more:
			l.serveOne()
		default:
			l.wait(ctx)
		}
		l.settle()
	}
	return context.Cause(ctx)
}

// wait waits until there is something to do, and does it.
func (l *Loop) wait(ctx context.Context) {
	select {
	case do := <-l.requests:
		do()
	case e := <-l.lanes.events:
		l.switchEvent(e)
	case <-l.timer.C:
	case <-ctx.Done():
	}
}

// serveOne does one thing that somebody wants, if anybody does.
func (l *Loop) serveOne() {
	select {
	case do := <-l.requests:
		do()
	case e := <-l.lanes.events:
		l.switchEvent(e)
	default:
	}
}

// settle is what follows each step: due timers, changes to the switch, news to the owners.
func (l *Loop) settle() {
	now := l.now()
	l.table.Tick(now)
	l.readDoubted()
	l.send()
	next := l.table.Next()
	if again := l.watch(now); next.IsZero() || !again.IsZero() && again.Before(next) {
		next = again
	}
	l.deliver(l.table.Events())
	l.noteSettled()
	if len(l.lanes.list) > 1 && (next.IsZero() || next.After(l.lanes.idleEnd())) {
		next = l.lanes.idleEnd()
	}
	if len(l.bigs) > 0 && (next.IsZero() || next.Sub(now) > paceTick) {
		next = now.Add(paceTick)
	}
	if next.IsZero() {
		l.timer.Stop()
		return
	}
	l.timer.Reset(max(next.Sub(now), time.Millisecond))
}

// noteSettled tells when something big is over.
func (l *Loop) noteSettled() {
	busy := l.sw.phase < Adopting || len(l.lanes.list) > 1 || l.sw.verify != nil || l.sw.monitor.missed || l.table.Due() > 0
	if l.heavy && !busy {
		l.heavy = false
		l.settled()
	}
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
		l.noteRejected(&e)
		if e.Kind == table.EventContested {
			l.sw.monitor.foreign.detected(l)
		}
		l.tellMarks(&e)
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
	return l.do(ctx, func() {
		l.table.Finish()
		f(l.table)
	})
}

// switchEvent takes one event of a connection. The first lane's are also the switch's.
func (l *Loop) switchEvent(e laneEvent) {
	switch {
	case e.lane == l.lanes.first():
		l.firstLaneEvent(e)
	case l.lanes.has(e.lane): // not of one that was closed meanwhile
		l.laneEvent(e)
	}
}

func (l *Loop) firstLaneEvent(e laneEvent) {
	switch ev := e.event.(type) {
	case swconn.Up:
		e.lane.up = true
		l.connected(ev)
	case swconn.Down:
		e.lane.up = false
		l.disconnected(ev)
	case swconn.Message:
		l.firstLaneMessage(e.lane, ev)
	}
}

func (l *Loop) firstLaneMessage(ln *lane, m swconn.Message) {
	l.sw.groups.last = nil
	switch {
	case l.report(m):
	case m.Type == openflow.TypePortStatus:
		l.portStatus(m)
	case !l.answered(m):
		l.reply(ln, m)
	}
}

// report takes what the switch says of others' changes, and says whether it was that.
func (l *Loop) report(m swconn.Message) bool {
	switch {
	case m.XID == 0 && m.Type == openflow.TypeMultipartReply:
		l.flowUpdates(m)
	case m.Type == openflow.TypeRequestForward:
		l.requestForward(m)
	default:
		return false
	}
	return true
}
