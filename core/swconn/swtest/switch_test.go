package swtest_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/sdk/flow"
)

func TestLog(t *testing.T) {
	sw := swtest.New()
	defer sw.Close()
	c := connect(t, swconn.Config{Dial: sw.Dial})
	f, g := flowOf(9, reg(1, 1), toPort1, 1), flowOf(9, reg(1, 2), toGroup, 2)
	b := bundle(1, openflow.BundleOrdered, f, f)
	b = openflow.AppendFlowModifyStrict(b, 1, &f)
	b = openflow.AppendFlowDeleteStrict(b, 2, &g.Key)
	b = openflow.AppendFlowAdd(b, 3, &g)
	b = append(b, bundle(2, openflow.BundleOrdered, f, g)...) // the commit fails: nothing of it counts
	b = openflow.AppendFlowDeleteStrict(b, 4, &f.Key)
	b = openflow.AppendFlowDescRequest(b, 5, 9)
	c.ask(b)
	want := swtest.Log{Added: 2, Modified: 1, Deleted: 1, Idle: 1, Refused: 3, Commits: 1, Dumps: 1, Sessions: 1}
	if got := sw.Log(); got != want || got.FlowMods() != 4 {
		t.Errorf("\n- want: %+v\n-  got: %+v", want, got)
	}
}

// TestRefuse refuses flows with errors of both stages.
func TestRefuse(t *testing.T) {
	early, late := flowOf(9, reg(1, 1), toPort1, 1), flowOf(9, reg(1, 2), toPort1, 2)
	sw := swtest.New()
	defer sw.Close()
	sw.Refuse(func(f flow.Flow) *openflow.Error {
		e, ok := openflow.ErrorNamed(map[flow.Flow]string{early: "OFPBAC_BAD_TAG", late: "OFPMMFC_INVALID_METER"}[f])
		if !ok {
			return nil
		}
		return &e
	})
	c := connect(t, swconn.Config{Dial: sw.Dial})
	good := flowOf(9, reg(1, 3), toPort1, 3)
	c.expect(bundle(1, openflow.BundleOrdered, early, good),
		"100: bundle 1 reply 1", "101: OFPBAC_BAD_TAG of OFPT_FLOW_MOD 101", "200: bundle 1 reply 5")
	c.expect(bundle(1, openflow.BundleOrdered, early, good, late),
		"100: bundle 1 reply 1", "101: OFPBAC_BAD_TAG of OFPT_FLOW_MOD 101",
		"103: OFPMMFC_INVALID_METER of OFPT_FLOW_MOD 103", "200: OFPBFC_MSG_FAILED of OFPT_BUNDLE_CONTROL 200")
	c.expect(openflow.AppendFlowAdd(openflow.AppendFlowAdd(nil, 1, &early), 2, &late),
		"1: OFPBAC_BAD_TAG of OFPT_FLOW_MOD 1", "2: OFPMMFC_INVALID_METER of OFPT_FLOW_MOD 2")
	c.expect(openflow.AppendFlowDeleteStrict(nil, 1, &early.Key)) // deletions are not refused
	sw.Refuse(nil)
	c.expect(bundle(1, openflow.BundleOrdered, late), "100: bundle 1 reply 1", "200: bundle 1 reply 5")
	c.holds(9, late, good)
}

func TestFlowsSorted(t *testing.T) {
	sw := swtest.New()
	defer sw.Close()
	want := []flow.Flow{
		{Key: flow.Key{Table: 1, Priority: 5, Match: reg(1, 9)}},
		{Key: flow.Key{Table: 2, Priority: 9, Match: reg(1, 1)}, Actions: toPort1, Cookie: 7},
		{Key: flow.Key{Table: 2, Priority: 5, Match: reg(1, 1)}},
		{Key: flow.Key{Table: 2, Priority: 5, Match: reg(1, 2)}},
	}
	sw.Put(want[2], want[0], want[3], want[1])
	if got := sw.Flows(); !slices.Equal(got, want) {
		t.Errorf("\n- want: %+v\n-  got: %+v", want, got)
	}
	sw.Delete(want[1].Key, want[1].Key)
	if got := sw.Flows(); !slices.Equal(got, slices.Delete(want, 1, 2)) {
		t.Errorf("after Delete: %+v", got)
	}
}

func TestFlowLimit(t *testing.T) {
	sw := swtest.New(swtest.FlowLimit(2))
	defer sw.Close()
	c := connect(t, swconn.Config{Dial: sw.Dial})
	one, two, three := flowOf(9, reg(1, 1), "", 0), flowOf(9, reg(1, 2), "", 0), flowOf(9, reg(1, 3), "", 0)
	c.expect(bundle(1, openflow.BundleOrdered, one, two, one), "100: bundle 1 reply 1", "200: bundle 1 reply 5")
	c.expect(bundle(1, openflow.BundleOrdered, three), "100: bundle 1 reply 1",
		"101: OFPFMFC_TABLE_FULL of OFPT_FLOW_MOD 101", "200: OFPBFC_MSG_FAILED of OFPT_BUNDLE_CONTROL 200")
	// Room that is made in the bundle counts.
	b := openflow.AppendBundleOpen(nil, 1, 1, openflow.BundleOrdered)
	b, mark := openflow.BeginBundleAdd(b, 2, 1, openflow.BundleOrdered)
	b = openflow.EndBundleAdd(openflow.AppendFlowDeleteStrict(b, 2, &one.Key), mark)
	b = bundled(b, 3, 1, openflow.BundleOrdered, three)
	b = openflow.AppendBundleCommit(b, 4, 1, openflow.BundleOrdered)
	c.expect(b, "1: bundle 1 reply 1", "4: bundle 1 reply 5")
	c.holds(9, two, three)
}

// TestCut breaks a connection that the Conn makes again; the flows stay.
func TestCut(t *testing.T) {
	sw := swtest.New()
	defer sw.Close()
	f := flowOf(9, reg(1, 1), toPort1, 1)
	sw.Put(f)
	c := connect(t, swconn.Config{Dial: sw.Dial})
	sw.Cut()
	if e, ok := c.event().(swconn.Down); !ok {
		t.Fatalf("want a Down, got %+v", e)
	}
	if e, ok := c.event().(swconn.Up); !ok || e.Session != 2 {
		t.Fatalf("want the second session, got %+v", e)
	}
	c.holds(9, f)
	if log := sw.Log(); log.Sessions != 2 {
		t.Errorf("%+v", log)
	}
}

func TestClose(t *testing.T) {
	sw := swtest.New()
	sw.Close()
	if _, err := sw.Dial(context.Background()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("dialled a closed switch: %v", err)
	}
}

// TestPartLen splits a dump at the length that was asked for.
func TestPartLen(t *testing.T) {
	sw := swtest.New(swtest.PartLen(300))
	defer sw.Close()
	c := connect(t, swconn.Config{Dial: sw.Dial})
	var want []flow.Flow
	for i := range uint32(10) {
		want = append(want, flowOf(9, reg(1, i), toPort1, 1))
	}
	sw.Put(want...)
	got, parts := c.dump(9)
	if !slices.Equal(got, want) || parts != 5 {
		t.Errorf("%d flows in %d messages", len(got), parts)
	}
}
