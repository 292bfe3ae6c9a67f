package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"
)

// Client follows a database. Its methods may be called from any goroutine.
type Client struct {
	cfg     Config
	log     hclog.Logger
	fresh   chan *Batch // from the session to deliver
	batches chan *Batch
	states  chan State

	// What outlives sessions, and is used by Run's goroutine only.
	strings *interner
	rows    *replica       // the tables' names and models are fixed and may be read by all
	last    uuid.UUID      // the last transaction that the rows have, zero if not known
	missing []string       // what the schema at hand lacks
	number  uint64         // of the last session in which the rows became complete
	index   map[string]int // how far each cluster, by its id, was seen to be

	soon chan struct{} // ends the pause before the next attempt

	mu        sync.Mutex
	started   bool
	endpoints []endpoint
	keys      TLS
	current   endpoint                // in use while leave is not nil
	leave     context.CancelCauseFunc // ends the session
	state     State
	ready     *follower   // the one whose rows are complete, or nil
	wanted    conditions  // by the caller
	asked     *conditions // of the server, with the reply on the way; or nil
	acked     conditions  // by the server: the rows are of these
	made      uint64      // how many batches there were
}

// New checks the configuration; it does no I/O. Errors: ErrConfig.
func New(cfg Config) (*Client, error) {
	cfg = cfg.withDefaults()
	endpoints, err := parseEndpoints(cfg.Endpoints)
	if err != nil {
		return nil, err
	}
	models, err := cfg.models()
	if err != nil {
		return nil, err
	}
	rows, err := newReplica(cfg.Tables, models)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, log: cfg.Logger, endpoints: endpoints, keys: cfg.TLS, rows: rows, strings: newInterner(), index: map[string]int{},
		fresh: make(chan *Batch), batches: make(chan *Batch), states: make(chan State, 1), soon: make(chan struct{}, 1),
		wanted: conditions{epoch: 1}}
	for i, table := range cfg.Tables {
		if err := rows.tables[i].check(table.Where); err != nil {
			return nil, err
		}
		c.wanted.where = append(c.wanted.where, table.Where)
	}
	return c, nil
}

// Run follows the database until ctx ends and returns its error. A server that is not there is waited for; every session that
// ends is followed by the next. To be called once.
func (c *Client) Run(ctx context.Context) error {
	c.mu.Lock()
	again := c.started
	c.started = true
	c.mu.Unlock()
	if again {
		return fmt.Errorf("%w: Run called twice", ErrConfig)
	}
	var delivery sync.WaitGroup
	delivery.Go(func() { deliver(ctx, c.fresh, c.batches) })
	pause := c.cfg.BackoffMin
	for {
		ready := c.round(ctx)
		if ctx.Err() != nil {
			break
		}
		if ready > c.cfg.BackoffMax {
			pause = c.cfg.BackoffMin // it was no server that fails again and again
		}
		c.wait(ctx, pause)
		pause = min(2*pause, c.cfg.BackoffMax)
	}
	delivery.Wait()
	c.setState(State{Phase: Stopped, Err: ctx.Err()})
	return ctx.Err()
}

// round tries all endpoints in random order, until one could be followed, and returns how long that was ready.
func (c *Client) round(ctx context.Context) (ready time.Duration) {
	c.mu.Lock()
	endpoints := append([]endpoint(nil), c.endpoints...)
	c.mu.Unlock()
	rand.Shuffle(len(endpoints), func(i, j int) { endpoints[i], endpoints[j] = endpoints[j], endpoints[i] })
	for _, e := range endpoints {
		ready, err := c.follow(ctx, e)
		if ctx.Err() != nil {
			return ready
		}
		c.left(e, err)
		if ready > 0 || errors.Is(err, errEndpointGone) {
			return ready
		}
	}
	return 0
}

// left tells that an endpoint could not be used, or is not any more; in the log only if that is news.
func (c *Client) left(e endpoint, err error) {
	if old := c.State().Err; old == nil || old.Error() != err.Error() {
		c.log.Warn("OVSDB server left", "database", c.cfg.Database, "endpoint", e.text, "error", err)
	}
	c.setState(State{Phase: Waiting, Endpoint: e.text, Err: err, Retry: time.Now()})
}

// wait pauses between half of pause and all of it.
func (c *Client) wait(ctx context.Context, pause time.Duration) {
	pause -= rand.N(pause/2 + 1)
	state := c.State()
	state.Phase, state.Retry = Waiting, time.Now().Add(pause)
	c.setState(state)
	select {
	case <-ctx.Done():
	case <-c.soon:
	case <-time.After(pause):
	}
}

// adapt fits the tables to a server's schema.
func (c *Client) adapt(text string) error {
	schema, err := parseSchema(text)
	if err != nil || reflect.DeepEqual(schema, c.rows.schema) {
		return err
	}
	c.last = uuid.Nil // the rows held may have other columns
	missing := c.rows.adapt(schema)
	if len(missing) > 0 && strings.Join(missing, " ") != strings.Join(c.missing, " ") {
		c.log.Warn("The server's schema lacks tables or columns; their rows or values are taken as empty",
			"database", c.cfg.Database, "version", schema.Version, "missing", missing)
	}
	c.missing = missing
	return nil
}

// Batches is where changes arrive, in order. Nothing is ever lost: while nobody receives, what comes is merged with what
// waits, so that it holds each row once, with Old as the receiver knows it and New as it is now, and a row that came and
// went is not in it at all. Closed when Run returns. One receiver.
func (c *Client) Batches() <-chan *Batch { return c.batches }

// Made is the Number of the last batch that there is or that is on its way to Batches. Asked after Transact has returned, it is that
// of a batch with which all has come that the transaction has changed.
func (c *Client) Made() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made
}

// State is where the client stands.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// States has room for one State, the latest that nobody has received. One receiver.
func (c *Client) States() <-chan State { return c.states }

func (c *Client) setState(state State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = state
	select {
	case <-c.states: // nobody has received it, and it is old now
	default:
	}
	c.states <- state
}
