package swconn

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// inboxLen is how many events are read ahead of the owner: with messages of 64 KiB, 4 MiB.
const inboxLen = 64

// A Conn is a connection to a switch that is made again whenever it is lost. Its methods may be called by several
// goroutines at once.
type Conn struct {
	cfg    Config
	inbox  chan Event // from the session, in order
	events chan Event // to the owner; not buffered, see deliver

	// current is the last session that the owner was told, or is about to be told, to be up. It may be over already.
	current atomic.Pointer[session]
}

// New returns a Conn that does nothing until Run is called. The error Is ErrTarget.
func New(cfg Config) (*Conn, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Conn{cfg: cfg, inbox: make(chan Event, inboxLen), events: make(chan Event)}, nil
}

// Events returns what happens to the connection and what the switch says, in order. It is closed when Run returns.
func (c *Conn) Events() <-chan Event { return c.events }

// Send queues whole messages of OpenFlow 1.5, and never blocks; see Backlog. They are copied, so that msgs may be used
// again at once. The switch gets them in the order of the calls.
//
// Errors: ErrDown, from the moment the connection is lost until the owner has taken the Down event from Events and a new
// session is up, so that nothing meant for one session goes into the next; ErrMessages. Nothing is queued then. Without
// an error, the messages may still be lost with the session; a Down event says so.
func (c *Conn) Send(msgs []byte) error {
	s := c.current.Load()
	if s == nil {
		return ErrDown
	}
	return s.out.put(msgs)
}

// Backlog returns how many bytes were given to Send in this session and not yet to the operating system.
func (c *Conn) Backlog() int {
	s := c.current.Load()
	if s == nil {
		return 0
	}
	return s.out.backlog()
}

// Reset ends the present session, if there is one, as if the switch had: a Down event with err follows, and the next attempt.
func (c *Conn) Reset(err error) {
	if s := c.current.Load(); s != nil {
		select {
		case s.reset <- err:
		default: // it is ending already
		}
	}
}

// NextXID returns a transaction id that no other message has; never 0.
func (c *Conn) NextXID() uint32 { return c.cfg.XIDs.Next() }

// NextXIDs reserves n consecutive transaction ids (at least 1) and returns the first.
func (c *Conn) NextXIDs(n int) uint32 { return c.cfg.XIDs.NextN(n) }

// Run keeps the connection up until ctx ends, and returns ctx's error then. It must be called once only.
func (c *Conn) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	delivered := make(chan struct{})
	go func() {
		defer close(delivered)
		c.deliver(ctx)
	}()
	defer func() {
		cancel()
		<-delivered
		close(c.events)
	}()

	pause := backoff{min: c.cfg.BackoffMin, max: c.cfg.BackoffMax}
	for id := uint64(1); ; id++ {
		lasted, err := c.attempt(ctx, id)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		down := Down{Session: id, Err: err, Retry: pause.next(lasted)}
		c.cfg.Logger.Debug("down", "session", id, "error", err, "retry", down.Retry)
		if !c.tell(ctx, down) || !sleep(ctx, down.Retry) {
			return ctx.Err()
		}
	}
}

// attempt makes one session and returns why it ended, and how long it was up.
func (c *Conn) attempt(ctx context.Context, id uint64) (lasted time.Duration, err error) {
	dialing, cancel := context.WithTimeout(ctx, c.cfg.EchoTimeout)
	nc, err := c.cfg.Dial(dialing)
	cancel()
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	// Reads and writes do not look at ctx: closing the connection is what ends them.
	defer context.AfterFunc(ctx, func() { nc.Close() })()

	s := newSession(c, id, nc)
	features, err := s.handshake()
	if err != nil {
		return 0, err
	}
	c.cfg.Logger.Debug("up", "session", id, "datapath_id", features.DatapathID)
	if !c.tell(ctx, up{Up{Session: id, Features: features}, s}) {
		return 0, ctx.Err()
	}
	start := time.Now()
	err = s.run(ctx)
	return time.Since(start), err
}

// up is an Up event on its way to the owner, with its session.
type up struct {
	Up
	session *session
}

// tell puts an event into the inbox. It is false if ctx ended before there was room.
func (c *Conn) tell(ctx context.Context, e Event) bool {
	select {
	case c.inbox <- e:
		return true
	case <-ctx.Done():
		return false
	}
}

// deliver hands events over to the owner. As Events has no buffer, the owner has taken the Down of one session when the
// next one becomes the one that Send sends to.
func (c *Conn) deliver(ctx context.Context) {
	for {
		var e Event
		select {
		case e = <-c.inbox:
		case <-ctx.Done():
			return
		}
		if u, ok := e.(up); ok {
			c.current.Store(u.session)
			e = u.Up
		}
		select {
		case c.events <- e:
		case <-ctx.Done():
			return
		}
	}
}

// A backoff says how long to pause after each attempt that failed.
type backoff struct {
	min, max time.Duration
	last     time.Duration
}

// next returns the pause after a session that was up for lasted. One that was up for longer than the longest pause, or for ten times the
// last one, was a good one, and the pauses begin anew; a switch that takes connections and drops them at once is not called more and more
// often.
func (b *backoff) next(lasted time.Duration) time.Duration {
	if b.last == 0 || lasted > min(b.max, 10*b.last) {
		b.last = b.min
	} else {
		b.last = min(2*b.last, b.max)
	}
	return b.last - rand.N(b.last/4+1)
}

// sleep waits for d. It is false if ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
