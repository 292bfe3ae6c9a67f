// Package bar is what programs that measure share: their main function, figures held against what must be reached, and what a process has
// used.
package bar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Figure is one bar: what was measured, and what it must not exceed. One without a limit is only told.
type Figure struct {
	Name, Unit   string
	Value, Limit float64
	Unlimited    bool
}

// Print prints the figure's line, and returns 1 if the bar is missed.
func (f Figure) Print() (missed int) {
	if f.Unlimited {
		fmt.Printf("figure %s: %.3g %s\n", f.Name, f.Value, f.Unit)
		return 0
	}
	verdict := "pass"
	if !(f.Value <= f.Limit) { // not a number, too
		verdict, missed = "FAIL", 1
	}
	fmt.Printf("bar %s: %.3g %s, must be ≤ %.3g: %s\n", f.Name, f.Value, f.Unit, f.Limit, verdict)
	return missed
}

// Note prints absolute figures beside the bars.
func Note(format string, args ...any) { fmt.Printf("    "+format+"\n", args...) }

// Only is the flag that names what to measure; empty is everything.
type Only []string

func (o *Only) String() string { return strings.Join(*o, ",") }

// Set reads a list with commas.
func (o *Only) Set(text string) error { *o = strings.Split(text, ","); return nil }

// Has says whether something is to be measured.
func (o Only) Has(name string) bool { return len(o) == 0 || slices.Contains(o, name) }

// Median of a list that is not empty.
func Median[T cmp.Ordered](list []T) T { return Percentile(list, 50) }

// Percentile p of a list that is not empty: the smallest element that p percent are not greater than.
func Percentile[T cmp.Ordered](list []T, p int) T {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}

// Ratio of two times; not a number if the second is none.
func Ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
