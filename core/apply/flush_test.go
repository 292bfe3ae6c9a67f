package apply

import (
	"net/netip"
	"testing"

	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// TestRealSwitchFlushes has a real ovs-vswitchd forget a zone, and connections of one.
func TestRealSwitchFlushes(t *testing.T) {
	_, _, alice := realLoop(t, 1)
	v4 := flow.Tuple{Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr("192.0.2.2"), SrcPort: 1, DstPort: 80}
	v6 := flow.Tuple{Src: netip.MustParseAddr("2001:db8::1"), ICMPID: 5, ICMPType: 128}
	ops := []table.Op{{Kind: table.OpFlushCT, Zone: 9}}
	for _, c := range []flow.Connections{{}, {Proto: 6, Orig: v4}, {Proto: 17, Reply: v4}, {Proto: 58, Orig: v6}} {
		ops = append(ops, table.Op{Kind: table.OpFlushCTTuple, Zone: 9, Body: FlushBody(9, c)})
	}
	if e := alice.awaitInstalled(alice.mustCommit(ops...)); len(e.Refused) > 0 {
		t.Errorf("refused: %v", e.Refused)
	}
}
