package admin

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"

	"github.com/flowhost/flowhost/core/table"
)

// owners leaves out those that the configuration does not have any more, and of which nothing is left.
func (h *Host) owners(ctx context.Context) ([]Owner, error) {
	var views []table.OwnerView
	objects := make(map[string]bool) // whether there are groups or meters of an owner's
	err := h.Loop.View(ctx, func(t *table.Table) {
		views = t.Owners()
		t.Objects(func(o table.ObjectView) bool {
			objects[o.Owner] = true
			return true
		})
	})
	owners := make([]Owner, 0, len(views))
	for i := range views {
		v := &views[i]
		removed := h.Sources.Get(v.OwnerSpec.Name) == nil
		if removed && v.UUIDs == 0 && v.Desired == 0 && !objects[v.OwnerSpec.Name] {
			continue
		}
		owners = append(owners, Owner{
			Removed: removed,
			Name:    v.OwnerSpec.Name, Slot: v.Slot, Rank: v.Rank, MaxFlows: v.MaxFlows, Rate: v.Rate,
			Tables: texts(v.Tables), Priorities: texts(v.Priorities),
			Groups: texts(v.Groups), Meters: texts(v.Meters), Conjunctions: texts(v.Conjunctions), Zones: texts(v.Zones),
			Controllers: texts(v.PacketIn.Controllers), UserData: hexes(v.PacketIn.UserData), PacketOut: texts(v.PacketOut),
			Synced: v.Synced, Expected: v.Expected, Grace: v.Grace.Seconds(),
			Flows: v.Desired, Stale: v.Stale, Quarantined: v.Quarantined, UUIDs: v.UUIDs, Duplicates: v.Duplicates,
		})
	}
	return owners, err
}

func hexes(prefixes []string) []string {
	list := make([]string, 0, len(prefixes))
	for _, p := range prefixes {
		list = append(list, hex.EncodeToString([]byte(p)))
	}
	return list
}

// texts writes ranges as the configuration has them.
func texts[T cmp.Ordered](ranges []table.Range[T]) []string {
	list := make([]string, 0, len(ranges))
	for _, r := range ranges {
		if r.First == r.Last {
			list = append(list, fmt.Sprint(r.First))
		} else {
			list = append(list, fmt.Sprintf("%v-%v", r.First, r.Last))
		}
	}
	return list
}
