package flow

// The fields, as ovs-fields(7) lists them.
var (
	PktMark      = &fields[rowPktMark]
	ConjID       = &fields[rowConjID]
	ActsetOutput = &fields[rowActsetOutput]
	PacketType   = &fields[rowPacketType]
	Metadata     = &fields[rowMetadata]
	InPort       = &fields[rowInPort]
	InPortOXM    = &fields[rowInPortOXM]

	CTState   = &fields[rowCTState]
	CTZone    = &fields[rowCTZone]
	CTMark    = &fields[rowCTMark]
	CTLabel   = &fields[rowCTLabel]
	CTNwSrc   = &fields[rowCTNwSrc]
	CTNwDst   = &fields[rowCTNwDst]
	CTIPv6Src = &fields[rowCTIPv6Src]
	CTIPv6Dst = &fields[rowCTIPv6Dst]
	CTNwProto = &fields[rowCTNwProto]
	CTTpSrc   = &fields[rowCTTpSrc]
	CTTpDst   = &fields[rowCTTpDst]

	TunID          = &fields[rowTunID]
	TunSrc         = &fields[rowTunSrc]
	TunDst         = &fields[rowTunDst]
	TunIPv6Src     = &fields[rowTunIPv6Src]
	TunIPv6Dst     = &fields[rowTunIPv6Dst]
	TunGBPID       = &fields[rowTunGBPID]
	TunGBPFlags    = &fields[rowTunGBPFlags]
	TunERSPANVer   = &fields[rowTunERSPANVer]
	TunERSPANIdx   = &fields[rowTunERSPANIdx]
	TunERSPANDir   = &fields[rowTunERSPANDir]
	TunERSPANHwID  = &fields[rowTunERSPANHwID]
	TunGTPUFlags   = &fields[rowTunGTPUFlags]
	TunGTPUMsgType = &fields[rowTunGTPUMsgType]
	TunFlags       = &fields[rowTunFlags]

	EthSrc  = &fields[rowEthSrc]
	EthDst  = &fields[rowEthDst]
	EthType = &fields[rowEthType]
	VLANVID = &fields[rowVLANVID]
	VLANPCP = &fields[rowVLANPCP]
	VLANTCI = &fields[rowVLANTCI]

	MPLSLabel = &fields[rowMPLSLabel]
	MPLSTC    = &fields[rowMPLSTC]
	MPLSTTL   = &fields[rowMPLSTTL]
	MPLSBOS   = &fields[rowMPLSBOS]

	IPSrc     = &fields[rowIPSrc]
	IPDst     = &fields[rowIPDst]
	IPv6Src   = &fields[rowIPv6Src]
	IPv6Dst   = &fields[rowIPv6Dst]
	IPv6Label = &fields[rowIPv6Label]
	IPProto   = &fields[rowIPProto]
	IPDSCP    = &fields[rowIPDSCP]
	IPECN     = &fields[rowIPECN]
	IPTTL     = &fields[rowIPTTL]
	IPFrag    = &fields[rowIPFrag]
	NwTOS     = &fields[rowNwTOS]

	ARPOp  = &fields[rowARPOp]
	ARPSPA = &fields[rowARPSPA]
	ARPTPA = &fields[rowARPTPA]
	ARPSHA = &fields[rowARPSHA]
	ARPTHA = &fields[rowARPTHA]

	NSHFlags  = &fields[rowNSHFlags]
	NSHTTL    = &fields[rowNSHTTL]
	NSHMDType = &fields[rowNSHMDType]
	NSHNP     = &fields[rowNSHNP]
	NSHSPI    = &fields[rowNSHSPI]
	NSHSI     = &fields[rowNSHSI]

	TCPSrc   = &fields[rowTCPSrc]
	TCPDst   = &fields[rowTCPDst]
	TCPFlags = &fields[rowTCPFlags]
	UDPSrc   = &fields[rowUDPSrc]
	UDPDst   = &fields[rowUDPDst]
	SCTPSrc  = &fields[rowSCTPSrc]
	SCTPDst  = &fields[rowSCTPDst]

	ICMPType      = &fields[rowICMPType]
	ICMPCode      = &fields[rowICMPCode]
	ICMPv6Type    = &fields[rowICMPv6Type]
	ICMPv6Code    = &fields[rowICMPv6Code]
	NDTarget      = &fields[rowNDTarget]
	NDSLL         = &fields[rowNDSLL]
	NDTLL         = &fields[rowNDTLL]
	NDReserved    = &fields[rowNDReserved]
	NDOptionsType = &fields[rowNDOptionsType]

	Reg         = [16]*Field(run(rowReg0, 16)) // 32 bits each
	XReg        = [8]*Field(run(rowXReg0, 8))  // 64 bits: XReg[n] is Reg[2n] above Reg[2n+1]
	XXReg       = [4]*Field(run(rowXXReg0, 4)) // 128 bits: XXReg[n] is Reg[4n] above Reg[4n+1] and so on
	NSHC        = [4]*Field(run(rowNSHC1, 4))
	TunMetadata = [64]*Field(run(rowTunMetadata0, 64))
)

// run is n rows that follow each other.
func run(first row, n int) []*Field {
	list := make([]*Field, n)
	for i := range list {
		list[i] = &fields[int(first)+i]
	}
	return list
}
