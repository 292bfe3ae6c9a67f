package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/spf13/cobra"
)

const ownersHelp = `Show the owners of flows: what each may do (its fence), what it has, and what happens to that without it.

SLOT is the top byte of an owner's cookies. RANK decides first who wins where two want the same flow: the lower one. SYNCED says
whether the owner has said everything it wants. EXPECTED owners are waited for before anything that may be theirs is touched; GRACE is
how long an owner's flows stay without its process. One that is removed is not in the configuration any more; it is shown until nothing
of it is left.`

func newOwners() *cobra.Command {
	q := new(query)
	cmd := &cobra.Command{
		Use:   "owners",
		Short: "Show the owners: their fences and what they have",
		Long:  ownersHelp,
	}
	q.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(cmd, q, func(ctx context.Context, c *admin.Client) ([]admin.Owner, error) {
			return c.Owners(ctx)
		}, printOwners)
	}
	return cmd
}

func printOwners(out io.Writer, owners []admin.Owner) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSLOT\tRANK\tFLOWS\tSTALE\tQUARANTINED\tUUIDS\tSYNCED\tEXPECTED\tGRACE\tFENCE")
	for i := range owners {
		o := &owners[i]
		grace := "for ever"
		if o.Grace > 0 {
			grace = time.Duration(o.Grace * float64(time.Second)).String()
		}
		name := o.Name
		if o.Removed {
			name += " (removed)"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n", name, o.Slot, o.Rank, o.Flows, o.Stale, o.Quarantined, o.UUIDs,
			yesNo(o.Synced), yesNo(o.Expected), grace, describeFence(o))
	}
	return w.Flush()
}

// describeFence leaves out what the owner may not do at all.
func describeFence(o *admin.Owner) string {
	var parts []string
	for _, ids := range []struct {
		what   string
		ranges []string
	}{
		{"tables", o.Tables}, {"priorities", o.Priorities}, {"groups", o.Groups}, {"meters", o.Meters},
		{"conjunctions", o.Conjunctions}, {"zones", o.Zones}, {"packet-in controllers", o.Controllers}, {"packet-in user data", o.UserData},
		{"packet-out", o.PacketOut},
	} {
		if len(ids.ranges) > 0 {
			parts = append(parts, ids.what+" "+strings.Join(ids.ranges, ","))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	if o.MaxFlows > 0 {
		parts = append(parts, fmt.Sprintf("at most %d flows", o.MaxFlows))
	}
	if o.Rate > 0 {
		parts = append(parts, fmt.Sprintf("%d transactions a second", o.Rate))
	}
	return strings.Join(parts, "; ")
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
