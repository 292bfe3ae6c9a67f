package source

import (
	"context"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/table"
)

// Plugin is what the operator configured for one source.
type Plugin struct {
	Name string   // of the source and of its owner
	Path string   // of the binary
	Args []string // without the program's name
	Env  []string // NAME=value, beside what every plugin gets (see environment)

	SHA256     string // of the binary, in hexadecimal; "": not looked at
	User       string // name or number; "": the host's
	Limits     Limits
	Restart    Restart
	BackoffMax time.Duration // the longest pause between two processes; 0: 30 s
}

// Restart says after which end of its process a plugin is started again.
type Restart string

const (
	Always    Restart = "always" // the zero value, too
	OnFailure Restart = "on-failure"
	Never     Restart = "never"
)

// Config is what a Source is made from. All fields but Connect are needed.
type Config struct {
	Plugin  Plugin
	Connect Connect // if not nil, used instead of starting Plugin.Path
	Attach  Attach
	Bridge  string       // whose tables these are
	OVSDB   string       // endpoint of the local Open_vSwitch database, for plugins that need it
	RunDir  string       // the plugin's socket is in RunDir/NAME, which is wiped at each start
	Version string       // of flowhost, for the plugin
	Logger  hclog.Logger // lines about a plugin, and its own, carry plugin=NAME
}

// Owner is the owner's way into the table for the length of a session; *apply.Session is one.
type Owner interface {
	Spec() table.OwnerSpec
	Commit(context.Context, *table.Txn) (table.Revision, error)
	SyncBegin(context.Context) error
	SyncDone(context.Context) (table.Revision, error)
	Watch(ctx context.Context, owner, mark string) error
	Subscribe(ctx context.Context, controller uint16, userData string) error
	SendPacket(*apply.PacketOut, func(table.SwitchError)) error
	Resume(*apply.PacketIn, func(table.SwitchError)) error
	Detach()
}

// Attach begins a session of the named owner, and with it a sync. The sink is called until Detach.
type Attach func(ctx context.Context, owner string, sink apply.Sink) (Owner, error)

// ToLoop attaches to the apply loop.
func ToLoop(loop *apply.Loop) Attach {
	return func(ctx context.Context, owner string, sink apply.Sink) (Owner, error) {
		return loop.Attach(ctx, owner, sink)
	}
}

// timing is how long things may take. Tests are less patient.
type timing struct {
	start        time.Duration // from exec to the open session
	shutdown     time.Duration // from the Shutdown message to SIGKILL
	exit         time.Duration // from the end of the session to SIGKILL
	reap         time.Duration // from SIGKILL to the end of the process
	stall        time.Duration // for the source to take an event
	healthEvery  time.Duration
	healthWithin time.Duration // for the answer to one check
	backoffMin   time.Duration
	backoffMax   time.Duration
	stable       time.Duration // a process that lived so long was no failure to start
}

var patient = timing{
	start:        15 * time.Second,
	shutdown:     3 * time.Second,
	exit:         time.Second,
	reap:         5 * time.Second,
	stall:        10 * time.Second,
	healthEvery:  5 * time.Second,
	healthWithin: 2 * time.Second,
	backoffMin:   time.Second,
	backoffMax:   30 * time.Second,
	stable:       30 * time.Second,
}

// healthMisses is how many checks in a row a process may fail: a machine out of breath is no reason to kill.
const healthMisses = 3
