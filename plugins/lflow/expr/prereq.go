package expr

// Protocol numbers that OpenFlow's prerequisites speak of (ovs-fields(7)).
const (
	ethIPv4 = 0x0800
	ethARP  = 0x0806
	ethRARP = 0x8035
	ethIPv6 = 0x86dd

	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
	protoSCTP   = 132

	ndSolicit = 135
	ndAdvert  = 136
)

// slotRange is a set with a bit for each slot from first to last.
func slotRange(first, last slot) uint64 { return 1<<(last+1) - 1<<first }

// decisiveSlots are those whose values decide what else there is.
const decisiveSlots = 1<<slotEthType | 1<<slotIPProto | 1<<slotICMPv6Type

// unmet is the slots of a match whose prerequisites it does not match (ovs-fields(7)). What a logical field needs is a part of
// each expression (Annotate), so that it takes a negated predicate to leave one.
func (c *constraints) unmet() uint64 {
	met := slotRange(slotPktMark, slotEthType) | slotRange(slotReg0, slotEthDst)
	ether := c.exact(slotEthType)
	switch ether {
	case ethIPv4:
		met |= slotRange(slotIPSrc, slotIPDst)
	case ethIPv6:
		met |= slotRange(slotIPv6Src, slotIPv6Label)
	case ethARP, ethRARP:
		return c.set &^ (met | slotRange(slotARPSPA, slotARPTPA) | slotRange(slotARPOp, slotARPTHA))
	default:
		return c.set &^ met
	}
	met |= 1<<slotIPProto | slotRange(slotIPDSCP, slotIPFrag)
	switch proto := c.exact(slotIPProto); {
	case proto == protoTCP:
		met |= slotRange(slotTCPSrc, slotTCPDst) | 1<<slotTCPFlags
	case proto == protoUDP:
		met |= slotRange(slotUDPSrc, slotUDPDst)
	case proto == protoSCTP:
		met |= slotRange(slotSCTPSrc, slotSCTPDst)
	case proto == protoICMP && ether == ethIPv4:
		met |= slotRange(slotICMPType, slotICMPCode)
	case proto == protoICMPv6 && ether == ethIPv6:
		met |= slotRange(slotICMPv6Type, slotICMPv6Code) | c.neighborDiscovery()
	}
	return c.set &^ met
}

// neighborDiscovery is the slots that the type of an ICMPv6 message allows.
func (c *constraints) neighborDiscovery() uint64 {
	switch c.exact(slotICMPv6Type) {
	case ndSolicit:
		return 1<<slotNDTarget | 1<<slotNDSLL
	case ndAdvert:
		return 1<<slotNDTarget | 1<<slotNDTLL
	}
	return 0
}

// exact is the value of a slot, 0 when it is not matched.
func (c *constraints) exact(s slot) uint64 {
	if c.set&(1<<s) == 0 {
		return 0
	}
	return c.values[s].Lo
}
