package ovsdb

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// addressSets is a table and the means to make batches of it without a server.
func addressSets(t testing.TB) *table {
	table, err := newTable(Table{Name: sb.AddressSetTable}, map[string]reflect.Type{sb.AddressSetTable: reflect.TypeFor[*sb.AddressSet]()})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// A receiver that takes batches now and then ends with the same rows as one that takes each, is told each row at most once in a
// batch, with the old row it has, and never that something changed into the same.
func TestMergeModel(t *testing.T) {
	table := addressSets(t)
	rapid.Check(t, func(t *rapid.T) {
		truth, held := map[uuid.UUID]Model{}, map[uuid.UUID]Model{}
		var w pending
		for epoch := range uint64(rapid.IntRange(1, 40).Draw(t, "transactions")) {
			w.merge(&Batch{Epoch: epoch, tables: []tableChanges{{table, drawChanges(t, truth)}}})
			if rapid.Bool().Draw(t, "take") {
				take(t, table, &w, held)
				compareRows(t, table, truth, held)
			}
		}
		if w.batch != nil {
			take(t, table, &w, held)
		}
		compareRows(t, table, truth, held)
	})
}

// drawChanges makes a transaction on some rows of truth.
func drawChanges(t *rapid.T, truth map[uuid.UUID]Model) []Change {
	var changes []Change
	touched := rapid.SliceOfNDistinct(rapid.ByteRange(1, 8), 0, 8, rapid.ID).Draw(t, "rows")
	for _, n := range touched {
		id := uuid.UUID{n}
		change := Change{UUID: id, Old: truth[id]}
		if name := rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "name"); name != "" {
			change.New = &sb.AddressSet{Name: name}
			truth[id] = change.New
		} else {
			delete(truth, id)
		}
		if !reflect.DeepEqual(change.Old, change.New) {
			changes = append(changes, change)
		} else if change.Old != nil {
			truth[id] = change.Old
		}
	}
	return changes
}

func take(t *rapid.T, table *table, w *pending, held map[uuid.UUID]Model) {
	seen := map[uuid.UUID]bool{}
	for _, c := range w.batch.tables[0].changes {
		if seen[c.UUID] {
			t.Fatalf("row %v twice", c.UUID)
		}
		seen[c.UUID] = true
		if !table.same(c.Old, held[c.UUID]) || table.same(c.Old, c.New) {
			t.Fatalf("row %v: %v becomes %v, held is %v", c.UUID, c.Old, c.New, held[c.UUID])
		}
		if c.New == nil {
			delete(held, c.UUID)
		} else {
			held[c.UUID] = c.New
		}
	}
	w.reset()
}

func compareRows(t *rapid.T, table *table, truth, held map[uuid.UUID]Model) {
	if len(truth) != len(held) {
		t.Fatalf("%d rows held, want %d", len(held), len(truth))
	}
	for id, row := range truth {
		if !table.same(row, held[id]) {
			t.Fatalf("row %v is %v, want %v", id, held[id], row)
		}
	}
}

// Who waits for batches gets each transaction; who does not gets the difference, however much has happened.
func TestDeliver(t *testing.T) {
	table := addressSets(t)
	ctx, cancel := context.WithCancel(context.Background())
	fresh, out := make(chan *Batch), make(chan *Batch)
	go deliver(ctx, fresh, out)
	id := uuid.UUID{1}
	row := func(n int) Model { return &sb.AddressSet{Name: fmt.Sprint(n)} }
	first := &Batch{Epoch: 1, tables: []tableChanges{{table, []Change{{UUID: id, New: row(0)}}}}}
	fresh <- first
	if got := <-out; got != first {
		t.Errorf("got %v, want the batch itself", got)
	}
	old := first.tables[0].changes[0].New
	for n := range 1000 {
		next := row(n + 1)
		fresh <- &Batch{TxnID: uuid.UUID{byte(n)}, Epoch: 2, Reload: n == 5, tables: []tableChanges{{table, []Change{{UUID: id, Old: old, New: next}}}}}
		old = next
	}
	got := <-out
	if changes := got.Table(sb.AddressSetTable); len(changes) != 1 || changes[0].Old.(*sb.AddressSet).Name != "0" || changes[0].New != old {
		t.Errorf("changes %v, want one from 0 to 1000", changes)
	}
	if got.Epoch != 2 || !got.Reload || got.TxnID != (uuid.UUID{byte(999 % 256)}) {
		t.Errorf("epoch %d, reload %v, transaction %v", got.Epoch, got.Reload, got.TxnID)
	}
	cancel()
	if b, ok := <-out; ok {
		t.Errorf("batch %v after the end", b)
	}
}

func TestBatchViews(t *testing.T) {
	table := addressSets(t)
	ids := []uuid.UUID{{1}, {2}}
	b := &Batch{tables: []tableChanges{{table, []Change{{UUID: ids[0], New: &sb.AddressSet{Name: "a"}}, {UUID: ids[1], Old: &sb.AddressSet{Name: "b"}}}}}}
	if b.Len() != 2 || len(b.Table(sb.AddressSetTable)) != 2 || b.Table("Nonesuch") != nil {
		t.Errorf("length %d, table %v", b.Len(), b.Table(sb.AddressSetTable))
	}
	for name, change := range b.All() {
		if name != sb.AddressSetTable || change.UUID != ids[1] { // the one that has gone
			t.Errorf("first change of %s is %v", name, change.UUID)
		}
		break
	}
	var names []string
	for row := range Rows[sb.AddressSet](b) {
		if row.Old != nil {
			names = append(names, "-"+row.Old.Name)
		}
		if row.New != nil {
			names = append(names, "+"+row.New.Name)
		}
	}
	if fmt.Sprint(names) != "[+a -b]" {
		t.Errorf("rows %v", names)
	}
	for row := range Rows[sb.MACBinding](b) {
		t.Errorf("a row of another table: %v", row)
	}
	for range Rows[sb.AddressSet](b) {
		break
	}
}
