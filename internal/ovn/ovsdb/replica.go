package ovsdb

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
)

// replica holds the rows of a database that a server has sent. It outlives connections, so that what the next server says
// can be compared with it. Used by one goroutine at a time.
type replica struct {
	tables []*table
	rows   []map[uuid.UUID]Model   // of the table of the same index
	schema libovsdb.DatabaseSchema // that the tables are adapted to
}

func newReplica(tables []Table, models map[string]reflect.Type) (*replica, error) {
	r := &replica{}
	seen := map[string]bool{}
	for _, config := range tables {
		if seen[config.Name] {
			return nil, fmt.Errorf("%w: table %q twice", ErrConfig, config.Name)
		}
		seen[config.Name] = true
		table, err := newTable(config, models)
		if err != nil {
			return nil, err
		}
		r.tables = append(r.tables, table)
		r.rows = append(r.rows, map[uuid.UUID]Model{})
	}
	return r, nil
}

// adapt fits the tables to a schema and returns what it lacks.
func (r *replica) adapt(schema libovsdb.DatabaseSchema) (missing []string) {
	r.schema = schema
	for _, t := range r.tables {
		missing = append(missing, t.adapt(schema)...)
	}
	return missing
}

// find gives the index of a table, -1 if it is not followed.
func (r *replica) find(name string) int {
	return slices.IndexFunc(r.tables, func(t *table) bool { return t.name == name })
}

// nothing is the changes of no row.
func (r *replica) nothing() []tableChanges {
	return r.commit(&update{rest: make([][]Change, len(r.tables))})
}

// update is what a message says about rows: read, and not yet part of the replica, because the rest of the message may be
// broken.
type update struct {
	whole bool                  // it says what all rows are, not what has changed
	rows  []map[uuid.UUID]Model // whole: of the table of the same index. One that is as it was held is the one held.
	rest  [][]Change            // otherwise: of the table of the same index
	last  uuid.UUID             // the transaction that the rows are of then, zero if not known
}

// readUpdate reads a <table-updates2> (ovsdb-server(7) 4.1.14), or with v1 a <table-updates> (RFC 7047 §4.1.6).
func (r *replica) readUpdate(p *parser, whole, v1 bool) *update {
	u := &update{whole: whole, rows: make([]map[uuid.UUID]Model, len(r.tables)), rest: make([][]Change, len(r.tables))}
	for p.enter('{'); p.more('}'); {
		i := r.find(string(p.key()))
		if i < 0 || r.tables[i].schema == nil {
			p.skip()
			continue
		}
		if whole {
			u.rows[i] = make(map[uuid.UUID]Model, len(r.rows[i]))
		}
		for p.enter('{'); p.more('}'); {
			r.readRow(p, u, i, v1)
		}
	}
	return u
}

// readRow reads a row's uuid and what an update says about it.
func (r *replica) readRow(p *parser, u *update, i int, v1 bool) {
	t := r.tables[i]
	id := p.id(p.key())
	held := r.rows[i][id]
	change := Change{UUID: id}
	if !u.whole {
		change.Old = held
	}
	if v1 {
		t.readV1(p, &change)
	} else {
		t.readV2(p, &change)
	}
	switch same := t.same(held, change.New); {
	case !u.whole && !same:
		u.rest[i] = append(u.rest[i], change)
	case u.whole && same && held != nil:
		u.rows[i][id] = held
	case u.whole && change.New != nil:
		u.rows[i][id] = change.New
	}
}

// readV2 reads a <row-update2> and sets change.New.
func (t *table) readV2(p *parser, change *Change) {
	p.enter('{')
	p.more('}')
	switch kind := string(p.key()); kind {
	case "initial", "insert":
		row := t.row(change.UUID)
		t.read(p, row, false)
		change.New = row.Interface()
	case "modify":
		if change.Old == nil {
			p.fail("modifies row %v of table %s, which is not there", change.UUID, t.name)
			return
		}
		row := reflect.New(t.model.Elem())
		row.Elem().Set(reflect.ValueOf(change.Old).Elem())
		t.read(p, row, true)
		change.New = row.Interface()
	case "delete":
		p.skip()
	default:
		p.fail("unknown row update %q", kind)
	}
	p.leave('}')
}

// readV1 reads a <row-update> and sets change.New: "new" has all columns, and is not there for a row deleted.
func (t *table) readV1(p *parser, change *Change) {
	for p.enter('{'); p.more('}'); {
		if string(p.key()) != "new" {
			p.skip()
			continue
		}
		row := t.row(change.UUID)
		t.read(p, row, false)
		change.New = row.Interface()
	}
}

// commit makes an update part of the replica and returns what it changed.
func (r *replica) commit(u *update) []tableChanges {
	result := make([]tableChanges, len(r.tables))
	for i, t := range r.tables {
		result[i] = tableChanges{table: t, changes: u.rest[i]}
		if u.whole {
			result[i].changes = r.replace(i, u.rows[i])
			continue
		}
		for _, c := range u.rest[i] {
			if c.New == nil {
				delete(r.rows[i], c.UUID)
			} else {
				r.rows[i][c.UUID] = c.New
			}
		}
	}
	return result
}

// replace makes these rows all there are of a table, and returns what that changed.
func (r *replica) replace(i int, rows map[uuid.UUID]Model) (changes []Change) {
	held := r.rows[i]
	if len(held) == 0 {
		changes = make([]Change, 0, len(rows))
	}
	for id, row := range rows {
		if before := held[id]; before != row {
			changes = append(changes, Change{UUID: id, Old: before, New: row})
		}
	}
	for id, row := range held {
		if rows[id] == nil {
			changes = append(changes, Change{UUID: id, Old: row})
		}
	}
	if rows == nil {
		rows = map[uuid.UUID]Model{}
	}
	r.rows[i] = rows
	return changes
}
