package parity

import (
	"fmt"
	"strings"
)

// serviceKinds are about what ovn-controller answers for a network.
var serviceKinds = []kind{
	{"DHCP", addDHCP}, {"DHCPv6", addDHCPv6}, {"use DHCP", useDHCP}, {"use DHCP", useDHCP}, {"DHCP options", setDHCP},
	{"DNS", addDNS}, {"DNS records", setDNS}, {"use DNS", useDNS},
}

func addDHCP(w *walker) []Command {
	if w.count("DHCP") >= 2 {
		return nil
	}
	id, s := w.uuid(), pick(w, w.switches, nil)
	w.remember("DHCP", id, nb("destroy DHCP_Options %s", id))
	return []Command{nb("--id=%s create DHCP_Options cidr=10.%d.0.0/16 options:server_id=10.%d.255.254"+
		" options:server_mac=%s options:lease_time=3600",
		id, s.net, s.net, quoted("0a:ff:00:00:00:00"))}
}

func addDHCPv6(w *walker) []Command {
	if w.count("DHCPv6") >= 2 {
		return nil
	}
	id, s := w.uuid(), pick(w, w.switches, nil)
	w.remember("DHCPv6", id, nb("destroy DHCP_Options %s", id))
	cidr := fmt.Sprintf("fd00:%d::/64", s.net)
	return []Command{nb("--id=%s create DHCP_Options cidr=%s options:server_id=%s", id, quoted(cidr), quoted("0a:ff:00:00:00:00"))}
}

// useDHCP gives options to a port of the network that they are for, if there is one.
func useDHCP(w *walker) []Command {
	kind, column := "DHCP", "dhcpv4_options"
	if w.in(2) {
		kind, column = "DHCPv6", "dhcpv6_options"
	}
	id, v := w.thing(kind), pick(w, w.vifs, func(v *vif) bool { return !v.remote || w.in(4) })
	if id == "" || v == nil {
		return nil
	}
	// The network of the port, so that they fit: northd leaves out those that do not.
	cidr := fmt.Sprintf("10.%d.0.0/16", v.at.net)
	if kind == "DHCPv6" {
		cidr = fmt.Sprintf("fd00:%d::/64", v.at.net)
	}
	w.added(nb("clear Logical_Switch_Port %s %s", v.name, column), v.name)
	return []Command{nb("set DHCP_Options %s cidr=%s -- set Logical_Switch_Port %s %s=%s", id, quoted(cidr), v.name, column, id)}
}

var (
	dhcpSettings = []setting{
		{"options:router=10.1.255.254"},
		{"options:dns_server={8.8.8.8, 9.9.9.9}"},
		{"options:mtu=1400"},
		{"options:domain_name=\"ovn.org\""},
		{"options:classless_static_route={30.0.0.0/24,10.1.0.4, 0.0.0.0/0,10.1.0.1}"},
		{"options:bootfile_name=\"boot\"", "options:tftp_server_address={10.0.0.4}"},
		{"options:ip_forward_enable=1", "options:default_ttl=64"},
		{"options:domain_search_list=\"abc.com,def.com\""},
	}
	dhcpv6Settings = []setting{
		{"options:dns_server={fd00::53, fd00::54}"},
		{"options:domain_search=\"ovn.org\""},
		{"options:dhcpv6_stateless=true"},
	}
)

func setDHCP(w *walker) []Command {
	kind, settings := "DHCP", dhcpSettings
	if w.in(3) {
		kind, settings = "DHCPv6", dhcpv6Settings
	}
	id := w.thing(kind)
	if id == "" {
		return nil
	}
	return w.set("nb", "DHCP_Options", id, 0, settings)
}

// records are names of some ports.
func (w *walker) records() string {
	all := []string{`"fixed.ovn"="10.99.0.1 fd99::1"`}
	for _, v := range w.vifs {
		if w.in(3) {
			all = append(all, fmt.Sprintf(`"%s.ovn"="%s %s"`, v.name, v.ip4(), v.ip6()))
		}
	}
	return strings.Join(all, ",")
}

func addDNS(w *walker) []Command {
	if w.count("DNS") >= 2 {
		return nil
	}
	id := w.uuid()
	w.remember("DNS", id, nb("destroy DNS %s", id))
	return []Command{nb("--id=%s create DNS records=%s", id, w.records())}
}

func setDNS(w *walker) []Command {
	id := w.thing("DNS")
	if id == "" {
		return nil
	}
	return []Command{nb("set DNS %s records=%s", id, w.records())}
}

func useDNS(w *walker) []Command {
	id, s := w.thing("DNS"), pick(w, w.switches, nil)
	if id == "" {
		return nil
	}
	w.added(nb("remove Logical_Switch %s dns_records %s", s.name, id), s.name, id)
	return []Command{nb("add Logical_Switch %s dns_records %s", s.name, id)}
}
