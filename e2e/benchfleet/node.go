package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/e2e/bar/watch"
	"github.com/flowhost/flowhost/e2e/bar/wire"
	"github.com/flowhost/flowhost/e2e/standin"
	"github.com/flowhost/flowhost/internal/ovstest"
)

const hostName = "flowhost"

// restPatience is how long it may take until all is done that follows from a start.
const restPatience = 5 * time.Minute

// A node is an Open vSwitch with its ports. Flowhost or ovn-controller, one at a time, writes its flows.
type node struct {
	*ovstest.Sandbox
	admin   *admin.Client // of flowhost
	flows   int           // that ovn-controller made of the topology
	wire    *wire.Conn    // to count them with
	monitor *watch.Monitor
}

func (n *node) path(elem ...string) string { return filepath.Join(append([]string{n.Dir}, elem...)...) }

// newNode is a node that does not run yet.
func (b *bench) newNode(dir string, number int, southbound string) *node {
	n := &node{Sandbox: ovstest.Open(dir, ovstest.Options{SB: southbound,
		SystemID: fmt.Sprintf("hv%d", number), EncapIP: fmt.Sprintf("172.31.0.%d", number+1)})}
	n.admin = admin.NewClient(n.path("run", "admin.sock"))
	n.Add(ovstest.Daemon{
		Name: hostName, Program: filepath.Join(b.bin, "flowhost"), Args: []string{"run", "--config=" + n.path("config.yaml"), "--log-json"},
		Ready: func() error { _, err := n.admin.Status(b.ctx); return err },
	})
	return n
}

// start starts its Open vSwitch, and plugs in its ports.
func (n *node) start(b *bench, ports []string) error {
	if err := os.MkdirAll(n.Dir, 0o755); err != nil {
		return err
	}
	if _, err := ovstest.StartIn(b.ctx, n.Dir, n.Options); err != nil {
		return err
	}
	if err := batch(b.ctx, n.Sandbox, "ovs-vsctl", ports); err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{ // which is YAML, too
		"bridge": ovstest.Bridge, "switch": n.Mgmt(ovstest.Bridge), "ovsdb": n.OVSDB(), "socket": n.path("run", "admin.sock"),
		"state-dir": n.path("state"), "plugins": standin.Plugins(b.bin, standin.Sources, nil, ""),
	})
	if err == nil {
		err = os.WriteFile(n.path("config.yaml"), text, 0o600)
	}
	if err == nil {
		n.wire, err = wire.Dial(n.Mgmt(ovstest.Bridge))
	}
	return err
}

// stop ends everything on it.
func (n *node) stop() error {
	if n.wire != nil {
		n.wire.Close()
	}
	_ = n.Down(hostName) // first, so that nobody writes to a switch that goes; what fails here fails below
	return ovstest.StopDir(n.Dir)
}

// clear empties its bridge.
func (n *node) clear() error {
	for _, what := range []string{"del-flows", "del-groups", "del-meters"} {
		if _, err := n.Run("ovs-ofctl", "-O", "OpenFlow15", what, ovstest.Bridge); err != nil {
			return err
		}
	}
	return nil
}

// awaitCount waits until its bridge has the flows that it should have, and says when it had.
func (n *node) awaitCount(ctx context.Context) (at time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, restPatience)
	defer cancel()
	for {
		has, err := n.wire.Count()
		if at = time.Now(); err != nil || has >= n.flows {
			return at, err
		}
		select {
		case <-ctx.Done():
			return at, fmt.Errorf("%s has %d flows, want %d: %w", n.Options.SystemID, has, n.flows, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// awaitRest waits until its flows have been as many for a while.
func (n *node) awaitRest(ctx context.Context) (flows int, err error) {
	ctx, cancel := context.WithTimeout(ctx, restPatience)
	defer cancel()
	for last, same := -1, 0; same < 5; last = flows {
		if flows, err = n.wire.Count(); err != nil {
			return 0, err
		}
		if same++; flows != last {
			same = 0
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("%s does not come to rest: it has %d flows: %w", n.Options.SystemID, flows, ctx.Err())
		case <-time.After(250 * time.Millisecond):
		}
	}
	return flows, nil
}

// batch runs a tool with many commands, some at a time, for as long as it takes.
func batch(ctx context.Context, s *ovstest.Sandbox, tool string, commands []string) error {
	const most = 200
	for len(commands) > 0 {
		some := commands[:min(most, len(commands))]
		commands = commands[len(some):]
		cmd := exec.CommandContext(ctx, "sh", "-c", tool+" --timeout=300 "+strings.Join(some, " -- "))
		var stderr bytes.Buffer
		cmd.Env, cmd.Stderr = s.Env(), &stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w: %s", tool, err, strings.TrimSpace(stderr.String()))
		}
	}
	return nil
}
