package flow

import (
	"strconv"
	"strings"
)

// The table of fields made complete, and the ways to find a row in it. They are made once and only read.
var (
	fields     = complete(table)
	fieldNames = namesOf(fields)
	headers    = indexOf(fields)
)

// What the flags of most rows are.
const (
	rw    = maskable
	ro    = maskable | readOnly
	whole = readOnly
)

// table is the table of fields: ovs-fields(7), one row each. Of rows that differ only in a number it has the first, whose
// number stands for all; complete adds the others.
var table = [rowCount]Field{
	rowPktMark:      {name: "pkt_mark", wire: "NXM_NX_PKT_MARK(33)", bits: 32, flags: rw},
	rowConjID:       {name: "conj_id", wire: "NXM_NX_CONJ_ID(37)", bits: 32, form: formDecimal, flags: whole},
	rowActsetOutput: {name: "actset_output", wire: "OXM_OF_ACTSET_OUTPUT(43) ONFOXM_ET_ACTSET_OUTPUT(43)", bits: 32, form: formPort32, flags: whole},

	rowCTState:    {name: "ct_state", wire: "NXM_NX_CT_STATE(105)", bits: 32, form: formCTState, flags: ro},
	rowCTZone:     {name: "ct_zone", wire: "NXM_NX_CT_ZONE(106)", bits: 16, flags: whole},
	rowCTMark:     {name: "ct_mark", wire: "NXM_NX_CT_MARK(107)", bits: 32, flags: rw},
	rowCTLabel:    {name: "ct_label", wire: "NXM_NX_CT_LABEL(108)", bits: 128, flags: rw},
	rowPacketType: {name: "packet_type", wire: "OXM_OF_PACKET_TYPE(44)", bits: 32, form: formPacketType, flags: whole},
	rowEthType:    {name: "eth_type", alias: "dl_type", shown: "dl_type", wire: "OXM_OF_ETH_TYPE(5) NXM_OF_ETH_TYPE(3)", bits: 16, prereq: needEthernet, flags: whole},
	rowIPProto:    {name: "nw_proto", alias: "ip_proto", wire: "OXM_OF_IP_PROTO(10) NXM_OF_IP_PROTO(6)", bits: 8, form: formDecimal, prereq: needIP, flags: whole},

	rowCTNwSrc:   {name: "ct_nw_src", wire: "NXM_NX_CT_NW_SRC(120)", bits: 32, form: formIPv4, prereq: needCTIPv4, flags: ro},
	rowCTIPv6Src: {name: "ct_ipv6_src", wire: "NXM_NX_CT_IPV6_SRC(122)", bits: 128, form: formIPv6, prereq: needCTIPv6, flags: ro},
	rowCTNwDst:   {name: "ct_nw_dst", wire: "NXM_NX_CT_NW_DST(121)", bits: 32, form: formIPv4, prereq: needCTIPv4, flags: ro},
	rowCTIPv6Dst: {name: "ct_ipv6_dst", wire: "NXM_NX_CT_IPV6_DST(123)", bits: 128, form: formIPv6, prereq: needCTIPv6, flags: ro},
	rowCTNwProto: {name: "ct_nw_proto", wire: "NXM_NX_CT_NW_PROTO(119)", bits: 8, form: formDecimal, prereq: needCT, flags: whole},
	rowCTTpSrc:   {name: "ct_tp_src", wire: "NXM_NX_CT_TP_SRC(124)", bits: 16, form: formDecimal, prereq: needCTProto, flags: ro},
	rowCTTpDst:   {name: "ct_tp_dst", wire: "NXM_NX_CT_TP_DST(125)", bits: 16, form: formDecimal, prereq: needCTProto, flags: ro},

	rowReg0: {name: "reg0", wire: "NXM_NX_REG0(0)", bits: 32, flags: rw},

	rowTunID:          {name: "tun_id", alias: "tunnel_id", wire: "OXM_OF_TUNNEL_ID(38) NXM_NX_TUN_ID(16)", bits: 64, flags: rw},
	rowTunSrc:         {name: "tun_src", wire: "NXM_NX_TUN_IPV4_SRC(31)", bits: 32, form: formIPv4, flags: rw},
	rowTunDst:         {name: "tun_dst", wire: "NXM_NX_TUN_IPV4_DST(32)", bits: 32, form: formIPv4, flags: rw},
	rowTunIPv6Src:     {name: "tun_ipv6_src", wire: "NXM_NX_TUN_IPV6_SRC(109)", bits: 128, form: formIPv6, flags: rw},
	rowTunIPv6Dst:     {name: "tun_ipv6_dst", wire: "NXM_NX_TUN_IPV6_DST(110)", bits: 128, form: formIPv6, flags: rw},
	rowTunGBPID:       {name: "tun_gbp_id", wire: "NXM_NX_TUN_GBP_ID(38)", bits: 16, form: formDecimal, flags: rw},
	rowTunGBPFlags:    {name: "tun_gbp_flags", wire: "NXM_NX_TUN_GBP_FLAGS(39)", bits: 8, flags: rw},
	rowTunERSPANVer:   {name: "tun_erspan_ver", wire: "NXOXM_ET_ERSPAN_VER(12)", bits: 4, form: formDecimal, flags: rw | valueMask},
	rowTunERSPANIdx:   {name: "tun_erspan_idx", wire: "NXOXM_ET_ERSPAN_IDX(11)", bits: 20, size: 4, flags: rw},
	rowTunERSPANDir:   {name: "tun_erspan_dir", wire: "NXOXM_ET_ERSPAN_DIR(13)", bits: 1, form: formDecimal, flags: rw | valueMask},
	rowTunERSPANHwID:  {name: "tun_erspan_hwid", wire: "NXOXM_ET_ERSPAN_HWID(14)", bits: 6, flags: rw | valueMask},
	rowTunGTPUFlags:   {name: "tun_gtpu_flags", alias: "gtpu_flags", shown: "gtpu_flags", wire: "NXOXM_ET_GTPU_FLAGS(15)", bits: 8, flags: ro | valueMask},
	rowTunGTPUMsgType: {name: "tun_gtpu_msgtype", alias: "gtpu_msgtype", shown: "gtpu_msgtype", wire: "NXOXM_ET_GTPU_MSGTYPE(16)", bits: 8, form: formDecimal, flags: ro | valueMask},
	rowTunFlags:       {name: "tun_flags", wire: "NXM_NX_TUN_FLAGS(104)", bits: 1, size: 2, form: formTunFlags, flags: rw},

	rowTunMetadata0: {name: "tun_metadata0", wire: "NXM_NX_TUN_METADATA0(40)", bits: 992, flags: rw | variable},

	rowMetadata:  {name: "metadata", wire: "OXM_OF_METADATA(2)", bits: 64, flags: rw},
	rowInPortOXM: {name: "in_port_oxm", shown: "in_port", wire: "OXM_OF_IN_PORT(0)", bits: 32, form: formPort32},
	rowVLANVID:   {name: "vlan_vid", shown: "dl_vlan", wire: "OXM_OF_VLAN_VID(6)", bits: 12, valid: 13, form: formDecimal, prereq: needEthernet, flags: rw},
	rowVLANPCP:   {name: "vlan_pcp", shown: "dl_vlan_pcp", wire: "OXM_OF_VLAN_PCP(7)", bits: 3, form: formDecimal, prereq: needVLAN},
	rowEthSrc:    {name: "eth_src", alias: "dl_src", shown: "dl_src", wire: "OXM_OF_ETH_SRC(4) NXM_OF_ETH_SRC(2)", bits: 48, form: formMAC, prereq: needEthernet, flags: rw},
	rowEthDst:    {name: "eth_dst", alias: "dl_dst", shown: "dl_dst", wire: "OXM_OF_ETH_DST(3) NXM_OF_ETH_DST(1)", bits: 48, form: formMAC, prereq: needEthernet, flags: rw},

	rowIPv6Src:   {name: "ipv6_src", wire: "OXM_OF_IPV6_SRC(26) NXM_NX_IPV6_SRC(19)", bits: 128, form: formIPv6, prereq: needIPv6, flags: rw},
	rowIPv6Dst:   {name: "ipv6_dst", wire: "OXM_OF_IPV6_DST(27) NXM_NX_IPV6_DST(20)", bits: 128, form: formIPv6, prereq: needIPv6, flags: rw},
	rowIPv6Label: {name: "ipv6_label", wire: "OXM_OF_IPV6_FLABEL(28) NXM_NX_IPV6_LABEL(27)", bits: 20, size: 4, prereq: needIPv6, flags: rw},

	rowNSHFlags:  {name: "nsh_flags", wire: "NXOXM_NSH_FLAGS(1)", bits: 8, form: formDecimal, prereq: needNSH, flags: rw},
	rowNSHTTL:    {name: "nsh_ttl", wire: "NXOXM_NSH_TTL(10)", bits: 8, valid: 6, form: formDecimal, prereq: needNSH},
	rowNSHMDType: {name: "nsh_mdtype", wire: "NXOXM_NSH_MDTYPE(2)", bits: 8, form: formDecimal, prereq: needNSH, flags: whole},
	rowNSHNP:     {name: "nsh_np", wire: "NXOXM_NSH_NP(3)", bits: 8, form: formDecimal, prereq: needNSH, flags: whole},
	rowNSHSPI:    {name: "nsh_spi", alias: "nsp", wire: "NXOXM_NSH_SPI(4)", bits: 24, size: 4, prereq: needNSH},
	rowNSHSI:     {name: "nsh_si", alias: "nsi", wire: "NXOXM_NSH_SI(5)", bits: 8, form: formDecimal, prereq: needNSH},
	rowNSHC1:     {name: "nsh_c1", alias: "nshc1", wire: "NXOXM_NSH_C1(6)", bits: 32, prereq: needNSH, flags: rw},

	rowARPSPA: {name: "arp_spa", wire: "OXM_OF_ARP_SPA(22) NXM_OF_ARP_SPA(16)", bits: 32, form: formIPv4, prereq: needARP, flags: rw},
	rowARPTPA: {name: "arp_tpa", wire: "OXM_OF_ARP_TPA(23) NXM_OF_ARP_TPA(17)", bits: 32, form: formIPv4, prereq: needARP, flags: rw},
	rowIPSrc:  {name: "ip_src", alias: "nw_src", shown: "nw_src", wire: "OXM_OF_IPV4_SRC(11) NXM_OF_IP_SRC(7)", bits: 32, form: formIPv4, prereq: needIPv4, flags: rw},
	rowIPDst:  {name: "ip_dst", alias: "nw_dst", shown: "nw_dst", wire: "OXM_OF_IPV4_DST(12) NXM_OF_IP_DST(8)", bits: 32, form: formIPv4, prereq: needIPv4, flags: rw},
	rowARPOp:  {name: "arp_op", wire: "OXM_OF_ARP_OP(21) NXM_OF_ARP_OP(15)", bits: 16, valid: 8, form: formDecimal, prereq: needARP},
	rowARPSHA: {name: "arp_sha", wire: "OXM_OF_ARP_SHA(24) NXM_NX_ARP_SHA(17)", bits: 48, form: formMAC, prereq: needARP, flags: rw},
	rowARPTHA: {name: "arp_tha", wire: "OXM_OF_ARP_THA(25) NXM_NX_ARP_THA(18)", bits: 48, form: formMAC, prereq: needARP, flags: rw},
	rowIPDSCP: {name: "ip_dscp", shown: "nw_tos", wire: "OXM_OF_IP_DSCP(8)", bits: 6, form: formDecimal, prereq: needIP},
	rowIPECN:  {name: "nw_ecn", alias: "ip_ecn", wire: "OXM_OF_IP_ECN(9) NXM_NX_IP_ECN(28)", bits: 2, form: formDecimal, prereq: needIP},
	rowIPTTL:  {name: "nw_ttl", wire: "NXM_NX_IP_TTL(29)", bits: 8, form: formDecimal, prereq: needIP},
	rowIPFrag: {name: "ip_frag", alias: "nw_frag", shown: "nw_frag", wire: "NXM_NX_IP_FRAG(26)", bits: 2, form: formFrag, prereq: needIP, flags: ro},

	rowMPLSLabel: {name: "mpls_label", wire: "OXM_OF_MPLS_LABEL(34)", bits: 20, size: 4, form: formDecimal, prereq: needMPLS},
	rowMPLSTC:    {name: "mpls_tc", wire: "OXM_OF_MPLS_TC(35)", bits: 3, form: formDecimal, prereq: needMPLS},
	rowMPLSTTL:   {name: "mpls_ttl", wire: "NXM_NX_MPLS_TTL(30)", bits: 8, form: formDecimal, prereq: needMPLS},
	rowMPLSBOS:   {name: "mpls_bos", wire: "OXM_OF_MPLS_BOS(36)", bits: 1, form: formDecimal, prereq: needMPLS, flags: whole},

	rowICMPType:      {name: "icmp_type", wire: "OXM_OF_ICMPV4_TYPE(19) NXM_OF_ICMP_TYPE(13)", bits: 8, form: formDecimal, prereq: needICMPv4},
	rowICMPCode:      {name: "icmp_code", wire: "OXM_OF_ICMPV4_CODE(20) NXM_OF_ICMP_CODE(14)", bits: 8, form: formDecimal, prereq: needICMPv4},
	rowICMPv6Type:    {name: "icmpv6_type", shown: "icmp_type", wire: "OXM_OF_ICMPV6_TYPE(29) NXM_NX_ICMPV6_TYPE(21)", bits: 8, form: formDecimal, prereq: needICMPv6},
	rowICMPv6Code:    {name: "icmpv6_code", shown: "icmp_code", wire: "OXM_OF_ICMPV6_CODE(30) NXM_NX_ICMPV6_CODE(22)", bits: 8, form: formDecimal, prereq: needICMPv6},
	rowNDTarget:      {name: "nd_target", wire: "OXM_OF_IPV6_ND_TARGET(31) NXM_NX_ND_TARGET(23)", bits: 128, form: formIPv6, prereq: needND, flags: rw},
	rowNDSLL:         {name: "nd_sll", wire: "OXM_OF_IPV6_ND_SLL(32) NXM_NX_ND_SLL(24)", bits: 48, form: formMAC, prereq: needNDSolicit, flags: rw},
	rowNDTLL:         {name: "nd_tll", wire: "OXM_OF_IPV6_ND_TLL(33) NXM_NX_ND_TLL(25)", bits: 48, form: formMAC, prereq: needNDAdvert, flags: rw},
	rowNDReserved:    {name: "nd_reserved", wire: "ERICOXM_OF_ICMPV6_ND_RESERVED(1)", bits: 32, form: formDecimal, prereq: needND},
	rowNDOptionsType: {name: "nd_options_type", wire: "ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE(2)", bits: 8, form: formDecimal, prereq: needND},

	rowTCPSrc:   {name: "tcp_src", alias: "tp_src", shown: "tp_src", wire: "OXM_OF_TCP_SRC(13) NXM_OF_TCP_SRC(9)", bits: 16, form: formDecimal, prereq: needTCP, flags: rw},
	rowTCPDst:   {name: "tcp_dst", alias: "tp_dst", shown: "tp_dst", wire: "OXM_OF_TCP_DST(14) NXM_OF_TCP_DST(10)", bits: 16, form: formDecimal, prereq: needTCP, flags: rw},
	rowUDPSrc:   {name: "udp_src", shown: "tp_src", wire: "OXM_OF_UDP_SRC(15) NXM_OF_UDP_SRC(11)", bits: 16, form: formDecimal, prereq: needUDP, flags: rw},
	rowUDPDst:   {name: "udp_dst", shown: "tp_dst", wire: "OXM_OF_UDP_DST(16) NXM_OF_UDP_DST(12)", bits: 16, form: formDecimal, prereq: needUDP, flags: rw},
	rowSCTPSrc:  {name: "sctp_src", shown: "tp_src", wire: "OXM_OF_SCTP_SRC(17)", bits: 16, form: formDecimal, prereq: needSCTP, flags: rw},
	rowSCTPDst:  {name: "sctp_dst", shown: "tp_dst", wire: "OXM_OF_SCTP_DST(18)", bits: 16, form: formDecimal, prereq: needSCTP, flags: rw},
	rowTCPFlags: {name: "tcp_flags", wire: "OXM_OF_TCP_FLAGS(42) ONFOXM_ET_TCP_FLAGS(42) NXM_NX_TCP_FLAGS(34)", bits: 12, form: formTCPFlags, prereq: needTCP, flags: ro},

	rowXReg0:   {name: "xreg0", wire: "OXM_OF_PKT_REG0(0)", bits: 64, flags: rw},
	rowXXReg0:  {name: "xxreg0", wire: "NXM_NX_XXREG0(111)", bits: 128, flags: rw},
	rowInPort:  {name: "in_port", wire: "NXM_OF_IN_PORT(0)", bits: 16, form: formPort16},
	rowVLANTCI: {name: "vlan_tci", wire: "NXM_OF_VLAN_TCI(4)", bits: 16, prereq: needEthernet, flags: rw},
	rowNwTOS:   {name: "nw_tos", wire: "NXM_OF_IP_TOS(5)", bits: 8, form: formDecimal, prereq: needIP},
}

// complete adds what the table does not spell out.
func complete(table [rowCount]Field) []Field {
	for _, s := range [...]struct {
		first row
		n     int
	}{{rowReg0, 16}, {rowXReg0, 8}, {rowXXReg0, 4}, {rowTunMetadata0, 64}, {rowNSHC1, 4}} {
		for i := 1; i < s.n; i++ {
			table[int(s.first)+i] = table[s.first].numbered(i)
		}
	}
	for i := range table {
		f := &table[i]
		f.row = row(i)
		if f.valid == 0 {
			f.valid = f.bits
		}
		if f.size == 0 {
			f.size = (f.bits + 7) / 8
		}
		f.readWire()
		f.classify()
	}
	return table[:]
}

// numbered is the row i places behind f, with all its numbers higher by i.
func (f Field) numbered(i int) Field {
	f.name = plus(f.name, i)
	if f.alias != "" {
		f.alias = plus(f.alias, i)
	}
	name, number, _ := strings.Cut(strings.TrimSuffix(f.wire, ")"), "(")
	f.wire = plus(name, i) + "(" + plus(number, i) + ")"
	return f
}

// plus adds i to the number at the end of s.
func plus(s string, i int) string {
	n := len(strings.TrimRight(s, "0123456789"))
	v, _ := strconv.Atoi(s[n:])
	return s[:n] + strconv.Itoa(v+i)
}
