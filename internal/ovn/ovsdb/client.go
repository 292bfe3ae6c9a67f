package ovsdb

import (
	"context"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/ovn-org/libovsdb/model"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
)

// Config says what to follow, and where.
type Config struct {
	// Database is the schema's name, such as "OVN_Southbound".
	Database string
	// Endpoints are servers of the database, comma-separated as in ovn-remote: unix:PATH, tcp:HOST[:PORT], ssl:HOST[:PORT].
	// They are tried in random order.
	Endpoints string
	// Model has the structs that rows become: sb.FullDatabaseModel() or vswitch.FullDatabaseModel().
	Model model.ClientDBModel
	// Tables to follow, each once.
	Tables []Table
	// LeaderOnly accepts only the leader of a cluster, for those that must read what they have just written.
	LeaderOnly bool
	// Logger may be nil.
	Logger hclog.Logger

	// Probe is the silence after which the server is asked whether it is there; after as much again it is left. It does not
	// count while a reply with rows is being awaited: a server composes the dump of 500,000 rows for 15 s and does nothing
	// else. 0: 10 s. Negative: never.
	Probe time.Duration
	// LoadTimeout is the silence allowed instead while a reply with rows is being awaited. 0: 5 min.
	LoadTimeout time.Duration
	// BackoffMin and BackoffMax bound the pause after all endpoints have failed; it doubles, and a random half of it is left
	// out so that the clients of a restarted server do not come back all at once. 0: 100 ms and 8 s.
	BackoffMin, BackoffMax time.Duration
}

// Table is one table to follow.
type Table struct {
	Name    string
	Columns []string // nil: all that the model has. Only these are asked for; the others are zero in the rows.
	Where   Where    // the conditions at the start
}

// Operation is one step of a transaction, RFC 7047 §5.2, and OperationResult what came of it.
type (
	Operation       = libovsdb.Operation
	OperationResult = libovsdb.OperationResult
)

// Client follows a database. Its methods may be called from any goroutine.
type Client struct {
	cfg     Config
	batches chan *Batch
	states  chan State
}

// New checks the configuration; it does no I/O. Errors: ErrConfig.
func New(cfg Config) (*Client, error) {
	return &Client{cfg: cfg, batches: make(chan *Batch), states: make(chan State, 1)}, nil
}

// Run follows the database until ctx ends and returns its error. A server that is not there is waited for; every session that
// ends is followed by the next. To be called once.
func (c *Client) Run(ctx context.Context) error {
	defer close(c.batches)
	<-ctx.Done()
	return ctx.Err()
}

// Batches is where changes arrive, in order. Nothing is ever lost: while nobody receives, what comes is merged with what
// waits, so that it holds each row once, with Old as the receiver knows it and New as it is now, and a row that came and
// went is not in it at all. Closed when Run returns. One receiver.
func (c *Client) Batches() <-chan *Batch { return c.batches }

// State is where the client stands.
func (c *Client) State() State { return State{} }

// States has room for one State, the latest that nobody has received. One receiver.
func (c *Client) States() <-chan State { return c.states }

// SetConditions replaces the conditions of the tables named and leaves those of others. It returns at once; the batches'
// Epoch says when all rows of it have come. Conditions already asked for get the epoch they have. Errors: ErrConfig.
func (c *Client) SetConditions(conditions map[string]Where) (epoch uint64, err error) { return 0, nil }

// SetEndpoints replaces the Config's. A session with an endpoint that is not among them ends. Errors: ErrConfig.
func (c *Client) SetEndpoints(endpoints string) error { return nil }

// Transact has the server commit the operations, all or none, and returns a result for each. The changes that it makes to
// rows followed arrive as a batch no later than the reply, which may be before or after Transact returns.
// Errors: ErrNotConnected, ErrConnectionLost, *TransactionError, ctx's.
func (c *Client) Transact(ctx context.Context, operations ...Operation) ([]OperationResult, error) {
	return nil, ErrNotConnected
}
