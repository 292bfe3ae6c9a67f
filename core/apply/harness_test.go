package apply

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// startLoop runs a loop of two owners, alice and bob, on the switch in memory (nil: the options name another) until the test ends or
// stop is called.
func startLoop(t *testing.T, sw *switchUnderTest, options ...func(*Config)) (l *Loop, stop func()) {
	t.Helper()
	c := Config{
		Owners: []table.OwnerSpec{spec("alice", 1), spec("bob", 2)},
		Logger: hclog.NewNullLogger(),
	}
	if sw != nil {
		c.Switch = swconn.Config{Dial: sw.Dial, BackoffMin: time.Millisecond}
	}
	for _, option := range options {
		option(&c)
	}
	l, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return l, stop
}

// switchUnderTest is the switch in memory.
type switchUnderTest = swtest.Switch

func newSwitch(t *testing.T) *switchUnderTest {
	sw := swtest.New()
	t.Cleanup(sw.Close)
	return sw
}

func spec(name string, slot uint8) table.OwnerSpec {
	return table.OwnerSpec{
		Name: name, Slot: slot, Expected: true,
		Tables:       []table.Range[flow.TableID]{{First: 0, Last: flow.MaxTable}},
		Priorities:   []table.Range[flow.Priority]{{First: 0, Last: 65535}},
		Conjunctions: []table.Range[uint32]{{First: 0, Last: 1<<32 - 1}},
		Groups:       []table.Range[uint32]{{First: 1, Last: 100}},
		Meters:       []table.Range[uint32]{{First: 1, Last: 100}},
		Zones:        []table.Range[uint16]{{First: 1, Last: 100}},
		PacketIn: table.PacketIns{
			Controllers: []table.Range[uint16]{{First: 0, Last: 9}}, UserData: []string{name},
		},
		PacketOut: []table.Range[flow.TableID]{{First: 10, Last: 19}},
	}
}

// client is a session and what it has heard.
type client struct {
	t *testing.T
	*Session

	mu     sync.Mutex
	events []table.Event
	states []SwitchState
	news   chan struct{} // has room for one
	txns   uint64
}

func (c *client) Events(events []table.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, events...)
	c.wake()
}

func (c *client) SwitchChanged(s SwitchState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.states = append(c.states, s)
	c.wake()
}

func (c *client) wake() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}

func attach(t *testing.T, l *Loop, owner string) *client {
	t.Helper()
	c := &client{t: t, news: make(chan struct{}, 1)}
	s, err := l.Attach(t.Context(), owner, c)
	if err != nil {
		t.Fatalf("attach %s: %v", owner, err)
	}
	c.Session = s
	return c
}

// add commits one flow for each n, under a UUID made from it.
func (c *client) add(numbers ...int) uint64 {
	c.t.Helper()
	c.txns++
	txn := &table.Txn{ID: c.txns}
	for _, n := range numbers {
		txn.Ops = append(txn.Ops, table.Op{Kind: table.OpAdd, UUID: id(n), Flows: []flow.Flow{numbered(n)}})
	}
	if _, err := c.Commit(c.t.Context(), txn); err != nil {
		c.t.Fatalf("commit: %v", err)
	}
	return c.txns
}

// pile is add while the switch stands still, so that all of it waits for it at a time.
func (c *client) pile(sw *switchUnderTest, numbers ...int) uint64 {
	c.t.Helper()
	sw.Hang(true)
	defer sw.Hang(false)
	return c.add(numbers...)
}

func (c *client) syncDone() {
	c.t.Helper()
	if _, err := c.SyncDone(c.t.Context()); err != nil {
		c.t.Fatalf("sync done: %v", err)
	}
}

// await returns the first event that fits, waiting for it if need be.
func (c *client) await(what string, fits func(table.Event) bool) table.Event {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		c.mu.Lock()
		for _, e := range c.events {
			if fits(e) {
				c.mu.Unlock()
				return e
			}
		}
		c.mu.Unlock()
		select {
		case <-c.news:
		case <-deadline:
			c.t.Fatalf("%s has not come; heard: %+v", what, c.events)
		}
	}
}

// lastState is what the session was last told of the switch.
func (c *client) lastState() SwitchState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.states[len(c.states)-1]
}

// heard counts the events so far that fit.
func (c *client) heard(fits func(table.Event) bool) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.events {
		if fits(e) {
			n++
		}
	}
	return n
}

func (c *client) awaitInstalled(txn uint64) table.Event {
	c.t.Helper()
	return c.await(fmt.Sprintf("installed %d", txn), func(e table.Event) bool {
		return e.Kind == table.EventInstalled && e.Txn >= txn
	})
}

// eventually waits until a condition holds that no event tells.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

func id(n int) (u uuid.UUID) {
	binary.BigEndian.PutUint32(u[:], uint32(n))
	return u
}

// numbered is a flow of its own for each n: table 10, register 0 = n.
func numbered(n int) flow.Flow {
	match, err := flow.NewMatch(flow.Reg[0].Is(uint64(n)))
	if err != nil {
		panic(err)
	}
	actions, err := flow.NewActions(flow.SetField(flow.Reg[1], uint64(n)))
	if err != nil {
		panic(err)
	}
	return flow.Flow{Key: flow.Key{Table: 10, Priority: 100, Match: match}, Actions: actions}
}

func upTo(n int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i + 1
	}
	return numbers
}
