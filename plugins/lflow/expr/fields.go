package expr

import (
	"fmt"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
)

// LogicalFields is the symbol table of OVN's logical flows (ovn-sb(5), Logical_Flow, "Symbols"; OVN, ovn_init_symtab) as the
// release of the dialect has it.
func LogicalFields(d *dialect.Dialect) *Symtab {
	t := NewSymtab()
	for _, s := range logicalFields {
		if s.in != always && s.in != only(d.Release) {
			continue
		}
		if err := s.addTo(t); err != nil {
			panic(fmt.Sprintf("logical field %s: %v", s.name, err)) // the rows are constants: a test makes both tables
		}
	}
	return t
}

// releases says which tables a row is in.
type releases uint8

const always releases = 0

func only(r dialect.Release) releases { return releases(r) + 1 }

const (
	in2303 = releases(dialect.Release2303) + 1
	in2603 = releases(dialect.Release2603) + 1
)

// logicalField is one row: a symbol and what it is.
type logicalField struct {
	name    string
	kind    fieldKind
	is      string // the OpenFlow field, the symbol and bits it is part of, or the expression it stands for
	prereqs string
	in      releases
	width   int // of a pseudo field
}

type fieldKind uint8

const (
	field      fieldKind = iota
	crossField           // a field that is never a clause of a conjunction
	stringField
	subfield
	predicate
	pseudo
	ctField    // a field that only ct_commit writes
	ctSubfield // a part of one
)

func (s *logicalField) addTo(t *Symtab) error {
	o := FieldOptions{Prereqs: s.prereqs, Write: WriteDefault}
	switch s.kind {
	case crossField:
		o.CrossProduct = true
	case stringField:
		return t.AddString(s.name, s.is, o)
	case subfield:
		return t.AddSubfield(s.name, s.is, o)
	case predicate:
		return t.AddPredicate(s.name, s.is)
	case pseudo:
		return t.AddPseudo(s.name, s.width)
	case ctField:
		o.Write = WriteCTCommit
	case ctSubfield:
		o.Write = WriteCTCommit
		return t.AddSubfield(s.name, s.is, o)
	}
	return t.AddField(s.name, s.is, o)
}

// logicalFields is in an order in which rows come behind those they are made of.
var logicalFields = []logicalField{
	// Where a packet comes from and goes to, and scratch.
	{name: "inport", kind: stringField, is: "NXM_NX_REG14"},
	{name: "outport", kind: stringField, is: "NXM_NX_REG15"},
	{name: "__inport", is: "NXM_NX_REG14", in: in2603},
	{name: "__outport", is: "NXM_NX_REG15", in: in2603},
	{name: "from_evpn_vtep", kind: predicate, is: "__inport[31]", in: in2603},
	{name: "to_evpn_vtep", kind: predicate, is: "__outport[31]", in: in2603},
	{name: "remote_outport", kind: stringField, is: "NXM_NX_REG1", in: in2603},
	{name: "xxreg0", is: "NXM_NX_XXREG0"},
	{name: "xxreg1", is: "NXM_NX_XXREG1"},
	{name: "xreg0", kind: subfield, is: "xxreg0[64..127]"},
	{name: "xreg1", kind: subfield, is: "xxreg0[0..63]"},
	{name: "xreg2", kind: subfield, is: "xxreg1[64..127]"},
	{name: "xreg3", kind: subfield, is: "xxreg1[0..63]"},
	{name: "xreg4", is: "OXM_OF_PKT_REG4"},
	{name: "reg0", kind: subfield, is: "xxreg0[96..127]"},
	{name: "reg1", kind: subfield, is: "xxreg0[64..95]"},
	{name: "reg2", kind: subfield, is: "xxreg0[32..63]"},
	{name: "reg3", kind: subfield, is: "xxreg0[0..31]"},
	{name: "reg4", kind: subfield, is: "xxreg1[96..127]"},
	{name: "reg5", kind: subfield, is: "xxreg1[64..95]"},
	{name: "reg6", kind: subfield, is: "xxreg1[32..63]"},
	{name: "reg7", kind: subfield, is: "xxreg1[0..31]"},
	{name: "reg8", kind: subfield, is: "xreg4[32..63]"},
	{name: "reg9", kind: subfield, is: "xreg4[0..31]"},
	{name: "pkt.mark", is: "NXM_NX_PKT_MARK"},

	// Flags.
	{name: "flags", is: "NXM_NX_REG10"},
	{name: "flags.loopback", kind: subfield, is: "flags[0]"},
	{name: "flags.force_snat_for_dnat", kind: subfield, is: "flags[2]"},
	{name: "flags.force_snat_for_lb", kind: subfield, is: "flags[3]"},
	{name: "flags.skip_snat_for_lb", kind: subfield, is: "flags[9]"},
	{name: "flags.use_snat_zone", kind: subfield, is: "flags[11]"},
	{name: "flags.localnet", kind: subfield, is: "flags[15]", in: in2603},
	{name: "flags.tunnel_rx", kind: subfield, is: "flags[16]", in: in2603},
	{name: "flags.icmp_snat", kind: subfield, is: "flags[17]", in: in2603},
	{name: "flags.from_ctrl", kind: subfield, is: "flags[19]", in: in2603},
	{name: "flags.unsnat_new", kind: subfield, is: "flags[20]", in: in2603},
	{name: "flags.unsnat_not_tracked", kind: subfield, is: "flags[21]", in: in2603},
	{name: "flags.igmp_loopback", kind: subfield, is: "flags[22]", in: in2603},
	{name: "flags.pkt_sampled", kind: subfield, is: "flags[23]", in: in2603},
	{name: "flags.network_id", kind: subfield, is: "flags[28..31]", in: in2603},

	// Connection tracking.
	{name: "ct_mark", kind: ctField, is: "NXM_NX_CT_MARK"},
	{name: "ct_mark.blocked", kind: ctSubfield, is: "ct_mark[0]"},
	{name: "ct_mark.natted", kind: ctSubfield, is: "ct_mark[1]"},
	{name: "ct_mark.skip_snat", kind: ctSubfield, is: "ct_mark[2]"},
	{name: "ct_mark.force_snat", kind: ctSubfield, is: "ct_mark[3]"},
	{name: "ct_mark.obs_stage", kind: ctSubfield, is: "ct_mark[4..5]", in: in2603},
	{name: "ct_mark.allow_established", kind: ctSubfield, is: "ct_mark[6]", in: in2603},
	{name: "ct_mark.ecmp_reply_port", kind: ctSubfield, is: "ct_mark[16..31]"},
	{name: "ct_mark.obs_collector_id", kind: ctSubfield, is: "ct_mark[16..23]", in: in2603},
	{name: "ct_label", kind: ctField, is: "NXM_NX_CT_LABEL"},
	{name: "ct_label.blocked", kind: ctSubfield, is: "ct_label[0]", in: in2303},
	{name: "ct_label.natted", kind: ctSubfield, is: "ct_label[1]", in: in2303},
	{name: "ct_label.skip_snat", kind: ctSubfield, is: "ct_label[2]", in: in2303},
	{name: "ct_label.force_snat", kind: ctSubfield, is: "ct_label[3]", in: in2303},
	{name: "ct_label.nf", kind: ctSubfield, is: "ct_label[7]", in: in2603},
	{name: "ct_label.tun_if", kind: ctSubfield, is: "ct_label[8]", in: in2603},
	{name: "ct_label.nf_id", kind: ctSubfield, is: "ct_label[17..24]", in: in2603},
	{name: "ct_label.ecmp_reply_eth", kind: ctSubfield, is: "ct_label[32..79]"},
	{name: "ct_label.ecmp_reply_port", kind: ctSubfield, is: "ct_label[80..95]", in: in2303},
	{name: "ct_label.acl_id", kind: ctSubfield, is: "ct_label[80..95]", in: in2603},
	{name: "ct_label.tun_if_id", kind: ctSubfield, is: "ct_label[80..95]", in: in2603},
	{name: "ct_label.label", kind: ctSubfield, is: "ct_label[96..127]"},
	{name: "ct_label.obs_point_id", kind: ctSubfield, is: "ct_label[96..127]", in: in2603},
	{name: "ct_label.obs_unused", kind: ctSubfield, is: "ct_label[0..95]", in: in2603},
	{name: "ct_state", is: "NXM_NX_CT_STATE"},
	{name: "ct.trk", kind: subfield, is: "ct_state[5]"},
	{name: "ct.new", kind: subfield, is: "ct_state[0]", prereqs: "ct.trk"},
	{name: "ct.est", kind: subfield, is: "ct_state[1]", prereqs: "ct.trk"},
	{name: "ct.rel", kind: subfield, is: "ct_state[2]", prereqs: "ct.trk"},
	{name: "ct.rpl", kind: subfield, is: "ct_state[3]", prereqs: "ct.trk"},
	{name: "ct.inv", kind: subfield, is: "ct_state[4]", prereqs: "ct.trk"},
	{name: "ct.snat", kind: subfield, is: "ct_state[6]", prereqs: "ct.trk"},
	{name: "ct.dnat", kind: subfield, is: "ct_state[7]", prereqs: "ct.trk"},

	// Ethernet and VLAN.
	{name: "eth.src", is: "OXM_OF_ETH_SRC"},
	{name: "eth.dst", is: "OXM_OF_ETH_DST"},
	{name: "eth.type", kind: crossField, is: "OXM_OF_ETH_TYPE"},
	{name: "eth.bcast", kind: predicate, is: "eth.dst == ff:ff:ff:ff:ff:ff"},
	{name: "eth.mcast", kind: subfield, is: "eth.dst[40]"},
	{name: "eth.mcastv6", kind: predicate, is: "eth.dst[32..47] == 0x3333"},
	{name: "vlan.tci", is: "NXM_OF_VLAN_TCI"},
	{name: "vlan.present", kind: predicate, is: "vlan.tci[12]"},
	{name: "vlan.pcp", kind: subfield, is: "vlan.tci[13..15]", prereqs: "vlan.present"},
	{name: "vlan.vid", kind: subfield, is: "vlan.tci[0..11]", prereqs: "vlan.present"},

	// IP.
	{name: "ip4", kind: predicate, is: "eth.type == 0x800"},
	{name: "ip6", kind: predicate, is: "eth.type == 0x86dd"},
	{name: "ip", kind: predicate, is: "ip4 || ip6"},
	{name: "ip.proto", kind: crossField, is: "OXM_OF_IP_PROTO", prereqs: "ip"},
	{name: "ip.dscp", is: "OXM_OF_IP_DSCP", prereqs: "ip"},
	{name: "ip.ecn", is: "OXM_OF_IP_ECN", prereqs: "ip"},
	{name: "ip.ttl", is: "NXM_NX_IP_TTL", prereqs: "ip"},
	{name: "ip.frag", is: "NXM_NX_IP_FRAG", prereqs: "ip"},
	{name: "ip.is_frag", kind: predicate, is: "ip.frag[0]"},
	{name: "ip.later_frag", kind: predicate, is: "ip.frag[1]"},
	{name: "ip.first_frag", kind: predicate, is: "ip.is_frag && !ip.later_frag"},
	{name: "ip4.src", is: "OXM_OF_IPV4_SRC", prereqs: "ip4"},
	{name: "ip4.dst", is: "OXM_OF_IPV4_DST", prereqs: "ip4"},
	{name: "ip4.src_mcast", kind: predicate, is: "ip4.src[28..31] == 0xe"},
	{name: "ip4.mcast", kind: predicate, is: "eth.mcast && ip4.dst[28..31] == 0xe"},
	{name: "ip6.src", is: "OXM_OF_IPV6_SRC", prereqs: "ip6"},
	{name: "ip6.dst", is: "OXM_OF_IPV6_DST", prereqs: "ip6"},
	{name: "ip6.label", is: "OXM_OF_IPV6_FLABEL", prereqs: "ip6"},
	{name: "ip6.mcast_rsvd", kind: predicate, is: "ip6.dst[116..127] == 0xff0 && ip6.dst[0..111] == 0x0", in: in2303},
	{name: "ip6.mcast_rsvd", kind: predicate, is: "ip6.dst == { ff00::0, ff01::0, ff02::0, ff03::0, ff04::0, ff05::0, ff06::0, ff07::0, " +
		"ff08::0, ff09::0, ff0a::0, ff0b::0, ff0c::0, ff0d::0, ff0e::0, ff0f::0 }", in: in2603},
	{name: "ip6.mcast_all_nodes", kind: predicate, is: "ip6.dst == ff01::1 || ip6.dst == ff02::1"},
	{name: "ip6.mcast_all_rtrs", kind: predicate, is: "ip6.dst == ff01::2 || ip6.dst == ff02::2 || ip6.dst == ff05::2"},
	{name: "ip6.mcast_sol_node", kind: predicate, is: "ip6.dst == ff02::1:ff00:0000/104"},
	{name: "ip6.mcast_flood", kind: predicate, is: "eth.mcastv6 && (ip6.mcast_rsvd || ip6.mcast_all_nodes || ip6.mcast_all_rtrs || ip6.mcast_sol_node)"},
	{name: "ip6.mcast", kind: predicate, is: "eth.mcastv6 && ip6.dst[120..127] == 0xff"},

	// What IP carries.
	{name: "icmp4", kind: predicate, is: "ip4 && ip.proto == 1"},
	{name: "icmp4.type", is: "OXM_OF_ICMPV4_TYPE", prereqs: "icmp4"},
	{name: "icmp4.code", is: "OXM_OF_ICMPV4_CODE", prereqs: "icmp4"},
	{name: "icmp4.frag_mtu", kind: pseudo, width: 16},
	{name: "icmp4.inner_ip4.src", kind: pseudo, width: 32, in: in2603},
	{name: "igmp", kind: predicate, is: "ip4 && ip.proto == 2", in: in2303},
	{name: "igmp", kind: predicate, is: "ip4.mcast && ip.proto == 2", in: in2603},
	{name: "icmp6", kind: predicate, is: "ip6 && ip.proto == 58"},
	{name: "icmp6.type", kind: crossField, is: "OXM_OF_ICMPV6_TYPE", prereqs: "icmp6"},
	{name: "icmp6.code", kind: crossField, is: "OXM_OF_ICMPV6_CODE", prereqs: "icmp6"},
	{name: "icmp6.frag_mtu", kind: pseudo, width: 32},
	{name: "icmp", kind: predicate, is: "icmp4 || icmp6"},
	{name: "mldv1", kind: predicate, is: "ip6.src == fe80::/10 && icmp6.type == {130, 131, 132}", in: in2303},
	{name: "mldv1", kind: predicate, is: "eth.mcastv6 && ip6.src == fe80::/10 && icmp6.type == {130, 131, 132}", in: in2603},
	{name: "mldv2", kind: predicate, is: "ip6.dst == ff02::16 && icmp6.type == 143", in: in2303},
	{name: "mldv2", kind: predicate, is: "eth.mcastv6 && ip6.dst == ff02::16 && icmp6.type == 143", in: in2603},
	{name: "tcp", kind: predicate, is: "ip.proto == 6"},
	{name: "tcp.src", is: "OXM_OF_TCP_SRC", prereqs: "tcp"},
	{name: "tcp.dst", is: "OXM_OF_TCP_DST", prereqs: "tcp"},
	{name: "tcp.flags", is: "OXM_OF_TCP_FLAGS", prereqs: "tcp"},
	{name: "udp", kind: predicate, is: "ip.proto == 17"},
	{name: "udp.src", is: "OXM_OF_UDP_SRC", prereqs: "udp"},
	{name: "udp.dst", is: "OXM_OF_UDP_DST", prereqs: "udp"},
	{name: "sctp", kind: predicate, is: "ip.proto == 132"},
	{name: "sctp.src", is: "OXM_OF_SCTP_SRC", prereqs: "sctp"},
	{name: "sctp.dst", is: "OXM_OF_SCTP_DST", prereqs: "sctp"},

	// ARP and neighbor discovery.
	{name: "arp", kind: predicate, is: "eth.type == 0x806"},
	{name: "arp.op", is: "OXM_OF_ARP_OP", prereqs: "arp"},
	{name: "arp.spa", is: "OXM_OF_ARP_SPA", prereqs: "arp"},
	{name: "arp.sha", is: "OXM_OF_ARP_SHA", prereqs: "arp"},
	{name: "arp.tpa", is: "OXM_OF_ARP_TPA", prereqs: "arp"},
	{name: "arp.tha", is: "OXM_OF_ARP_THA", prereqs: "arp"},
	{name: "rarp", kind: predicate, is: "eth.type == 0x8035"},
	{name: "rarp.op", is: "OXM_OF_ARP_OP", prereqs: "rarp"},
	{name: "rarp.spa", is: "OXM_OF_ARP_SPA", prereqs: "rarp"},
	{name: "rarp.sha", is: "OXM_OF_ARP_SHA", prereqs: "rarp"},
	{name: "rarp.tpa", is: "OXM_OF_ARP_TPA", prereqs: "rarp"},
	{name: "rarp.tha", is: "OXM_OF_ARP_THA", prereqs: "rarp"},
	{name: "nd", kind: predicate, is: "icmp6.type == {135, 136} && icmp6.code == 0 && ip.ttl == 255"},
	{name: "nd_ns", kind: predicate, is: "icmp6.type == 135 && icmp6.code == 0 && ip.ttl == 255"},
	{name: "nd_ns_mcast", kind: predicate, is: "ip6.mcast && icmp6.type == 135 && icmp6.code == 0 && ip.ttl == 255", in: in2603},
	{name: "nd_na", kind: predicate, is: "icmp6.type == 136 && icmp6.code == 0 && ip.ttl == 255"},
	{name: "nd_rs", kind: predicate, is: "icmp6.type == 133 && icmp6.code == 0 && ip.ttl == 255"},
	{name: "nd_ra", kind: predicate, is: "icmp6.type == 134 && icmp6.code == 0 && ip.ttl == 255"},
	{name: "nd.target", is: "OXM_OF_IPV6_ND_TARGET", prereqs: "nd"},
	{name: "nd.sll", is: "OXM_OF_IPV6_ND_SLL", prereqs: "nd_ns"},
	{name: "nd.tll", is: "OXM_OF_IPV6_ND_TLL", prereqs: "nd_na"},
}
