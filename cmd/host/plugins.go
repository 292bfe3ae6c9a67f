package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/spf13/cobra"
)

const pluginsHelp = `Show the plugins: how each is, since when, and why its last process ended. The states:

  starting    its process is being started
  syncing     it is saying what it wants
  synced      it has said everything it wants; more may follow
  backoff     its process ended, and is started again after a pause
  crash-loop  the same, and for the fifth time in a row or more
  stopped     the operator stopped it, or it is not to be started again

The subcommands tell a plugin what to do. Whatever they do, its flows stay in the switch.`

func newPlugins() *cobra.Command {
	q := new(query)
	cmd := &cobra.Command{
		Use:   "plugins",
		Short: "Show the plugins; restart, stop and start them; show their logs; have them do their own commands",
		Long:  pluginsHelp,
	}
	q.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(cmd, q, func(ctx context.Context, c *admin.Client) ([]admin.Plugin, error) {
			return c.Plugins(ctx)
		}, printPlugins)
	}
	cmd.AddCommand(
		newOrder("restart", "End a plugin's process in good order, and start it again"),
		newOrder("stop", "End a plugin's process in good order, until it is started or restarted"),
		newOrder("start", "Start a plugin that was stopped"),
		newLogs(),
		newCommand(),
	)
	return cmd
}

func printPlugins(out io.Writer, plugins []admin.Plugin) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSTATE\tFOR\tPID\tRESTARTS\tFLOWS\tSTALE\tVERSION\tSAYS")
	for i := range plugins {
		p := &plugins[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", p.Name, p.State, ago(p.Since), orDash(p.PID), p.Restarts, p.Desired, p.Stale,
			orDash(p.Version), withError(orDash(p.Says), p.Error))
	}
	return w.Flush()
}

// orDash writes a zero value as "-".
func orDash[T comparable](v T) string {
	var zero T
	if v == zero {
		return "-"
	}
	return fmt.Sprint(v)
}

func newOrder(order, short string) *cobra.Command {
	var socket string
	cmd := &cobra.Command{
		Use:   order + " NAME",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), answerTimeout)
			defer cancel()
			return admin.NewClient(socket).Tell(ctx, args[0], order)
		},
	}
	addSocketFlag(cmd, &socket)
	return cmd
}

const logsHelp = `Show the last lines of a plugin's log: what it logged and wrote, and what the host logged about it. The host keeps the last
thousand lines of each plugin, up to 256 KiB. With --follow, lines are shown as they come, until Ctrl-C.`

// followPeriod is how often the host is asked for more lines.
const followPeriod = 300 * time.Millisecond

func newLogs() *cobra.Command {
	q := new(query)
	var follow bool
	cmd := &cobra.Command{
		Use:   "logs NAME",
		Short: "Show the last lines of a plugin's log",
		Long:  logsHelp,
	}
	q.addFlags(cmd)
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(1)(cmd, args); err != nil {
			return err
		}
		return check(cmd, nil)
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "show what comes, too")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		last := uint64(0)
		for {
			err := ask(cmd, q, func(ctx context.Context, c *admin.Client) (admin.LogLines, error) {
				lines, err := c.Log(ctx, args[0], last)
				last = lines.Last
				return lines, err
			}, printLog)
			if err != nil || !follow {
				return err
			}
			time.Sleep(followPeriod)
		}
	}
	return cmd
}

func printLog(out io.Writer, log admin.LogLines) error {
	for _, line := range log.Lines {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}
