package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

const flowsHelp = `Show the flows that owners want, and those in the switch that nobody has asked for.

Each line has the owner, the UUID of what the flow was made from, how the flow stands, and the flow as
"ovs-ofctl -O OpenFlow15 --no-stats --no-names dump-flows" prints it. The states:

  installed    the switch has it
  pending      on its way to the switch
  lost         another flow with the same table, priority and match is preferred
  quarantined  the switch refused it; it is tried again later
  held         the switch has something else, adopted, that is left alone until those who may own it have spoken
  orphan       in the switch, and nobody has asked for it so far

A * behind the state says that the owner's process is gone, or has not said yet whether it still wants the flow.`

func newFlows() *cobra.Command {
	q := new(query)
	var table uint8
	var owner string
	cmd := &cobra.Command{
		Use:   "flows",
		Short: "Show who wants which flow, and whether it is installed",
		Long:  flowsHelp,
	}
	q.addFlags(cmd)
	cmd.Flags().Uint8Var(&table, "table", 0, fmt.Sprintf("only this OpenFlow table, 0 to %d", flow.MaxTable))
	cmd.Flags().StringVar(&owner, "owner", "", "only this owner's")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		limit := admin.FlowQuery{Owner: owner}
		if cmd.Flags().Changed("table") {
			limit.Table = &table
		}
		return ask(cmd, q, func(ctx context.Context, c *admin.Client) ([]admin.Flow, error) {
			return c.Flows(ctx, limit)
		}, printFlows)
	}
	return cmd
}

func printFlows(out io.Writer, flows []admin.Flow) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OWNER\tUUID\tSTATE\tFLOW")
	for _, f := range flows {
		owner, id, state := f.Owner, f.UUID.String(), f.State
		if f.Owner == "" {
			owner, id = "-", "-"
		}
		if f.UUID == uuid.Nil {
			id = "-"
		}
		if f.Stale {
			state += "*"
		}
		line := f.Flow
		if f.Error != "" {
			line += "  (" + f.Error + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", owner, id, state, line)
	}
	return w.Flush()
}
