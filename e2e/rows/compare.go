package rows

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/flowhost/flowhost/e2e/meant"
)

// A Key is a row's table and its name.
type Key struct{ Table, Name string }

// Rows are what two databases hold: values by columns, of each row.
type Rows map[Key]map[string]string

// An Outcome is what a comparison comes to.
type Outcome uint8

const (
	Same       Outcome = iota
	OnlyOurs           // a row that only flowhost has
	OnlyTheirs         // a row that only ovn-controller has
	Differ             // a value of a row that both have
)

func (o Outcome) String() string { return [...]string{"same", "only ours", "only theirs", "differ"}[o] }

// A Difference is a row that only one side has, or a value that is not the same. A key that a map has not, and an empty column, are "".
type Difference struct {
	Key
	Outcome
	Column       string // "" for a row as a whole
	Ours, Theirs string
	Reason       string // why it is meant, if it is
}

func (d Difference) String() string {
	switch d.Outcome {
	case OnlyOurs:
		return fmt.Sprintf("%s: %s", d.Name, d.Ours)
	case OnlyTheirs:
		return fmt.Sprintf("%s: %s", d.Name, d.Theirs)
	}
	return fmt.Sprintf("%s: %s=%q, theirs %q", d.Name, d.Column, d.Ours, d.Theirs)
}

// A Result is what two sides' rows come to.
type Result struct {
	step         string
	Rows, Values int          // that are the same
	Differences  []Difference // in the order of tables, rows and columns
}

// Compare compares flowhost's rows with ovn-controller's, at a step of a scenario.
func Compare(step string, ours, theirs Rows, known meant.Differences) *Result {
	r := &Result{step: step}
	for k, row := range ours {
		other, both := theirs[k]
		if !both {
			r.add(known, Difference{Key: k, Outcome: OnlyOurs, Ours: text(row)})
			continue
		}
		r.values(known, k, row, other)
	}
	for k, row := range theirs {
		if _, both := ours[k]; !both {
			r.add(known, Difference{Key: k, Outcome: OnlyTheirs, Theirs: text(row)})
		}
	}
	slices.SortFunc(r.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Column, b.Column))
	})
	return r
}

// values compares the values of a row that both have.
func (r *Result) values(known meant.Differences, k Key, ours, theirs map[string]string) {
	columns := maps.Clone(ours)
	maps.Copy(columns, theirs)
	same := true
	for column := range columns {
		if ours[column] == theirs[column] {
			r.Values++
			continue
		}
		same = false
		r.add(known, Difference{Key: k, Outcome: Differ, Column: column, Ours: ours[column], Theirs: theirs[column]})
	}
	if same {
		r.Rows++
	}
}

func (r *Result) add(known meant.Differences, d Difference) {
	d.Reason, _ = known.Reason(d.Outcome, d.Table, r.step+": "+d.String()) // the step's name as reports have it
	r.Differences = append(r.Differences, d)
}

// Unmeant is how many differences have no reason.
func (r *Result) Unmeant() (count int) {
	for _, d := range r.Differences {
		if d.Reason == "" {
			count++
		}
	}
	return count
}
