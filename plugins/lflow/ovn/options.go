package main

import "github.com/flowhost/flowhost/plugins/lflow/action"

// standardOptions are the options that ovn-northd writes into tables DHCP_Options and DHCPv6_Options (ovn-sb(5)).
func standardOptions() action.OptionTables {
	return action.OptionTables{
		DHCPv4: []action.Option{
			{Name: "offerip", Code: 0, Type: action.OptionIPv4},
			{Name: "netmask", Code: 1, Type: action.OptionIPv4},
			{Name: "router", Code: 3, Type: action.OptionIPv4},
			{Name: "dns_server", Code: 6, Type: action.OptionIPv4},
			{Name: "log_server", Code: 7, Type: action.OptionIPv4},
			{Name: "lpr_server", Code: 9, Type: action.OptionIPv4},
			{Name: "hostname", Code: 12, Type: action.OptionStr},
			{Name: "domain_name", Code: 15, Type: action.OptionStr},
			{Name: "swap_server", Code: 16, Type: action.OptionIPv4},
			{Name: "ip_forward_enable", Code: 19, Type: action.OptionBool},
			{Name: "policy_filter", Code: 21, Type: action.OptionIPv4},
			{Name: "default_ttl", Code: 23, Type: action.OptionUint8},
			{Name: "mtu", Code: 26, Type: action.OptionUint16},
			{Name: "broadcast_address", Code: 28, Type: action.OptionIPv4},
			{Name: "router_discovery", Code: 31, Type: action.OptionBool},
			{Name: "router_solicitation", Code: 32, Type: action.OptionIPv4},
			{Name: "arp_cache_timeout", Code: 35, Type: action.OptionUint32},
			{Name: "ethernet_encap", Code: 36, Type: action.OptionBool},
			{Name: "tcp_ttl", Code: 37, Type: action.OptionUint8},
			{Name: "tcp_keepalive_interval", Code: 38, Type: action.OptionUint32},
			{Name: "nis_server", Code: 41, Type: action.OptionIPv4},
			{Name: "ntp_server", Code: 42, Type: action.OptionIPv4},
			{Name: "netbios_name_server", Code: 44, Type: action.OptionIPv4},
			{Name: "netbios_node_type", Code: 46, Type: action.OptionUint8},
			{Name: "lease_time", Code: 51, Type: action.OptionUint32},
			{Name: "server_id", Code: 54, Type: action.OptionIPv4},
			{Name: "tftp_server", Code: 66, Type: action.OptionHostID},
			{Name: "bootfile_name", Code: 67, Type: action.OptionStr},
			{Name: "domain_search_list", Code: 119, Type: action.OptionDomains},
			{Name: "classless_static_route", Code: 121, Type: action.OptionStaticRoutes},
			{Name: "tftp_server_address", Code: 150, Type: action.OptionIPv4},
			{Name: "path_prefix", Code: 210, Type: action.OptionStr},
			{Name: "wpad", Code: 252, Type: action.OptionStr},
			{Name: "next_server", Code: 253, Type: action.OptionIPv4},
			{Name: "bootfile_name_alt", Code: 254, Type: action.OptionStr},
		},
		DHCPv6: []action.Option{
			{Name: "server_id", Code: 2, Type: action.OptionMAC},
			{Name: "ia_addr", Code: 5, Type: action.OptionIPv6},
			{Name: "dns_server", Code: 23, Type: action.OptionIPv6},
			{Name: "domain_search", Code: 24, Type: action.OptionStr},
			{Name: "fqdn", Code: 39, Type: action.OptionDomain},
			{Name: "bootfile_name", Code: 59, Type: action.OptionStr},
			{Name: "bootfile_name_alt", Code: 254, Type: action.OptionStr},
		},
	}
}
