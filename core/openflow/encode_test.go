package openflow

import (
	"bytes"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

// A flow as OVN makes them: 5 fields, set_field and resubmit.
const (
	testMatch = flow.Match("\x00\x01\x1e\x04\x00\x00\x00\x02" + // reg15=2
		"\x80\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x03" + // metadata=3
		"\x80\x00\x0a\x02\x08\x00" + // eth_type=0x0800
		"\x80\x00\x14\x01\x11" + // ip_proto=17
		"\x80\x00\x18\x04\x0a\x00\x00\x4d") // ipv4_dst=10.0.0.77
	testActions = flow.Actions("\x00\x04\x00\x38\x00\x00\x00\x00" + // apply_actions
		"\x00\x19\x00\x10\x80\x00\x06\x06\x0a\x0b\x0c\x0d\x0e\x0f\x00\x00" + // set_field:0a:…->eth_dst
		"\x00\x19\x00\x10\x00\x01\x15\x08\x00\x00\x00\x40\x00\x00\x00\x40" + // set_field:0x40/0x40->reg10
		"\xff\xff\x00\x10\x00\x00\x23\x20\x00\x0e\xff\xf8\x20\x00\x00\x00") // resubmit(,32)
)

var testFlow = flow.Flow{
	Key:     flow.Key{Table: 66, Priority: 100, Match: testMatch},
	Actions: testActions,
	Cookie:  0x08bc30a5,
}

var (
	testPacket = unhex("50540000000a50540000000908004500")
	testPort   = PortDesc{Number: 10, Name: "averylongname15", HWAddr: unhex("aa55aa550560"), State: 4}

	testPacketIn = PacketIn{
		Packet: testPacket, FullLen: 1000, Table: 7, Cookie: 0xabcd, Reason: 1, Metadata: unhex("800000040000000a"),
		Userdata: []byte{1, 2, 3}, Continuation: unhex("000000008000001455bd24f4de4ec5c274b4989ce6e7bf55000000008006001800000000ffff001000002320000efff8050000008008000800000001"),
	}
)

// encoded are messages that the encoders make, by title.
var encoded = []struct {
	title string
	msg   func() []byte
}{
	{"hello", func() []byte { return AppendHello(nil, 1) }},
	{"echo request", func() []byte { return AppendEchoRequest(nil, 2, []byte("flowhost")) }},
	{"echo reply", func() []byte { return AppendEchoReply(nil, 2, nil) }},
	{"features request", func() []byte { return AppendFeaturesRequest(nil, 3) }},
	{"features reply", func() []byte {
		return AppendFeaturesReply(nil, 3, Features{DatapathID: 0xba69869b8041, Tables: 254, Capabilities: 0x24f})
	}},
	{"barrier request", func() []byte { return AppendBarrierRequest(nil, 4) }},
	{"barrier reply", func() []byte { return AppendBarrierReply(nil, 4) }},
	{"flow add", func() []byte { return AppendFlowAdd(nil, 5, &testFlow) }},
	{"flow add that drops everything", func() []byte { return AppendFlowAdd(nil, 6, &flow.Flow{}) }},
	{"flow modify strict", func() []byte { return AppendFlowModifyStrict(nil, 7, &testFlow) }},
	{"flow delete strict", func() []byte { return AppendFlowDeleteStrict(nil, 8, &testFlow.Key) }},
	{"bundle open", func() []byte { return AppendBundleOpen(nil, 9, 1, BundleOrdered) }},
	{"bundle add", func() []byte { return appendBundled(nil, 10, 1, &testFlow) }},
	{"bundle commit", func() []byte { return AppendBundleCommit(nil, 11, 1, BundleOrdered|BundleAtomic) }},
	{"bundle discard", func() []byte { return AppendBundleDiscard(nil, 12, 1, 0) }},
	{"flow description request, one table", func() []byte { return AppendFlowDescRequest(nil, 13, 66) }},
	{"flow description request, all tables", func() []byte { return AppendFlowDescRequest(nil, 14, AllTables) }},
	{"port description request", func() []byte { return AppendPortDescRequest(nil, 15, PortAny) }},
	{"group add", func() []byte {
		return AppendGroupMod(nil, 16, GroupAdd, &Group{ID: 5, Type: GroupTypeSelect, Buckets: buckets(
			Bucket{Actions: output(1), Weight: 7, HasWeight: true}, Bucket{Actions: output(2), Weight: 0, HasWeight: true})})
	}},
	{"group modify", func() []byte {
		return AppendGroupMod(nil, 17, GroupModify, &Group{ID: 5, Type: GroupTypeFF, Buckets: buckets(
			Bucket{Actions: output(1), WatchPort: 1}, Bucket{Actions: output(2), WatchGroup: 6})})
	}},
	{"group delete", func() []byte { return AppendGroupDelete(nil, 18, 5) }},
	{"group description request", func() []byte { return AppendGroupDescRequest(nil, 19, GroupAll) }},
	{"group statistics request", func() []byte { return AppendGroupStatsRequest(nil, 19, GroupAll) }},
	{"group statistics reply", func() []byte {
		b, mark := BeginMultipartReply(nil, 19, MultipartGroupStats, false)
		return EndMultipart(AppendGroupStats(b, &GroupStats{
			ID: 5, Flows: 1, Packets: 2, Bytes: 3, Seconds: 4, Nanos: 5000000, Buckets: make([]byte, 32),
		}), mark)
	}},
	{"group in a bundle", func() []byte {
		b, mark := BeginBundleAdd(nil, 20, 1, BundleOrdered)
		return EndBundleAdd(AppendGroupMod(b, 20, GroupAdd, &Group{ID: 5}), mark)
	}},
	{"meter add", func() []byte {
		return AppendMeterMod(nil, 21, MeterAdd, &Meter{ID: 3, Flags: MeterPktps | MeterStats, Bands: AppendMeterBand(
			AppendMeterBand(nil, MeterBand{Type: MeterBandDrop, Rate: 10}), MeterBand{Type: MeterBandDSCP, Rate: 5, Level: 2})})
	}},
	{"meter delete", func() []byte { return AppendMeterDelete(nil, 22, 3) }},
	{"meter description request", func() []byte { return AppendMeterDescRequest(nil, 23, MeterAll) }},
	{"TLV table request", func() []byte { return AppendTLVTableRequest(nil, 24) }},
	{"TLV table mod", func() []byte {
		return AppendTLVTableMod(nil, 25, TLVDelete, TLVMapping{Class: 0x102, Type: 0x80, Length: 4, Index: 3})
	}},
	{"TLV table reply", func() []byte {
		return AppendTLVTableReply(nil, 24, &TLVTable{MaxSpace: 256, MaxFields: 64, Mappings: []TLVMapping{{Class: 0x102, Type: 0x80, Length: 4}}})
	}},
	{"conntrack flush of a zone", func() []byte { return AppendCTFlushZone(nil, 26, 700) }},
	{"conntrack flush of a connection", func() []byte {
		return AppendCTFlush(nil, 27, &CTFlush{Zone: 700, Proto: 17,
			Orig: CTTuple{Dst: netip.MustParseAddr("10.0.0.9"), DstPort: 53}, Reply: CTTuple{Src: netip.MustParseAddr("10.0.0.77")}})
	}},
	{"flow monitor request", func() []byte {
		return AppendFlowMonitor(nil, 28, FlowMonitor{ID: 1, Table: 66, Flags: MonitorInitial | MonitorAdd | MonitorRemoved | MonitorModify | MonitorInstructions})
	}},
	{"flow monitor delete", func() []byte { return AppendFlowMonitorDelete(nil, 29, 1) }},
	{"flow updates", func() []byte {
		b, mark := BeginMultipartReply(nil, 0, MultipartFlowMonitor, false)
		for _, u := range []FlowUpdate{
			{Event: FlowAdded, Table: 66, Priority: 100, Cookie: 5, Match: []byte(testMatch), Instructions: []byte(testActions)},
			{Event: FlowRemoved, Table: 66, Priority: 100, Reason: 2, IdleTimeout: 3, HardTimeout: 4},
			{Event: FlowAbbrev, XID: 77},
		} {
			b = AppendFlowUpdate(b, &u)
		}
		return EndMultipart(b, mark)
	}},
	{"packet-out", func() []byte {
		return AppendPacketOut(nil, 30, &PacketOut{Match: unhex("80000004fffffffd"), Actions: output(1), Packet: testPacket})
	}},
	{"set packet-in format", func() []byte { return AppendSetPacketInFormat(nil, 31) }},
	{"set controller id", func() []byte { return AppendSetControllerID(nil, 32, 7) }},
	{"packet-in", func() []byte { return AppendPacketIn(nil, 0, &testPacketIn) }},
	{"resume", func() []byte { return AppendResume(nil, 33, &testPacketIn) }},
	{"set async", func() []byte {
		return AppendSetAsync(nil, 34, Async{PacketIn: AsyncAllPacketIns, PortStatus: AsyncAllPortStatus,
			RequestForward: ForwardGroupMods | ForwardMeterMods})
	}},
	{"request-forward", func() []byte {
		return AppendRequestForward(nil, &RequestForward{Request: AppendGroupDelete(nil, 36, GroupAll)})
	}},
	{"port status", func() []byte { return AppendPortStatus(nil, 0, &PortStatus{Reason: PortDeleted, Port: testPort}) }},
	{"port description reply", func() []byte {
		b, mark := BeginMultipartReply(nil, 35, MultipartPortDesc, false)
		return EndMultipart(AppendPortDesc(b, &testPort), mark)
	}},
	{"error", func() []byte {
		e, _ := ErrorNamed("OFPBAC_BAD_OUT_GROUP")
		e.XID, e.Data = 10, appendBundled(nil, 10, 1, &testFlow)
		return AppendError(nil, &e)
	}},
	{"experimenter error", func() []byte {
		e, _ := ErrorNamed("NXTTMFC_DUP_ENTRY")
		e.XID, e.Data = 8, AppendFlowDeleteStrict(nil, 8, &testFlow.Key)
		return AppendError(nil, &e)
	}},
}

func appendBundled(b []byte, xid, id uint32, f *flow.Flow) []byte {
	b, mark := BeginBundleAdd(b, xid, id, BundleOrdered)
	return EndBundleAdd(AppendFlowAdd(b, xid, f), mark)
}

// TestEncode holds the encoders against what Open vSwitch reads out of their messages.
func TestEncode(t *testing.T) {
	const path = "testdata/encode.txt"
	ovstest.Need(t, "ovs-ofctl")
	var (
		got  []golden
		msgs [][]byte
	)
	for _, e := range encoded {
		msgs = append(msgs, e.msg())
	}
	for i, text := range ofpParse(t, msgs) {
		got = append(got, golden{title: encoded[i].title, msg: msgs[i], want: text})
	}
	if *rewrite {
		writeGolden(t, path, got)
		return
	}
	want := readGolden(t, path)
	if len(want) != len(got) {
		t.Fatalf("%d messages in %s, %d made", len(want), path, len(got))
	}
	for i, g := range got {
		w := want[i]
		if g.title != w.title || string(g.msg) != string(w.msg) || strings.Join(g.want, "\n") != strings.Join(w.want, "\n") {
			t.Errorf("%s:\n- want %x\n%s\n-  got %x\n%s", g.title, w.msg, strings.Join(w.want, "\n"), g.msg, strings.Join(g.want, "\n"))
		}
	}
}

// ofpParse returns what ovs-ofctl says of each message, in lines. A barrier reply between any two tells them apart.
func ofpParse(t *testing.T, msgs [][]byte) (texts [][]string) {
	t.Helper()
	const separator = "\nOFPT_BARRIER_REPLY (OF1.5) (xid=0xfeedbeef):\n"
	path := filepath.Join(t.TempDir(), "messages")
	if err := os.WriteFile(path, bytes.Join(msgs, AppendBarrierReply(nil, 0xfeedbeef)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ovs-ofctl", "ofp-parse", path).Output()
	if err != nil {
		t.Fatalf("ovs-ofctl ofp-parse: %v", err)
	}
	for text := range strings.SplitSeq(string(out), separator) {
		texts = append(texts, strings.Split(strings.TrimSpace(text), "\n"))
	}
	if len(texts) != len(msgs) {
		t.Fatalf("ovs-ofctl ofp-parse read %d of %d messages:\n%s", len(texts), len(msgs), out)
	}
	return texts
}

// TestAppendKeepsPrefix appends each message to bytes that are there already, without room behind them and with.
func TestAppendKeepsPrefix(t *testing.T) {
	const prefix = "prefix"
	for _, e := range encoded {
		alone := e.msg()
		if h, err := ParseHeader(alone); err != nil || int(h.Length) != len(alone) || h.Version != Version {
			t.Errorf("%s: header %+v of %d bytes, %v", e.title, h, len(alone), err)
		}
	}
	for _, b := range [][]byte{[]byte(prefix), append(make([]byte, 0, 1000), prefix...)} {
		got := AppendFlowAdd(b, 5, &testFlow)
		if string(got) != prefix+string(AppendFlowAdd(nil, 5, &testFlow)) {
			t.Errorf("appended to %q: %x", prefix, got)
		}
	}
}

func TestFlowModLen(t *testing.T) {
	flows := []flow.Flow{testFlow, {}}
	for n := range 12 {
		flows = append(flows, flow.Flow{Key: flow.Key{Match: testMatch[:n]}})
	}
	for _, f := range flows {
		if got := len(AppendFlowAdd(nil, 1, &f)); got != FlowModLen(&f) {
			t.Errorf("FlowModLen says %d of a flow mod of %d bytes", FlowModLen(&f), got)
		}
	}
	b := appendBundled(nil, 1, 1, &testFlow)
	if len(b) != FlowModLen(&testFlow)+BundleAddLen {
		t.Errorf("a bundle add of %d bytes around %d", len(b), FlowModLen(&testFlow))
	}
}

// TestFlowModAllocates nothing: a big load must not make garbage.
func TestFlowModAllocates(t *testing.T) {
	b := make([]byte, 0, 4096)
	n := testing.AllocsPerRun(100, func() {
		b = appendBundled(b[:0], 1, 2, &testFlow)
		b = AppendFlowModifyStrict(b, 3, &testFlow)
		b = AppendFlowDeleteStrict(b, 4, &testFlow.Key)
	})
	if n != 0 {
		t.Errorf("%v allocations for three flow mods", n)
	}
}
