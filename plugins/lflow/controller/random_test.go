package controller

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// random makes matches. Constants of a field are close to each other, so that sets overlap and cover each other.
type random struct{ *rand.Rand }

func (r random) one(list ...string) string { return list[r.IntN(len(list))] }

// match is a match with up to depth levels of parentheses, sometimes none that OVN takes.
func (r random) match(depth int) string {
	var b strings.Builder
	operator := r.one(" && ", " || ")
	for i := range 1 + r.IntN(3) {
		if i > 0 {
			b.WriteString(operator)
			if r.IntN(200) == 0 {
				operator = " || " // mixed with && an error
			}
		}
		switch {
		case depth > 0 && r.IntN(3) == 0:
			b.WriteString(r.one("(", "(", "!(") + r.match(depth-1) + ")")
		default:
			b.WriteString(r.term())
		}
	}
	return b.String()
}

func (r random) term() string {
	switch r.IntN(8) {
	case 0:
		return r.one("", "", "!") + r.one("ip4", "ip6", "ip", "tcp", "udp", "sctp", "icmp4", "icmp6", "arp", "nd", "nd_ns", "eth.mcast",
			"eth.bcast", "ip4.mcast", "ip6.mcast", "ip.is_frag", "ip.later_frag", "ip.first_frag", "vlan.present", "ct.est", "ct.new", "ct.rpl", "ct.trk",
			"ct.dnat", "flags.loopback", "mldv1", "igmp", "nd_rs", "ct_mark.natted", "ct_label.blocked", "1", "0")
	case 1:
		return r.one("inport", "outport") + r.one(" == ", " == ", " != ") + r.one(`"a"`, `"b"`, `{"a", "b"}`, "@both", "@nowhere", `"nowhere"`, "1")
	case 2:
		return r.one("", "!") + "is_chassis_resident(" + r.one(`"a"`, `"c"`, `"nowhere"`, `a`) + ")"
	case 3:
		return r.one("ip4.src", "ip4.dst", "ip6.src") + r.one(" == ", " == ", " != ") +
			r.one("$few", "$nets", "$none", "$mixed", "{$few, 10.0.0.9}", "$nowhere")
	}
	return r.comparison()
}

func (r random) comparison() string {
	field := r.one("ip4.src", "ip4.dst", "ip6.src", "ip6.dst", "tcp.dst", "udp.src", "sctp.dst", "eth.src", "eth.dst", "eth.type", "reg0", "reg1[3..9]",
		"xxreg0", "xreg1", "ct_label[3..9]", "ct_mark", "ip.ttl", "ip.proto", "ip.dscp", "ip.ecn", "vlan.pcp", "vlan.vid", "arp.op", "arp.spa", "nd.target",
		"icmp4.type", "icmp6.code", "flags[2..3]", "ct_state", "pkt.mark", "ip6.label", "tcp.flags", "nd.sll", "tun_id")
	switch r.IntN(6) {
	case 0:
		return fmt.Sprintf("%s %s %s", r.constant(field), r.one("<", "<=", "==", "!="), field)
	case 1:
		return fmt.Sprintf("%s <= %s < %s", r.constant(field), field, r.constant(field))
	case 2:
		members := make([]string, 1+r.IntN(4))
		for i := range members {
			members[i] = r.constant(field)
		}
		return fmt.Sprintf("%s %s {%s}", field, r.one("==", "==", "!="), strings.Join(members, ", "))
	}
	return fmt.Sprintf("%s %s %s", field, r.one("==", "==", "==", "!=", "<", ">="), r.constant(field))
}

// constant is one that fits the field, mostly.
func (r random) constant(field string) string {
	n := r.IntN(8)
	switch {
	case r.IntN(60) == 0:
		return r.one("0x12345678901234567890", "10.0.0.1", "::1", `"a"`, "{1, 2}", "0/0", "1.2.3.4/300", "")
	case strings.HasPrefix(field, "ip4") || field == "arp.spa":
		return r.one(fmt.Sprintf("10.0.0.%d", n), fmt.Sprintf("10.0.0.%d", n), fmt.Sprintf("10.0.%d.0/24", n%2), fmt.Sprintf("0.0.0.%d/0.0.0.15", n))
	case strings.HasPrefix(field, "ip6.s") || strings.HasPrefix(field, "ip6.d") || field == "nd.target":
		return r.one(fmt.Sprintf("fd00::%d", n), fmt.Sprintf("fd00:%d::/32", n))
	case strings.HasPrefix(field, "eth.s") || strings.HasPrefix(field, "eth.d") || field == "nd.sll":
		return r.one(fmt.Sprintf("0a:00:00:00:00:0%d", n), "01:00:00:00:00:00/01:00:00:00:00:00")
	case r.IntN(4) == 0:
		return fmt.Sprintf("%d/%d", n, n|r.IntN(8))
	}
	return r.one(fmt.Sprint(n), fmt.Sprintf("%#x", n))
}
