package config

import (
	"os"
	"path/filepath"
	"time"
)

// Config is everything an operator can say. The zero value of a field means the built-in value its comment names.
type Config struct {
	// Bridge is the Open vSwitch bridge whose tables this host owns; "br-int" by default.
	Bridge string `yaml:"bridge"`
	// Switch is where the bridge's OpenFlow service connection listens: "unix:PATH" or "tcp:HOST:PORT";
	// "unix:RUNDIR/BRIDGE.mgmt" by default, RUNDIR being $OVS_RUNDIR or /var/run/openvswitch (ovs-vswitchd(8)).
	Switch string `yaml:"switch"`
	// OVSDB is the local Open_vSwitch database, for the plugins; "unix:RUNDIR/db.sock" by default.
	OVSDB string `yaml:"ovsdb"`
	// Socket is the admin API's unix socket; "/run/flowhost/BRIDGE.sock" by default. The plugins' sockets are made in
	// "plugins/NAME/" beside it.
	Socket string `yaml:"socket"`
	// Pidfile is written at start and removed at the end; none by default.
	Pidfile string `yaml:"pidfile"`
	// StateDir keeps what must not move between runs (slots); "/var/lib/flowhost" by default.
	StateDir string `yaml:"state-dir"`
	// LogLevel is the least level logged: trace, debug, info (the default), warn or error.
	LogLevel string `yaml:"log-level"`
	// Hold ends the wait for a silent source (see Adoption in the design of the table); 60 s by default.
	Hold time.Duration `yaml:"hold"`
	// Unclaimed says what happens to flows that no configured owner may have made: "delete" (the default) or "keep".
	Unclaimed string `yaml:"unclaimed"`
	// FlowRestoreWait says what to do when Open vSwitch waits for flows to be restored (ovs-vswitchd.conf.db(5), Open_vSwitch,
	// other_config:flow-restore-wait): "tell" (the default) that nothing new is forwarded; or "finish", which also removes it once
	// every plugin has said everything it wants and the switch has it.
	FlowRestoreWait string `yaml:"flow-restore-wait"`
	// Plugins are the flow sources to run, each under an owner of its own name.
	Plugins []Plugin `yaml:"plugins"`

	at    place            // of the keys above
	slots map[string]uint8 // to be remembered; nil: nothing new
}

// Complete fills in the built-in values, gives slots and ids to the owners that the files give none, and validates the whole.
// It writes nothing: see Remember. Errors about content Are ErrInvalid.
func (c *Config) Complete() error {
	orElse(&c.Bridge, "br-int")
	rundir := os.Getenv("OVS_RUNDIR")
	orElse(&rundir, "/var/run/openvswitch")
	orElse(&c.Switch, "unix:"+filepath.Join(rundir, c.Bridge+".mgmt"))
	orElse(&c.OVSDB, "unix:"+filepath.Join(rundir, "db.sock"))
	orElse(&c.Socket, DefaultSocket(c.Bridge))
	orElse(&c.StateDir, "/var/lib/flowhost")
	orElse(&c.LogLevel, "info")
	orElse(&c.Unclaimed, "delete")
	orElse(&c.FlowRestoreWait, "tell")
	orElse(&c.Hold, time.Minute)
	for i := range c.Plugins {
		c.Plugins[i].complete()
	}
	if err := c.validate(); err != nil {
		return err
	}
	if err := c.assignSlots(); err != nil {
		return err
	}
	for i := range c.Plugins {
		c.Plugins[i].assignIDs()
	}
	return c.disjoint()
}

// DefaultSocket is where the admin API of a bridge's host listens unless it is told otherwise.
func DefaultSocket(bridge string) string { return "/run/flowhost/" + bridge + ".sock" }

func orElse[T comparable](v *T, builtIn T) {
	var zero T
	if *v == zero {
		*v = builtIn
	}
}
