package openflow

import (
	"bytes"
	"io"
	"testing"

	of "github.com/netrack/openflow"
	"github.com/netrack/openflow/ofp"

	"github.com/flowhost/flowhost/sdk/flow"
)

// netrackMessage encodes a message with netrack/openflow.
func netrackMessage(t testing.TB, typ of.Type, xid uint32, body io.WriterTo) []byte {
	t.Helper()
	r := of.NewRequest(typ, body)
	r.Header.Version, r.Header.Transaction = Version, xid
	var b bytes.Buffer
	if _, err := r.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// resubmit is Nicira's resubmit action to a table, which netrack does not have.
type resubmit struct{ table uint8 }

func (r *resubmit) Type() ofp.ActionType { return ofp.ActionType(0xffff) }

func (r *resubmit) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write([]byte{0xff, 0xff, 0, 16, 0, 0, 0x23, 0x20, 0, 14, 0xff, 0xf8, r.table, 0, 0, 0})
	return int64(n), err
}

func (r *resubmit) ReadFrom(io.Reader) (int64, error) { return 0, io.ErrUnexpectedEOF }

// netrackFlowMod makes testFlow with netrack's types.
func netrackFlowMod(cmd ofp.FlowModCommand, cookie uint64, instructions ofp.Instructions) *ofp.FlowMod {
	return &ofp.FlowMod{
		Cookie: cookie, Table: 66, Command: cmd, Priority: 100,
		Buffer: ofp.NoBuffer, OutPort: ofp.PortAny, OutGroup: ofp.GroupAny,
		Match: ofp.Match{Type: ofp.MatchTypeXM, Fields: []ofp.XM{
			{Class: ofp.XMClassNicira1, Type: 15, Value: ofp.XMValue{0, 0, 0, 2}},
			{Class: ofp.XMClassOpenflowBasic, Type: ofp.XMTypeMetadata, Value: ofp.XMValue{0, 0, 0, 0, 0, 0, 0, 3}},
			{Class: ofp.XMClassOpenflowBasic, Type: ofp.XMTypeEthType, Value: ofp.XMValue{8, 0}},
			{Class: ofp.XMClassOpenflowBasic, Type: ofp.XMTypeIPProto, Value: ofp.XMValue{17}},
			{Class: ofp.XMClassOpenflowBasic, Type: ofp.XMTypeIPv4Dst, Value: ofp.XMValue{10, 0, 0, 77}},
		}},
		Instructions: instructions,
	}
}

func netrackInstructions() ofp.Instructions {
	return ofp.Instructions{&ofp.InstructionApplyActions{Actions: ofp.Actions{
		&ofp.ActionSetField{Field: ofp.XM{Class: ofp.XMClassOpenflowBasic, Type: ofp.XMTypeEthDst,
			Value: ofp.XMValue{0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f}}},
		&ofp.ActionSetField{Field: ofp.XM{Class: ofp.XMClassNicira1, Type: 10,
			Value: ofp.XMValue{0, 0, 0, 0x40}, Mask: ofp.XMValue{0, 0, 0, 0x40}}},
		&resubmit{table: 32},
	}}}
}

// TestSameAsNetrack holds the encoders against netrack/openflow's, wherever it can encode OpenFlow 1.5.
func TestSameAsNetrack(t *testing.T) {
	hello := &ofp.Hello{Elements: ofp.HelloElems{&ofp.HelloElemVersionBitmap{Bitmaps: []uint32{1 << Version}}}}
	dump := ofp.NewMultipartRequest(ofp.MultipartTypeFlow, &ofp.FlowStatsRequest{
		Table: 66, OutPort: ofp.PortAny, OutGroup: ofp.GroupAny, Match: ofp.Match{Type: ofp.MatchTypeXM},
	})
	for _, test := range []struct {
		name string
		typ  of.Type
		body io.WriterTo
		got  []byte
	}{
		{"hello", of.TypeHello, hello, AppendHello(nil, 9)},
		{"echo request", of.TypeEchoRequest, &ofp.EchoRequest{Data: []byte("data")}, AppendEchoRequest(nil, 9, []byte("data"))},
		{"echo reply", of.TypeEchoReply, &ofp.EchoReply{}, AppendEchoReply(nil, 9, nil)},
		{"features request", of.TypeFeaturesRequest, nil, AppendFeaturesRequest(nil, 9)},
		{"barrier request", of.TypeBarrierRequest, nil, AppendBarrierRequest(nil, 9)},
		{"flow description request", of.TypeMultipartRequest, dump, AppendFlowDescRequest(nil, 9, 66)},
		{"flow add", of.TypeFlowMod, netrackFlowMod(ofp.FlowAdd, 0x08bc30a5, netrackInstructions()), AppendFlowAdd(nil, 9, &testFlow)},
		{"flow modify strict", of.TypeFlowMod, netrackFlowMod(ofp.FlowModifyStrict, 0x08bc30a5, netrackInstructions()), AppendFlowModifyStrict(nil, 9, &testFlow)},
		{"flow delete strict", of.TypeFlowMod, netrackFlowMod(ofp.FlowDeleteStrict, 0, nil), AppendFlowDeleteStrict(nil, 9, &testFlow.Key)},
	} {
		if want := netrackMessage(t, test.typ, 9, test.body); !bytes.Equal(test.got, want) {
			t.Errorf("%s:\n- want %x\n-  got %x", test.name, want, test.got)
		}
	}
}

func BenchmarkFlowAdd(b *testing.B) {
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendFlowAdd(buf[:0], 1, &testFlow)
	}
}

func BenchmarkFlowAddInBundle(b *testing.B) {
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = appendBundled(buf[:0], 1, 2, &testFlow)
	}
}

func BenchmarkFlowAddNetrack(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		netrackMessage(b, of.TypeFlowMod, 1, netrackFlowMod(ofp.FlowAdd, 0x08bc30a5, netrackInstructions()))
	}
}

// BenchmarkFlowDescs walks a dump of 100k flows, in messages of 64 KiB as ovs-vswitchd makes them.
func BenchmarkFlowDescs(b *testing.B) {
	const flows = 100_000
	var parts [][]byte
	part, mark := BeginMultipartReply(nil, 1, MultipartFlowDesc, true)
	for i := range flows {
		part = AppendFlowDesc(part, &FlowDesc{Table: flow.TableID(i % 100), Match: []byte(testMatch), Instructions: []byte(testActions)})
		if len(part) > 65000 || i == flows-1 {
			parts = append(parts, EndMultipart(part, mark))
			part, mark = BeginMultipartReply(nil, 1, MultipartFlowDesc, true)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, part := range parts {
			for _, err := range FlowDescs(part) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
		}
		if n != flows {
			b.Fatalf("%d of %d flows", n, flows)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/flows, "ns/flow")
}
