package swtest_test

import (
	"fmt"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
)

// forwardText tells what a request-forward is of.
func forwardText(msg []byte) string {
	f, err := openflow.ParseRequestForward(msg)
	if err != nil {
		return err.Error()
	}
	if g, err := openflow.ParseGroupMod(f.Request); err == nil {
		return fmt.Sprintf("forwards command %d: %s", g.Command, groupText(&g.Group, nil))
	}
	m, err := openflow.ParseMeterMod(f.Request)
	return fmt.Sprintf("forwards command %d: %s", m.Command, meterText(&m.Meter, err))
}

// requestForward: group and meter mods are told to the connections that have asked, but for the one that sent them; so are
// deletions of what is not there. A group is told before the flows that go with it, a meter after them.
func requestForward(t *testing.T, c *controller) {
	c.expect(openflow.AppendSetAsync(monitor(openflow.AllTables, monitorChanges), 1, openflow.Async{
		RequestForward: openflow.ForwardGroupMods | openflow.ForwardMeterMods,
	}), "50: []")
	other := c.another()
	step := func(msg []byte, want ...string) {
		t.Helper()
		other.expect(msg)
		c.expect(nil, want...)
	}
	step(openflow.AppendGroupMod(nil, 1, openflow.GroupAdd, group(99, openflow.GroupTypeSelect, output1)),
		"0: forwards command 0: group 99 type 1 bucket 0: 16 bytes weight 1")
	step(openflow.AppendGroupMod(nil, 2, openflow.GroupModify, group99(output1)), "0: forwards command 1: group 99 type 0 bucket 0: 16 bytes")
	grouped := flowOf(9, reg(1, 1), toGroup, 1)
	step(openflow.AppendFlowAdd(nil, 3, &grouped), "0: [added table=9,reg1=0x1 cookie=1, 16 bytes]")
	step(openflow.AppendGroupDelete(nil, 4, 99), "0: forwards command 2: group 99 type 0",
		"0: [removed table=9,reg1=0x1 cookie=1, 16 bytes, reason 3]")
	step(openflow.AppendGroupDelete(nil, 5, openflow.GroupAll), "0: forwards command 2: group 4294967292 type 0")

	step(openflow.AppendMeterMod(nil, 1, openflow.MeterAdd, meter3(10)), "0: forwards command 0: meter 3 flags 1 10/10")
	step(openflow.AppendMeterMod(nil, 2, openflow.MeterModify, meter3(20)), "0: forwards command 1: meter 3 flags 1 20/20")
	metered := flowOf(9, reg(1, 2), throughMeter, 2)
	step(openflow.AppendFlowAdd(nil, 3, &metered), "0: [added table=9,reg1=0x2 cookie=2, 16 bytes]")
	step(openflow.AppendMeterDelete(nil, 4, 3), "0: [removed table=9,reg1=0x2 cookie=2, 16 bytes, reason 4]",
		"0: forwards command 2: meter 3 flags 0")
	step(openflow.AppendMeterDelete(nil, 5, openflow.MeterAll), "0: forwards command 2: meter 4294967295 flags 0")

	c.expect(openflow.AppendGroupMod(nil, 1, openflow.GroupAdd, group99(output1))) // one's own
}

// requestForwardOfBundle: a bundle's group mods are told when it is committed, one after the other; those of a bundle that
// fails are not.
func requestForwardOfBundle(t *testing.T, c *controller) {
	c.expect(openflow.AppendSetAsync(nil, 1, openflow.Async{RequestForward: openflow.ForwardGroupMods}))
	other := c.another()
	b := openflow.AppendBundleOpen(nil, 1, 1, openflow.BundleOrdered)
	b = bundledGroup(b, 2, 1, openflow.GroupAdd, group99())
	b = bundledGroup(b, 3, 1, openflow.GroupModify, group99(output1))
	b = openflow.AppendBundleCommit(b, 4, 1, openflow.BundleOrdered)
	other.expect(b, "1: bundle 1 reply 1", "4: bundle 1 reply 5")
	c.expect(nil, "0: forwards command 0: group 99 type 0", "0: forwards command 1: group 99 type 0 bucket 0: 16 bytes")

	b = openflow.AppendBundleOpen(nil, 1, 1, openflow.BundleOrdered)
	b = bundledGroup(b, 2, 1, openflow.GroupModify, group99())
	b = bundledGroup(b, 3, 1, openflow.GroupAdd, group99())
	b = openflow.AppendBundleCommit(b, 4, 1, openflow.BundleOrdered)
	other.expect(b, "1: bundle 1 reply 1", "3: OFPGMFC_GROUP_EXISTS of OFPT_GROUP_MOD 3", "4: OFPBFC_MSG_FAILED of OFPT_BUNDLE_CONTROL 4")
	c.expect(nil)
}
