package feed

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
)

// Conditions are the same in whatever order the ids come.
func TestEach(t *testing.T) {
	set := maps.Collect(func(yield func(uuid.UUID, bool) bool) {
		for id := range ids(100) {
			if !yield(id, true) {
				return
			}
		}
	})
	want := ovsdb.Any(Each(ovsdb.Equal, "datapath", slices.Values(slices.Collect(ids(100))))...)
	for range 10 {
		if got := ovsdb.Any(Each(ovsdb.Equal, "datapath", maps.Keys(set))...); !reflect.DeepEqual(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

// The rows that are wanted follow the Maker's conditions, and those from what these have brought.
func TestConditionsFollow(t *testing.T) {
	sb := southbound(t, 0)
	s := start(t, sb.OVSDB())
	s.untilFlows(1, 3)
	sb.Sbctl(t, "remove", "Logical_DP_Group", group(t, sb, 3), "datapaths", datapath(t, sb, 1))
	s.untilFlows(1)
	s.plug()
	s.untilFlows(1, 2, 3, 4)
	s.unplug()
	s.untilFlows(1)
	sb.Sbctl(t, "add", "Logical_DP_Group", group(t, sb, 4), "datapaths", datapath(t, sb, 1))
	s.untilFlows(1, 4)
}

// With ovn-monitor-all, all rows come, from the start or later.
func TestMonitorAll(t *testing.T) {
	sb := southbound(t, 0)
	s := &site{t: t, vswitch: chassis(t, sb.OVSDB())}
	s.vsctl("set", "Open_vSwitch", ".", "external_ids:ovn-monitor-all=true")
	s.run()
	s.WaitSynced()
	s.untilFlows(1, 2, 3, 4)
	s.wasTold("flows", "nb_cfg=17", "sync done")
	s.vsctl("set", "Open_vSwitch", ".", "external_ids:ovn-monitor-all=false")
	s.untilFlows(1, 3)
	s.vsctl("set", "Open_vSwitch", ".", "external_ids:ovn-monitor-all-hv1=true")
	s.untilFlows(1, 2, 3, 4)
}
