package table

import (
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Unclaimed says what happens to an adopted flow that no configured owner can have made.
type Unclaimed uint8

const (
	UnclaimedDelete Unclaimed = iota
	UnclaimedKeep
)

// DefaultHold is Options.Hold when it is 0.
const DefaultHold = 60 * time.Second

// Options of a Table.
type Options struct {
	Hold      time.Duration // how long an adopted entry waits for an owner that does nothing; default DefaultHold
	Unclaimed Unclaimed
}

// Table is the desired and the installed side. Make one with New.
type Table struct {
	options Options
	owners  []*owner // by OwnerID
	session uint32
	events  []Event
}

// New returns an empty table. Nothing is known of the switch: Diff yields nothing until AdoptDone.
func New(options Options) *Table {
	if options.Hold == 0 {
		options.Hold = DefaultHold
	}
	return &Table{options: options}
}

// AddOwner adds a configured owner. All are added before anything else is called. ErrOwnerExists when the name is taken.
func (t *Table) AddOwner(spec OwnerSpec) (OwnerID, error) { return 0, nil }

// Prepare checks a transaction, makes its matches and actions canonical and its cookies complete, all in place. It reads
// only what is fixed after AddOwner, so it may run in any goroutine. Errors are *OpError and Is one of the sentinels;
// the transaction must not be used after one.
func (t *Table) Prepare(txn *Txn) error { return nil }

// Commit does a transaction's operations in the table, all or none, and prepares it before if nobody did. The table keeps
// nothing of txn. Errors are *OpError; after one, nothing has changed.
func (t *Table) Commit(txn *Txn, now time.Time) (Revision, error) { return 0, nil }

// SyncBegin says that the owner has a session and will say everything it wants: all its flows are stale until mentioned.
func (t *Table) SyncBegin(o OwnerID, now time.Time) {}

// SyncDone says that the owner has said everything: what is still stale goes. It is a revision of its own, with
// transaction number 0 in its EventInstalled.
func (t *Table) SyncDone(o OwnerID, now time.Time) Revision { return 0 }

// SessionEnded says that the owner's process is gone. Its flows are stale and stay, for its grace.
func (t *Table) SessionEnded(o OwnerID, now time.Time) {}

// Diff returns at most max changes for entries touched since they were last looked at: adds and modifies, then deletes. A
// key has one change in flight at most; each change must be answered by Confirm, Reject or Disconnected.
func (t *Table) Diff(max int) []Change { return nil }

// Confirm says that the switch has done c.
func (t *Table) Confirm(c Change, now time.Time) {}

// Reject says that the switch refused c: the entry is what it was before, the flow goes into quarantine, and the next
// contender takes its place.
func (t *Table) Reject(c Change, e SwitchError, now time.Time) {}

// Disconnected says that the connection is lost: what is in flight is unknown, and Diff yields nothing until AdoptDone.
func (t *Table) Disconnected() {}

// AdoptBegin says that a dump of the switch follows. What was known of the switch is forgotten.
func (t *Table) AdoptBegin() {}

// AdoptFlows takes over flows the switch has shown. Matches and actions must be canonical.
func (t *Table) AdoptFlows(flows []Dumped) {}

// AdoptDone says that the dump is complete: differences may be sent.
func (t *Table) AdoptDone(now time.Time) {}

// Tick does what is due at now, and returns when it should be called next; the zero time when there is nothing to wait
// for.
func (t *Table) Tick(now time.Time) (next time.Time) { return time.Time{} }

// Entries calls yield for each key that is desired or installed, sorted by table, priority (highest first) and match.
func (t *Table) Entries(yield func(EntryView) bool) {}

// EntriesOf is Entries for the keys of which the owner is a contender.
func (t *Table) EntriesOf(o OwnerID) func(yield func(EntryView) bool) {
	return func(func(EntryView) bool) {}
}

// Stats counts what is in the table.
func (t *Table) Stats() Stats { return Stats{} }

var _ = flow.Key{}
