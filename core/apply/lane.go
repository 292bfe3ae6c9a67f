package apply

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/flowhost/flowhost/core/swconn"
)

// ovs-vswitchd reads at most 50 messages of a connection in a turn of its main loop, and a turn takes the longer the more
// ports there are. So a big load is spread over several connections, the lanes, and the first one is left to what is small, which
// then does not wait behind it.
//
// The order between lanes is ours to keep. A key has at most one change on its way (the table sees to that), so the lanes
// never disagree about one; and deletions wait until everything that a load adds has been taken.
const (
	// lanesMax is how many connections a big load uses, the first one included.
	lanesMax = 8
	// portsPerLane is for how many ports a further lane pays: with few of them, one is as fast as several.
	portsPerLane = 256
	// laneBytes is how much of a lane may be unanswered before it gets no other batch: enough to keep the switch busy while the
	// loop does something else. With the last batch that makes at most laneBytes, table.DiffBytes and what frames the latter's flows
	// that wait in this process for a switch that does not read, for each lane.
	laneBytes = 512 << 10
	// laneLoad is how many changes must be due for the other lanes to be opened: less is sent before they would be up.
	laneLoad = 16384
	// laneLinger is how long they stay open without anything to do.
	laneLinger = 5 * time.Second
)

// lane is one connection and what is on its way on it.
type lane struct {
	conn *swconn.Conn
	stop context.CancelFunc
	up   bool
	sent []*batch // not answered, oldest first: the switch answers in order
}

// laneEvent is something a lane's connection says.
type laneEvent struct {
	lane  *lane
	event swconn.Event
}

// lanes are all connections to the switch. The first one is there as long as the loop runs; its state is the loop's phase. The
// others come and go with big loads.
//
// Invariant: list has the first lane at 0 and is never empty.
type lanes struct {
	config  swconn.Config
	events  chan laneEvent
	running sync.WaitGroup
	ctx     context.Context // of the loop's Run: lanes opened in the middle of it end with it
	list    []*lane
	busy    time.Time // when there was last something for more than the first lane
}

func newLanes(c swconn.Config) (*lanes, error) {
	if c.XIDs == nil {
		c.XIDs = new(swconn.XIDs) // shared, so that an id means one message whatever its lane
	}
	l := &lanes{config: c, events: make(chan laneEvent)}
	first, err := swconn.New(c)
	if err != nil {
		return nil, fmt.Errorf("switch: %w", err)
	}
	l.list = []*lane{{conn: first}}
	return l, nil
}

func (l *lanes) first() *lane { return l.list[0] }

// run starts the first lane, and returns what ends all of them.
func (l *lanes) run(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	l.ctx = ctx
	l.start(l.first())
	return func() { cancel(); l.running.Wait() }
}

// start connects a lane and leads its events to the loop, until the loop ends or the lane is stopped.
func (l *lanes) start(ln *lane) {
	ctx, stop := context.WithCancel(l.ctx)
	ln.stop = stop
	l.running.Go(func() { _ = ln.conn.Run(ctx) })
	l.running.Go(func() {
		for e := range ln.conn.Events() {
			select {
			case l.events <- laneEvent{ln, e}:
			case <-ctx.Done(): // the loop no longer listens; go on so that the connection can end
			}
		}
	})
}

// open adds the lanes for a big load on a switch of so many ports. A lane that is not up yet is not used yet.
func (l *lanes) open(ports int) {
	for len(l.list) < min(2+ports/portsPerLane, lanesMax) {
		conn, err := swconn.New(l.config)
		if err != nil {
			return // the first lane was made from the same
		}
		ln := &lane{conn: conn}
		l.list = append(l.list, ln)
		l.start(ln)
	}
}

// idleEnd is when the lanes but the first are closed, unless there is something for them before.
func (l *lanes) idleEnd() time.Time { return l.busy.Add(laneLinger) }

// closeOthers ends all lanes but the first.
func (l *lanes) closeOthers() {
	for _, ln := range l.list[1:] {
		ln.stop()
	}
	l.list = l.list[:1]
}

// has says whether a lane is still one: what a stopped one says late is of no interest.
func (l *lanes) has(ln *lane) bool { return slices.Contains(l.list, ln) }

// inFlight is how many changes are on their way on all lanes.
func (l *lanes) inFlight() int {
	n := 0
	for _, ln := range l.list {
		for _, b := range ln.sent {
			n += len(b.changes)
		}
	}
	return n
}

// adding says whether anything is on its way that is not a deletion.
func (l *lanes) adding() bool {
	return slices.ContainsFunc(l.list, func(ln *lane) bool { return slices.ContainsFunc(ln.sent, (*batch).adds) })
}

// holding returns the batch on this lane that xid belongs to, or nil.
func (ln *lane) holding(xid uint32) *batch {
	for _, b := range ln.sent {
		if b.holds(xid) {
			return b
		}
	}
	return nil
}

func (ln *lane) remove(b *batch) {
	ln.sent = slices.DeleteFunc(ln.sent, func(other *batch) bool { return other == b })
}

// unanswered is how many bytes of the lane the switch has not answered.
func (ln *lane) unanswered() (n int) {
	for _, b := range ln.sent {
		n += b.bytes
	}
	return n
}

// hasRoom says whether the lane takes another batch.
func (ln *lane) hasRoom() bool { return ln.up && ln.unanswered() < laneBytes }

// laneEvent takes what a lane but the first says.
func (l *Loop) laneEvent(e laneEvent) {
	switch ev := e.event.(type) {
	case swconn.Up:
		e.lane.up = true
	case swconn.Down:
		e.lane.up = false
		// What it carried may have arrived or not. Said once more, it is there, and nothing else is changed by it.
		for _, b := range e.lane.sent {
			l.resend(b.changes, b.tries, b.way)
		}
		e.lane.sent = nil
	case swconn.Message:
		l.reply(e.lane, ev)
	}
}

// freeLane returns the lane with the least on its way, nil if none has room. The first one is not among them when another one is
// up.
func (l *Loop) freeLane() (free *lane) {
	others := l.lanes.list[1:]
	if !slices.ContainsFunc(others, func(ln *lane) bool { return ln.up }) {
		others = l.lanes.list[:1]
	}
	for _, ln := range others {
		if ln.hasRoom() && (free == nil || ln.unanswered() < free.unanswered()) {
			free = ln
		}
	}
	return free
}

// spread opens the other lanes when there is a big load, and closes them when it is long over.
func (l *Loop) spread() {
	if l.table.Due() >= laneLoad {
		l.lanes.busy, l.heavy = l.now(), true
		l.disarmMonitor()
		l.lanes.open(len(l.ports))
		return
	}
	if len(l.lanes.list) > 1 && !l.now().Before(l.lanes.idleEnd()) && l.lanes.inFlight() == 0 {
		l.lanes.closeOthers()
	}
}
