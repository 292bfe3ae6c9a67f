package flow

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

func TestNewMatch(t *testing.T) {
	mac, _ := net.ParseMAC("0a:00:00:00:00:01")
	for _, tc := range []struct {
		name  string
		terms []Term
		want  string
	}{
		{"nothing", nil, ""},
		{"any order", []Term{Metadata.Is(3), Reg[15].Is(2), Reg[0].Is(0)}, "reg0=0,reg15=0x2,metadata=0x3"},
		{"views are registers", []Term{XReg[0].Is(1<<32 | 5), XXReg[1].IsMasked(7, 0xff)}, "reg0=0x1,reg1=0x5,reg7=0x7/0xff"},
		{"full mask", []Term{PktMark.IsMasked(5, 0xffffffff)}, "pkt_mark=0x5"},
		{"empty mask", []Term{PktMark.IsMasked(5, 0)}, ""},
		{"bits outside of the mask", []Term{PktMark.IsMaskedBytes([]byte{0xff}, []byte{3})}, "pkt_mark=0x3/0x3"},
		{"addresses", []Term{EthSrc.IsMAC(mac), IPSrc.IsPrefix(netip.MustParsePrefix("10.1.2.3/8")), IPDst.IsIP(netip.MustParseAddr("1.2.3.4"))},
			"ip,dl_src=0a:00:00:00:00:01,nw_src=10.0.0.0/8,nw_dst=1.2.3.4"},
		{"implied protocol", []Term{TCPDst.Is(80), EthType.Is(0x86dd)}, "tcp6,tp_dst=80"},
		{"implied solicitation", []Term{NDSLL.IsMAC(mac)}, "icmp6,icmp_type=135,nd_sll=0a:00:00:00:00:01"},
		{"implied tag", []Term{VLANPCP.Is(3)}, "dl_vlan_pcp=3"},
		{"implied ARP", []Term{ARPOp.Is(1)}, "arp,arp_op=1"},
		{"ethernet goes without saying", []Term{PacketType.Is(0), EthType.Is(0x800)}, "ip"},
		{"no tag", []Term{VLANTCI.Is(0)}, "vlan_tci=0x0000/0x1fff"},
		{"tag in one field", []Term{VLANTCI.Is(0xf005)}, "dl_vlan=5,dl_vlan_pcp=7"},
		{"16-bit port", []Term{InPort.Is(0xfffe)}, "in_port=LOCAL"},
		{"tunnel option that is there", []Term{TunMetadata[1].IsMasked(0, 0)}, "tun_metadata1"},
	} {
		m, err := NewMatch(tc.terms...)
		if err != nil || m.String() != tc.want {
			t.Errorf("%s: %v\n- want %s\n-  got %s", tc.name, err, tc.want, m)
		}
		if !m.IsCanonical() {
			t.Errorf("%s: not canonical", tc.name)
		}
	}
}

func TestNewMatchRefuses(t *testing.T) {
	for _, tc := range []struct {
		name  string
		field string
		cause error
		terms []Term
	}{
		{"no field", "", errUnknown, []Term{{}}},
		{"too large", "ct_zone", errRange, []Term{CTZone.Is(1 << 16)}},
		{"more bits than the field has", "ipv6_label", errRange, []Term{EthType.Is(0x86dd), IPv6Label.Is(1 << 20)}},
		{"twice", "reg1", errDuplicate, []Term{Reg[1].Is(1), XReg[0].Is(1)}},
		{"not maskable", "conj_id", errMask, []Term{ConjID.IsMasked(1, 1)}},
		{"contradiction", "ip_src", errContradiction, []Term{EthType.Is(0x86dd), IPSrc.Is(1)}},
		{"contradicted protocol", "tcp_src", errContradiction, []Term{EthType.Is(0x800), IPProto.Is(17), TCPSrc.Is(1)}},
		{"not to be implied", "tcp_src", errNeed, []Term{TCPSrc.Is(1)}},
		{"which label", "mpls_tc", errNeed, []Term{MPLSTC.Is(1)}},
		{"no connection", "ct_nw_src", errNeed, []Term{CTNwSrc.Is(1)}},
		{"another packet", "eth_src", errContradiction, []Term{PacketType.Is(0x10800), EthSrc.Is(1)}},
		{"no such port", "in_port_oxm", errRange, []Term{InPortOXM.Is(0xff00)}},
		{"part of a priority", "vlan_tci", errVLANMask, []Term{VLANTCI.IsMasked(0x3000, 0x3000)}},
		{"priority without a tag", "vlan_tci", errVLANPriority, []Term{VLANTCI.IsMasked(0xe000, 0xe000)}},
		{"value for a mask", "tun_gtpu_flags", errZeroMask, []Term{TunGTPUFlags.Is(0)}},
		{"wrong family", "ip_src", errRange, []Term{IPSrc.IsIP(netip.MustParseAddr("::1"))}},
	} {
		_, err := NewMatch(tc.terms...)
		var e *Error
		if !errors.As(err, &e) || e.What != tc.field || !errors.Is(err, ErrMatch) || !errors.Is(err, tc.cause) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestCanonicalMatchRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, wire string
		offset     int
		cause      error
	}{
		{"half a header", "000100040000000180", 8, errTruncated},
		{"half a value", "0001000400", 0, errTruncated},
		{"unknown number", "8000fe0400000001", 0, errUnknown},
		{"unknown experimenter", "ffff00080000000100000001", 0, errUnknown},
		{"wrong length", "00010003000001", 0, errLength},
		{"odd mask", "0001010300000100", 0, errLength},
	} {
		_, err := CanonicalMatch(unhex(t, tc.wire))
		var e *Error
		if !errors.As(err, &e) || e.Offset != tc.offset || !errors.Is(err, ErrMatch) || !errors.Is(err, tc.cause) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	if _, err := CanonicalMatch(make([]byte, 1<<16)); !errors.Is(err, errTooLong) {
		t.Errorf("64 KiB: %v", err)
	}
}

func TestTableOfFields(t *testing.T) {
	seen := map[header]*Field{}
	for _, f := range Fields() {
		if f.name == "" || f.bits == 0 || f.size == 0 || len(f.headers) == 0 || f.longName == "" {
			t.Errorf("row %d is not filled in: %+v", f.row, f)
		}
		for _, h := range f.headers {
			if other := seen[h]; other != nil {
				t.Errorf("%s and %s have the same header", f, other)
			}
			seen[h] = f
		}
		for _, name := range []string{f.name, f.longName} {
			if got, ok := FieldByName(name); !ok || got != f {
				t.Errorf("%s is %v", name, got)
			}
		}
	}
}
