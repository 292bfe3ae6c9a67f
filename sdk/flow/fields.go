package flow

import "strconv"

// The table, and the two ways to find a row in it. They are made once and only read.
var (
	fields     = newFields()
	fieldNames = namesOf(fields)
	headers    = indexOf(fields)
)

// newFields is the table of fields: ovs-fields(7), one row each.
func newFields() []Field {
	const rw, ro, whole = maskable, maskable | readOnly, readOnly
	table := []Field{
		rowPktMark:      {name: "pkt_mark", header: nxm1(33), bits: 32, size: 4, flags: rw},
		rowConjID:       {name: "conj_id", header: nxm1(37), bits: 32, size: 4, form: formDecimal, flags: whole},
		rowActsetOutput: {name: "actset_output", header: basic(43), twins: twins{onf(43)}, bits: 32, size: 4, form: formPort32, flags: whole},

		rowCTState:   {name: "ct_state", header: nxm1(105), bits: 32, size: 4, form: formCTState, flags: ro},
		rowCTZone:    {name: "ct_zone", header: nxm1(106), bits: 16, size: 2, flags: whole},
		rowCTMark:    {name: "ct_mark", header: nxm1(107), bits: 32, size: 4, flags: rw},
		rowCTLabel:   {name: "ct_label", header: nxm1(108), bits: 128, size: 16, flags: rw},
		rowCTNwSrc:   {name: "ct_nw_src", header: nxm1(120), bits: 32, size: 4, form: formIPv4, prereq: needCT, flags: ro},
		rowCTIPv6Src: {name: "ct_ipv6_src", header: nxm1(122), bits: 128, size: 16, form: formIPv6, prereq: needCT, flags: ro},
		rowCTNwDst:   {name: "ct_nw_dst", header: nxm1(121), bits: 32, size: 4, form: formIPv4, prereq: needCT, flags: ro},
		rowCTIPv6Dst: {name: "ct_ipv6_dst", header: nxm1(123), bits: 128, size: 16, form: formIPv6, prereq: needCT, flags: ro},
		rowCTNwProto: {name: "ct_nw_proto", header: nxm1(119), bits: 8, size: 1, form: formDecimal, prereq: needCT, flags: whole},
		rowCTTpSrc:   {name: "ct_tp_src", header: nxm1(124), bits: 16, size: 2, form: formDecimal, prereq: needCTProto, flags: ro},
		rowCTTpDst:   {name: "ct_tp_dst", header: nxm1(125), bits: 16, size: 2, form: formDecimal, prereq: needCTProto, flags: ro},

		rowPacketType: {name: "packet_type", header: basic(44), bits: 32, size: 4, form: formPacketType, flags: whole},
		rowEthType:    {name: "eth_type", alias: "dl_type", shown: "dl_type", header: basic(5), twins: twins{nxm0(3)}, bits: 16, size: 2, prereq: needEthernet, flags: whole},
		rowIPProto:    {name: "nw_proto", alias: "ip_proto", header: basic(10), twins: twins{nxm0(6)}, bits: 8, size: 1, form: formDecimal, prereq: needIP, flags: whole},

		rowTunID:          {name: "tun_id", alias: "tunnel_id", header: basic(38), twins: twins{nxm1(16)}, bits: 64, size: 8, flags: rw},
		rowTunSrc:         {name: "tun_src", header: nxm1(31), bits: 32, size: 4, form: formIPv4, flags: rw},
		rowTunDst:         {name: "tun_dst", header: nxm1(32), bits: 32, size: 4, form: formIPv4, flags: rw},
		rowTunIPv6Src:     {name: "tun_ipv6_src", header: nxm1(109), bits: 128, size: 16, form: formIPv6, flags: rw},
		rowTunIPv6Dst:     {name: "tun_ipv6_dst", header: nxm1(110), bits: 128, size: 16, form: formIPv6, flags: rw},
		rowTunGBPID:       {name: "tun_gbp_id", header: nxm1(38), bits: 16, size: 2, form: formDecimal, flags: rw},
		rowTunGBPFlags:    {name: "tun_gbp_flags", header: nxm1(39), bits: 8, size: 1, flags: rw},
		rowTunERSPANVer:   {name: "tun_erspan_ver", header: nicira(12), bits: 4, size: 1, form: formDecimal, flags: rw | valueMask},
		rowTunERSPANIdx:   {name: "tun_erspan_idx", header: nicira(11), bits: 20, size: 4, flags: rw},
		rowTunERSPANDir:   {name: "tun_erspan_dir", header: nicira(13), bits: 1, size: 1, form: formDecimal, flags: rw | valueMask},
		rowTunERSPANHwID:  {name: "tun_erspan_hwid", header: nicira(14), bits: 6, size: 1, flags: rw | valueMask},
		rowTunGTPUFlags:   {name: "tun_gtpu_flags", alias: "gtpu_flags", shown: "gtpu_flags", header: nicira(15), bits: 8, size: 1, flags: ro | valueMask},
		rowTunGTPUMsgType: {name: "tun_gtpu_msgtype", alias: "gtpu_msgtype", shown: "gtpu_msgtype", header: nicira(16), bits: 8, size: 1, form: formDecimal, flags: ro | valueMask},
		rowTunFlags:       {name: "tun_flags", header: nxm1(104), bits: 1, size: 2, form: formTunFlags, flags: rw},

		rowMetadata:  {name: "metadata", header: basic(2), bits: 64, size: 8, flags: rw},
		rowInPortOXM: {name: "in_port_oxm", shown: "in_port", header: basic(0), bits: 32, size: 4, form: formPort32},
		rowVLANVID:   {name: "vlan_vid", shown: "dl_vlan", header: basic(6), bits: 13, size: 2, form: formDecimal, prereq: needEthernet, flags: rw},
		rowVLANPCP:   {name: "vlan_pcp", shown: "dl_vlan_pcp", header: basic(7), bits: 3, size: 1, form: formDecimal, prereq: needVLAN},
		rowEthSrc:    {name: "eth_src", alias: "dl_src", shown: "dl_src", header: basic(4), twins: twins{nxm0(2)}, bits: 48, size: 6, form: formMAC, prereq: needEthernet, flags: rw},
		rowEthDst:    {name: "eth_dst", alias: "dl_dst", shown: "dl_dst", header: basic(3), twins: twins{nxm0(1)}, bits: 48, size: 6, form: formMAC, prereq: needEthernet, flags: rw},

		rowIPv6Src:   {name: "ipv6_src", header: basic(26), twins: twins{nxm1(19)}, bits: 128, size: 16, form: formIPv6, prereq: needIPv6, flags: rw},
		rowIPv6Dst:   {name: "ipv6_dst", header: basic(27), twins: twins{nxm1(20)}, bits: 128, size: 16, form: formIPv6, prereq: needIPv6, flags: rw},
		rowIPv6Label: {name: "ipv6_label", header: basic(28), twins: twins{nxm1(27)}, bits: 20, size: 4, prereq: needIPv6, flags: rw},

		rowNSHFlags:  {name: "nsh_flags", header: nsh(1), bits: 8, size: 1, form: formDecimal, prereq: needNSH, flags: rw},
		rowNSHTTL:    {name: "nsh_ttl", header: nsh(10), bits: 8, size: 1, form: formDecimal, prereq: needNSH},
		rowNSHMDType: {name: "nsh_mdtype", header: nsh(2), bits: 8, size: 1, form: formDecimal, prereq: needNSH, flags: whole},
		rowNSHNP:     {name: "nsh_np", header: nsh(3), bits: 8, size: 1, form: formDecimal, prereq: needNSH, flags: whole},
		rowNSHSPI:    {name: "nsh_spi", alias: "nsp", header: nsh(4), bits: 24, size: 4, prereq: needNSH},
		rowNSHSI:     {name: "nsh_si", alias: "nsi", header: nsh(5), bits: 8, size: 1, form: formDecimal, prereq: needNSH},

		rowARPSPA: {name: "arp_spa", header: basic(22), twins: twins{nxm0(16)}, bits: 32, size: 4, form: formIPv4, prereq: needARP, flags: rw},
		rowARPTPA: {name: "arp_tpa", header: basic(23), twins: twins{nxm0(17)}, bits: 32, size: 4, form: formIPv4, prereq: needARP, flags: rw},
		rowIPSrc:  {name: "ip_src", alias: "nw_src", shown: "nw_src", header: basic(11), twins: twins{nxm0(7)}, bits: 32, size: 4, form: formIPv4, prereq: needIPv4, flags: rw},
		rowIPDst:  {name: "ip_dst", alias: "nw_dst", shown: "nw_dst", header: basic(12), twins: twins{nxm0(8)}, bits: 32, size: 4, form: formIPv4, prereq: needIPv4, flags: rw},
		rowARPOp:  {name: "arp_op", header: basic(21), twins: twins{nxm0(15)}, bits: 16, size: 2, form: formDecimal, prereq: needARP},
		rowARPSHA: {name: "arp_sha", header: basic(24), twins: twins{nxm1(17)}, bits: 48, size: 6, form: formMAC, prereq: needARP, flags: rw},
		rowARPTHA: {name: "arp_tha", header: basic(25), twins: twins{nxm1(18)}, bits: 48, size: 6, form: formMAC, prereq: needARP, flags: rw},
		rowIPDSCP: {name: "ip_dscp", shown: "nw_tos", header: basic(8), bits: 6, size: 1, form: formDecimal, prereq: needIP},
		rowIPECN:  {name: "nw_ecn", alias: "ip_ecn", header: basic(9), twins: twins{nxm1(28)}, bits: 2, size: 1, form: formDecimal, prereq: needIP},
		rowIPTTL:  {name: "nw_ttl", header: nxm1(29), bits: 8, size: 1, form: formDecimal, prereq: needIP},
		rowIPFrag: {name: "ip_frag", alias: "nw_frag", shown: "nw_frag", header: nxm1(26), bits: 2, size: 1, form: formFrag, prereq: needIP, flags: ro},

		rowMPLSLabel: {name: "mpls_label", header: basic(34), bits: 20, size: 4, form: formDecimal, prereq: needMPLS},
		rowMPLSTC:    {name: "mpls_tc", header: basic(35), bits: 3, size: 1, form: formDecimal, prereq: needMPLS},
		rowMPLSTTL:   {name: "mpls_ttl", header: nxm1(30), bits: 8, size: 1, form: formDecimal, prereq: needMPLS},
		rowMPLSBOS:   {name: "mpls_bos", header: basic(36), bits: 1, size: 1, form: formDecimal, prereq: needMPLS, flags: whole},

		rowICMPType:      {name: "icmp_type", header: basic(19), twins: twins{nxm0(13)}, bits: 8, size: 1, form: formDecimal, prereq: needICMPv4},
		rowICMPCode:      {name: "icmp_code", header: basic(20), twins: twins{nxm0(14)}, bits: 8, size: 1, form: formDecimal, prereq: needICMPv4},
		rowICMPv6Type:    {name: "icmpv6_type", shown: "icmp_type", header: basic(29), twins: twins{nxm1(21)}, bits: 8, size: 1, form: formDecimal, prereq: needICMPv6},
		rowICMPv6Code:    {name: "icmpv6_code", shown: "icmp_code", header: basic(30), twins: twins{nxm1(22)}, bits: 8, size: 1, form: formDecimal, prereq: needICMPv6},
		rowNDTarget:      {name: "nd_target", header: basic(31), twins: twins{nxm1(23)}, bits: 128, size: 16, form: formIPv6, prereq: needND, flags: rw},
		rowNDSLL:         {name: "nd_sll", header: basic(32), twins: twins{nxm1(24)}, bits: 48, size: 6, form: formMAC, prereq: needNDSolicit, flags: rw},
		rowNDTLL:         {name: "nd_tll", header: basic(33), twins: twins{nxm1(25)}, bits: 48, size: 6, form: formMAC, prereq: needNDAdvert, flags: rw},
		rowNDReserved:    {name: "nd_reserved", header: oxm(classEricsson, 1), bits: 32, size: 4, form: formDecimal, prereq: needND},
		rowNDOptionsType: {name: "nd_options_type", header: oxm(classEricsson, 2), bits: 8, size: 1, form: formDecimal, prereq: needND},

		rowTCPSrc:   {name: "tcp_src", shown: "tp_src", header: basic(13), twins: twins{nxm0(9)}, bits: 16, size: 2, form: formDecimal, prereq: needTCP, flags: rw},
		rowTCPDst:   {name: "tcp_dst", shown: "tp_dst", header: basic(14), twins: twins{nxm0(10)}, bits: 16, size: 2, form: formDecimal, prereq: needTCP, flags: rw},
		rowUDPSrc:   {name: "udp_src", shown: "tp_src", header: basic(15), twins: twins{nxm0(11)}, bits: 16, size: 2, form: formDecimal, prereq: needUDP, flags: rw},
		rowUDPDst:   {name: "udp_dst", shown: "tp_dst", header: basic(16), twins: twins{nxm0(12)}, bits: 16, size: 2, form: formDecimal, prereq: needUDP, flags: rw},
		rowSCTPSrc:  {name: "sctp_src", shown: "tp_src", header: basic(17), bits: 16, size: 2, form: formDecimal, prereq: needSCTP, flags: rw},
		rowSCTPDst:  {name: "sctp_dst", shown: "tp_dst", header: basic(18), bits: 16, size: 2, form: formDecimal, prereq: needSCTP, flags: rw},
		rowTCPFlags: {name: "tcp_flags", header: basic(42), twins: twins{onf(42), nxm1(34)}, bits: 12, size: 2, form: formTCPFlags, prereq: needTCP, flags: ro},

		rowInPort:  {name: "in_port", header: nxm0(0), bits: 16, size: 2, form: formPort16},
		rowVLANTCI: {name: "vlan_tci", header: nxm0(4), bits: 16, size: 2, prereq: needEthernet, flags: rw},
		rowNwTOS:   {name: "nw_tos", header: nxm0(5), bits: 8, size: 1, form: formDecimal, prereq: needIP},
	}
	series(table, rowReg0, 16, "reg", nxm1(0), Field{bits: 32, size: 4, flags: rw})
	series(table, rowXReg0, 8, "xreg", oxm(classPacketRegs, 0), Field{bits: 64, size: 8, flags: rw})
	series(table, rowXXReg0, 4, "xxreg", nxm1(111), Field{bits: 128, size: 16, flags: rw})
	series(table, rowTunMetadata0, 64, "tun_metadata", nxm1(40), Field{bits: 992, size: 124, flags: rw | variable})
	for i := range row(4) {
		n := strconv.Itoa(int(i) + 1)
		table[rowNSHC1+i] = Field{name: "nsh_c" + n, alias: "nshc" + n, header: nsh(6 + uint32(i)), bits: 32, size: 4, prereq: needNSH, flags: rw}
	}
	for i := range table {
		table[i].row = row(i)
	}
	return table
}

// series fills n rows that differ only in their number.
func series(table []Field, first row, n int, name string, h header, like Field) {
	for i := range n {
		f := like
		f.name = name + strconv.Itoa(i)
		f.header = h + header(i)<<9
		table[int(first)+i] = f
	}
}
