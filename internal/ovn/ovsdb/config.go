package ovsdb

import (
	"fmt"
	"reflect"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/ovn-org/libovsdb/model"
)

// Config says what to follow, and where.
type Config struct {
	// Database is the schema's name, such as "OVN_Southbound".
	Database string
	// Endpoints are servers of the database, comma-separated as in ovn-remote: unix:PATH, tcp:HOST[:PORT], ssl:HOST[:PORT].
	// They are tried in random order.
	Endpoints string
	// TLS has the keys for ssl: endpoints.
	TLS TLS
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
	// Where has the conditions at the start. A server that knows only the method monitor of RFC 7047 sends all rows regardless.
	Where Where
}

// withDefaults fills in what is 0.
func (cfg Config) withDefaults() Config {
	if cfg.Logger == nil {
		cfg.Logger = hclog.NewNullLogger()
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&cfg.Probe, 10 * time.Second},
		{&cfg.LoadTimeout, 5 * time.Minute},
		{&cfg.BackoffMin, 100 * time.Millisecond},
		{&cfg.BackoffMax, 8 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return cfg
}

// models gives the struct of each table, as pointer types.
func (cfg Config) models() (map[string]reflect.Type, error) {
	if name := cfg.Model.Name(); name != cfg.Database {
		return nil, fmt.Errorf("%w: the model is of database %q, not %q", ErrConfig, name, cfg.Database)
	}
	return model.NewPartialDatabaseModel(cfg.Model).Types(), nil
}
