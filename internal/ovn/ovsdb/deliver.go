package ovsdb

import (
	"context"

	"github.com/google/uuid"
)

// deliver hands batches from fresh to the receiver of out until ctx ends. It always takes what is fresh at once: reading from
// a server never waits for the receiver.
func deliver(ctx context.Context, fresh <-chan *Batch, out chan<- *Batch) {
	defer close(out)
	var waiting pending
	for {
		offer := out
		if waiting.batch == nil {
			offer = nil
		}
		select {
		case <-ctx.Done():
			return
		case b := <-fresh:
			waiting.merge(b)
		case offer <- waiting.batch:
			waiting.reset()
		}
	}
}

// pending is the batch that waits for the receiver. Nobody else has it, so it may be changed.
type pending struct {
	batch *Batch
	// index has, for each table of the batch that something was merged into, where each row's change is.
	index []map[uuid.UUID]int
}

func (w *pending) reset() { *w = pending{} }

// merge makes of two batches one that takes a receiver as far as both would.
func (w *pending) merge(next *Batch) {
	if w.batch == nil {
		w.batch = next
		return
	}
	w.batch.TxnID, w.batch.Epoch, w.batch.Session, w.batch.Number = next.TxnID, next.Epoch, next.Session, next.Number
	w.batch.Reload = w.batch.Reload || next.Reload
	if w.index == nil {
		w.index = make([]map[uuid.UUID]int, len(next.tables))
	}
	for i := range next.tables {
		w.mergeTable(i, next.tables[i].changes)
	}
}

func (w *pending) mergeTable(i int, next []Change) {
	changes := &w.batch.tables[i].changes
	if len(*changes) == 0 {
		*changes, w.index[i] = next, nil
		return
	}
	if len(next) > 0 && w.index[i] == nil {
		w.index[i] = make(map[uuid.UUID]int, len(*changes)+len(next))
		for at, c := range *changes {
			w.index[i][c.UUID] = at
		}
	}
	for _, c := range next {
		at, ok := w.index[i][c.UUID]
		if !ok {
			w.index[i][c.UUID] = len(*changes)
			*changes = append(*changes, c)
			continue
		}
		(*changes)[at].New = c.New
		if w.batch.tables[i].table.same((*changes)[at].Old, c.New) {
			w.drop(i, at)
		}
	}
}

// drop takes out a change that has come to nothing.
func (w *pending) drop(i, at int) {
	changes := &w.batch.tables[i].changes
	end := len(*changes) - 1
	delete(w.index[i], (*changes)[at].UUID)
	if at != end {
		(*changes)[at] = (*changes)[end]
		w.index[i][(*changes)[at].UUID] = at
	}
	(*changes)[end] = Change{}
	*changes = (*changes)[:end]
}
