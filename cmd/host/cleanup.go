package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/config"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
)

const cleanupHelp = `Remove from this node what flowhost has made: all flows, groups and meters of the bridge; and if the plugin chassis is
configured, the chassis' rows in OVN's southbound database, its tunnel ports and patch ports, and what it has written beside them in the
local database. The bridge stays. What was removed is printed. The host must have been stopped: stopping it alone leaves everything in
place.`

// cleanupTimeout is how long the switch may take to forget its flows.
const cleanupTimeout = time.Minute

func newCleanup() *cobra.Command {
	f := new(runFlags)
	cmd := &cobra.Command{
		Use:   "cleanup",
		Short: "Remove from this node what flowhost has made, while it does not run",
		Long:  cleanupHelp,
		Args:  noArgsAnd(f.check),
	}
	f.addConfigFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := f.config()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), cleanupTimeout)
		defer cancel()
		if _, err := admin.NewClient(c.Socket).Status(ctx); err == nil {
			return fmt.Errorf("flowhost runs and answers on %s: stop it first", c.Socket)
		}
		return errors.Join(cleanChassis(ctx, c, cmd.OutOrStdout()), cleanSwitch(ctx, c, cmd.OutOrStdout()))
	}
	return cmd
}

// cleanChassis has the plugin chassis, if it is configured, remove what it has written: flowhost knows nothing of OVN.
func cleanChassis(ctx context.Context, c *config.Config, out io.Writer) error {
	i := slices.IndexFunc(c.Plugins, func(p config.Plugin) bool { return p.Name == config.Chassis })
	if i < 0 {
		return nil
	}
	p := c.Plugins[i]
	program := exec.CommandContext(ctx, p.Path, "cleanup", c.Bridge)
	program.Env = append(append(os.Environ(), "FLOWHOST_OVSDB="+c.OVSDB), p.Env...)
	program.Stdout, program.Stderr = out, os.Stderr
	if err := program.Run(); err != nil {
		return fmt.Errorf("plugin %s: %w", p.Name, err)
	}
	return nil
}

// cleanSwitch makes a table without owners and waits until the switch is equal to it: what nobody wants goes.
func cleanSwitch(ctx context.Context, c *config.Config, out io.Writer) error {
	loop, err := apply.New(apply.Config{
		Options: table.Options{Unclaimed: table.UnclaimedDelete}, Switch: swconn.Config{Target: c.Switch}, Logger: hclog.NewNullLogger(),
	})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(running) }()
	defer func() { stop(); <-ended }()
	most := table.Stats{}
	for {
		s, err := loop.Status(ctx)
		if err != nil {
			return err
		}
		most.Entries, most.Objects = max(most.Entries, s.Table.Entries), max(most.Objects, s.Table.Objects)
		if s.Phase == apply.Steady && s.Table.Entries+s.Table.Objects+s.Table.Pending == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("switch at %s still has %d flows, %d groups and meters: %s", c.Switch, s.Table.Entries, s.Table.Objects, s.LastError)
		case <-time.After(10 * time.Millisecond):
		}
	}
	_, err = fmt.Fprintf(out, "removed %d flows, %d groups and meters of bridge %s\n", most.Entries, most.Objects, c.Bridge)
	return err
}
