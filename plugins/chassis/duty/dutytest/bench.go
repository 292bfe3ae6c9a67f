// Package dutytest lets a Duty of the chassis run on two databases in memory. They treat what it writes as ovsdb-server does: references
// and indexes are kept, and a row that nothing refers to any more goes, unless its table is a root.
package dutytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/ovn-org/libovsdb/database"
	"github.com/ovn-org/libovsdb/database/inmemory"
	"github.com/ovn-org/libovsdb/model"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// TB is what of a testing.TB or a rapid.T is used.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Bench is a chassis in memory: both databases, and what is fed with their rows as the source feeds it.
type Bench struct {
	State *local.State
	Duty  duty.Duty
	Now   time.Time // what Plan is told

	t       TB
	rows    database.Database
	columns map[string]map[string]bool // that may be seen, by table; nil: all
}

// New makes a Bench with empty databases for the Duty that start makes. It sees the columns of its tables only, and those that a State
// reads.
func New(t TB, bridge string, tables duty.Tables, start func(*local.State) duty.Duty) *Bench {
	t.Helper()
	b := &Bench{State: local.New(bridge), Now: time.Unix(0, 0), t: t, columns: map[string]map[string]bool{}}
	for _, list := range [][]ovsdb.Table{local.AllVswitchTables(), local.AllSouthboundTables(), tables.Vswitch, tables.Southbound} {
		for _, table := range list {
			b.show(table)
		}
	}
	b.Duty = start(b.State)
	b.State.Watch(b.Duty.Changed)
	vswitchModel, err := vswitch.FullDatabaseModel()
	sbModel, err2 := sb.FullDatabaseModel()
	if err != nil || err2 != nil {
		t.Fatalf("models: %v, %v", err, err2)
	}
	b.rows = inmemory.NewDatabase(map[string]model.ClientDBModel{
		duty.Vswitch.String(): vswitchModel, duty.Southbound.String(): sbModel})
	for _, schema := range []libovsdb.DatabaseSchema{vswitch.Schema(), sb.Schema()} {
		if err := b.rows.CreateDatabase(schema.Name, schema); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return b
}

// show lets columns of a table be seen.
func (b *Bench) show(table ovsdb.Table) {
	if b.columns[table.Name] == nil {
		b.columns[table.Name] = map[string]bool{"_uuid": true}
	}
	for _, column := range table.Columns {
		b.columns[table.Name][column] = true
	}
}

// Transact commits operations, as anybody may, and feeds what has changed.
func (b *Bench) Transact(to duty.Database, operations ...ovsdb.Operation) {
	b.t.Helper()
	if err := b.commit(to, operations); err != nil {
		b.t.Fatalf("%v", err)
	}
}

// Plan asks for at most so many Writes.
func (b *Bench) Plan(max int) []duty.Write {
	b.State.Settle()
	writes, _ := b.Duty.Plan(b.Now, max)
	return writes
}

// Apply commits a Write and tells what came of it.
func (b *Bench) Apply(w duty.Write) error {
	err := b.commit(w.Database, w.Operations)
	if w.Done != nil {
		w.Done(err)
	}
	return err
}

// Settle applies what is planned until nothing more is, and returns what was. A refusal or no end of it fails the test.
func (b *Bench) Settle() (all []duty.Write) {
	b.t.Helper()
	for range 20 {
		writes := b.Plan(1000)
		if len(writes) == 0 {
			return all
		}
		for _, w := range writes {
			if err := b.Apply(w); err != nil {
				b.t.Fatalf("%s: %v", w.What, err)
			}
		}
		all = append(all, writes...)
	}
	b.t.Fatalf("there is no end of it: %s", all[len(all)-1].What)
	return nil
}

func (b *Bench) commit(to duty.Database, operations []ovsdb.Operation) error {
	text, err := json.Marshal(operations) // what is left out of it is not sent either
	if err != nil {
		return err
	}
	operations = nil
	if err := json.Unmarshal(text, &operations); err != nil {
		return err
	}
	results, update := b.rows.NewTransaction(to.String()).Transact(operations...)
	for i, result := range results {
		if result != nil && result.Error != "" {
			return fmt.Errorf("operation %d of %s: %s: %s", i, text, result.Error, result.Details)
		}
	}
	changes := b.changes(update)
	if err := b.rows.Commit(to.String(), uuid.New(), update); err != nil {
		return err
	}
	for _, c := range changes {
		b.State.Change(c.Change)
		b.Duty.Change(c.table, c.Change)
	}
	return nil
}

type change struct {
	table string
	ovsdb.Change
}

// changes are those of an update that can be seen.
func (b *Bench) changes(update database.Update) (changes []change) {
	for _, table := range slices.Sorted(slices.Values(update.GetUpdatedTables())) {
		if b.columns[table] == nil {
			continue
		}
		_ = update.ForEachModelUpdate(table, func(id string, old, new model.Model) error { // which returns what this does
			c := change{table, ovsdb.Change{UUID: uuid.MustParse(id), Old: b.seen(table, old), New: b.seen(table, new)}}
			if !reflect.DeepEqual(c.Old, c.New) {
				changes = append(changes, c)
			}
			return nil
		})
	}
	return changes
}

// seen is a row with the columns that may be seen, and sets sorted, as a client has it.
func (b *Bench) seen(table string, row model.Model) ovsdb.Model {
	if row == nil || reflect.ValueOf(row).IsNil() {
		return nil
	}
	from := reflect.ValueOf(row).Elem()
	to := reflect.New(from.Type())
	for i := range from.NumField() {
		if !b.columns[table][from.Type().Field(i).Tag.Get("ovsdb")] {
			continue
		}
		switch field := from.Field(i).Interface().(type) {
		case []string:
			to.Elem().Field(i).Set(reflect.ValueOf(slices.Sorted(slices.Values(field))))
		default:
			to.Elem().Field(i).Set(from.Field(i))
		}
	}
	return to.Interface()
}

// Rows are all rows of the table that has rows of this type, with all columns, by UUID.
func Rows[T any](b *Bench, from duty.Database, table string) map[string]*T {
	b.t.Helper()
	list, err := b.rows.List(from.String(), table)
	if err != nil {
		b.t.Fatalf("%s: %v", table, err)
	}
	rows := map[string]*T{}
	for id, row := range maps.All(list) {
		rows[id] = row.(*T)
	}
	return rows
}
