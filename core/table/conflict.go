package table

import (
	"maps"
	"slices"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Conflict is a key that several flows want. Nothing in it changes later.
type Conflict struct {
	flow.Key
	Winner Contender // as in EntryView
	Losers []Loser   // best first
}

// Loser is a flow that is not in the switch because another one is preferred.
type Loser struct {
	Contender
	Step  Step      // of the rule, that decided for the winner
	Since time.Time // when the owner was told that it lost
}

// Conflicts calls yield for each key that a flow has lost to another, sorted as Entries. Flows in quarantine, and clauses of one
// merged conjunction, have not lost.
func (t *Table) Conflicts(yield func(Conflict) bool) {
	t.yieldSorted(slices.Collect(maps.Keys(t.crowds)), func(v EntryView) bool {
		if v.Winner == nil {
			return true
		}
		c := Conflict{Key: v.Key, Winner: *v.Winner, Losers: t.losers(t.findEntry(&v.Key))}
		return len(c.Losers) == 0 || yield(c)
	})
}

func (t *Table) losers(h uint32) (losers []Loser) {
	contenders, from, to := t.winners(h)
	for _, d := range contenders[to:] {
		if !t.desired.at(d).competes() {
			continue
		}
		_, step := t.standing(contenders[from]).decide(t.standing(d))
		losers = append(losers, Loser{t.viewContender(d), step, t.lost[d]})
	}
	return losers
}
