package dump

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// As Open vSwitch 3.1 prints them.
const (
	flows = ` cookie=0x5, table=8, priority=50,metadata=0x1 actions=resubmit(,9)
 priority=0 actions=drop
`
	groups = `OFPST_GROUP_DESC reply (OF1.5) (xid=0x2):
 group_id=2,type=select,bucket=bucket_id:0,weight:100,actions=output:1
 group_id=1,type=all,bucket=bucket_id:0,actions=output:2
`
	meters = `OFPST_METER_CONFIG reply (OF1.5) (xid=0x2):
meter=2 pktps burst stats bands=
type=drop rate=20 burst_size=4

meter=1 kbps stats bands=
type=drop rate=10
type=dscp_remark rate=5 prec_level=1
`
)

func TestParse(t *testing.T) {
	want := Switch{
		Flows: []string{"cookie=0x5, table=8, priority=50,metadata=0x1 actions=resubmit(,9)", "priority=0 actions=drop"},
		Groups: []string{"group_id=1,type=all,bucket=bucket_id:0,actions=output:2",
			"group_id=2,type=select,bucket=bucket_id:0,weight:100,actions=output:1"},
		Meters: []string{"meter=1 kbps stats bands= type=drop rate=10 type=dscp_remark rate=5 prec_level=1",
			"meter=2 pktps burst stats bands= type=drop rate=20 burst_size=4"},
	}
	got := Parse(flows, groups, meters)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(got.Lines()); n != 6 {
		t.Errorf("%d lines", n)
	}
}
