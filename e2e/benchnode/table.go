package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/flowhost/flowhost/e2e/bar"
)

// row is one of the table at the end.
type row struct{ what, flows, own, theirs, ratio string }

// tell prints an outcome, keeps it for the table, and returns 1 if a bar is missed.
func (b *bench) tell(m measurement, s *site, o outcome) (missed int) {
	name := strings.TrimSpace(m.name + " " + o.what)
	r := row{what: name, flows: s.size.name, own: o.own, theirs: o.theirs, ratio: "-"}
	if s.fromFile != "" {
		r.what += " (" + s.fromFile + ")"
	}
	if !o.incomparable {
		f := bar.Figure{Name: name + " " + s.size.name, Unit: "times ovn-controller's", Value: o.ratio, Limit: m.limits[s.size.name]}
		if o.limit != 0 {
			f.Limit = o.limit
		}
		f.Unlimited = f.Limit == 0 || b.self || s.fromFile != "" && !m.alone
		missed = f.Print()
		r.ratio = fmt.Sprintf("%.2f", o.ratio)
	}
	bar.Note("%s at %s: %s %s, ovn-controller %s", r.what, s.size.name, s.own.name, o.own, o.theirs)
	b.rows = append(b.rows, r)
	return missed
}

// table prints all outcomes.
func (b *bench) table() {
	if len(b.rows) == 0 {
		return
	}
	fmt.Println()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	own := "FLOWHOST"
	if b.self {
		own = "OVN-CONTROLLER AGAIN"
	}
	fmt.Fprintln(w, "WHAT\tFLOWS\t"+own+"\tOVN-CONTROLLER\tRATIO")
	for _, r := range b.rows {
		fmt.Fprintln(w, strings.Join([]string{r.what, r.flows, r.own, r.theirs, r.ratio}, "\t"))
	}
	w.Flush()
}
