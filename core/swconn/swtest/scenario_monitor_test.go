package swtest_test

import (
	"fmt"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

func updateText(u *openflow.FlowUpdate, err error) string {
	if err != nil {
		return err.Error()
	}
	event := map[openflow.FlowEvent]string{
		openflow.FlowInitial: "initial", openflow.FlowAdded: "added", openflow.FlowRemoved: "removed", openflow.FlowModified: "modified",
		openflow.FlowAbbrev: "own", openflow.FlowPaused: "paused", openflow.FlowResumed: "resumed",
	}[u.Event]
	switch u.Event {
	case openflow.FlowAbbrev:
		return fmt.Sprintf("%s %d", event, u.XID)
	case openflow.FlowPaused, openflow.FlowResumed:
		return event
	}
	match, err := flow.CanonicalMatch(u.Match)
	if err != nil {
		return err.Error()
	}
	text := fmt.Sprintf("%s table=%d,%v cookie=%d, %d bytes", event, u.Table, match, u.Cookie, len(u.Instructions))
	if u.Event == openflow.FlowRemoved {
		text += fmt.Sprintf(", reason %d", u.Reason)
	}
	return text
}

const (
	monitorChanges = openflow.MonitorAdd | openflow.MonitorRemoved | openflow.MonitorModify | openflow.MonitorInstructions
	monitorAll     = monitorChanges | openflow.MonitorInitial
)

func monitor(table uint8, flags openflow.FlowMonitorFlags) []byte {
	return openflow.AppendFlowMonitor(nil, 50, openflow.FlowMonitor{ID: 5, Flags: flags, Table: table})
}

func monitorOfOthers(t *testing.T, c *controller) {
	there := flowOf(9, reg(1, 1), toPort1, 1)
	c.expect(openflow.AppendFlowAdd(nil, 1, &there))
	c.expect(monitor(openflow.AllTables, monitorAll), "50: [initial table=9,reg1=0x1 cookie=1, 24 bytes]")

	other := c.another()
	f := flowOf(10, reg(1, 2), toPort1, 2)
	changed, cookie := f, f
	changed.Actions, cookie.Cookie = "", 3
	for _, step := range []struct {
		msg  []byte
		want string
	}{
		{openflow.AppendFlowAdd(nil, 1, &f), "0: [added table=10,reg1=0x2 cookie=2, 24 bytes]"},
		{openflow.AppendFlowAdd(nil, 2, &f), "0: [added table=10,reg1=0x2 cookie=2, 24 bytes]"}, // the same again
		{openflow.AppendFlowModifyStrict(nil, 3, &f), ""},                                       // the same again
		{openflow.AppendFlowModifyStrict(nil, 4, &changed), "0: [modified table=10,reg1=0x2 cookie=2, 0 bytes]"},
		{openflow.AppendFlowAdd(nil, 5, &cookie), "0: [added table=10,reg1=0x2 cookie=3, 24 bytes]"},
		{openflow.AppendFlowDeleteStrict(nil, 6, &f.Key), "0: [removed table=10,reg1=0x2 cookie=3, 24 bytes, reason 2]"},
		{openflow.AppendFlowDeleteStrict(nil, 7, &f.Key), ""}, // it is gone
	} {
		other.expect(step.msg)
		if step.want == "" {
			c.expect(nil)
		} else {
			c.expect(nil, step.want)
		}
	}
	c.expect(openflow.AppendFlowMonitorDelete(nil, 51, 5), "51: []")
	other.expect(openflow.AppendFlowAdd(nil, 1, &f))
	c.expect(nil)
}

// monitorOfOwn: what the connection itself changes is told in short, or in full if it is asked for.
func monitorOfOwn(t *testing.T, c *controller) {
	f := flowOf(10, reg(1, 2), toPort1, 2)
	c.expect(monitor(openflow.AllTables, monitorChanges), "50: []")
	b := openflow.AppendFlowDeleteStrict(openflow.AppendFlowAdd(nil, 1, &f), 2, &f.Key)
	c.expect(b, "0: [own 1]", "0: [own 2]")
	c.expect(openflow.AppendFlowMonitorDelete(nil, 51, 5), "51: []")

	c.expect(monitor(openflow.AllTables, monitorChanges|openflow.MonitorOwn), "50: []")
	c.expect(b, "0: [added table=10,reg1=0x2 cookie=2, 24 bytes]", "0: [removed table=10,reg1=0x2 cookie=2, 24 bytes, reason 2]")
}

// monitorOfBundle: a bundle is told at once, when it is committed; one that fails is not told.
func monitorOfBundle(t *testing.T, c *controller) {
	one, two := flowOf(10, reg(1, 1), "", 1), flowOf(10, reg(1, 2), "", 2)
	c.expect(monitor(openflow.AllTables, monitorChanges), "50: []")
	other := c.another()

	other.expect(bundle(1, openflow.BundleOrdered, one, two), "100: bundle 1 reply 1", "200: bundle 1 reply 5")
	c.expect(nil, "0: [added table=10,reg1=0x1 cookie=1, 0 bytes added table=10,reg1=0x2 cookie=2, 0 bytes]")

	other.expect(bundle(1, openflow.BundleOrdered, flowOf(10, reg(1, 3), "", 3), flowOf(10, reg(1, 4), toGroup, 4)),
		"100: bundle 1 reply 1", "102: OFPBAC_BAD_OUT_GROUP of OFPT_FLOW_MOD 102", "200: OFPBFC_MSG_FAILED of OFPT_BUNDLE_CONTROL 200")
	c.expect(nil)

	c.expect(bundle(1, openflow.BundleOrdered, one, two), "100: bundle 1 reply 1", "0: [own 101]", "200: bundle 1 reply 5")
	c.expect(nil)
}

func monitorOfTable(t *testing.T, c *controller) {
	in, out := flowOf(10, reg(1, 1), "", 1), flowOf(11, reg(1, 1), "", 2)
	c.expect(openflow.AppendFlowAdd(openflow.AppendFlowAdd(nil, 1, &in), 2, &out))
	c.expect(monitor(10, monitorAll), "50: [initial table=10,reg1=0x1 cookie=1, 0 bytes]")
	c.another().expect(openflow.AppendFlowDeleteStrict(openflow.AppendFlowDeleteStrict(nil, 1, &out.Key), 2, &in.Key))
	c.expect(nil, "0: [removed table=10,reg1=0x1 cookie=1, 0 bytes, reason 2]")
}

// monitorOfGroup: flows that go with their group or meter are told in full, even to whom deleted it.
func monitorOfGroup(t *testing.T, c *controller) {
	grouped, metered := flowOf(9, reg(1, 1), toGroup, 1), flowOf(9, reg(1, 2), throughMeter, 2)
	b := openflow.AppendGroupMod(nil, 1, openflow.GroupAdd, group99(output1))
	b = openflow.AppendMeterMod(b, 2, openflow.MeterAdd, meter3(10))
	c.expect(openflow.AppendFlowAdd(openflow.AppendFlowAdd(b, 3, &grouped), 4, &metered))
	c.expect(monitor(openflow.AllTables, monitorChanges), "50: []")
	c.expect(openflow.AppendGroupDelete(nil, 5, 99), "0: [removed table=9,reg1=0x1 cookie=1, 16 bytes, reason 3]")
	c.expect(openflow.AppendMeterDelete(nil, 6, 3), "0: [removed table=9,reg1=0x2 cookie=2, 16 bytes, reason 4]")
}

// monitorPauses: more changes than fit anywhere, and nobody reads. What is gone is told still, the rest when everything has
// been read; of a flow that is replaced and then deleted meanwhile, nothing.
func monitorPauses(t *testing.T, c *controller) {
	const flows = 8000
	known, unlucky, last := flowOf(8, reg(1, 1), "", 1), flowOf(8, reg(1, 2), "", 2), flowOf(9, reg(1, flows-1), "", 0)
	c.expect(openflow.AppendFlowAdd(openflow.AppendFlowAdd(nil, 1, &known), 2, &unlucky))
	c.expect(monitor(openflow.AllTables, monitorChanges), "50: []")

	var b []byte
	for i := range uint32(flows) {
		f := flowOf(9, reg(1, i), "", 0)
		b = openflow.AppendFlowAdd(b, 1, &f)
	}
	other := c.another()
	other.expect(b)
	changed := flowOf(9, reg(1, 0), "", 5)
	b = openflow.AppendFlowDeleteStrict(nil, 1, &known.Key)
	b = openflow.AppendFlowDeleteStrict(b, 2, &last.Key) // nobody knows it
	b = openflow.AppendFlowDeleteStrict(openflow.AppendFlowAdd(b, 3, &unlucky), 4, &unlucky.Key)
	other.expect(openflow.AppendFlowAdd(b, 5, &changed))

	told := make(map[string]int)
	for told["resumed"] == 0 {
		for u, err := range openflow.FlowUpdates(c.message().Data) {
			told[updateText(&u, err)]++
		}
	}
	for text, want := range map[string]int{
		"paused":  1,
		"resumed": 1,
		"removed table=8,reg1=0x1 cookie=1, 0 bytes, reason 2": 1,
		"removed table=8,reg1=0x2 cookie=2, 0 bytes, reason 2": 0,
		"added table=9,reg1=0 cookie=0, 0 bytes":               1, // before
		"added table=9,reg1=0 cookie=5, 0 bytes":               1, // after
		"added table=9,reg1=0x1f3e cookie=0, 0 bytes":          1, // the last but one
		"added table=9,reg1=0x1f3f cookie=0, 0 bytes":          0, // the last
	} {
		if told[text] != want {
			t.Errorf("%q came %d times, want %d", text, told[text], want)
		}
	}
}
