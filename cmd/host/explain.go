package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowhost/flowhost/core/admin"
)

const explainHelp = `Show what a flow is made from, in the words of the source that wants it, and all flows that are made from the same.

WHAT is a UUID, or its first digits, 4 or more; or the cookie of a flow as ovs-ofctl shows it, 0x… (a source that chooses its own
cookies, and conjunction clauses, which have none, are not found by it). Of each UUID that begins so there is a line of what it is,
its parts below it, and its flows with their states, as in "flowhost flows".`

func newExplain() *cobra.Command {
	q := new(query)
	cmd := &cobra.Command{
		Use:     "explain WHAT",
		Short:   "Show what a UUID or a cookie stands for, and its flows",
		Long:    explainHelp,
		Example: "  flowhost explain 0x6e5e220b\n  flowhost explain 6e5e220b-8177-4bfb-8da1-97b5dd205eae",
	}
	q.addFlags(cmd)
	cmd.Args = argsAnd(cobra.ExactArgs(1), q.check)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(cmd, q, func(ctx context.Context, c *admin.Client) ([]admin.Flow, error) {
			flows, err := c.Flows(ctx, admin.FlowQuery{Of: args[0]})
			if err == nil && len(flows) == 0 {
				err = fmt.Errorf("nobody has flows of %s", args[0])
			}
			return flows, err
		}, printExplained)
	}
	return cmd
}

// printExplained prints flows below what they are made from. They come sorted by key, so those of a UUID are gathered first.
func printExplained(out io.Writer, flows []admin.Flow) error {
	var order []string
	of := make(map[string][]*admin.Flow)
	for i := range flows {
		f := &flows[i]
		name := f.Owner + " " + f.UUID.String()
		if of[name] == nil {
			order = append(order, name)
		}
		of[name] = append(of[name], f)
	}
	for _, name := range order {
		d := of[name][0].Description
		text := strings.Join(strings.Fields(d.Text), " ")
		if d.Error != "" {
			text = "(" + d.Error + ")"
		}
		fmt.Fprintf(out, "%s: %s\n", name, text)
		for _, field := range d.Fields {
			fmt.Fprintf(out, "  %s: %s\n", field.Name, field.Value)
		}
		for _, f := range of[name] {
			state := f.State
			if f.Stale {
				state += "*"
			}
			fmt.Fprintf(out, "  %s  %s\n", state, f.Flow)
		}
	}
	return nil
}
