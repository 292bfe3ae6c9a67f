package feed

import (
	"maps"
	"slices"

	"github.com/flowhost/flowhost/sdk/flow"
)

// retired are groups and meters that the Maker's flows do not name any more while those of before the sync still may: the host would
// refuse to remove them. They wait for SyncDone, when these flows go.
type retired struct {
	groups map[flow.GroupID]struct{}
	meters map[flow.MeterID]struct{}
}

// hold takes out of operations what they remove, and forgets what they set again.
func (r *retired) hold(operations []Operation) {
	for i := range operations {
		o := &operations[i]
		for _, g := range o.Groups {
			delete(r.groups, g.ID)
		}
		for _, m := range o.Meters {
			delete(r.meters, m.ID)
		}
		enter(&r.groups, o.RemoveGroups)
		enter(&r.meters, o.RemoveMeters)
		o.RemoveGroups, o.RemoveMeters = nil, nil
	}
}

func enter[ID comparable](set *map[ID]struct{}, ids []ID) {
	for _, id := range ids {
		if *set == nil {
			*set = map[ID]struct{}{}
		}
		(*set)[id] = struct{}{}
	}
}

// take gives back what was held.
func (r *retired) take() []Operation {
	if len(r.groups)+len(r.meters) == 0 {
		return nil
	}
	o := Operation{Keep: true, RemoveGroups: slices.Sorted(maps.Keys(r.groups)), RemoveMeters: slices.Sorted(maps.Keys(r.meters))}
	*r = retired{}
	return []Operation{o}
}
