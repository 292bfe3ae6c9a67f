package rows

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/e2e/parity"
	"github.com/flowhost/flowhost/e2e/standin"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// Flowhost is the name of flowhost as a sandbox's daemon.
const Flowhost = "flowhost"

// syncTimeout is how many seconds a node may take for what was said to the northbound database.
const syncTimeout = 10

// A Side is a program alone on a node, with an OVN of its own.
type Side struct {
	*ovstest.Sandbox
	Program string // ovstest.Controller or [Flowhost]
}

// Start starts the databases, and then a program: ovn-controller, or flowhost, whose programs are in a folder.
func Start(t testing.TB, program, folder string) *Side {
	t.Helper()
	ovstest.Need(t)
	s := &Side{ovstest.Start(t, ovstest.Options{OVN: true}), program}
	if program == Flowhost {
		host, err := s.host(folder)
		if err != nil {
			t.Fatal(err)
		}
		s.Add(host)
	}
	s.start(t)
	return s
}

// start starts the program. ovn-controller is to delete what is stale at once, which it otherwise puts off for some time, and what it adds
// may be refused meanwhile.
func (s *Side) start(t testing.TB) {
	t.Helper()
	s.Sandbox.Start(t, s.Program)
	if s.Program == ovstest.Controller {
		s.IgnoreStartupDelay(t)
	}
}

// host is flowhost with all that makes a node's ovn-controller needless.
func (s *Side) host(folder string) (ovstest.Daemon, error) {
	file := filepath.Join(s.Dir, "config.yaml")
	var plugins []any
	for _, name := range standin.Alone {
		plugins = append(plugins, map[string]any{"name": name, "path": standin.Path(folder, name), "args": standin.Args(name)})
	}
	config, err := json.Marshal(map[string]any{ // which is YAML, too
		"bridge": ovstest.Bridge, "switch": s.Mgmt(ovstest.Bridge), "ovsdb": s.OVSDB(), "socket": filepath.Join(s.Dir, "run", Flowhost+".sock"),
		"state-dir": filepath.Join(s.Dir, "state"), "plugins": plugins,
	})
	if err == nil {
		err = os.WriteFile(file, config, 0o600)
	}
	return ovstest.Daemon{Name: Flowhost, Program: filepath.Join(folder, Flowhost), Args: []string{"run", "--config=" + file}}, err
}

// do runs one command of a scenario. Those for the southbound database name what ovn-northd makes of the ones before.
func (s *Side) do(c parity.Command) error {
	if c.Tool == "sb" {
		if _, err := s.Run("ovn-nbctl", "--wait=sb", "sync"); err != nil {
			return err
		}
	}
	program := map[string]string{"nb": "ovn-nbctl", "sb": "ovn-sbctl", "vs": "ovs-vsctl"}[c.Tool]
	_, err := s.Run(program, c.Args...)
	return err
}

// sync waits until the node has done all that was said to the northbound database, by `ovn-nbctl --wait=hv`. Other chassis are rows only,
// so they are made to have done it.
func (s *Side) sync() error {
	if _, err := s.Run("ovn-nbctl", "--wait=sb", "sync"); err != nil {
		return err
	}
	names, err := s.Run("ovn-sbctl", "--bare", "--columns=name", "find", "Chassis_Private", "name!="+s.Options.SystemID)
	if err != nil {
		return err
	}
	var args []string
	for _, name := range strings.Fields(names) {
		args = append(args, "--", "set", "Chassis_Private", name, "nb_cfg=1000000")
	}
	if len(args) > 0 {
		if _, err := s.Run("ovn-sbctl", args[1:]...); err != nil {
			return err
		}
	}
	_, err = s.Run("ovn-nbctl", "--wait=hv", fmt.Sprintf("--timeout=%d", syncTimeout), "sync")
	return err
}

// recompute has ovn-controller compute anew: what it comes to step by step is not always that, nor the same each time.
func (s *Side) recompute() error {
	if s.Program != ovstest.Controller {
		return nil
	}
	_, err := s.Control(ovstest.Controller, "inc-engine/recompute")
	return err
}

// crashed tells whether ovn-controller has ended: one of 23.03 does so now and then, by a signal, soon after it was started.
func (s *Side) crashed() bool { return s.Program == ovstest.Controller && s.Pid(s.Program) == 0 }

// revive starts an ovn-controller again that has crashed, as its monitor would.
func (s *Side) revive() error {
	if !s.crashed() {
		return nil
	}
	return s.Up(context.Background(), s.Program)
}

// restart kills the program and starts it again.
func (s *Side) restart(t testing.TB) {
	t.Helper()
	s.Kill(t, s.Program)
	s.start(t)
}
