package swtest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

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

// TestPacketIn sends packets to those who want them: the format, the reason and the controller id must fit.
func TestPacketIn(t *testing.T) {
	sw := swtest.New()
	defer sw.Close()
	c := connect(t, swconn.Config{Dial: sw.Dial})
	p := openflow.PacketIn{Packet: []byte("packet"), Reason: 1, Cookie: 7, Continuation: []byte("continuation")}
	sw.PacketIn(3, &p)
	c.expect(openflow.AppendSetPacketInFormat(nil, 1))
	sw.PacketIn(3, &p)
	c.expect(openflow.AppendSetAsync(nil, 1, openflow.Async{PacketIn: 1 << 1}))
	sw.PacketIn(3, &p)
	c.expect(openflow.AppendSetControllerID(nil, 1, 3))
	sw.PacketIn(3, &p)
	sw.PacketIn(4, &p)
	answers := c.ask(nil)
	if len(answers) != 1 {
		t.Fatalf("%d packets came, want the one that was asked for", len(answers))
	}
	got, err := openflow.ParsePacketIn(answers[0].Data)
	if err != nil || string(got.Packet) != "packet" || got.Cookie != 7 || string(got.Continuation) != "continuation" {
		t.Errorf("%+v, %v", got, err)
	}

	c.expect(openflow.AppendResume(nil, 2, &got))
	out := openflow.PacketOut{Actions: []byte(output1), Packet: []byte("packet")}
	c.expect(openflow.AppendPacketOut(nil, 3, &out))
	c.expect(openflow.AppendCTFlushZone(openflow.AppendCTFlushZone(nil, 4, 7), 5, 8))
	if r := sw.Resumed(); len(r) != 1 || string(r[0].Continuation) != "continuation" {
		t.Errorf("resumed: %+v", r)
	}
	if o := sw.PacketOuts(); len(o) != 1 || string(o[0].Packet) != "packet" || string(o[0].Actions) != output1 {
		t.Errorf("packet-outs: %+v", o)
	}
	if z := sw.FlushedZones(); !slices.Equal(z, []uint16{7, 8}) {
		t.Errorf("flushed zones: %v", z)
	}
}

// TestPortStatus tells changes of ports to those who want them.
func TestPortStatus(t *testing.T) {
	sw := swtest.New()
	defer sw.Close()
	c := connect(t, swconn.Config{Dial: sw.Dial})
	port := openflow.PortDesc{Number: 1, Name: "vm1"}
	sw.SetPort(port)
	c.expect(openflow.AppendSetAsync(nil, 1, openflow.Async{PortStatus: openflow.AsyncAllPortStatus}))
	port.State = 4
	sw.SetPort(port)
	sw.RemovePort(2)
	sw.RemovePort(1)
	sw.SetPort(port)
	var got []openflow.PortReason
	for _, m := range c.ask(nil) {
		s, err := openflow.ParsePortStatus(m.Data)
		if err != nil || s.Port.Name != "vm1" || s.Port.State != 4 {
			t.Errorf("%+v, %v", s, err)
		}
		got = append(got, s.Reason)
	}
	if want := []openflow.PortReason{openflow.PortModified, openflow.PortDeleted, openflow.PortAdded}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if ports := sw.Ports(); len(ports) != 2 || ports[0].Name != "vm1" || ports[1].Number != openflow.PortLocal {
		t.Errorf("ports: %+v", ports)
	}
}

// TestCrash deletes a group under a flow in a bundle that fails: ovs-vswitchd 3.1 does not survive that.
func TestCrash(t *testing.T) {
	sw := swtest.New()
	defer sw.Close()
	c := connect(t, swconn.Config{Dial: sw.Dial})
	f := flowOf(9, reg(1, 1), toGroup, 1)
	c.expect(openflow.AppendFlowAdd(openflow.AppendGroupMod(nil, 1, openflow.GroupAdd, group99(output1)), 2, &f))
	b := openflow.AppendBundleOpen(nil, 1, 1, openflow.BundleOrdered)
	b = bundledGroup(b, 2, 1, openflow.GroupDelete, &openflow.Group{ID: 99})
	b = bundled(b, 3, 1, openflow.BundleOrdered, flowOf(9, reg(1, 3), toGroup, 1))
	if err := c.conn.Send(openflow.AppendBundleCommit(b, 4, 1, openflow.BundleOrdered)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, down := c.event().(swconn.Down); down {
			break
		}
	}
	if log := sw.Log(); log.Crashes != 1 || len(sw.Flows()) != 0 || len(sw.Groups()) != 0 {
		t.Errorf("%+v, flows %v, groups %v", log, sw.Flows(), sw.Groups())
	}
}

// TestDeletedByOthers deletes a group and a meter under the flows that name them.
func TestDeletedByOthers(t *testing.T) {
	sw := swtest.New()
	defer sw.Close()
	c := connect(t, swconn.Config{Dial: sw.Dial})
	c.expect(openflow.AppendMeterMod(nil, 1, openflow.MeterAdd, meter3(10)))
	sw.PutGroup(*group99(output1))
	other := flowOf(9, reg(1, 3), toPort1, 3)
	sw.Put(flowOf(9, reg(1, 1), toGroup, 1), flowOf(9, reg(1, 2), throughMeter, 2), other)
	c.expect(monitor(openflow.AllTables, monitorChanges), "50: []")
	sw.DeleteGroup(99)
	sw.DeleteGroup(99)
	sw.DeleteMeter(3)
	c.expect(nil,
		"0: [removed table=9,reg1=0x1 cookie=1, 16 bytes, reason 3]",
		"0: [removed table=9,reg1=0x2 cookie=2, 16 bytes, reason 4]")
	c.holds(9, other)
	if len(sw.Groups()) != 0 || len(sw.Meters()) != 0 {
		t.Errorf("groups %v, meters %v", sw.Groups(), sw.Meters())
	}
}

// TestOversizedGroup breaks the stream when it is asked for, and ends the switch when one behind it is, too; nothing else does.
func TestOversizedGroup(t *testing.T) {
	sw := swtest.New()
	defer sw.Close()
	c := connect(t, swconn.Config{Dial: sw.Dial})
	many := make([]string, 3000)
	for i := range many {
		many[i] = output1
	}
	sw.PutGroup(*group(5, openflow.GroupTypeAll, many...))
	sw.PutGroup(*group(6, openflow.GroupTypeAll, output1))
	c.expect(openflow.AppendGroupDescRequest(nil, 9, 6), "9: [group 6 type 0 bucket 0: 16 bytes]")
	c.expect(openflow.AppendGroupStatsRequest(nil, 9, 6), "9: [group 6: 0 flows, 1 buckets]")
	for id, want := range map[uint32]error{5: swconn.ErrProtocol, openflow.GroupAll: io.EOF} {
		c = connect(t, swconn.Config{Dial: sw.Dial})
		if err := c.conn.Send(openflow.AppendGroupDescRequest(nil, 9, id)); err != nil {
			t.Fatal(err)
		}
		if err := c.down(); !errors.Is(err, want) {
			t.Errorf("asked for group %d, down because of %v, want %v", id, err, want)
		}
		sw.PutGroup(*group(5, openflow.GroupTypeAll, many...))
		sw.PutGroup(*group(6, openflow.GroupTypeAll, output1))
	}
	if crashes := sw.Log().Crashes; crashes != 1 {
		t.Errorf("%d crashes, want one", crashes)
	}
}

// down waits until the session is lost, and returns why.
func (c *controller) down() error {
	c.t.Helper()
	for {
		if down, ok := c.event().(swconn.Down); ok {
			return down.Err
		}
	}
}

// TestRestart loses everything but the ports.
func TestRestart(t *testing.T) {
	sw := swtest.New()
	defer sw.Close()
	c := connect(t, swconn.Config{Dial: sw.Dial})
	b := openflow.AppendGroupMod(nil, 1, openflow.GroupAdd, group99(output1))
	b = openflow.AppendMeterMod(b, 2, openflow.MeterAdd, meter3(10))
	c.expect(openflow.AppendTLVTableMod(b, 3, openflow.TLVAdd, geneve))
	sw.Put(flowOf(9, reg(1, 1), toPort1, 1))
	if len(sw.Groups()) != 1 || len(sw.Meters()) != 1 {
		t.Errorf("groups %v, meters %v", sw.Groups(), sw.Meters())
	}
	sw.Restart()
	if _, down := c.event().(swconn.Down); !down {
		t.Fatal("the connection was not lost")
	}
	c.event() // up again
	c.holds(openflow.AllTables)
	c.expect(openflow.AppendTLVTableRequest(nil, 9), "9: {MaxSpace:256 MaxFields:64 Mappings:[]} <nil>")
	if len(sw.Groups()) != 0 || len(sw.Meters()) != 0 || len(sw.Ports()) != 1 {
		t.Errorf("groups %v, meters %v, ports %v", sw.Groups(), sw.Meters(), sw.Ports())
	}
}

// TestHang stops reading until the session is given up, and goes on.
func TestHang(t *testing.T) {
	sw := swtest.New()
	defer sw.Close()
	c := connect(t, swconn.Config{Dial: sw.Dial, EchoInterval: 20 * time.Millisecond, EchoTimeout: 100 * time.Millisecond})
	sw.Hang(true)
	if down, ok := c.event().(swconn.Down); !ok || !errors.Is(down.Err, swconn.ErrSilent) {
		t.Fatalf("want a Down because of silence, got %+v", down)
	}
	sw.Hang(false)
	for {
		if _, up := c.event().(swconn.Up); up {
			return
		}
	}
}

// TestSlow takes its time for each message.
func TestSlow(t *testing.T) {
	sw := swtest.New()
	defer sw.Close()
	c := connect(t, swconn.Config{Dial: sw.Dial})
	const pause = 10 * time.Millisecond
	sw.Slow(pause)
	start := time.Now()
	c.ask(openflow.AppendBarrierRequest(openflow.AppendBarrierRequest(nil, 1), 2))
	if d := time.Since(start); d < 2*pause {
		t.Errorf("three messages within %v", d)
	}
}

// TestGarbage says what is not OpenFlow; the session ends, and the next one is good.
func TestGarbage(t *testing.T) {
	for _, garbage := range [][]byte{{6, 20, 0, 4, 0, 0, 0, 0}, {9, 20, 0, 8, 0, 0, 0, 0}, make([]byte, 100)} {
		sw := swtest.New()
		defer sw.Close()
		c := connect(t, swconn.Config{Dial: sw.Dial})
		sw.Say(garbage)
		if down, ok := c.event().(swconn.Down); !ok || !errors.Is(down.Err, swconn.ErrProtocol) {
			t.Fatalf("%x: want a Down because of the protocol, got %+v", garbage, down)
		}
		c.event() // up again
		c.holds(openflow.AllTables)
	}
}
