package portsecurity

import (
	"net/netip"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Numbers on the wire (RFC 826, RFC 4861, RFC 2710, RFC 3810, RFC 2131).
const (
	etherTypeIPv4 = 0x0800
	etherTypeARP  = 0x0806
	etherTypeIPv6 = 0x86dd

	protoUDP    = 17
	protoICMPv6 = 58

	typeListenerReport   = 131 // MLD
	typeSolicitation     = 135
	typeAdvertisement    = 136
	typeListenerReportV2 = 143 // MLDv2

	portDHCPServer = 67
	portDHCPClient = 68

	hopLimit         = 255
	hopLimitMistyped = 225
)

var (
	isARP  = flow.EthType.Is(etherTypeARP)
	isIPv4 = flow.EthType.Is(etherTypeIPv4)
	isIPv6 = flow.EthType.Is(etherTypeIPv6)

	// linkScope is where a station that has no address yet speaks to.
	linkScope = netip.MustParsePrefix("ff02::/16")
)

// isICMPv6 matches a type of ICMPv6, whose code is 0.
func isICMPv6(kind uint64, terms ...flow.Term) []flow.Term {
	return append(terms, isIPv6, flow.IPProto.Is(protoICMPv6), flow.ICMPv6Type.Is(kind), flow.ICMPv6Code.Is(0))
}

// ingressDefaults deny what no entry allows, but leave all ARP to the next table.
func (m *maker) ingressDefaults() {
	m.add(stageIn, 80, deny)
	m.add(stageIn, 95, next, isARP)
}

// ingress is what a station may send: from its addresses, and what it needs to get one by DHCP and autoconfiguration.
func (m *maker) ingress(s *station) {
	from := flow.EthSrc.IsBytes(s.mac[:])
	if s.anyIP() {
		m.add(stageIn, 90, next, from)
	}
	for _, ip := range s.ip4 {
		m.add(stageIn, 90, allow, from, isIPv4, matches(flow.IPSrc, ip))
	}
	if len(s.ip4) > 0 {
		m.add(stageIn, 90, allow, from, isIPv4, flow.IPSrc.IsIP(netip.IPv4Unspecified()), flow.IPDst.Is(broadcast),
			flow.IPProto.Is(protoUDP), flow.UDPSrc.Is(portDHCPClient), flow.UDPDst.Is(portDHCPServer))
	}
	for _, ip := range s.ip6 {
		m.add(stageIn, 90, next, from, isIPv6, matches(flow.IPv6Src, ip))
	}
	if len(s.ip6) > 0 {
		m.add(stageIn, 90, next, from, flow.IPv6Src.IsIP(s.mac.LinkLocal()))
		unspecified := func(kind uint64) []flow.Term {
			return isICMPv6(kind, from, flow.IPv6Src.IsIP(netip.IPv6Unspecified()), flow.IPv6Dst.IsPrefix(linkScope))
		}
		m.add(stageIn, 90, allow, unspecified(typeListenerReport)...)
		m.add(stageIn, 90, allow, unspecified(typeListenerReportV2)...)
		m.add(stageIn, 90, next, unspecified(typeSolicitation)...)
	}
}

// neighborDefaults deny ARP and neighbor discovery that no entry allows.
func (m *maker) neighborDefaults() {
	discovery := func(kind uint64) []flow.Term {
		return []flow.Term{isIPv6, flow.IPProto.Is(protoICMPv6), flow.IPTTL.Is(hopLimit), flow.ICMPv6Type.Is(kind)}
	}
	solicitations := deny
	if m.dialect.PassSolicitations {
		solicitations = allow
	}
	m.add(stageInND, 80, deny, isARP)
	m.add(stageInND, 80, deny, discovery(typeAdvertisement)...)
	m.add(stageInND, 80, solicitations, discovery(typeSolicitation)...)
}

// neighbor is what a station may say of itself in ARP and neighbor discovery.
func (m *maker) neighbor(s *station) {
	from := flow.EthSrc.IsBytes(s.mac[:])
	if s.anyIP() {
		m.add(stageInND, 90, allow, from, isARP, flow.ARPSHA.IsBytes(s.mac[:]))
	}
	for _, ip := range s.ip4 {
		m.add(stageInND, 90, allow, from, isARP, flow.ARPSHA.IsBytes(s.mac[:]), matches(flow.ARPSPA, ip))
	}
	limit := flow.IPTTL.Is(hopLimit)
	if m.dialect.MistypedHopLimit {
		limit = flow.IPTTL.Is(hopLimitMistyped)
	}
	for _, mac := range [][]byte{make([]byte, 6), s.mac[:]} { // no link-layer address, or its own
		m.add(stageInND, 90, allow, isICMPv6(typeSolicitation, limit, flow.NDSLL.IsBytes(mac))...)
		own := flow.NDTLL.IsBytes(mac)
		if len(s.ip6) == 0 {
			m.add(stageInND, 90, allow, isICMPv6(typeAdvertisement, limit, own)...)
			continue
		}
		m.add(stageInND, 90, allow, isICMPv6(typeAdvertisement, limit, own, flow.NDTarget.IsIP(s.mac.LinkLocal()))...)
		for _, ip := range s.ip6 {
			m.add(stageInND, 90, allow, isICMPv6(typeAdvertisement, from, own, matches(flow.NDTarget, ip))...)
		}
	}
}
