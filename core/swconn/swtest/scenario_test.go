package swtest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scenarios are run against the switch in memory and against ovs-vswitchd: both must answer the same.
var scenarios = []struct {
	name string
	run  func(*testing.T, *controller)
}{
	{"add, modify, delete", addModifyDelete},
	{"bundle", bundleApplied},
	{"bundle with bad messages", bundleWithBadMessages},
	{"bundle with a missing group", bundleWithMissingGroup},
	{"bundle discarded", bundleDiscarded},
	{"bundle misused", bundleMisused},
	{"plain flow mods refused", plainRefused},
	{"dump by table", dumpByTable},
	{"table statistics", tableStats},
	{"registers", registers},
	{"big dump", bigDump},
	{"message of no type", messageOfNoType},
	{"groups", groups},
	{"groups refused", groupsRefused},
	{"group and flow in a bundle", groupInBundle},
	{"group deleted under its flows", groupDeleted},
	{"groups as they are shown", groupsShown},
	{"group statistics", groupStats},
	{"meters", meters},
	{"meters refused", metersRefused},
	{"meters in bundles", metersInBundles},
	{"TLV table", tlvTable},
	{"TLV table refused", tlvRefused},
	{"monitor of others", monitorOfOthers},
	{"monitor of own changes", monitorOfOwn},
	{"monitor of a bundle", monitorOfBundle},
	{"monitor of one table", monitorOfTable},
	{"monitor of a group's flows", monitorOfGroup},
	{"monitor that is read too slowly", monitorPauses},
	{"request-forward", requestForward},
	{"request-forward of a bundle", requestForwardOfBundle},
	{"ports", portDescs},
	{"ports that come and go", portStatus},
	{"packets", packets},
	{"packet-in and resume", packetIn},
	{"conntrack flushes", ctFlushes},
	{"experimenters unknown", experimentersUnknown},
}

func TestScenarios(t *testing.T) {
	for _, s := range scenarios {
		t.Run("swtest/"+s.name, func(t *testing.T) {
			sw := swtest.New(swtest.MonitorLimit(128 << 10))
			defer sw.Close()
			c := connect(t, swconn.Config{Dial: sw.Dial})
			c.world = inMemory{sw}
			s.run(t, c)
		})
	}
	t.Run("ovs-vswitchd", func(t *testing.T) {
		sandbox := ovstest.Start(t, ovstest.Options{})
		for _, s := range scenarios {
			t.Run(s.name, func(t *testing.T) {
				c := connect(t, swconn.Config{Target: sandbox.Mgmt(ovstest.Bridge)})
				c.world = inSandbox{sandbox}
				c.clear()
				s.run(t, c)
			})
		}
	})
}

// Instructions.
const (
	toPort1  = flow.Actions("\x00\x04\x00\x18\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	toPort2  = flow.Actions("\x00\x04\x00\x18\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00")
	toGroup  = flow.Actions("\x00\x04\x00\x10\x00\x00\x00\x00\x00\x16\x00\x08\x00\x00\x00\x63")
	toNoPort = flow.Actions("\x00\x04\x00\x18\x00\x00\x00\x00\x00\x00\x00\x10\xff\xff\xff\x05\x00\x00\x00\x00\x00\x00\x00\x00") // a reserved number
	unknown  = flow.Actions("\x00\x04\x00\x10\x00\x00\x00\x00\x00\x77\x00\x08\x00\x00\x00\x00")                                 // an action that there is not
)

// reg matches on a 32-bit register.
func reg(n byte, value uint32) flow.Match {
	return flow.Match(binary.BigEndian.AppendUint32([]byte{0, 1, n << 1, 4}, value))
}

func flowOf(table flow.TableID, match flow.Match, actions flow.Actions, cookie flow.Cookie) flow.Flow {
	return flow.Flow{Key: flow.Key{Table: table, Priority: 100, Match: match}, Actions: actions, Cookie: cookie}
}

// A controller is one session with a switch.
type controller struct {
	t     *testing.T
	cfg   swconn.Config
	conn  *swconn.Conn
	world world
}

// another is another session with the same switch.
func (c *controller) another() *controller { return connect(c.t, c.cfg) }

func connect(t *testing.T, cfg swconn.Config) *controller {
	t.Helper()
	conn, err := swconn.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- conn.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	c := &controller{t: t, cfg: cfg, conn: conn}
	if e, ok := c.event().(swconn.Up); !ok || e.Features.Tables != 254 || e.Features.DatapathID == 0 {
		t.Fatalf("want an Up with features, got %+v", e)
	}
	return c
}

func (c *controller) event() swconn.Event {
	c.t.Helper()
	select {
	case e := <-c.conn.Events():
		return e
	case <-time.After(30 * time.Second):
		c.t.Fatal("the switch says nothing")
		return nil
	}
}

// ask sends messages and returns all answers up to that to a barrier behind them.
func (c *controller) ask(msgs []byte) []swconn.Message {
	c.t.Helper()
	const barrier = 0xbbbbbbbb
	if err := c.conn.Send(openflow.AppendBarrierRequest(slices.Clone(msgs), barrier)); err != nil {
		c.t.Fatal(err)
	}
	var answers []swconn.Message
	for {
		m, ok := c.event().(swconn.Message)
		if !ok {
			c.t.Fatal("the session is lost")
		}
		if m.XID == barrier {
			return answers
		}
		answers = append(answers, m)
	}
}

// expect asks and compares the answers: a line for each, "xid: what".
func (c *controller) expect(msgs []byte, want ...string) {
	c.t.Helper()
	var got []string
	for _, m := range c.ask(msgs) {
		got = append(got, fmt.Sprintf("%d: %s", m.XID, answer(m)))
	}
	if !slices.Equal(got, want) {
		c.t.Errorf("answers:\n- want: %q\n-  got: %q", want, got)
	}
}

func answer(m swconn.Message) string {
	switch m.Type {
	case openflow.TypeError:
		e, err := openflow.ParseError(m.Data)
		if err != nil {
			return err.Error()
		}
		typ, xid, _ := e.Offender()
		return fmt.Sprintf("%v of %v %d", e.Error(), typ, xid)
	case openflow.TypeBundleControl:
		b, err := openflow.ParseBundleControl(m.Data)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("bundle %d reply %d", b.ID, b.Type)
	case openflow.TypeMultipartReply:
		return multipartAnswer(m.Data)
	case openflow.TypeRequestForward:
		return forwardText(m.Data)
	case openflow.TypeExperimenter:
		table, err := openflow.ParseTLVTable(m.Data)
		return fmt.Sprintf("%+v %v", table, err)
	}
	return m.Type.String()
}

// dump returns the flows of a table, canonical and sorted, and in how many messages they came.
func (c *controller) dump(table uint8) (flows []flow.Flow, parts int) {
	c.t.Helper()
	for i, m := range c.ask(openflow.AppendFlowDescRequest(nil, 7, table)) {
		part, err := openflow.ParseMultipart(m.Data)
		if err != nil || part.XID != 7 {
			c.t.Fatalf("part %d: xid %d, %v", i, part.XID, err)
		}
		parts++
		for d, err := range openflow.FlowDescs(m.Data) {
			if err != nil {
				c.t.Fatal(err)
			}
			flows = append(flows, canonical(c.t, &d))
		}
	}
	slices.SortFunc(flows, func(a, b flow.Flow) int { return slices.Compare([]byte(a.Match), []byte(b.Match)) })
	return flows, parts
}

func canonical(t *testing.T, d *openflow.FlowDesc) flow.Flow {
	t.Helper()
	actions, err := flow.CanonicalActions(d.Instructions)
	if err != nil {
		t.Fatalf("instructions %x: %v", d.Instructions, err)
	}
	return flow.Flow{Key: flow.Key{Table: d.Table, Priority: d.Priority, Match: canonicalMatch(t, d.Match)}, Actions: actions, Cookie: d.Cookie}
}

func canonicalMatch(t *testing.T, oxm []byte) flow.Match {
	t.Helper()
	match, err := flow.CanonicalMatch(oxm)
	if err != nil {
		t.Fatalf("match %x: %v", oxm, err)
	}
	return match
}

// holds compares what is in a table.
func (c *controller) holds(table uint8, want ...flow.Flow) {
	c.t.Helper()
	if got, _ := c.dump(table); !slices.Equal(got, want) {
		c.t.Errorf("table %d:\n- want: %+v\n-  got: %+v", table, want, got)
	}
}

// clear deletes what another scenario left.
func (c *controller) clear() {
	c.t.Helper()
	flows, _ := c.dump(openflow.AllTables)
	var b []byte
	for _, f := range flows {
		b = openflow.AppendFlowDeleteStrict(b, 1, &f.Key)
	}
	for _, m := range c.ask(openflow.AppendGroupDescRequest(nil, 7, openflow.GroupAll)) {
		for g := range openflow.GroupDescs(m.Data) {
			b = openflow.AppendGroupDelete(b, 1, g.ID)
		}
	}
	for _, m := range c.ask(openflow.AppendMeterDescRequest(nil, 7, openflow.MeterAll)) {
		for d := range openflow.MeterDescs(m.Data) {
			b = openflow.AppendMeterDelete(b, 1, d.ID)
		}
	}
	c.expect(b)
	c.accepted(openflow.AppendTLVTableMod(nil, 1, openflow.TLVClear))
}

// accepted asks until there is no answer. Open vSwitch lets go of what a deleted flow names a little later.
func (c *controller) accepted(msgs []byte) {
	c.t.Helper()
	ovstest.Eventually(c.t, 10*time.Second, func() error {
		if answers := c.ask(msgs); len(answers) > 0 {
			return errors.New(answer(answers[0]))
		}
		return nil
	})
}

// bundle appends a bundle that adds flows, with the xids 101, 102 and so on, and is committed with xid 200.
func bundle(id uint32, flags openflow.BundleFlags, flows ...flow.Flow) []byte {
	b := openflow.AppendBundleOpen(nil, 100, id, flags)
	for i, f := range flows {
		b = bundled(b, 101+uint32(i), id, flags, f)
	}
	return openflow.AppendBundleCommit(b, 200, id, flags)
}

func bundled(b []byte, xid, id uint32, flags openflow.BundleFlags, f flow.Flow) []byte {
	b, mark := openflow.BeginBundleAdd(b, xid, id, flags)
	return openflow.EndBundleAdd(openflow.AppendFlowAdd(b, xid, &f), mark)
}

func addModifyDelete(t *testing.T, c *controller) {
	one, two := flowOf(9, reg(1, 1), toPort1, 0xa), flowOf(9, reg(1, 2), toPort1, 0xb)
	c.expect(openflow.AppendFlowAdd(openflow.AppendFlowAdd(nil, 1, &two), 2, &one))
	c.holds(9, one, two)

	// A changed flow keeps its cookie, and one that is not there is not made.
	changed, absent := flowOf(9, reg(1, 1), toPort2, 0xc), flowOf(9, reg(1, 3), toPort2, 0xc)
	c.expect(openflow.AppendFlowModifyStrict(openflow.AppendFlowModifyStrict(nil, 3, &changed), 4, &absent))
	changed.Cookie = one.Cookie
	c.holds(9, changed, two)

	// An add replaces, cookie and all.
	replaced := flowOf(9, reg(1, 1), "", 0xd)
	c.expect(openflow.AppendFlowAdd(nil, 5, &replaced))
	c.holds(9, replaced, two)

	c.expect(openflow.AppendFlowDeleteStrict(openflow.AppendFlowDeleteStrict(nil, 6, &one.Key), 7, &absent.Key))
	c.holds(9, two)
}

func bundleApplied(t *testing.T, c *controller) {
	for _, flags := range []openflow.BundleFlags{openflow.BundleOrdered, openflow.BundleOrdered | openflow.BundleAtomic} {
		first, last := flowOf(9, reg(1, 1), toPort1, 1), flowOf(9, reg(1, 1), toPort2, 2)
		c.expect(bundle(1, flags, first, last), "100: bundle 1 reply 1", "200: bundle 1 reply 5")
		c.holds(9, last)
	}
}

// bundleWithBadMessages: each bad message is told when it is added, and the commit succeeds without it.
func bundleWithBadMessages(t *testing.T, c *controller) {
	good, other := flowOf(9, reg(1, 1), toPort1, 1), flowOf(9, reg(1, 4), toPort1, 4)
	for _, flags := range []openflow.BundleFlags{openflow.BundleOrdered, openflow.BundleOrdered | openflow.BundleAtomic} {
		c.expect(bundle(1, flags, good, flowOf(9, reg(1, 2), unknown, 2), flowOf(254, reg(1, 3), toPort1, 3), other),
			"100: bundle 1 reply 1",
			"102: OFPBAC_BAD_TYPE of OFPT_FLOW_MOD 102",
			"103: OFPBRC_EPERM of OFPT_FLOW_MOD 103",
			"200: bundle 1 reply 5")
		c.holds(9, good, other)
	}
}

// bundleWithMissingGroup: the first message that cannot be applied is told at the commit, and nothing is applied.
func bundleWithMissingGroup(t *testing.T, c *controller) {
	good := flowOf(9, reg(1, 1), toPort1, 1)
	for _, flags := range []openflow.BundleFlags{openflow.BundleOrdered, openflow.BundleOrdered | openflow.BundleAtomic} {
		c.expect(bundle(1, flags, good, flowOf(9, reg(1, 2), toGroup, 2), flowOf(9, reg(1, 3), toGroup, 3)),
			"100: bundle 1 reply 1",
			"102: OFPBAC_BAD_OUT_GROUP of OFPT_FLOW_MOD 102",
			"200: OFPBFC_MSG_FAILED of OFPT_BUNDLE_CONTROL 200")
		c.holds(9)
	}
}

func bundleDiscarded(t *testing.T, c *controller) {
	b := openflow.AppendBundleOpen(nil, 1, 3, openflow.BundleOrdered)
	b = bundled(b, 2, 3, openflow.BundleOrdered, flowOf(9, reg(1, 1), toPort1, 1))
	b = openflow.AppendBundleDiscard(b, 3, 3, openflow.BundleOrdered)
	c.expect(b, "1: bundle 3 reply 1", "3: bundle 3 reply 7")
	c.holds(9)
}

func bundleMisused(t *testing.T, c *controller) {
	f := flowOf(9, reg(1, 1), toPort1, 1)
	b := openflow.AppendBundleCommit(nil, 1, 4, openflow.BundleOrdered) // of no bundle
	b = bundled(b, 2, 5, openflow.BundleOrdered, f)                     // opens it
	b = openflow.AppendBundleCommit(b, 3, 5, openflow.BundleOrdered)
	b = openflow.AppendBundleOpen(b, 4, 6, openflow.BundleOrdered) // twice: gone
	b = openflow.AppendBundleOpen(b, 5, 6, openflow.BundleOrdered)
	b = openflow.AppendBundleCommit(b, 6, 6, openflow.BundleOrdered)
	b, mark := openflow.BeginBundleAdd(b, 7, 7, openflow.BundleOrdered) // xids differ
	b = openflow.EndBundleAdd(openflow.AppendFlowAdd(b, 8, &f), mark)
	b, mark = openflow.BeginBundleAdd(b, 9, 7, openflow.BundleOrdered) // no message for a bundle
	b = openflow.EndBundleAdd(openflow.AppendBarrierRequest(b, 9), mark)
	c.expect(b,
		"1: OFPBFC_BAD_ID of OFPT_BUNDLE_CONTROL 1",
		"3: bundle 5 reply 5",
		"4: bundle 6 reply 1",
		"5: OFPBFC_BAD_ID of OFPT_BUNDLE_CONTROL 5",
		"6: OFPBFC_BAD_ID of OFPT_BUNDLE_CONTROL 6",
		"7: OFPBFC_MSG_BAD_XID of OFPT_FLOW_MOD 8",
		"9: OFPBFC_MSG_UNSUP of OFPT_BARRIER_REQUEST 9")
	c.holds(9, f)
}

func plainRefused(t *testing.T, c *controller) {
	var b []byte
	for i, f := range []flow.Flow{
		flowOf(9, reg(1, 1), toGroup, 1), flowOf(9, reg(1, 2), toPort1, 1), flowOf(9, reg(1, 3), unknown, 1),
		flowOf(255, reg(1, 3), toPort1, 1), flowOf(9, reg(1, 3), toNoPort, 1),
	} {
		b = openflow.AppendFlowAdd(b, 10+uint32(i), &f)
	}
	c.expect(b,
		"10: OFPBAC_BAD_OUT_GROUP of OFPT_FLOW_MOD 10",
		"12: OFPBAC_BAD_TYPE of OFPT_FLOW_MOD 12",
		"13: OFPFMFC_BAD_TABLE_ID of OFPT_FLOW_MOD 13",
		"14: OFPBAC_BAD_OUT_PORT of OFPT_FLOW_MOD 14")
	c.holds(9, flowOf(9, reg(1, 2), toPort1, 1))
}

func dumpByTable(t *testing.T, c *controller) {
	a, b := flowOf(0, reg(1, 1), toPort1, 1), flowOf(253, reg(1, 2), "", 2)
	c.expect(openflow.AppendFlowAdd(openflow.AppendFlowAdd(nil, 1, &a), 2, &b))
	c.holds(0, a)
	c.holds(1)
	c.holds(253, b)
	c.holds(openflow.AllTables, a, b)
	if _, parts := c.dump(1); parts != 1 {
		t.Errorf("an empty table in %d messages", parts)
	}
}

// tableStats tell which tables hold flows.
func tableStats(t *testing.T, c *controller) {
	b := openflow.AppendFlowAdd(nil, 1, &flow.Flow{})
	for i := range uint32(3) {
		f := flowOf(253, reg(1, i), "", 0)
		b = openflow.AppendFlowAdd(b, 2, &f)
	}
	c.expect(b)
	tables, active := 0, make(map[flow.TableID]uint32)
	for _, m := range c.ask(openflow.AppendTableStatsRequest(nil, 7)) {
		for s, err := range openflow.TableStatsOf(m.Data) {
			if err != nil {
				t.Fatal(err)
			}
			tables++
			if s.Active > 0 {
				active[s.Table] = s.Active
			}
		}
	}
	if want := map[flow.TableID]uint32{0: 1, 253: 3}; tables != 254 || !maps.Equal(active, want) {
		t.Errorf("of %d tables these hold flows: %v", tables, active)
	}
}

// registers sends 32-bit registers, one and two of a pair, masked and not; the dump shows 64-bit ones.
func registers(t *testing.T, c *controller) {
	masked := flow.Match("\x00\x01\x09\x08\x00\x00\x00\x05\x00\x00\x00\xff") // reg4=5/0xff
	matches := []flow.Match{
		reg(0, 7), reg(0, 8) + reg(1, 9), reg(1, 10), masked, masked + reg(5, 1), reg(0, 11) + reg(15, 12),
	}
	slices.Sort(matches)
	var (
		b    []byte
		want []flow.Flow
	)
	for _, m := range matches {
		f := flowOf(9, m, "", 1)
		want = append(want, f)
		b = openflow.AppendFlowAdd(b, 1, &f)
	}
	c.expect(b)
	c.holds(9, want...)
	for _, m := range c.ask(openflow.AppendFlowDescRequest(nil, 7, 9)) {
		for d, err := range openflow.FlowDescs(m.Data) {
			if err != nil || d.Match[0] != 0x80 || d.Match[1] != 0x01 {
				t.Errorf("not shown as a 64-bit register: %x, %v", d.Match, err)
			}
		}
	}
}

func bigDump(t *testing.T, c *controller) {
	const flows = 2000
	want := make([]flow.Flow, 0, flows)
	for i := range uint32(flows) {
		want = append(want, flowOf(9, reg(1, i), toPort1, flow.Cookie(i)))
	}
	c.expect(bundle(1, openflow.BundleOrdered, want...), "100: bundle 1 reply 1", "200: bundle 1 reply 5")
	got, parts := c.dump(9)
	if parts < 3 || !slices.Equal(got, want) {
		t.Errorf("%d of %d flows in %d messages", len(got), flows, parts)
	}
}

func messageOfNoType(t *testing.T, c *controller) {
	c.expect([]byte{6, 77, 0, 8, 0, 0, 0, 5}, "5: OFPBRC_BAD_TYPE of OFPT_77 5")
}
