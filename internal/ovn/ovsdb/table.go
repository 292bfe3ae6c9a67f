package ovsdb

import (
	"fmt"
	"reflect"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
)

const uuidLength = 36 // bytes of its text form

// table knows how to make one table's rows from what a server sends.
type table struct {
	name    string
	model   reflect.Type // the pointer type of its rows
	uuid    int          // the struct's field for _uuid
	columns []column     // those that Config asks for
	byName  map[string]*column
	fields  map[string]int // all columns of the struct
	// What the schema of the server at hand has of the table; adapt sets it. nil: nothing.
	schema *libovsdb.TableSchema
}

// column is one field of a table's rows.
type column struct {
	name  string
	field int
	equal func(a, b any) bool // of two such fields, given as a codec has them
	// What the schema of the server at hand says; adapt sets it.
	present   bool
	codec     codec
	composite bool // holds more than one value, so that a "modify" brings a difference
}

// newTable compiles a table of the Config for the struct that its model has. Only what a struct's columns have in Go is
// known here; which of uuid and string they are in the database, adapt learns from the schema.
func newTable(config Table, models map[string]reflect.Type) (*table, error) {
	t := &table{name: config.Name, model: models[config.Name], byName: map[string]*column{}, fields: map[string]int{}}
	if t.model == nil {
		return nil, fmt.Errorf("%w: the model has no table %q", ErrConfig, config.Name)
	}
	for i := range t.model.Elem().NumField() {
		name := t.model.Elem().Field(i).Tag.Get("ovsdb")
		if name == "" {
			continue
		}
		t.fields[name] = i
		if config.Columns == nil && name != "_uuid" {
			t.columns = append(t.columns, column{name: name, field: i})
		}
	}
	t.uuid = t.fields["_uuid"] // libovsdb has checked that it is there
	for _, name := range config.Columns {
		i, ok := t.fields[name]
		if !ok || name == "_uuid" {
			return nil, fmt.Errorf("%w: the model has no column %q in table %q", ErrConfig, name, config.Name)
		}
		t.columns = append(t.columns, column{name: name, field: i})
	}
	for i := range t.columns {
		c := &t.columns[i]
		if t.byName[c.name] != nil {
			return nil, fmt.Errorf("%w: column %q of table %q twice", ErrConfig, c.name, config.Name)
		}
		t.byName[c.name] = c
		codec := newCodec(t.fieldType(c), false, false)
		if codec == nil {
			return nil, fmt.Errorf("%w: column %q of table %q is a %v", ErrConfig, c.name, config.Name, t.fieldType(c))
		}
		c.equal = codec.equal
	}
	return t, nil
}

func (t *table) fieldType(c *column) reflect.Type { return t.model.Elem().Field(c.field).Type }

// adapt fits the table to a server's schema, and returns the names of what that lacks.
func (t *table) adapt(schema libovsdb.DatabaseSchema) (missing []string) {
	if t.schema = schema.Table(t.name); t.schema == nil {
		return []string{t.name}
	}
	for i := range t.columns {
		c := &t.columns[i]
		c.present = false
		column := t.schema.Column(c.name)
		if column == nil || !fits(t.fieldType(c), column) {
			missing = append(missing, t.name+"."+c.name)
			continue
		}
		c.present = true
		key, value := column.TypeObj.Key, column.TypeObj.Value
		c.composite = column.TypeObj.Max() != 1
		c.codec = newCodec(t.fieldType(c), key.Type == libovsdb.TypeUUID, value != nil && value.Type == libovsdb.TypeUUID)
	}
	return missing
}

// asked are the columns that are asked for.
func (t *table) asked() []string {
	names := []string{}
	for i := range t.columns {
		if t.columns[i].present {
			names = append(names, t.columns[i].name)
		}
	}
	return names
}

// row is a row of which nothing is known but its UUID.
func (t *table) row(id uuid.UUID) reflect.Value {
	row := reflect.New(t.model.Elem())
	row.Elem().Field(t.uuid).SetString(id.String())
	return row
}

// read fills a row with the columns that come, or, where a modify is true, with what their differences make of it.
func (t *table) read(p *parser, row reflect.Value, modify bool) {
	for p.enter('{'); p.more('}'); {
		name := p.key()
		c := t.byName[string(name)]
		if c == nil || !c.present {
			p.skip()
			continue
		}
		field := row.Elem().Field(c.field).Addr().Interface()
		if modify && c.composite {
			c.codec.apply(p, field)
		} else {
			c.codec.read(p, field)
		}
	}
}

// same reports whether two versions of a row are equal in all columns, or both not there. Safe at any time: it looks at nothing
// that adapt sets.
func (t *table) same(a, b Model) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil {
		return false
	}
	x, y := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for i := range t.columns {
		c := &t.columns[i]
		if !c.equal(x.Field(c.field).Addr().Interface(), y.Field(c.field).Addr().Interface()) {
			return false
		}
	}
	return true
}
