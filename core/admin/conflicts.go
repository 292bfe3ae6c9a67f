package admin

import (
	"context"

	"github.com/flowhost/flowhost/core/table"
)

// conflicts copies what is in conflict while the loop waits, and makes text of it afterwards; the sources are asked last.
func (h *Host) conflicts(ctx context.Context) ([]Conflict, error) {
	var keys []table.Conflict
	err := h.Loop.View(ctx, func(t *table.Table) {
		t.Conflicts(func(c table.Conflict) bool {
			keys = append(keys, c)
			return true
		})
	})
	conflicts := make([]Conflict, 0, len(keys))
	for i := range keys {
		k := &keys[i]
		for j := range k.Losers {
			l := &k.Losers[j]
			conflicts = append(conflicts, Conflict{
				Table: uint8(k.Table), Priority: uint16(k.Priority), Match: k.Match.String(),
				Winner: party(&k.Winner), Loser: party(&l.Contender),
				Step: l.Step.String(), Since: l.Since,
			})
		}
	}
	if err == nil {
		h.describeParties(ctx, conflicts)
	}
	return conflicts, err
}

// describeParties has the owners say what the UUIDs in conflict are.
func (h *Host) describeParties(ctx context.Context, conflicts []Conflict) {
	ids := make(map[named]*Description)
	for i := range conflicts {
		for _, p := range []*Party{&conflicts[i].Winner, &conflicts[i].Loser} {
			n := named{p.Owner, p.UUID}
			if ids[n] == nil {
				ids[n] = new(Description)
			}
			p.Description = ids[n]
		}
	}
	h.describe(ctx, ids)
}

func party(c *table.Contender) Party {
	return Party{Owner: c.Owner, UUID: c.UUID, Actions: c.Flow.Actions.String(), Stale: c.Stale}
}
