package parity

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/flowhost/flowhost/e2e/meant"
)

// An Outcome is how a key came out.
type Outcome int

const (
	Same       Outcome = iota
	Contested          // same: theirs is one of our contenders, of which the rule picked another
	OnlyOurs           // nobody else has it
	OnlyTheirs         // we lack it
	Differ             // both have it, with other actions or another cookie
	Known              // one of the three, and meant
)

var outcomeNames = [...]string{"same", "contested", "only ours", "only theirs", "differ", "known"}

func (o Outcome) String() string { return outcomeNames[o] }

// A Difference is a key that is not the same on both sides.
type Difference struct {
	Key
	Outcome Outcome
	Ours    *Flow
	Theirs  *Flow
	Reason  string // of Known
}

// text is what must match for a difference to be meant: the flow, or theirs and ours.
func (d Difference) text() string {
	switch {
	case d.Ours == nil:
		return d.Theirs.String()
	case d.Theirs == nil:
		return d.Ours.String()
	}
	return "theirs " + d.Theirs.String() + ", ours " + d.Ours.String()
}

// Counts is how many keys came out how.
type Counts [Known + 1]int

// Total is the union of both sides' flows.
func (c *Counts) Total() int {
	n := 0
	for _, count := range c {
		n += count
	}
	return n
}

// SameKeys counts contested keys as same.
func (c *Counts) SameKeys() int { return c[Same] + c[Contested] }

func (c *Counts) add(other *Counts) {
	for i, n := range other {
		c[i] += n
	}
}

// A Result is a comparison, by table.
type Result struct {
	Tables       map[int]*Counts
	Differences  []Difference // but for the same; sorted by key
	ours, theirs *names       // that keys are made of
}

// Total adds up all tables.
func (r *Result) Total() *Counts {
	total := new(Counts)
	for _, c := range r.Tables {
		total.add(c)
	}
	return total
}

// Compare holds our side against theirs. contenders are all our flows for a key that more than one logical flow wants; known says
// whether a difference is meant, and why.
func Compare(ours, theirs *Side, contenders map[Key][]Flow, known meant.Differences) *Result {
	r := &Result{Tables: make(map[int]*Counts), ours: ours.names, theirs: theirs.names}
	keys := maps.Clone(ours.Flows)
	maps.Copy(keys, theirs.Flows)
	for key := range keys {
		d := judge(key, ours, theirs, contenders, known)
		counts := r.Tables[key.Table]
		if counts == nil {
			counts = new(Counts)
			r.Tables[key.Table] = counts
		}
		counts[d.Outcome]++
		if d.Outcome != Same {
			r.Differences = append(r.Differences, d)
		}
	}
	slices.SortFunc(r.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Match, b.Match))
	})
	return r
}

func judge(key Key, ours, theirs *Side, contenders map[Key][]Flow, known meant.Differences) Difference {
	d := Difference{Key: key}
	our, have := ours.Flows[key]
	their, want := theirs.Flows[key]
	switch {
	case have && want && our == their:
		return d
	case have && want && slices.Contains(contenders[key], their):
		d.Ours, d.Theirs, d.Outcome = &our, &their, Contested
		return d
	case have && want:
		d.Ours, d.Theirs, d.Outcome = &our, &their, Differ
	case have:
		d.Ours, d.Outcome = &our, OnlyOurs
	default:
		d.Theirs, d.Outcome = &their, OnlyTheirs
	}
	if reason, ok := known.Reason(d.Outcome, fmt.Sprint(d.Table), d.text()); ok {
		d.Outcome, d.Reason = Known, reason
	}
	return d
}
