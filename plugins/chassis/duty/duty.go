// Package duty says what a duty of the chassis is: to keep some rows of the two databases as they should be.
//
// A Duty is pure: it is fed with rows and facts, and says what to write. It compares what is with what should be, so that a write that
// was lost, refused or undone by somebody is simply said again, and one that changes nothing is never said.
package duty

import (
	"time"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/sdk"
)

// Database is one of the two that a chassis has to do with.
type Database uint8

const (
	Vswitch    Database = iota // the local Open_vSwitch database
	Southbound                 // OVN's
)

func (d Database) String() string { return [...]string{"Open_vSwitch", "OVN_Southbound"}[d] }

// A Write is what has to be written for one thing: all of it or nothing.
type Write struct {
	// What it is for people, such as "claim of port web1".
	What     string
	Database Database
	// Operations may go into one transaction with those of other Writes of the same database: so a uuid-name must not be one that
	// another Write can have (see Name).
	Operations []ovsdb.Operation
	// Done is told what came of it: nil, once the rows that it has changed have been taken in, or the server's refusal, which
	// is the Write's own: it was alone in its transaction then. May be nil.
	Done func(error)
}

// A Duty keeps some rows as they should be. It belongs to one goroutine.
type Duty interface {
	// Change takes in the change of a row of either database. Rows of tables that do not matter to it are ignored.
	Change(table string, c ovsdb.Change)
	// Changed takes in that a fact of the local.State may be different. What it is now is settled only when Plan is called.
	Changed(f local.Fact)
	// Plan returns what has to be written, at most max, and when to ask again though nothing has changed (zero: never). It is called
	// when both databases are known completely. What it has returned counts as on its way: it is not returned again before Done was
	// told, or the rows show that somebody has changed them.
	Plan(now time.Time, max int) (writes []Write, again time.Time)
	// Lost takes in that the outcome of the Writes on their way to a database is unknown, because the connection ended: what is still
	// needed is planned anew. Their Done will not be told.
	Lost(d Database)
}

// Tables are what a Duty reads.
type Tables struct{ Vswitch, Southbound []ovsdb.Table }

// A Listener is a Duty that has to know what the switch has confirmed.
type Listener interface {
	// Marked takes in a mark that is installed: of another source, or of the chassis' own.
	Marked(sdk.MarkInstalled)
}

// A Speaker is a Duty that has something to say to the host, as a feed.Maker has: flushes of conntrack zones and marks, no flows.
type Speaker interface {
	Take(max int) ([]feed.Operation, []feed.Mark)
	Restart()
}

// A Reporter is a Duty that has something to say to the operator.
type Reporter interface {
	// Note is a line for the status, such as what somebody else keeps from being done; "" for nothing.
	Note() string
}
