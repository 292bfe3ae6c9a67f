package flow

// row is the place of a field in the table. The order of the rows is the order of the TLVs in a canonical match: that in
// which Open vSwitch prints them, except that what others need comes before them (it checks prerequisites in order).
type row uint8

const (
	rowPktMark row = iota
	rowConjID
	rowActsetOutput
	rowCTState
	rowCTZone
	rowCTMark
	rowCTLabel
	rowPacketType // before all that need a kind of packet: after them Open vSwitch takes it for the second of its kind
	rowEthType
	rowIPProto
	rowCTNwSrc
	rowCTIPv6Src
	rowCTNwDst
	rowCTIPv6Dst
	rowCTNwProto
	rowCTTpSrc
	rowCTTpDst
	rowReg0 // and 15 more
)

const (
	rowTunID = rowReg0 + 16 + iota
	rowTunSrc
	rowTunDst
	rowTunIPv6Src
	rowTunIPv6Dst
	rowTunGBPID
	rowTunGBPFlags
	rowTunERSPANVer
	rowTunERSPANIdx
	rowTunERSPANDir
	rowTunERSPANHwID
	rowTunGTPUFlags
	rowTunGTPUMsgType
	rowTunFlags
	rowTunMetadata0 // and 63 more
)

const (
	rowMetadata = rowTunMetadata0 + 64 + iota
	rowInPortOXM
	rowVLANVID
	rowVLANPCP
	rowEthSrc
	rowEthDst
	rowIPv6Src
	rowIPv6Dst
	rowIPv6Label
	rowNSHFlags
	rowNSHTTL
	rowNSHMDType
	rowNSHNP
	rowNSHSPI
	rowNSHSI
	rowNSHC1 // and 3 more
)

const (
	rowARPSPA = rowNSHC1 + 4 + iota
	rowARPTPA
	rowIPSrc
	rowIPDst
	rowARPOp
	rowARPSHA
	rowARPTHA
	rowIPDSCP
	rowIPECN
	rowIPTTL
	rowMPLSLabel
	rowMPLSTC
	rowMPLSTTL
	rowMPLSBOS
	rowIPFrag
	rowICMPType
	rowICMPCode
	rowICMPv6Type
	rowICMPv6Code
	rowNDTarget
	rowNDSLL
	rowNDTLL
	rowNDReserved
	rowNDOptionsType
	rowTCPSrc
	rowTCPDst
	rowUDPSrc
	rowUDPDst
	rowSCTPSrc
	rowSCTPDst
	rowTCPFlags
	firstView
)

// Views: fields of their own in actions, folded to those above in a match.
const (
	rowXReg0   = firstView    // and 7 more
	rowXXReg0  = rowXReg0 + 8 // and 3 more
	rowInPort  = rowXXReg0 + 4
	rowVLANTCI = rowInPort + 1
	rowNwTOS   = rowInPort + 2
	rowCount   = rowInPort + 3
)
