package rows

import (
	"fmt"
	"io"
)

// shown is how many differences of a step a report shows.
const shown = 20

// A Sum is what some comparisons add up to.
type Sum struct{ Rows, Values, Unmeant, Known int }

func (s *Sum) add(other Sum) {
	s.Rows, s.Values = s.Rows+other.Rows, s.Values+other.Values
	s.Unmeant, s.Known = s.Unmeant+other.Unmeant, s.Known+other.Known
}

func (s Sum) String() string {
	return fmt.Sprintf("%d rows and %d values the same, %d different, %d different as known", s.Rows, s.Values, s.Unmeant, s.Known)
}

// Sum is what a comparison comes to.
func (r *Result) Sum() Sum {
	return Sum{r.Rows, r.Values, r.Unmeant(), len(r.Differences) - r.Unmeant()}
}

// Report prints a comparison: a line with its sum, and the first differences that are not meant.
func (r *Result) Report(out io.Writer) {
	fmt.Fprintf(out, "%s: %v\n", r.step, r.Sum())
	n := 0
	for _, d := range r.Differences {
		if d.Reason != "" {
			continue
		}
		if n++; n <= shown {
			fmt.Fprintf(out, "  %v in %s %v\n", d.Outcome, d.Table, d)
		}
	}
}
