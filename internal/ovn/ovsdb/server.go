package ovsdb

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/ovn-org/libovsdb/ovsdb/serverdb"
)

// errSchemaChanged ends a session whose database was converted or got its schema: the next one fits to it.
var errSchemaChanged = errors.New("the database has another schema now")

// checkServer asks the server what it knows of the database: ovsdb-server(5), the database _Server.
func (f *follower) checkServer() {
	models := map[string]reflect.Type{serverdb.DatabaseTable: reflect.TypeFor[*serverdb.Database]()}
	columns := []string{"name", "model", "connected", "leader", "schema", "cid", "index"}
	server, err := newReplica([]Table{{Name: serverdb.DatabaseTable, Columns: columns}}, models)
	if err != nil {
		f.session.fail(err)
		return
	}
	f.server = server
	f.server.adapt(serverdb.Schema())
	request := map[string][]monitorRequest{serverdb.DatabaseTable: {{
		Columns: columns,
		Where:   []any{Equal("name", f.client.cfg.Database)},
	}}}
	// Without it, the server would close the connection at every change of a database's schema (ovsdb-server(7) 4.1.18).
	f.session.send("set_db_change_aware", []any{true}, &call{})
	var rows *update
	f.session.send("monitor_cond", []any{monitorServer, monitorServer, request}, &call{
		slow:   true,
		result: func(p *parser) { rows = f.server.readUpdate(p, true, false) },
		done: func(err error) {
			switch {
			case errors.As(err, new(*serverError)):
				f.getSchema() // OVS before 2.9 has no _Server
			case err != nil:
				f.session.fail(err)
			case rows == nil:
				f.session.fail(fmt.Errorf("%w: no result", ErrProtocol))
			default:
				f.server.commit(rows)
				f.judge()
			}
		},
	})
}

// getSchema fits the tables to the server's schema and asks for the rows. (What _Server says of the schema is not always so:
// ovsdb-server 3.1 leaves it as it was when it converts a database.)
func (f *follower) getSchema() {
	var schema []byte
	f.session.send("get_schema", []any{f.client.cfg.Database}, &call{
		slow:   true,
		result: func(p *parser) { schema = p.raw() },
		done: func(err error) {
			if err == nil {
				err = f.client.adapt(string(schema))
			}
			if err != nil {
				f.session.fail(fmt.Errorf("%w: %w", ErrUnsuitable, err))
				return
			}
			f.monitor("monitor_cond_since")
		},
	})
}

// judge leaves a server that should not be followed, as OVS's lib/ovsdb-cs.c does, and begins with one that should.
func (f *follower) judge() {
	var database *serverdb.Database
	for _, row := range f.server.rows[0] {
		if d := row.(*serverdb.Database); d.Name == f.client.cfg.Database {
			database = d
		}
	}
	if err := f.client.unsuitable(database); err != nil {
		f.session.fail(err)
		return
	}
	switch f.schema {
	case *database.Schema:
	case "":
		f.schema = *database.Schema
		f.getSchema()
	default:
		f.session.fail(errSchemaChanged)
	}
}

// unsuitable says why a server should not be followed that says this of the database, and remembers how far it is.
func (c *Client) unsuitable(d *serverdb.Database) error {
	switch {
	case d == nil:
		return fmt.Errorf("%w: it has no database %s", ErrUnsuitable, c.cfg.Database)
	case d.Schema == nil || *d.Schema == "":
		return fmt.Errorf("%w: it has not joined its cluster, or not reached its relay source, yet", ErrUnsuitable)
	case !d.Connected:
		return fmt.Errorf("%w: it is cut off from its cluster or relay source", ErrUnsuitable)
	case c.cfg.LeaderOnly && !d.Leader:
		return fmt.Errorf("%w: it is not the leader", ErrUnsuitable)
	case d.Model != serverdb.DatabaseModelClustered || d.Index == nil || d.Cid == nil:
		return nil
	case *d.Index < c.index[*d.Cid]:
		return fmt.Errorf("%w: it is behind: at index %d, %d was seen", ErrUnsuitable, *d.Index, c.index[*d.Cid])
	}
	c.index[*d.Cid] = *d.Index
	return nil
}
