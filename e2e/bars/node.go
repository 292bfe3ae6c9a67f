package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/rpc"
	"os"
	"path/filepath"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/internal/ovstest"
)

const hostName = "flowhost"

// node is an Open vSwitch, and a flowhost of two sources that comes and goes.
type node struct {
	*bench
	*ovstest.Sandbox
	admin *admin.Client

	load, other source // of the host that runs
}

// source is a plugin's process, seen from outside.
type source struct {
	*rpc.Client
	name string
	pid  int
}

func (n *node) path(elem ...string) string {
	return filepath.Join(append([]string{n.Dir}, elem...)...)
}

// start starts Open vSwitch and makes the ports, which are numbered from 1.
func (n *node) start(ports int) error {
	if err := os.Mkdir(n.Dir, 0o755); err != nil {
		return err
	}
	if _, err := ovstest.StartIn(n.ctx, n.Dir, n.Options); err != nil {
		return err
	}
	n.admin = admin.NewClient(n.path("run", "admin.sock"))
	n.Add(ovstest.Daemon{
		Name: hostName, Program: n.flowhost, Args: []string{"run", "--config=" + n.path("config.yaml"), "--log-json"},
		Ready: func() error { _, err := n.admin.Status(n.ctx); return err },
	})
	if err := n.configure(); err != nil {
		return err
	}
	const perCall = 250
	for from := 1; from <= ports; from += perCall {
		var args []string
		for i := from; i < min(from+perCall, ports+1); i++ {
			name := fmt.Sprintf("p%d", i)
			args = append(args, "--", "add-port", ovstest.Bridge, name, "--", "set", "Interface", name, "type=dummy", fmt.Sprintf("ofport_request=%d", i))
		}
		if _, err := n.Run("ovs-vsctl", args...); err != nil {
			return err
		}
	}
	return n.rest()
}

func (n *node) stop() error { return ovstest.StopDir(n.Dir) }

// configure writes the host's configuration. This program is its plugins, too.
func (n *node) configure() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	plugin := func(name, tables string) map[string]any {
		return map[string]any{"name": name, "path": self, "args": []string{n.commands(name)}, "tables": []string{tables}}
	}
	text, err := json.Marshal(map[string]any{ // which is YAML, too
		"bridge": ovstest.Bridge, "switch": n.Mgmt(ovstest.Bridge), "ovsdb": n.OVSDB(),
		"socket": n.path("run", "admin.sock"), "state-dir": n.path("state"),
		"unclaimed": "keep",
		"plugins":   []any{plugin("load", "0-199"), plugin("other", "200-253")},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(n.path("config.yaml"), text, 0o644)
}

// commands is the socket on which a source takes commands.
func (n *node) commands(name string) string { return n.path("run", name+".commands") }

// startHost starts flowhost on an empty bridge and waits until it is steady and both sources take commands; "other" has synced.
func (n *node) startHost() error {
	if err := n.Up(n.ctx, hostName); err != nil {
		return err
	}
	n.load, n.other = source{name: "load"}, source{name: "other"}
	for _, s := range []*source{&n.load, &n.other} {
		if err := n.poll(func() error { return n.dial(s) }); err != nil {
			return err
		}
	}
	if err := n.other.Call("Source.Sync", Nothing{}, nil); err != nil {
		return err
	}
	return n.rest()
}

// poll waits for what takes a machine that does nothing else a moment.
func (n *node) poll(check func() error) error {
	ctx, cancel := context.WithTimeout(n.ctx, time.Minute)
	defer cancel()
	return ovstest.Poll(ctx, check)
}

// dial connects to a source of the host that runs now.
func (n *node) dial(s *source) error {
	status, err := n.admin.Status(n.ctx)
	if err != nil {
		return err
	}
	if status.Switch.Phase != "adopting" && status.Switch.Phase != "steady" {
		return fmt.Errorf("the switch is %s", status.Switch.Phase)
	}
	for _, p := range status.Plugins {
		if p.Name == s.name {
			s.pid = p.PID
		}
	}
	conn, err := net.Dial("unix", n.commands(s.name))
	if err != nil {
		return err
	}
	s.Client = rpc.NewClient(conn)
	return nil
}

// stopHost stops flowhost and empties the bridge.
func (n *node) stopHost() error {
	n.load.Close()
	n.other.Close()
	if err := n.Down(hostName); err != nil {
		return err
	}
	return n.clear()
}

func (n *node) clear() error {
	if _, err := n.Run("ovs-ofctl", "-O", "OpenFlow15", "del-flows", ovstest.Bridge); err != nil {
		return err
	}
	return n.rest()
}

// withHost runs a measurement with a host of its own on an empty bridge.
func (n *node) withHost(measure func() error) error {
	if err := n.startHost(); err != nil {
		return err
	}
	if err := measure(); err != nil {
		return fmt.Errorf("%w; the end of the host's log:\n%s", err, n.LogEnd(hostName, 15))
	}
	return n.stopHost()
}

// rest waits until ovs-vswitchd has nothing to do: it frees what was deleted after it has said that it is gone.
func (n *node) rest() error {
	const span, idle = 300 * time.Millisecond, 30 * time.Millisecond
	return n.poll(func() error {
		before := bar.CPU(n.Pid(ovstest.Vswitchd))
		time.Sleep(span)
		if used := bar.CPU(n.Pid(ovstest.Vswitchd)) - before; used > idle {
			return fmt.Errorf("ovs-vswitchd used %v CPU in %v", used, span)
		}
		return nil
	})
}
