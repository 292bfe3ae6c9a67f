package parity

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
)

// packetsPerStep is how many packets are traced after a step, but for those that the scenario names.
const packetsPerStep = 60

const broadcast = "ff:ff:ff:ff:ff:ff"

// Packets are some of all that the world may send: of each kind the same number, as far as there are so many. Which ones follows from
// the seed.
func (w *world) Packets(seed string) (all []Packet) {
	h := fnv.New64a()
	h.Write([]byte(seed))
	rng := rand.New(rand.NewPCG(h.Sum64(), 0))
	kinds := w.kinds()
	names := sortedKeys(kinds)
	for _, name := range names {
		rng.Shuffle(len(kinds[name]), func(i, j int) { kinds[name][i], kinds[name][j] = kinds[name][j], kinds[name][i] })
	}
	for turn := 0; len(all) < packetsPerStep; turn++ {
		before := len(all)
		for _, name := range names {
			if turn < len(kinds[name]) && len(all) < packetsPerStep {
				all = append(all, kinds[name][turn].chosen(rng))
			}
		}
		if len(all) == before {
			break
		}
	}
	return all
}

// chosen is a packet with numbers that a datapath would choose: a hash, without which a trace ends where a group chooses a bucket by it;
// and if its connection is known, a mark, of which OVN uses the lowest bits.
func (p Packet) chosen(rng *rand.Rand) Packet {
	fields := fmt.Sprintf("dp_hash=%#x,", 1+rng.IntN(255))
	if len(p.Options) > 0 {
		fields += fmt.Sprintf("ct_mark=%#x,", rng.IntN(16))
	}
	return Packet{fields + p.Flow, p.Options}
}

// kinds are all packets, by where they come in and what they are for.
func (w *world) kinds() map[string][]Packet {
	kinds, seen := make(map[string][]Packet), make(map[string]bool)
	for _, d := range w.doors {
		for _, from := range d.from {
			of := w.from(d, from)
			for _, kind := range sortedKeys(of) {
				for _, p := range of[kind] {
					if text := p.String(); !seen[text] {
						seen[text] = true
						kinds[d.kind+" "+kind] = append(kinds[d.kind+" "+kind], p)
					}
				}
			}
		}
	}
	return kinds
}

// from are the packets of a host that come in at a door.
func (w *world) from(d door, from host) map[string][]Packet {
	kinds := make(map[string][]Packet)
	add := func(kind string, packets []Packet) { kinds[kind] = append(kinds[kind], packets...) }
	for _, to := range d.net.hosts {
		switch {
		case to.mac == broadcast: // a multicast group's exit
			add("many", many(d, from))
		case to.mac != from.mac:
			add("neighbour", w.reach(d, from, to.mac, to.ips))
		}
	}
	for _, router := range d.net.routers {
		add("router", w.reach(d, from, router.mac, router.ips))
		add("beyond", w.reach(d, from, router.mac, w.beyond(d.net)))
	}
	if d.kind == "tunnel" {
		return kinds
	}
	add("resolve", w.resolve(d, from))
	add("many", many(d, from))
	add("forged", w.forged(d, from))
	if others := slices.Concat(d.net.routers, d.net.hosts); len(others) > 0 {
		add("named", w.reach(d, from, others[0].mac, w.named()))
	}
	return kinds
}

// beyond are the addresses on other networks, and one that is nowhere.
func (w *world) beyond(near *network) (ips []netip.Addr) {
	for _, net := range w.networks {
		if net != near {
			for _, h := range net.hosts {
				ips = append(ips, h.ips...)
			}
		}
	}
	return append(ips, netip.MustParseAddr("192.0.2.99"), netip.MustParseAddr("2001:db8:99::1"))
}

// named are the addresses that flows match.
func (w *world) named() (ips []netip.Addr) {
	for _, s := range w.services {
		if s.ip.IsValid() && !slices.Contains(ips, s.ip) {
			ips = append(ips, s.ip)
		}
	}
	return ips
}

// reach makes packets of all protocols to each of some addresses that has one of its kind to come from.
func (w *world) reach(d door, from host, mac string, ips []netip.Addr) (all []Packet) {
	for _, ip := range ips {
		if source, ok := from.like(ip); ok {
			all = append(all, w.talk(d, from.mac, mac, source, ip)...)
		}
	}
	return all
}

// like is one of a host's addresses of the same family.
func (h host) like(ip netip.Addr) (netip.Addr, bool) {
	for _, own := range h.ips {
		if own.Is4() == ip.Is4() {
			return own, true
		}
	}
	return netip.Addr{}, false
}

// States that connection tracking gives a packet.
const (
	fresh       = "" // new
	established = "trk,est"
	reply       = "trk,est,rpl"
	related     = "trk,rel"
)

// with is a packet in a state, however often it is tracked.
func with(state, flow string) Packet {
	p := Packet{Flow: flow}
	for range 8 {
		if state != fresh {
			p.Options = append(p.Options, "--ct-next", state)
		}
	}
	return p
}

// talk makes packets between two addresses: echoes, to services that there are, and to a port that nobody knows.
func (w *world) talk(d door, fromMAC, toMAC string, from, to netip.Addr) (all []Packet) {
	flow := func(proto, more string) string { return ipFlow(d, fromMAC, toMAC, from, to, proto, "nw_ttl=64"+more) }
	echo, answer := ",icmp_type=8,icmp_code=0", ",icmp_type=0,icmp_code=0"
	if from.Is6() {
		echo, answer = ",icmpv6_type=128,icmpv6_code=0", ",icmpv6_type=129,icmpv6_code=0"
	}
	all = append(all, with(fresh, flow("icmp", echo)), with(reply, flow("icmp", answer)), with(related, flow("icmp", echo)),
		with(fresh, ipFlow(d, fromMAC, toMAC, from, to, "icmp", "nw_ttl=1"+echo)))
	const unknown = 4321
	services := []service{{proto: "tcp", port: unknown}, {proto: "udp", port: unknown}}
	for _, s := range w.services {
		if s.port != 0 && (!s.ip.IsValid() || s.ip == to) {
			services = append(services, s)
		}
	}
	for _, s := range services {
		ports := func(from, to uint16) string {
			return fmt.Sprintf(",%[1]s_src=%[2]d,%[1]s_dst=%[3]d", s.proto, from, to)
		}
		request, answer := flow(s.proto, ports(unknown, s.port)), flow(s.proto, ports(s.port, unknown))
		all = append(all, with(fresh, request), with(established, request), with(reply, answer))
	}
	return all
}

// resolve makes requests for Ethernet addresses, and answers.
func (w *world) resolve(d door, from host) (all []Packet) {
	targets := w.named()
	for _, h := range slices.Concat(d.net.hosts, d.net.routers) {
		targets = append(targets, h.ips...)
	}
	for _, target := range targets {
		source, ok := from.like(target)
		switch {
		case !ok:
		case target.Is4():
			all = append(all, arp(d, from.mac, broadcast, from.mac, source, target, 1))
		default:
			all = append(all, solicit(d, from.mac, source, target))
		}
	}
	for _, r := range d.net.routers {
		for _, target := range r.ips {
			if source, ok := from.like(target); ok && target.Is4() {
				all = append(all, arp(d, from.mac, r.mac, from.mac, source, target, 2))
			}
		}
	}
	return all
}

// many makes packets for more than one receiver.
func many(d door, from host) (all []Packet) {
	for _, ip := range from.ips {
		for _, c := range []struct{ mac, to, proto, more string }{
			{broadcast, "255.255.255.255", "udp", "nw_ttl=64,udp_src=68,udp_dst=67"},
			{broadcast, "255.255.255.255", "udp", "nw_ttl=64,udp_src=4321,udp_dst=4321"},
			{"01:00:5e:00:00:fb", "224.0.0.251", "udp", "nw_ttl=255,udp_src=5353,udp_dst=5353"},
			{"01:00:5e:00:00:16", "224.0.0.22", "ip", "nw_proto=2,nw_ttl=1"},
			{"0a:99:00:00:00:99", "192.0.2.98", "udp", "nw_ttl=64,udp_src=4321,udp_dst=53"},
			{"33:33:00:00:00:01", "ff02::1", "icmp", "nw_ttl=64,icmpv6_type=128,icmpv6_code=0"},
			{"33:33:00:00:00:02", "ff02::2", "icmp", "nw_ttl=255,icmpv6_type=133,icmpv6_code=0"},
			{"33:33:00:00:00:16", "ff02::16", "icmp", "nw_ttl=1,icmpv6_type=143,icmpv6_code=0"},
			{"33:33:00:01:00:02", "ff02::1:2", "udp", "nw_ttl=1,udp_src=546,udp_dst=547"},
		} {
			if to := netip.MustParseAddr(c.to); to.Is4() == ip.Is4() {
				all = append(all, with(fresh, ipFlow(d, from.mac, c.mac, ip, to, c.proto, c.more)))
			}
		}
	}
	return all
}

// forged makes packets of somebody who is not there: by Ethernet address, by IP address, by what an ARP packet says.
func (w *world) forged(d door, from host) (all []Packet) {
	for _, to := range slices.Concat(d.net.hosts, d.net.routers) {
		for _, ip := range to.ips {
			source, ok := from.like(ip)
			wrong, _ := stranger.like(ip)
			if !ok || to.mac == from.mac {
				continue
			}
			all = append(all, with(fresh, ipFlow(d, stranger.mac, to.mac, source, ip, "icmp", "nw_ttl=64")),
				with(fresh, ipFlow(d, from.mac, to.mac, wrong, ip, "icmp", "nw_ttl=64")))
			if ip.Is4() {
				all = append(all, arp(d, from.mac, broadcast, stranger.mac, source, ip, 1), arp(d, from.mac, broadcast, from.mac, wrong, ip, 1))
			}
		}
	}
	return all
}

// ipFlow is the flow of an IP packet.
func ipFlow(d door, fromMAC, toMAC string, from, to netip.Addr, proto, more string) string {
	sort, address := "", "nw"
	if from.Is6() {
		sort, address = "6", "ipv6"
	}
	return strings.Join([]string{d.at, proto + sort, "dl_src=" + fromMAC, "dl_dst=" + toMAC, address + "_src=" + from.String(),
		address + "_dst=" + to.String(), more}, ",")
}

// arp is an ARP packet: a request (1) or an answer (2).
func arp(d door, fromMAC, toMAC, sha string, spa, tpa netip.Addr, op int) Packet {
	tha := "00:00:00:00:00:00"
	if op == 2 {
		tha = toMAC
	}
	return Packet{Flow: fmt.Sprintf("%s,arp,dl_src=%s,dl_dst=%s,arp_op=%d,arp_spa=%s,arp_tpa=%s,arp_sha=%s,arp_tha=%s",
		d.at, fromMAC, toMAC, op, spa, tpa, sha, tha)}
}

// solicit is a neighbour solicitation, to the target's multicast addresses (RFC 4861 §4.3).
func solicit(d door, fromMAC string, from, target netip.Addr) Packet {
	last := target.As16()
	group := netip.AddrFrom16([16]byte{0xff, 2, 11: 1, 12: 0xff, 13: last[13], 14: last[14], 15: last[15]})
	mac := fmt.Sprintf("33:33:ff:%02x:%02x:%02x", last[13], last[14], last[15])
	return with(fresh, ipFlow(d, fromMAC, mac, from, group, "icmp",
		fmt.Sprintf("nw_ttl=255,icmpv6_type=135,icmpv6_code=0,nd_target=%s,nd_sll=%s", target, fromMAC)))
}
