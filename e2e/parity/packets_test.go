package parity

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func hostOf(mac string, ips ...string) host {
	h := host{mac: mac}
	for _, ip := range ips {
		h.ips = append(h.ips, netip.MustParseAddr(ip))
	}
	return h
}

// smallWorld is two switches and a router, with a workload, a way out and a tunnel.
func smallWorld() *world {
	ls0 := &network{key: 1, hosts: []host{hostOf("0a:00:00:00:00:01", "10.0.0.1", "fd00::1"), hostOf("0a:00:00:00:00:02", "10.0.0.2")},
		routers: []host{hostOf("0a:ff:00:00:00:00", "10.0.0.254")}}
	ls1 := &network{key: 2, hosts: []host{hostOf("0a:00:00:00:00:03", "10.0.1.3")}}
	return &world{
		networks: []*network{ls0, ls1},
		doors: []door{
			{"vif", "in_port=1", ls0, ls0.hosts[:1]},
			{"outside", "in_port=2", ls0, outsiders(ls0)},
			{"tunnel", "in_port=3,tun_id=0x1,tun_metadata0=0x20001", &network{key: 1, hosts: ls0.hosts[:1]}, ls0.hosts[1:]},
		},
		services: []service{{netip.MustParseAddr("172.16.0.10"), "tcp", 80}, {netip.Addr{}, "udp", 53}},
	}
}

func TestPacketsAreOfEachKind(t *testing.T) {
	w := smallWorld()
	packets := w.Packets("a")
	if len(packets) != packetsPerStep {
		t.Errorf("%d packets", len(packets))
	}
	if again := smallWorld().Packets("a"); !cmp.Equal(packets, again) {
		t.Error("the same seed makes other packets")
	}
	if other := smallWorld().Packets("b"); cmp.Equal(packets, other) {
		t.Error("another seed makes the same packets")
	}
	kinds := w.kinds()
	if want := []string{"outside beyond", "outside forged", "outside many", "outside named", "outside neighbour", "outside resolve", "outside router",
		"tunnel neighbour", "vif beyond", "vif forged", "vif many", "vif named", "vif neighbour", "vif resolve", "vif router"}; !slices.Equal(want, sortedKeys(kinds)) {
		t.Errorf("kinds %v", sortedKeys(kinds))
	}
	var all strings.Builder
	for _, name := range sortedKeys(kinds) {
		for _, p := range kinds[name] {
			all.WriteString(p.String() + "\n")
		}
	}
	for _, want := range []string{
		"in_port=1,icmp,dl_src=0a:00:00:00:00:01,dl_dst=0a:00:00:00:00:02,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=64,icmp_type=8,icmp_code=0\n",
		"in_port=1,tcp,dl_src=0a:00:00:00:00:01,dl_dst=0a:ff:00:00:00:00,nw_src=10.0.0.1,nw_dst=172.16.0.10,nw_ttl=64,tcp_src=80,tcp_dst=4321 --ct-next trk,est,rpl",
		"in_port=1,arp,dl_src=0a:00:00:00:00:01,dl_dst=ff:ff:ff:ff:ff:ff,arp_op=1,arp_spa=10.0.0.1,arp_tpa=10.0.0.254,arp_sha=0a:00:00:00:00:01",
		"in_port=2,icmp,dl_src=0a:99:00:00:00:02,dl_dst=0a:ff:00:00:00:00,nw_src=10.0.0.200,nw_dst=10.0.1.3",
		"in_port=3,tun_id=0x1,tun_metadata0=0x20001,udp,dl_src=0a:00:00:00:00:02,dl_dst=0a:00:00:00:00:01,nw_src=10.0.0.2,nw_dst=10.0.0.1,nw_ttl=64,udp_src=4321,udp_dst=53\n",
		"in_port=1,icmp,dl_src=0a:99:00:00:00:01,dl_dst=0a:00:00:00:00:02,nw_src=10.0.0.1",
		"in_port=1,udp6,dl_src=0a:00:00:00:00:01,dl_dst=33:33:00:01:00:02,ipv6_src=fd00::1,ipv6_dst=ff02::1:2",
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no packet %s", want)
		}
	}
}

func TestServicesAreWhatFlowsMatch(t *testing.T) {
	got := readServices([]string{
		"cookie=0x1, table=14, priority=120,ct_state=+new-rel+trk,tcp,metadata=0x2,nw_dst=172.16.0.10,tp_dst=80 actions=group:1",
		"cookie=0x1, table=47, priority=2001,udp6,reg15=0x2,metadata=0x2,tp_dst=0x3e8/0xfff8 actions=drop",
		"cookie=0x1, table=21, priority=74,ip,metadata=0x1,nw_dst=10.0.0.0/24 actions=dec_ttl,nat(dst=10.9.9.9)",
		"cookie=0x1, table=25, priority=100,icmp6,metadata=0x1,nd_target=fd00::1 actions=drop",
		"cookie=0x1, table=25, priority=100,ip,metadata=0x1,nw_dst=224.0.0.0/4 actions=drop",
		"cookie=0x1, table=25, priority=100,ipv6,metadata=0x1,ipv6_dst=fe80::/64 actions=drop",
	})
	want := []service{{netip.MustParseAddr("172.16.0.10"), "tcp", 80}, {netip.Addr{}, "udp", 1000},
		{ip: netip.MustParseAddr("10.0.0.1")}, {ip: netip.MustParseAddr("fd00::1")}}
	if !slices.Equal(want, got) {
		t.Errorf("%v", got)
	}
}
