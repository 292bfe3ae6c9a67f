package ovsdb

import (
	"iter"
	"reflect"

	"github.com/google/uuid"
	"github.com/ovn-org/libovsdb/model"
)

// Model is a pointer to one of the structs of a database's models, such as *sb.MACBinding. It stands for one row.
//
// Immutable: rows are shared between batches, and with the client. Whoever wants to change one changes a copy.
type Model = model.Model

// Change is what happened to one row: it came (Old is nil), went (New is nil), or is another now. Old and New are of the
// type that the table has in the Config's model; the columns that the Config does not ask for are zero.
type Change struct {
	UUID     uuid.UUID
	Old, New Model
}

// Batch is what has changed since the batch before it: normally by one transaction, by several when nobody took the first
// of them in time. It holds each row at most once. The rows that batches leave, applied in their order to nothing, are
// those of the database that match the conditions.
//
// Immutable once it was received.
type Batch struct {
	// TxnID is the id of the last transaction in it; zero where the server has none (it is not part of a cluster).
	TxnID uuid.UUID
	// Epoch up to which the conditions have been followed: with this batch, all rows have come that match the conditions
	// that SetConditions (or Config, epoch 1) gave this number, and those that match no longer have gone. It never falls.
	Epoch uint64
	// Session is the number of the last session that it is of, see State.
	Session uint64
	// Number is how many batches there were up to the last one in it, see Client.Made.
	Number uint64
	// Reload is true when everything was loaded: at the start, and after a reconnect to a server that could not tell just
	// what had changed meanwhile. The changes are the true differences all the same.
	Reload bool

	// tables is in the order of Config.Tables and as long. Invariant: no change has Old and New nil, or the same.
	tables []tableChanges
}

// tableChanges is one table's part of a batch.
type tableChanges struct {
	table   *table
	changes []Change
}

// Len is the number of rows that changed. It may be 0: an epoch reached, a reconnect without differences.
func (b *Batch) Len() int {
	n := 0
	for i := range b.tables {
		n += len(b.tables[i].changes)
	}
	return n
}

// Table gives the changes of one table, by its name in the schema, in no particular order; nil if there are none. The slice
// is the batch's own and must not be changed.
func (b *Batch) Table(name string) []Change {
	for i := range b.tables {
		if b.tables[i].table.name == name {
			return b.tables[i].changes
		}
	}
	return nil
}

// All gives every change with its table's name, table after table in the order of Config.Tables. Of a table those rows come first that
// have gone: in a database that was made anew, a table's only row is another, and the last to be said is the one that is there.
func (b *Batch) All() iter.Seq2[string, Change] {
	return func(yield func(string, Change) bool) {
		for i := range b.tables {
			for _, gone := range [...]bool{true, false} {
				for _, c := range b.tables[i].changes {
					if (c.New == nil) == gone && !yield(b.tables[i].table.name, c) {
						return
					}
				}
			}
		}
	}
}

// Row is a Change of a table whose rows are of type T: what Rows gives.
type Row[T any] struct {
	UUID     uuid.UUID
	Old, New *T
}

// Rows gives the changes of the table whose rows are of type T:
//
//	for row := range ovsdb.Rows[sb.MACBinding](batch) {
//		if row.New == nil {
//			delete(held, row.UUID)
//		}
//	}
func Rows[T any](b *Batch) iter.Seq[Row[T]] {
	want := reflect.TypeFor[*T]()
	return func(yield func(Row[T]) bool) {
		for i := range b.tables {
			if b.tables[i].table.model != want {
				continue
			}
			for _, c := range b.tables[i].changes {
				before, _ := c.Old.(*T)
				after, _ := c.New.(*T)
				if !yield(Row[T]{c.UUID, before, after}) {
					return
				}
			}
		}
	}
}
