package apply

import (
	"errors"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// dropGroup is a group of type all without buckets, dropMeter a meter that drops above a rate.
func dropGroup() table.Body { return GroupBody(flow.Group{}) }

func dropMeter(t *testing.T, rate uint32) table.Body {
	m, err := flow.NewMeter(1, flow.MeterKbps, flow.Band{Type: flow.BandDrop, Rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	return MeterBody(m)
}

// toGroup is flow n, sent to a group.
func toGroup(t *testing.T, n int, group uint32) flow.Flow {
	t.Helper()
	f := numbered(n)
	// An apply_actions instruction with one group action (OpenFlow 1.5 §7.2.4, §7.2.5).
	f.Actions = flow.Actions([]byte{0, 4, 0, 16, 0, 0, 0, 0, 0, 22, 0, 8, 0, 0, 0, byte(group)})
	return f
}

// commit commits operations and returns the transaction's number.
func (c *client) commit(atomic bool, ops ...table.Op) (uint64, error) {
	c.txns++
	_, err := c.Commit(c.t.Context(), &table.Txn{ID: c.txns, Ops: ops, Atomic: atomic})
	return c.txns, err
}

func (c *client) mustCommit(ops ...table.Op) uint64 {
	c.t.Helper()
	txn, err := c.commit(false, ops...)
	if err != nil {
		c.t.Fatal(err)
	}
	return txn
}

func addFlow(n int, f flow.Flow) table.Op {
	return table.Op{Kind: table.OpAdd, UUID: id(n), Flows: []flow.Flow{f}}
}

func TestGroupsAndMetersComeBeforeWhatNamesThem(t *testing.T) {
	sw := newSwitch(t)
	l, stop := startLoop(t, sw)
	alice := attach(t, l, "alice")
	ops := []table.Op{
		addFlow(1, toGroup(t, 1, 7)),
		{Kind: table.OpSetGroup, ID: 7, Body: dropGroup()},
		{Kind: table.OpSetMeter, ID: 8, Body: dropMeter(t, 100)},
		{Kind: table.OpFlushCT, Zone: 9},
		{Kind: table.OpFlushCTTuple, Zone: 9, Body: FlushBody(9, flow.Connections{Proto: 6, Orig: flow.Tuple{DstPort: 80}})},
	}
	alice.awaitInstalled(alice.mustCommit(ops...))
	if g, m, z := sw.Groups(), sw.Meters(), sw.FlushedZones(); len(g) != 1 || g[0].ID != 7 || len(m) != 1 || m[0].ID != 8 || len(z) != 1 || z[0] != 9 {
		t.Errorf("groups %+v, meters %+v, zones flushed %v; want 7, 8, 9", g, m, z)
	}
	if n := len(sw.Flows()); n != 1 {
		t.Errorf("%d flows, want 1", n)
	}
	if log := sw.Log(); log.Refused != 0 || log.CTFlushes != 1 {
		t.Errorf("the switch refused %d messages and flushed %d tuples, want 0 and 1", log.Refused, log.CTFlushes)
	}
	stop()

	again, _ := startLoop(t, sw)
	before := sw.Log()
	alice, bob := attach(t, again, "alice"), attach(t, again, "bob")
	bob.syncDone()
	alice.awaitInstalled(alice.mustCommit(ops[:3]...))
	alice.syncDone()
	eventually(t, "adopted", func() bool { return status(t, again).Phase == Steady })
	after := sw.Log()
	if after.FlowMods() != before.FlowMods() || len(sw.Groups()) != 1 || len(sw.Meters()) != 1 {
		t.Errorf("a restart changed something: %+v, then %+v", before, after)
	}

	alice.awaitInstalled(alice.mustCommit(
		table.Op{Kind: table.OpRemove, UUID: id(1)},
		table.Op{Kind: table.OpRemoveGroup, ID: 7},
		table.Op{Kind: table.OpRemoveMeter, ID: 8},
	))
	eventually(t, "all gone", func() bool { return len(sw.Flows())+len(sw.Groups())+len(sw.Meters()) == 0 })
}

func TestRefusedGroupHoldsBackItsFlows(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice := attach(t, l, "alice")
	bad := GroupBody(flow.Group{Type: 99}) // OFPGMFC_BAD_TYPE
	installed := alice.awaitInstalled(alice.mustCommit(
		table.Op{Kind: table.OpSetGroup, ID: 7, Body: bad},
		addFlow(1, toGroup(t, 1, 7)),
		addFlow(2, numbered(2)),
	))
	if flows := sw.Flows(); len(flows) != 1 || flows[0].Key != numbered(2).Key {
		t.Errorf("flows %v, want the one that names no group", flows)
	}
	if len(installed.Refused) == 0 {
		t.Error("installed, and nothing named as refused")
	}
	alice.awaitInstalled(alice.mustCommit(table.Op{Kind: table.OpSetGroup, ID: 7, Body: dropGroup()}))
	eventually(t, "the held flow is in", func() bool { return len(sw.Flows()) == 2 })
}

func TestAtomic(t *testing.T) {
	for name, refusal := range map[string]*openflow.Error{
		"taken":                            nil,
		"refused when added to the bundle": {Type: 2, Code: 4},
		"refused at commit":                {Type: 2, Code: 9},
	} {
		t.Run(name, func(t *testing.T) {
			sw := newSwitch(t)
			l, _ := startLoop(t, sw)
			alice := attach(t, l, "alice")
			alice.awaitInstalled(alice.add(1))
			bad := numbered(3).Match
			sw.Refuse(func(f flow.Flow) *openflow.Error {
				if f.Match == bad {
					return refusal
				}
				return nil
			})
			_, err := alice.commit(true, addFlow(2, numbered(2)), addFlow(3, numbered(3)), table.Op{Kind: table.OpRemove, UUID: id(1)})
			flows := sw.Flows()
			if refusal == nil {
				if err != nil || len(flows) != 2 {
					t.Errorf("error %v, flows %v; want none, and the two added", err, flows)
				}
				return
			}
			var refused *RefusedError
			if !errors.As(err, &refused) || !errors.Is(err, ErrRefused) || len(refused.Refused) != 1 || refused.Refused[0].Key.Match != bad {
				t.Errorf("error %v, want the refusal of flow 3", err)
			}
			if len(flows) != 1 || flows[0].Key != numbered(1).Key {
				t.Errorf("flows %v, want what was there before", flows)
			}
			alice.awaitInstalled(alice.add(4)) // nothing is left over from it
		})
	}
}

func TestBigLoadOverLanes(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	alice.pile(sw, upTo(2*laneLoad)...)
	bob.awaitInstalled(bob.add(1 << 20))
	alice.awaitInstalled(alice.txns)
	if got := len(sw.Flows()); got != 2*laneLoad+1 {
		t.Errorf("%d flows in the switch, want %d", got, 2*laneLoad+1)
	}
	if n := sw.Log().Sessions; n != 2 {
		t.Errorf("%d connections, want 2: there are no ports", n)
	}
}
