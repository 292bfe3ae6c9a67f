package swtest

import (
	"encoding/binary"
	"net"
	"slices"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// FuzzHandle gives the switch any messages, one after another: it may refuse them, and must not fall over.
func FuzzHandle(f *testing.F) {
	toGroup := flow.Flow{Actions: "\x00\x04\x00\x10\x00\x00\x00\x00\x00\x16\x00\x08\x00\x00\x00\x63"}
	group := openflow.AppendGroupMod(nil, 1, openflow.GroupAdd, &openflow.Group{ID: 99, Type: openflow.GroupTypeSelect,
		Buckets: openflow.AppendBucket(nil, &openflow.Bucket{WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny})})
	group = slices.Clip(group) // each seed gets its own copy
	band := openflow.AppendMeterBand(nil, openflow.MeterBand{Type: openflow.MeterBandDrop, Rate: 1})
	bundle, mark := openflow.BeginBundleAdd(openflow.AppendBundleOpen(nil, 1, 1, 0), 2, 1, 0)
	bundle = openflow.AppendBundleCommit(openflow.EndBundleAdd(openflow.AppendFlowAdd(bundle, 2, &toGroup), mark), 3, 1, 0)
	for _, seed := range [][]byte{
		openflow.AppendFlowAdd(group, 2, &toGroup),
		openflow.AppendGroupDelete(group, 3, 99),
		append(group, bundle...),
		openflow.AppendMeterMod(nil, 1, openflow.MeterAdd, &openflow.Meter{ID: 1, Bands: band}),
		openflow.AppendTLVTableMod(nil, 1, openflow.TLVAdd, openflow.TLVMapping{Class: 1, Length: 4}),
		openflow.AppendFlowMonitor(nil, 1, openflow.FlowMonitor{ID: 1, Flags: 0x1f, Table: openflow.AllTables}),
		openflow.AppendFlowDescRequest(nil, 1, openflow.AllTables),
		openflow.AppendGroupDescRequest(nil, 1, openflow.GroupAll),
		openflow.AppendPacketOut(nil, 1, &openflow.PacketOut{}),
		openflow.AppendResume(nil, 1, &openflow.PacketIn{Packet: []byte("packet")}),
		openflow.AppendCTFlushZone(nil, 1, 7),
		openflow.AppendSetAsync(nil, 1, openflow.Async{PortStatus: 7}),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, msgs []byte) {
		s := New()
		ours, theirs := net.Pipe()
		defer ours.Close()
		defer theirs.Close()
		c := newConn(s, ours)
		s.conns[c] = struct{}{}
		for len(msgs) >= openflow.HeaderLen {
			n := int(binary.BigEndian.Uint16(msgs[2:]))
			if n < openflow.HeaderLen || n > len(msgs) {
				return
			}
			c.handle(msgs[:n])
			msgs = msgs[n:]
		}
		s.Flows()
	})
}
