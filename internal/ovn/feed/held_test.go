package feed

import (
	"maps"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// held is what a host has after operations.
type held struct {
	flows  map[uuid.UUID]map[flow.Key]flow.Flow
	groups map[flow.GroupID]flow.Group
	meters map[flow.MeterID]flow.Meter
}

func newHeld() *held {
	return &held{map[uuid.UUID]map[flow.Key]flow.Flow{}, map[flow.GroupID]flow.Group{}, map[flow.MeterID]flow.Meter{}}
}

// hear does what the sdk.Txn of these operations does.
func (h *held) hear(operations []Operation) {
	for _, o := range operations {
		for _, g := range o.Groups {
			h.groups[g.ID] = g
		}
		for _, m := range o.Meters {
			h.meters[m.ID] = m
		}
		h.hearFlows(o)
		for _, id := range o.RemoveGroups {
			delete(h.groups, id)
		}
		for _, id := range o.RemoveMeters {
			delete(h.meters, id)
		}
	}
}

func (h *held) hearFlows(o Operation) {
	has := map[flow.Key]flow.Flow{}
	if o.Keep {
		maps.Copy(has, h.flows[o.ID])
	}
	for _, key := range o.Remove {
		delete(has, key)
	}
	for _, f := range o.Flows {
		if _, is := has[f.Key]; !is { // Txn.Add: one that is there stays as it is
			has[f.Key] = f
		}
	}
	if h.flows[o.ID] = has; len(has) == 0 {
		delete(h.flows, o.ID)
	}
}
