package feed

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// flows are n flows of different keys, each with some bytes of actions.
func flows(n, bytes int) []flow.Flow {
	list := make([]flow.Flow, n)
	for i := range list {
		list[i] = flow.Flow{Key: flow.Key{Priority: flow.Priority(i % 65536), Table: flow.TableID(i / 65536)},
			Actions: flow.Actions(make([]byte, bytes))}
	}
	return list
}

// Small operations go together, in their order and as they are.
func TestSplitLeavesSmallOperations(t *testing.T) {
	operations := []Operation{
		{ID: uuid.UUID{1}, Flows: flows(10, 8), Groups: []flow.Group{{ID: 7}}},
		{ID: uuid.UUID{2}},
		{ID: uuid.UUID{3}, Keep: true, Flows: flows(1, 8), Remove: []flow.Key{{Table: 3}}, RemoveGroups: []flow.GroupID{8}},
	}
	if parts := split(operations); len(parts) != 1 || !reflect.DeepEqual(parts[0], operations) {
		t.Errorf("%d parts: %v", len(parts), parts)
	}
	if parts := split(nil); len(parts) != 0 {
		t.Errorf("nothing has %d parts", len(parts))
	}
}

// Whatever the sizes, no part is too large, and one after the other they come to the same as the operations.
func TestSplitComesToTheSame(t *testing.T) {
	for name, operations := range map[string][]Operation{
		"many": slices.Repeat([]Operation{{ID: uuid.UUID{1}, Flows: flows(partFlows/3, 8)}, {ID: uuid.UUID{2}, Flows: flows(10, 8)}}, 5),
		"a set of many flows": {
			{ID: uuid.UUID{1}, Flows: flows(10, 8)},
			{ID: uuid.UUID{2}, Flows: flows(3*partFlows+1, 8), Groups: []flow.Group{{ID: 5}}, RemoveGroups: []flow.GroupID{6}},
			{ID: uuid.UUID{1}, Keep: true, Flows: flows(20, 8)[10:]},
		},
		"a set of long flows": {{ID: uuid.UUID{1}, Flows: flows(1000, 60000)}},
		"a difference": {
			{ID: uuid.UUID{1}, Flows: flows(partFlows, 8)},
			{ID: uuid.UUID{1}, Keep: true, Remove: keysOf(flows(2*partFlows, 8)), Flows: flows(2*partFlows, 16)},
		},
		"long groups": slices.Repeat([]Operation{{Keep: true, Groups: []flow.Group{{ID: 9, Buckets: string(make([]byte, 60000))}}}}, 200),
		"many groups of one operation": {
			{ID: uuid.UUID{1}, Flows: flows(5, 8)},
			{ID: uuid.UUID{1}, Groups: longGroups(400), Meters: []flow.Meter{{ID: 3}}, RemoveMeters: []flow.MeterID{4}},
		},
	} {
		want, got := newHeld(), newHeld()
		want.hear(operations)
		for _, part := range split(operations) {
			var has weight
			for i := range part {
				has = has.plus(part[i].weight())
			}
			if !has.fits() {
				t.Errorf("%s: a part of %d flows and %d bytes", name, has.flows, has.bytes)
			}
			got.hear(part)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the parts come to something else", name)
		}
	}
}

func keysOf(flows []flow.Flow) (list []flow.Key) {
	for _, f := range flows {
		list = append(list, f.Key)
	}
	return list
}

func longGroups(n int) []flow.Group {
	list := make([]flow.Group, n)
	for i := range list {
		list[i] = flow.Group{ID: flow.GroupID(i + 1), Buckets: string(make([]byte, 60000))}
	}
	return list
}
