package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
)

// startRow is one start of all nodes.
type startRow struct {
	nodes       int
	way, side   string
	connections int64 // of all nodes
	spent       spent
	last        time.Duration // until the last node had all flows
	amiss       int           // nodes that then had another number of flows than with ovn-controller at first
}

// changeRow is changes of one kind: what each took.
type changeRow struct {
	nodes           int
	way, side, kind string
	spent           spent
	took            []time.Duration // until the last node had it
}

// table prints all that was measured. TO NODES is what all nodes were sent; BY SB is what the southbound server itself sent for that, which
// is less with a relay.
func (b *bench) table() {
	if len(b.starts) == 0 {
		return
	}
	table("NODES\tWAY\tSIDE\tCONNECTIONS\tTO NODES\tBY SB\tCPU OF SB\tCPU OF RELAY\tLAST NODE", func(w io.Writer) {
		for _, r := range b.starts {
			fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%s\t%v\n", r.nodes, r.way, r.side, r.connections, r.spent, r.last.Round(10*time.Millisecond))
		}
	})
	table("NODES\tWAY\tSIDE\tEACH CHANGE\tTO NODES\tBY SB\tCPU OF SB\tCPU OF RELAY\tLAST NODE", func(w io.Writer) {
		for _, r := range b.rows {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%v (%v–%v)\n", r.nodes, r.way, r.side, r.kind, r.spent,
				round(bar.Median(r.took)), round(slices.Min(r.took)), round(slices.Max(r.took)))
		}
	})
}

func table(head string, rows func(io.Writer)) {
	fmt.Println()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, head)
	rows(w)
	w.Flush()
}

// String is its four columns.
func (s spent) String() string {
	relay := "-"
	if s.relay != 0 {
		relay = s.relay.Round(10 * time.Microsecond).String()
	}
	return fmt.Sprintf("%.1f kB\t%.1f kB\t%v\t%s", float64(s.toNodes)/1000, float64(s.byServer)/1000, s.server.Round(10*time.Microsecond), relay)
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
