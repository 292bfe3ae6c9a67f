package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/spf13/cobra"
)

const diffHelp = `Show where the switch does not have what is desired, as diff(1) would: lines with - are in the switch, lines with +
are desired. Behind each stands why, and whose it is:

  pending      on its way to the switch
  quarantined  the switch refused it; it is tried again later
  held         adopted, and left alone until those who may own it have spoken
  orphan       adopted, nobody has asked for it, and it will go when all who might have spoken

The exit code is 0 if there is no difference, 1 if there is one, 2 if it cannot be told.`

// errDifferent makes `flowhost diff` exit with 1 and say nothing more.
var errDifferent = &exitError{code: 1}

func newDiff() *cobra.Command {
	q := new(query)
	cmd := &cobra.Command{
		Use:   "diff",
		Short: "Show where the switch does not have what is desired",
		Long:  diffHelp,
	}
	q.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var different bool
		err := ask(cmd, q, func(ctx context.Context, c *admin.Client) ([]admin.Difference, error) {
			d, err := c.Differences(ctx)
			different = len(d) > 0
			return d, err
		}, printDifferences)
		switch {
		case err != nil:
			return &exitError{code: 2, err: err}
		case different:
			return errDifferent
		}
		return nil
	}
	return cmd
}

func printDifferences(out io.Writer, differences []admin.Difference) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, d := range differences {
		if d.Switch != "" {
			fmt.Fprintf(w, "-%s\t# %s\n", d.Switch, d.State)
		}
		if d.Desired != "" {
			fmt.Fprintf(w, "+%s\t# %s\n", d.Desired, withError(fmt.Sprintf("%s %s %s", d.State, d.Owner, d.UUID), d.Error))
		}
	}
	return w.Flush()
}
