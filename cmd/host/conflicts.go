package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/spf13/cobra"
)

const conflictsHelp = `Show where several flows want the same table, priority and match, so that only one of them is in the switch. The
rule that picks it has four steps, of which the first that tells two flows apart decides:

  rank        the lower rank of the owner, which the operator configures
  class       what does something, before what drops, before a conjunction's clause
  uuid        the lower UUID of what the flow was made from
  owner name  the lower one

It looks at nothing else, so the winner does not depend on who was first. A * behind a flow says that its owner's process is gone, or
has not said yet whether it still wants the flow. Behind that stands what the owner's source says the UUID is, if it does so within two
seconds; -o json has all it says, or why it says nothing.`

func newConflicts() *cobra.Command {
	q := new(query)
	cmd := &cobra.Command{
		Use:   "conflicts",
		Short: "Show which flows are not in the switch because others are preferred",
		Long:  conflictsHelp,
	}
	q.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(cmd, q, func(ctx context.Context, c *admin.Client) ([]admin.Conflict, error) {
			return c.Conflicts(ctx)
		}, printConflicts)
	}
	return cmd
}

func printConflicts(out io.Writer, conflicts []admin.Conflict) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FLOW\tWINNER\tLOSER\tBY\tFOR")
	for i := range conflicts {
		c := &conflicts[i]
		key := fmt.Sprintf("table=%d,priority=%d", c.Table, c.Priority)
		if c.Match != "" {
			key = strings.Join([]string{key, c.Match}, ",")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", key, describeParty(&c.Winner), describeParty(&c.Loser), c.Step, ago(c.Since))
	}
	return w.Flush()
}

func describeParty(p *admin.Party) string {
	text := fmt.Sprintf("%s %s actions=%s", p.Owner, p.UUID, p.Actions)
	if p.Stale {
		text += " *"
	}
	if d := p.Description; d != nil && d.Text != "" {
		text += " (" + strings.Join(strings.Fields(d.Text), " ") + ")"
	}
	return text
}
