package action

import (
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
)

// FuzzActions takes any text in all dialects: it ends, in actions that package flow accepts or in an error, and what is printed can be
// read again and means the same.
func FuzzActions(f *testing.F) {
	for _, text := range []string{
		`ip.ttl--; reg8[0..15] = 0; reg0 = ip4.dst; outport = "a"; flags.loopback = 1; next(pipeline=egress, table=3);`,
		`ct_commit { ct_mark.blocked = 1; }; ct_lb_mark(backends=10.0.0.1:80,[fd00::1]:80; hash_fields="ip_src"; skip_snat);`,
		`ct_commit(ct_mark=1/1, ct_label=0xffff); ct_dnat(1.2.3.4, 1-3000); ct_snat(fd00::1); ct_next(snat);`,
		`reject { eth.dst <-> eth.src; clone { output; }; }; icmp4 { icmp4.frag_mtu = 1500; };`,
		`reg0[0] = lookup_arp_ip(inport, arp.spa); put_nd(inport, nd.target, nd.sll); outport = get_fdb(eth.dst);`,
		`reg0[3] = put_dhcp_opts(offerip = 1.2.3.4, domain_search_list = "a.b,c.b", classless_static_route = {1.0.0.0/8, 1.2.3.4});`,
		`reg0[5] = put_nd_ra_opts(slla = ae:01:02:03:04:05, prefix = fd00::/64, route_info = "HIGH-fd01::/48", dnssl = "a..b,");`,
		`trigger_event(event = "empty_lb_backends", vip = "1.2.3.4:80"); log(verdict=drop, name="x"); set_meter(5, 6);`,
		`commit_lb_aff(vip = "[::1]:80", backend = "[::2]:80", proto = tcp, timeout = 3); commit_ecmp_nh(ipv6 = true, proto = udp);`,
		`sample(probability=5,collector_set=5,obs_domain=1,obs_point=$cookie); reg0 = select(values=(1=2, 3); hash_fields="ip_src");`,
		`fwd_group(liveness=true, childports="a"); xxreg1 = ct_ip6_dst(); mirror("a"); push(xxreg0); pop(xxreg0); drop;`,
	} {
		f.Add(text)
	}
	var scripts []*script
	for _, d := range []*dialect.Dialect{dialect.Default(), dialect.OVN2303(), dialect.OVN2603()} {
		scripts = append(scripts, newScript(f, d))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range scripts {
			encodeAnything(t, s, text)
		}
	})
}

func encodeAnything(t *testing.T, s *script, text string) {
	var list List
	if list.Parse(text, s.env, s.place) != nil {
		return
	}
	actions, err := list.Encode(&s.options)
	// Package flow has neither a move inside of ct, nor nesting so deep, nor the action that takes a point from a field.
	known := !strings.Contains(text, "ct_commit") && !strings.Contains(text, "obs_point") && strings.Count(text, "{") < 14
	if err == nil && known && !actions.IsCanonical() {
		t.Fatalf("%q in %s: %s (%x) is not canonical", text, s.env.dialect.Name, actions, string(actions))
	}
	printed := list.String()
	if err := list.Parse(printed, s.env, s.place); err != nil {
		t.Fatalf("%q cannot be read again: %v", printed, err)
	}
	if got := list.String(); got != printed {
		t.Fatalf("%q became %q", printed, got)
	}
}
