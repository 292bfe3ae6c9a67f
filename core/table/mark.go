package table

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Limits of marks.
const (
	MaxMarks     = 65536 // of one owner, installed and on their way
	MaxTxnMarks  = 1024  // of one transaction
	MaxMarkBytes = 256   // of the name and the value of one
)

// Mark is a note that travels with a transaction: whoever is interested hears of it when all of the owner's work up to it
// is in the switch. An empty value takes the mark of this name away. Like flows, marks that are not said again by the end of a sync
// go; those of a session that ends before they are installed are not told.
type Mark struct{ Name, Value string }

// MarkState is the last value of a mark that is installed.
type MarkState struct {
	Value       string
	Quarantined int // how many of the owner's flows were in quarantine then

	epoch uint8 // Invariant: the owner's if the mark was said since the last sync began.
}

// Mark returns the last installed value of an owner's mark.
func (t *Table) Mark(id OwnerID, name string) (MarkState, bool) {
	o := t.owner(id)
	if o == nil {
		return MarkState{}, false
	}
	m, ok := o.marks[name]
	return m, ok
}

// Marks yields an owner's marks that are installed, sorted by name.
func (t *Table) Marks(id OwnerID) iter.Seq2[string, MarkState] {
	return func(yield func(string, MarkState) bool) {
		o := t.owner(id)
		if o == nil {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(o.marks)) {
			if !yield(name, o.marks[name]) {
				return
			}
		}
	}
}

// checkMarks refuses what is no mark.
func checkMarks(marks []Mark) error {
	if len(marks) > MaxTxnMarks {
		return fmt.Errorf("%w: %d marks in one transaction, %d are allowed", ErrTooBig, len(marks), MaxTxnMarks)
	}
	for _, m := range marks {
		switch {
		case m.Name == "" || strings.HasSuffix(m.Name, "*"): // which watchers mean all by
			return fmt.Errorf("%w: a mark with the name %q", ErrBadOp, m.Name)
		case len(m.Name)+len(m.Value) > MaxMarkBytes:
			return fmt.Errorf("%w: mark %.64q has %d bytes, %d are allowed", ErrTooBig, m.Name, len(m.Name)+len(m.Value), MaxMarkBytes)
		}
	}
	return nil
}

// mark notes the marks of the transaction that is being committed.
func (t *Table) mark(o *owner, marks []Mark) {
	t.current.marks, t.current.epoch = slices.Clone(marks), o.epoch
	o.marking += len(marks)
	for _, m := range marks {
		if s, ok := o.marks[m.Name]; ok {
			s.epoch = o.epoch
			o.marks[m.Name] = s
		}
	}
}

// marked makes the marks of a revision installed. They are those of the returned event.
func (t *Table) marked(r *revision, event *Event) {
	o := r.owner
	o.marking -= len(r.marks)
	if r.silent || len(r.marks) == 0 {
		return
	}
	event.Marks, event.Quarantined = r.marks, t.quarantinedOf(o)
	for _, m := range r.marks {
		if m.Value == "" {
			delete(o.marks, m.Name)
		} else {
			o.marks[m.Name] = MarkState{m.Value, event.Quarantined, r.epoch}
		}
	}
}

// unmark makes the present revision take away the marks that were not said since the sync began.
func (t *Table) unmark(o *owner) {
	var gone []Mark
	for _, name := range slices.Sorted(maps.Keys(o.marks)) {
		if o.marks[name].epoch != o.epoch {
			gone = append(gone, Mark{Name: name})
		}
	}
	o.dropMarks(func(r *revision) bool { return r.epoch != o.epoch })
	t.mark(o, gone)
}

// dropMarks forgets the marks of revisions that are not installed.
func (o *owner) dropMarks(of func(*revision) bool) {
	for _, r := range o.revisions {
		if of(r) {
			o.marking -= len(r.marks)
			r.marks = nil
		}
	}
}
