package apply

import (
	"slices"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// throughMeter is flow n, through a meter.
func throughMeter(n int, meter byte) flow.Flow {
	return withActions(n, "\x00\x04\x00\x10\x00\x00\x00\x00"+"\x00\x1d\x00\x08\x00\x00\x00"+string(meter))
}

// withObjects is a loop in which alice has group 7 and meter 8, two flows through each, one through neither, and all owners
// have synced.
func withObjects(t *testing.T, options ...func(*Config)) (*Loop, *client, *switchUnderTest) {
	t.Helper()
	l, alice, sw := synced(t, 1, options...)
	alice.awaitInstalled(alice.mustCommit(
		table.Op{Kind: table.OpSetGroup, ID: 7, Body: dropGroup()},
		table.Op{Kind: table.OpSetMeter, ID: 8, Body: dropMeter(t, 100)},
		addFlow(2, toGroup(t, 2, 7)), addFlow(3, toGroup(t, 3, 7)),
		addFlow(4, throughMeter(4, 8)), addFlow(5, throughMeter(5, 8)),
	))
	return l, alice, sw
}

// content is everything that a switch holds.
func content(sw *switchUnderTest) (flows []flow.Flow, groups []openflow.Group, meters []openflow.Meter) {
	return sw.Flows(), sw.Groups(), sw.Meters()
}

// awaitContent waits until the switch holds the same as before.
func awaitContent(t *testing.T, sw *switchUnderTest, flows []flow.Flow, groups []openflow.Group, meters []openflow.Meter) {
	t.Helper()
	eventually(t, "all is as it was", func() bool {
		f, g, m := content(sw)
		return slices.Equal(f, flows) &&
			slices.EqualFunc(g, groups, func(a, b openflow.Group) bool { return a.Type == b.Type && string(a.Buckets) == string(b.Buckets) }) &&
			slices.EqualFunc(m, meters, func(a, b openflow.Meter) bool { return a.Flags == b.Flags && string(a.Bands) == string(b.Bands) })
	})
}

func objectDrifted(kind table.ObjectKind, id uint32) func(table.Event) bool {
	return func(e table.Event) bool {
		return e.Kind == table.EventDrifted && e.Object == table.Object{Kind: kind, ID: id}
	}
}

func TestWhatOthersDoToGroupsAndMetersIsPutBack(t *testing.T) {
	band := openflow.AppendMeterBand(nil, openflow.MeterBand{Type: openflow.MeterBandDrop, Rate: 1})
	for name, c := range map[string]struct {
		do      func(*switchUnderTest)
		drifted func(table.Event) bool // nil: nothing of alice's
	}{
		"group deleted":      {func(sw *switchUnderTest) { sw.DeleteGroup(7) }, objectDrifted(table.Group, 7)},
		"all groups deleted": {func(sw *switchUnderTest) { sw.DeleteGroup(openflow.GroupAll) }, objectDrifted(table.Group, 7)},
		"group changed": {func(sw *switchUnderTest) { sw.PutGroup(openflow.Group{ID: 7, Type: openflow.GroupTypeSelect}) },
			objectDrifted(table.Group, 7)},
		"meter deleted":      {func(sw *switchUnderTest) { sw.DeleteMeter(8) }, objectDrifted(table.Meter, 8)},
		"all meters deleted": {func(sw *switchUnderTest) { sw.DeleteMeter(openflow.MeterAll) }, objectDrifted(table.Meter, 8)},
		"meter changed": {func(sw *switchUnderTest) { sw.PutMeter(openflow.Meter{ID: 8, Flags: openflow.MeterKbps, Bands: band}) },
			objectDrifted(table.Meter, 8)},
		"group of nobody": {func(sw *switchUnderTest) { sw.PutGroup(openflow.Group{ID: 1000}) }, nil},
		"meter of nobody": {func(sw *switchUnderTest) {
			sw.PutMeter(openflow.Meter{ID: 1000, Flags: openflow.MeterKbps, Bands: band})
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, alice, sw := withObjects(t)
			flows, groups, meters := content(sw)
			c.do(sw)
			if c.drifted != nil {
				alice.await("drifted", c.drifted)
			}
			awaitContent(t, sw, flows, groups, meters)
			if log := sw.Log(); log.Refused != 0 || log.Sessions != 1 {
				t.Errorf("%d messages refused, %d sessions; what names a group must come behind it", log.Refused, log.Sessions)
			}
		})
	}
}

func TestUnclaimedGroupsOfOthersAreKept(t *testing.T) {
	_, alice, sw := withObjects(t, func(c *Config) { c.Options.Unclaimed = table.UnclaimedKeep })
	sw.PutGroup(openflow.Group{ID: 1000})
	sw.PutGroup(openflow.Group{ID: 9}) // alice's range
	eventually(t, "what is in alice's range and not hers is gone", func() bool { return len(sw.Groups()) == 2 })
	alice.awaitInstalled(alice.add(6))
	if g := sw.Groups(); g[1].ID != 1000 {
		t.Errorf("groups %v, want 7 and 1000", g)
	}
}

// TestOwnGroupsAreNoDrift changes groups and meters by a second lane, of which the first one is told like of a stranger's.
func TestOwnGroupsAreNoDrift(t *testing.T) {
	l, alice, sw := withObjects(t)
	flows := upTo(2 * laneLoad)[5:]
	alice.pile(sw, flows...)
	alice.awaitInstalled(alice.mustCommit(table.Op{Kind: table.OpSetGroup, ID: 9, Body: dropGroup()}))
	alice.awaitInstalled(alice.mustCommit(table.Op{Kind: table.OpRemoveGroup, ID: 9}))
	eventually(t, "all is in", func() bool { return len(sw.Flows()) == 2*laneLoad && len(sw.Groups()) == 1 })
	if s := status(t, l); s.Foreign != 0 {
		t.Errorf("%d changes of others counted, and there was no other", s.Foreign)
	}
}

// TestGroupDeletedUnderFlowsOnTheirWay: good flows get in, the refused ones are told and come back with the group.
func TestGroupDeletedUnderFlowsOnTheirWay(t *testing.T) {
	_, alice, sw := withObjects(t)
	sw.Hang(true)
	var ops []table.Op
	for n := 100; n < 200; n++ {
		f := numbered(n)
		if n%10 == 0 {
			f = toGroup(t, n, 7)
		}
		ops = append(ops, addFlow(n, f))
	}
	txn := alice.mustCommit(ops...)
	sw.DeleteGroup(7)
	sw.Hang(false)
	alice.await("refused", func(e table.Event) bool { return e.Kind == table.EventRefused && e.UUID == id(100) })
	installed := alice.awaitInstalled(txn)
	for _, r := range installed.Refused { // the group may be back before the last of the ten is tried
		alice.await("recovered", func(e table.Event) bool { return e.Kind == table.EventRecovered && e.UUID == r.UUID })
	}
	eventually(t, "all are in", func() bool { return len(sw.Flows()) == 105 })
	if sessions := sw.Log().Sessions; sessions != 1 {
		t.Errorf("%d sessions: an error must not cost the connection", sessions)
	}
}

func TestGroupsFoughtOverAreLeftAlone(t *testing.T) {
	_, alice, sw := withObjects(t)
	contested := func(e table.Event) bool {
		return e.Kind == table.EventContested && e.Object == table.Object{Kind: table.Group, ID: 7}
	}
	for alice.heard(contested) == 0 {
		sw.DeleteGroup(7)
		eventually(t, "the group is back, or contested", func() bool { return alice.heard(contested) > 0 || len(sw.Groups()) == 1 })
	}
	alice.await("its flows wait", func(e table.Event) bool { return e.Kind == table.EventRefused && e.UUID == id(2) })
	if mods := sw.Log().GroupMods; mods > 12 { // half of them the other side's
		t.Errorf("%d group mods in a fight over one group", mods)
	}
	alice.await("the flow is back after the pause", func(e table.Event) bool { return e.Kind == table.EventRecovered && e.UUID == id(2) })
}

// TestLostReportsAreMadeUpFor changes everything while the switch reports nothing.
func TestLostReportsAreMadeUpFor(t *testing.T) {
	_, alice, sw := withObjects(t)
	flows, groups, meters := content(sw)
	sw.Mute(true)
	sw.DeleteGroup(7)
	sw.DeleteMeter(8)
	sw.Delete(numbered(1).Key)
	sw.PutGroup(openflow.Group{ID: 1000})
	sw.Put(numbered(99))
	sw.Mute(false)
	b, mark := openflow.BeginMultipartReply(nil, 0, openflow.MultipartFlowMonitor, false)
	sw.Say(openflow.EndMultipart(openflow.AppendFlowUpdate(b, &openflow.FlowUpdate{Event: openflow.FlowResumed}), mark))
	awaitContent(t, sw, flows, groups, meters)
	alice.await("drifted", objectDrifted(table.Group, 7))
	alice.await("drifted", objectDrifted(table.Meter, 8))
	alice.await("drifted", drifted(numbered(1).Key))
}
