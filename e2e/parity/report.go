package parity

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// shown is how many differences of each table a report shows.
const shown = 5

// Report prints a comparison: a line for each table, the first differences of each with the logical flow behind them, as
// logicalFlow tells by the cookie.
func (r *Result) Report(out io.Writer, logicalFlow func(cookie string) string) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "table\tsame\tcontested\tonly ours\tonly theirs\tdiffer\tknown\t")
	for _, table := range slices.Sorted(maps.Keys(r.Tables)) {
		fmt.Fprintf(w, "%d\t", table)
		for _, n := range r.Tables[table] {
			fmt.Fprintf(w, "%d\t", n)
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	seen := make(map[int]int)
	for _, d := range r.Differences {
		if seen[d.Table]++; d.Outcome == Known || seen[d.Table] > shown {
			continue
		}
		for _, side := range []struct {
			sign string
			flow *Flow
		}{{"-", d.Theirs}, {"+", d.Ours}} {
			if side.flow != nil {
				fmt.Fprintf(out, "  %s%v\n      %s: %s\n", side.sign, *side.flow, d.Outcome, logicalFlow(side.flow.Cookie))
			}
		}
	}
}

// Summary is the last line of a report.
func (c *Counts) Summary() string {
	return fmt.Sprintf("parity: %d of %d (only ours %d, only theirs %d, differ %d, contested %d, known %d)",
		c.SameKeys(), c.Total(), c[OnlyOurs], c[OnlyTheirs], c[Differ], c[Contested], c[Known])
}
