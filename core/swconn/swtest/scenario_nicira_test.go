package swtest_test

import (
	"net/netip"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// geneve is OVN's Geneve option.
var geneve = openflow.TLVMapping{Class: 0x102, Type: 0x80, Length: 4}

// tunMetadata0 is a match on tun_metadata0=5.
const tunMetadata0 = flow.Match("\x00\x01\x50\x04\x00\x00\x00\x05")

func tlvTable(t *testing.T, c *controller) {
	request := openflow.AppendTLVTableRequest(nil, 9)
	c.expect(request, "9: {MaxSpace:256 MaxFields:64 Mappings:[]} <nil>")
	c.expect(openflow.AppendTLVTableMod(nil, 1, openflow.TLVAdd, geneve))
	c.expect(request, "9: {MaxSpace:256 MaxFields:64 Mappings:[{Class:258 Type:128 Length:4 Index:0}]} <nil>")

	f := flowOf(9, tunMetadata0, toPort1, 1)
	c.expect(openflow.AppendFlowAdd(nil, 2, &f))
	c.expect(openflow.AppendTLVTableMod(nil, 3, openflow.TLVDelete, geneve), "3: NXTTMFC_INVALID_TLV_DEL of OFPT_EXPERIMENTER 3")
	c.expect(openflow.AppendTLVTableMod(nil, 4, openflow.TLVClear), "4: NXTTMFC_INVALID_TLV_DEL of OFPT_EXPERIMENTER 4")
	c.expect(openflow.AppendFlowDeleteStrict(nil, 5, &f.Key))
	c.accepted(openflow.AppendTLVTableMod(nil, 6, openflow.TLVDelete, geneve))
	c.expect(openflow.AppendTLVTableMod(nil, 7, openflow.TLVDelete, geneve)) // it is gone
	c.expect(request, "9: {MaxSpace:256 MaxFields:64 Mappings:[]} <nil>")
}

func tlvRefused(t *testing.T, c *controller) {
	mapping := func(xid uint32, class uint16, length uint8, index uint16) []byte {
		return openflow.AppendTLVTableMod(nil, xid, openflow.TLVAdd, openflow.TLVMapping{Class: class, Type: 0x80, Length: length, Index: index})
	}
	c.expect(mapping(1, 0x102, 4, 0))
	c.expect(mapping(2, 0x103, 4, 0), "2: NXTTMFC_ALREADY_MAPPED of OFPT_EXPERIMENTER 2")
	c.expect(mapping(3, 0x102, 4, 1), "3: NXTTMFC_DUP_ENTRY of OFPT_EXPERIMENTER 3")
	c.expect(mapping(4, 0x103, 4, 64), "4: NXTTMFC_BAD_FIELD_IDX of OFPT_EXPERIMENTER 4")
	c.expect(mapping(5, 0x103, 3, 1), "5: NXTTMFC_BAD_OPT_LEN of OFPT_EXPERIMENTER 5")
	c.expect(mapping(6, 0x102, 4, 0), "6: NXTTMFC_ALREADY_MAPPED of OFPT_EXPERIMENTER 6")
	c.expect(openflow.AppendTLVTableMod(nil, 7, 7), "7: NXTTMFC_BAD_COMMAND of OFPT_EXPERIMENTER 7")

	// A flow with an unmapped option is refused in the first stage.
	unmapped := flowOf(9, "\x00\x01\x52\x04\x00\x00\x00\x05", toPort1, 1) // tun_metadata1
	good := flowOf(9, tunMetadata0, toPort1, 1)
	var written []flow.Flow
	for _, text := range []string{"set_field:5->tun_metadata1", "move:tun_metadata1[0..31]->reg0[]", "clone(set_field:5->tun_metadata1)"} {
		f, err := flow.ParseFlow("table=9,reg0=1,actions=" + text)
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, f)
	}
	c.expect(bundle(1, openflow.BundleOrdered, append(written, unmapped, good)...),
		"100: bundle 1 reply 1",
		"101: NXFMFC_INVALID_TLV_FIELD of OFPT_FLOW_MOD 101", "102: NXFMFC_INVALID_TLV_FIELD of OFPT_FLOW_MOD 102",
		"103: NXFMFC_INVALID_TLV_FIELD of OFPT_FLOW_MOD 103", "104: NXFMFC_INVALID_TLV_FIELD of OFPT_FLOW_MOD 104",
		"200: bundle 1 reply 5")
	good.Match = canonicalMatch(t, []byte(good.Match))
	c.holds(9, good)
}

func ctFlushes(t *testing.T, c *controller) {
	b := openflow.AppendCTFlushZone(nil, 1, 7)
	b = openflow.AppendCTFlush(b, 2, &openflow.CTFlush{Zone: 7, Proto: 6, Orig: openflow.CTTuple{
		Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"), SrcPort: 1, DstPort: 80}})
	b = openflow.AppendCTFlush(b, 3, &openflow.CTFlush{Zone: 7, Proto: 58,
		Orig:  openflow.CTTuple{Src: netip.MustParseAddr("fe80::1"), ICMPID: 1, ICMPType: 128},
		Reply: openflow.CTTuple{Src: netip.MustParseAddr("fe80::2"), ICMPID: 1, ICMPType: 129}})
	c.expect(b)
}

func experimentersUnknown(t *testing.T, c *controller) {
	c.expect([]byte{6, 4, 0, 16, 0, 0, 0, 1, 0, 0, 0x23, 0x20, 0, 0, 3, 0x09}, "1: OFPBRC_BAD_SUBTYPE of OFPT_EXPERIMENTER 1")
	c.expect([]byte{6, 4, 0, 16, 0, 0, 0, 2, 0, 0, 0x12, 0x34, 0, 0, 0, 1}, "2: OFPBRC_BAD_VENDOR of OFPT_EXPERIMENTER 2")
}

// portDescs: every bridge has its local port.
func portDescs(t *testing.T, c *controller) {
	for _, number := range []uint32{openflow.PortAny, openflow.PortLocal} {
		var names []string
		for _, m := range c.ask(openflow.AppendPortDescRequest(nil, 9, number)) {
			for p, err := range openflow.PortDescs(m.Data) {
				if err != nil || p.Number != openflow.PortLocal {
					t.Errorf("%+v, %v", p, err)
				}
				names = append(names, p.Name)
			}
		}
		if len(names) != 1 || names[0] != "br-int" {
			t.Errorf("port %#x: %q", number, names)
		}
	}
}

// packets: nothing is sent unasked; packet-outs and what configures packet-ins have no reply.
func packets(t *testing.T, c *controller) {
	b := openflow.AppendSetPacketInFormat(nil, 1)
	b = openflow.AppendSetAsync(b, 2, openflow.Async{PacketIn: openflow.AsyncAllPacketIns, PortStatus: openflow.AsyncAllPortStatus})
	b = openflow.AppendSetControllerID(b, 3, 7)
	b = openflow.AppendPacketOut(b, 4, &openflow.PacketOut{
		Match: []byte("\x80\x00\x00\x04\xff\xff\xff\xfd"), Actions: []byte(output1), Packet: make([]byte, 60)})
	c.expect(b)
	c.expect(openflow.AppendPacketOut(nil, 5, &openflow.PacketOut{
		Match: []byte("\x80\x00\x00\x04\xff\xff\xff\xfd"), Actions: []byte(outputNone), Packet: make([]byte, 60)}),
		"5: OFPBAC_BAD_OUT_PORT of OFPT_PACKET_OUT 5")
}
