package portsecurity

import (
	"encoding/binary"
	"net/netip"

	"github.com/flowhost/flowhost/sdk/flow"
)

const broadcast = 0xffffffff // 255.255.255.255

var (
	multicast4 = netip.MustParsePrefix("224.0.0.0/4")
	multicast6 = netip.MustParsePrefix("ff00::/8")
)

// egressDefaults deny what no entry allows.
func (m *maker) egressDefaults() { m.add(stageOut, 80, deny) }

// egress is what a station gets: all that is for its Ethernet address, but of IP only what is for its addresses.
func (m *maker) egress(s *station) {
	to := flow.EthDst.IsBytes(s.mac[:])
	m.add(stageOut, 85, allow, to)
	if s.anyIP() {
		return
	}
	m.add(stageOut, 90, deny, to, isIPv4)
	m.add(stageOut, 90, deny, to, isIPv6)
	for _, ip := range s.ip4 {
		m.add(stageOut, 95, allow, to, isIPv4, matches(flow.IPDst, ip))
		if !ip.IsSingleIP() && ip != ip.Masked() {
			m.add(stageOut, 95, allow, to, flow.IPDst.Is(uint64(subnetBroadcast(ip))))
		}
	}
	if len(s.ip4) > 0 {
		m.add(stageOut, 95, allow, to, flow.IPDst.Is(broadcast))
		m.add(stageOut, 95, allow, to, flow.IPDst.IsPrefix(multicast4))
	}
	for _, ip := range s.ip6 {
		m.add(stageOut, 95, allow, to, isIPv6, matches(flow.IPv6Dst, ip))
	}
	if len(s.ip6) > 0 {
		m.add(stageOut, 95, allow, to, flow.IPv6Dst.IsIP(s.mac.LinkLocal()))
		m.add(stageOut, 95, allow, to, flow.IPv6Dst.IsPrefix(multicast6))
	}
}

// subnetBroadcast is the last address of an IPv4 prefix.
func subnetBroadcast(ip netip.Prefix) uint32 {
	a := ip.Addr().As4()
	return binary.BigEndian.Uint32(a[:]) | ^uint32(0)>>ip.Bits()
}
