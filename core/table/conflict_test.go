package table

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// TestConflicts has one key lost at each step of the rule, and keys that are no conflict.
func TestConflicts(t *testing.T) {
	tab := New(Options{})
	var owners []OwnerID
	for _, o := range []struct {
		name string
		rank int
	}{{"a", 0}, {"b", 0}, {"late", 5}} {
		id, err := tab.AddOwner(OwnerSpec{
			Name: o.name, Rank: o.rank, Tables: []Range[flow.TableID]{{First: 0, Last: 9}},
			Priorities:   []Range[flow.Priority]{{First: 0, Last: 9}},
			Conjunctions: []Range[uint32]{{First: 1, Last: 9}},
		})
		if err != nil {
			t.Fatal(err)
		}
		owners = append(owners, id)
	}
	tab.AdoptBegin()
	tab.AdoptDone(time.Unix(0, 0))
	const a, b, late = 0, 1, 2
	actions := func(text string) flow.Actions {
		f, err := flow.ParseFlow("actions=" + text)
		if err != nil {
			t.Fatal(err)
		}
		return f.Actions
	}
	output, conj := actions("output:1"), actions("conjunction(1,1/2)")
	for second, f := range []struct {
		owner   int
		uuid    byte
		table   flow.TableID
		actions flow.Actions
	}{
		{late, 1, 1, output}, {a, 9, 1, ""}, // rank
		{a, 1, 2, ""}, {b, 9, 2, output}, // class
		{b, 1, 3, ""}, {a, 2, 3, ""}, {a, 3, 3, ""}, // uuid, twice
		{b, 1, 4, ""}, {a, 1, 4, ""}, // owner name
		{a, 1, 5, conj}, {b, 1, 5, conj}, // merged
		{a, 1, 6, ""}, // alone
	} {
		txn := &Txn{Owner: owners[f.owner], Ops: []Op{{
			Kind: OpAdd, UUID: uuid.UUID{f.uuid}, Flows: []flow.Flow{{Key: flow.Key{Table: f.table}, Actions: f.actions}},
		}}}
		if _, err := tab.Commit(txn, time.Unix(int64(second), 0)); err != nil {
			t.Fatal(err)
		}
	}
	show := func() (lines []string) {
		tab.Conflicts(func(c Conflict) bool {
			for _, l := range c.Losers {
				lines = append(lines, fmt.Sprintf("table %d: %s %d beats %s %d by %s since %d",
					c.Table, c.Winner.Owner, c.Winner.UUID[0], l.Owner, l.UUID[0], l.Step, l.Since.Unix()))
			}
			return true
		})
		return lines
	}
	want := []string{
		"table 1: a 9 beats late 1 by rank since 1",
		"table 2: b 9 beats a 1 by class since 3",
		"table 3: b 1 beats a 2 by uuid since 5",
		"table 3: b 1 beats a 3 by uuid since 6",
		"table 4: a 1 beats b 1 by owner name since 8",
	}
	if got := show(); !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	txn := &Txn{Owner: owners[b], Ops: []Op{{Kind: OpClear}}}
	if _, err := tab.Commit(txn, time.Unix(50, 0)); err != nil {
		t.Fatal(err)
	}
	if got, want := show(), []string{"table 1: a 9 beats late 1 by rank since 1", "table 3: a 2 beats a 3 by uuid since 6"}; !slices.Equal(got, want) {
		t.Errorf("without b: got\n%q\nwant\n%q", got, want)
	}
}
