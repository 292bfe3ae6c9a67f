package swtest_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Actions, without an instruction around them.
const (
	output1     = "\x00\x00\x00\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"
	output2     = "\x00\x00\x00\x10\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"
	outputNone  = "\x00\x00\x00\x10\xff\xff\xff\x05\x00\x00\x00\x00\x00\x00\x00\x00"
	meterAction = "\x00\x1d\x00\x08\x00\x00\x00\x03" // meter 3
)

// throughMeter applies meter 3.
const throughMeter = flow.Actions("\x00\x04\x00\x10\x00\x00\x00\x00" + meterAction)

// group99 is the group that toGroup names.
func group99(actions ...string) *openflow.Group { return group(99, openflow.GroupTypeAll, actions...) }

// group makes a group with a bucket for each list of actions.
func group(id uint32, t openflow.GroupType, actions ...string) *openflow.Group {
	g := &openflow.Group{ID: id, Type: t}
	for i, a := range actions {
		g.Buckets = openflow.AppendBucket(g.Buckets, &openflow.Bucket{
			ID: uint32(i), Actions: []byte(a), WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny,
		})
	}
	return g
}

// multipartAnswer lists the entries of a multipart reply.
func multipartAnswer(msg []byte) string {
	m, err := openflow.ParseMultipart(msg)
	if err != nil {
		return err.Error()
	}
	var list []string
	switch m.Type {
	case openflow.MultipartGroupDesc:
		for g, err := range openflow.GroupDescs(msg) {
			list = append(list, groupText(&g, err))
		}
	case openflow.MultipartGroupStats:
		for s, err := range openflow.GroupStatsOf(msg) {
			list = append(list, fmt.Sprintf("group %d: %d flows, %d buckets", s.ID, s.Flows, len(s.Buckets)/16))
			if err != nil {
				return err.Error()
			}
		}
	case openflow.MultipartMeterDesc:
		for d, err := range openflow.MeterDescs(msg) {
			list = append(list, meterText(&d, err))
		}
	case openflow.MultipartFlowMonitor:
		for u, err := range openflow.FlowUpdates(msg) {
			list = append(list, updateText(&u, err))
		}
		return fmt.Sprint(list)
	}
	slices.SortFunc(list, cmp.Compare) // the order of a dump is anybody's
	return fmt.Sprint(list)
}

func groupText(g *openflow.Group, err error) string {
	text := fmt.Sprintf("group %d type %d", g.ID, g.Type)
	for b, err := range openflow.Buckets(g.Buckets) {
		text += fmt.Sprintf(" bucket %d: %d bytes", b.ID, len(b.Actions))
		if b.HasWeight {
			text += fmt.Sprintf(" weight %d", b.Weight)
		}
		if err != nil {
			return err.Error()
		}
	}
	if err != nil {
		return err.Error()
	}
	return text
}

func groups(t *testing.T, c *controller) {
	dump := openflow.AppendGroupDescRequest(nil, 9, openflow.GroupAll)
	b := openflow.AppendGroupMod(nil, 1, openflow.GroupAdd, group(7, openflow.GroupTypeAll))
	c.expect(openflow.AppendGroupMod(b, 2, openflow.GroupAdd, group(8, openflow.GroupTypeIndirect, output1)))
	c.expect(dump, "9: [group 7 type 0 group 8 type 2 bucket 0: 16 bytes]")
	c.expect(openflow.AppendGroupDescRequest(nil, 9, 7), "9: [group 7 type 0]")
	c.expect(openflow.AppendGroupDescRequest(nil, 9, 77), "9: []")

	c.expect(openflow.AppendGroupMod(nil, 3, openflow.GroupModify, group(8, openflow.GroupTypeAll, output1+output2)))
	c.expect(dump, "9: [group 7 type 0 group 8 type 0 bucket 0: 32 bytes]")

	c.expect(openflow.AppendGroupDelete(openflow.AppendGroupDelete(nil, 4, 7), 5, 77))
	c.expect(dump, "9: [group 8 type 0 bucket 0: 32 bytes]")
}

func groupsRefused(t *testing.T, c *controller) {
	twice := group(1, openflow.GroupTypeAll, output1)
	twice.Buckets = append(twice.Buckets, twice.Buckets...)
	b := openflow.AppendGroupMod(nil, 1, openflow.GroupAdd, group(7, openflow.GroupTypeAll))
	b = openflow.AppendGroupMod(b, 2, openflow.GroupAdd, group(7, openflow.GroupTypeAll))
	b = openflow.AppendGroupMod(b, 3, openflow.GroupModify, group(8, openflow.GroupTypeAll))
	b = openflow.AppendGroupMod(b, 4, openflow.GroupAdd, group(8, 9))
	b = openflow.AppendGroupMod(b, 5, openflow.GroupAdd, group(8, openflow.GroupTypeIndirect, output1, output1))
	b = openflow.AppendGroupMod(b, 6, openflow.GroupAdd, group(0xffffff01, openflow.GroupTypeAll))
	b = openflow.AppendGroupMod(b, 7, openflow.GroupAdd, twice)
	b = openflow.AppendGroupMod(b, 8, openflow.GroupAdd, group(8, openflow.GroupTypeAll, outputNone))
	b = openflow.AppendGroupMod(b, 9, 9, group(8, openflow.GroupTypeAll))
	c.expect(b,
		"2: OFPGMFC_GROUP_EXISTS of OFPT_GROUP_MOD 2",
		"3: OFPGMFC_UNKNOWN_GROUP of OFPT_GROUP_MOD 3",
		"4: OFPGMFC_BAD_TYPE of OFPT_GROUP_MOD 4",
		"5: OFPGMFC_INVALID_GROUP of OFPT_GROUP_MOD 5",
		"6: OFPGMFC_INVALID_GROUP of OFPT_GROUP_MOD 6",
		"7: OFPGMFC_BAD_BUCKET of OFPT_GROUP_MOD 7",
		"8: OFPBAC_BAD_OUT_PORT of OFPT_GROUP_MOD 8",
		"9: OFPGMFC_BAD_COMMAND of OFPT_GROUP_MOD 9")
}

// bundledGroup appends a bundle add with a group mod.
func bundledGroup(b []byte, xid, id uint32, cmd openflow.GroupCommand, g *openflow.Group) []byte {
	b, mark := openflow.BeginBundleAdd(b, xid, id, openflow.BundleOrdered)
	return openflow.EndBundleAdd(openflow.AppendGroupMod(b, xid, cmd, g), mark)
}

func groupInBundle(t *testing.T, c *controller) {
	f := flowOf(9, reg(1, 1), toGroup, 1)
	b := openflow.AppendBundleOpen(nil, 1, 1, openflow.BundleOrdered)
	b = bundledGroup(b, 2, 1, openflow.GroupAdd, group99(output1))
	b = bundled(b, 3, 1, openflow.BundleOrdered, f)
	b = openflow.AppendBundleCommit(b, 4, 1, openflow.BundleOrdered)
	c.expect(b, "1: bundle 1 reply 1", "4: bundle 1 reply 5")
	c.holds(9, f)

	// The second commit fails at the group, and takes back the flow.
	b = openflow.AppendBundleOpen(nil, 1, 1, openflow.BundleOrdered)
	b = bundled(b, 2, 1, openflow.BundleOrdered, flowOf(9, reg(1, 2), toGroup, 1))
	b = bundledGroup(b, 3, 1, openflow.GroupAdd, group99(output1))
	b = openflow.AppendBundleCommit(b, 4, 1, openflow.BundleOrdered)
	c.expect(b, "1: bundle 1 reply 1", "3: OFPGMFC_GROUP_EXISTS of OFPT_GROUP_MOD 3", "4: OFPBFC_MSG_FAILED of OFPT_BUNDLE_CONTROL 4")
	c.holds(9, f)

	// A bad group is told when it is added.
	b = openflow.AppendBundleOpen(nil, 1, 1, openflow.BundleOrdered)
	b = bundledGroup(b, 2, 1, openflow.GroupModify, group99(outputNone))
	b = openflow.AppendBundleCommit(b, 3, 1, openflow.BundleOrdered)
	c.expect(b, "1: bundle 1 reply 1", "2: OFPBAC_BAD_OUT_PORT of OFPT_GROUP_MOD 2", "3: bundle 1 reply 5")
}

// groupDeleted: with a group go the flows that name it, whosever they are. A bundle that deletes the flows, then the
// group, and fails, deletes nothing.
func groupDeleted(t *testing.T, c *controller) {
	named, other := flowOf(9, reg(1, 1), toGroup, 1), flowOf(9, reg(1, 2), toPort1, 1)
	b := openflow.AppendGroupMod(nil, 1, openflow.GroupAdd, group99(output1))
	b = openflow.AppendFlowAdd(openflow.AppendFlowAdd(b, 2, &named), 3, &other)
	c.expect(b)

	b = openflow.AppendBundleOpen(nil, 1, 1, openflow.BundleOrdered)
	b, mark := openflow.BeginBundleAdd(b, 2, 1, openflow.BundleOrdered)
	b = openflow.EndBundleAdd(openflow.AppendFlowDeleteStrict(b, 2, &named.Key), mark)
	b = bundledGroup(b, 3, 1, openflow.GroupDelete, &openflow.Group{ID: 99})
	b = bundled(b, 4, 1, openflow.BundleOrdered, flowOf(9, reg(1, 3), toGroup, 1))
	b = openflow.AppendBundleCommit(b, 5, 1, openflow.BundleOrdered)
	c.expect(b, "1: bundle 1 reply 1", "4: OFPBAC_BAD_OUT_GROUP of OFPT_FLOW_MOD 4", "5: OFPBFC_MSG_FAILED of OFPT_BUNDLE_CONTROL 5")
	c.holds(9, named, other)

	c.expect(openflow.AppendGroupDelete(nil, 5, 99))
	c.holds(9, other)
}

// groupsShown: a select group's buckets are shown with their weight, given or not.
func groupsShown(t *testing.T, c *controller) {
	c.expect(openflow.AppendGroupMod(nil, 1, openflow.GroupAdd, group(7, openflow.GroupTypeSelect, output1, output2)))
	c.expect(openflow.AppendGroupDescRequest(nil, 9, openflow.GroupAll),
		"9: [group 7 type 1 bucket 0: 16 bytes weight 1 bucket 1: 16 bytes weight 1]")
	c.expect(openflow.AppendGroupMod(nil, 2, openflow.GroupModify, group(7, openflow.GroupTypeAll, output1, output2)))
	c.expect(openflow.AppendGroupDescRequest(nil, 9, openflow.GroupAll),
		"9: [group 7 type 0 bucket 0: 16 bytes bucket 1: 16 bytes]")
}

// groupStats: the statistics tell the ids of all groups, and how many flows name them and buckets they have.
func groupStats(t *testing.T, c *controller) {
	f := flowOf(9, reg(1, 1), toGroup, 1)
	b := openflow.AppendGroupMod(nil, 1, openflow.GroupAdd, group99(output1, output2))
	b = openflow.AppendGroupMod(b, 2, openflow.GroupAdd, group(7, openflow.GroupTypeAll))
	c.expect(openflow.AppendFlowAdd(b, 3, &f))
	c.expect(openflow.AppendGroupStatsRequest(nil, 9, openflow.GroupAll), "9: [group 7: 0 flows, 0 buckets group 99: 1 flows, 2 buckets]")
	c.expect(openflow.AppendGroupStatsRequest(nil, 9, 99), "9: [group 99: 1 flows, 2 buckets]")
	c.expect(openflow.AppendGroupStatsRequest(nil, 9, 77), "9: []")
}
