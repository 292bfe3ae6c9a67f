package feed

import (
	"cmp"
	"context"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/sdk"
)

// Mark is a note that others can watch for (sdk.Txn.Mark); with an empty value it goes.
type Mark struct{ Name, Value string }

// Maker makes flows of rows.
type Maker interface {
	// Change takes in the change of a row of either database.
	Change(table string, c ovsdb.Change)
	// Settle works out what the changes so far mean, and says whether Config.Conditions may be others now than before.
	Settle() (moved bool)
	// Take returns what the host has to be told next, at most max operations and as many marks, and takes it for told; fewer of both:
	// then it knows everything. The operations are told in their order, the marks after them: once everything is known and nothing is on
	// its way from the southbound database that may be a part of what they are about.
	Take(max int) ([]Operation, []Mark)
	// Restart makes Take say everything again, to a host that is taken to know nothing.
	Restart()
	// Local is what the Maker knows of this chassis.
	Local() *local.State
}

// Host is what Run needs of a source's session with the host.
type Host interface {
	// Commit returns when the host has all of it, or nothing.
	Commit(context.Context, []Operation, []Mark) (sdk.Revision, error)
	SyncBegin(context.Context) error
	SyncDone(context.Context) (sdk.Revision, error)
	Events() <-chan sdk.Event
	Switch() sdk.SwitchState
	Status(ready bool, text string)
}

// Config is what Run is started with.
type Config struct {
	OVSDB  string // endpoint of the local Open_vSwitch database
	Logger hclog.Logger
	// Vswitch and Southbound are the tables that the Maker is fed with.
	Vswitch, Southbound []ovsdb.Table
	// Conditions says which rows are wanted of some of the tables of Southbound, by name. It is asked at the start and when Settle says
	// so. While external_ids:ovn-monitor-all is true, all rows of these tables are wanted. May be nil.
	Conditions func() map[string]ovsdb.Where
	// Switch is told what the switch is like, at the start and when it changes. May be nil.
	Switch func(sdk.SwitchState)
	// Missing says what is missing beside the databases until everything is known; "" when nothing is. May be nil.
	Missing func() string
	// Told is called when the host knows what Take has said so far; what it returns, once the switch has confirmed that: none of its
	// packets meet what was there before. Not all that Take says is followed by a call of its own. May be nil.
	Told func() (confirmed func())
	// Marked is told of the marks that the source watches (sdk.Host.Watch; call sdk.Host.Events before). May be nil.
	Marked func(sdk.MarkInstalled)
	// Act is for a Maker that writes to the databases, too: it is called when all that has come so far was told, with whether everything
	// is known, and returns when it wants to be called again though nothing has come (zero: never). It must not wait: what takes long
	// it does elsewhere, and tells by Asks what came of it. May be nil.
	Act func(known bool, vswitch, southbound Side) (again time.Time)
	// Note is what there is to add to the status; "" when nothing is. May be nil.
	Note func() string
	Asks Asks // may be nil
}

// Side is a database as Act finds it.
type Side struct {
	Client *ovsdb.Client // nil: it is not known yet where it is
	Taken  uint64        // the Number of the last batch that was taken in
}

// Asks are functions to be called in Run's goroutine, with the southbound database, or nil as long as it is not known where that is. See
// Subject.
type Asks chan func(southbound *ovsdb.Client)

// Endpoint is that of the local Open_vSwitch database: FLOWHOST_OVSDB in the environment, or else its socket in $OVS_RUNDIR.
func Endpoint() string {
	rundir := cmp.Or(os.Getenv("OVS_RUNDIR"), "/var/run/openvswitch")
	return cmp.Or(os.Getenv("FLOWHOST_OVSDB"), "unix:"+rundir+"/db.sock")
}
