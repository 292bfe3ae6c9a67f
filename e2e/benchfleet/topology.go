package main

import (
	"fmt"
	"strings"
)

// The topology is the same for fleets of all sizes, but for the ports of each node: a router joins all switches, so that every node has all
// of them, and every change of what all share comes to every node.
const (
	switches     = 20
	portsOfNode  = 4
	rules        = 5 // ACLs of the port group that all ports are in
	maxNodes     = 250
	balancedVIP  = "172.16.0.1:80"
	balancedBy   = "10.1.0.1:8080,10.1.0.2:8080"
	spare        = "spare" // a port that is on no node and in no group yet
	addressStart = 20      // addresses in the address set
)

func portName(node, i int) string { return fmt.Sprintf("p%d-%d", node, i) }

// northbound are the commands for ovn-nbctl that make a fleet's network.
func northbound(nodes int) (commands []string) {
	add := func(format string, args ...any) { commands = append(commands, fmt.Sprintf(format, args...)) }
	add("lr-add lr0")
	add("lb-add lb0 %s %s", balancedVIP, balancedBy)
	for s := range switches {
		add("ls-add ls%d", s)
		add("lrp-add lr0 lr0-ls%[1]d 0a:ff:00:00:00:%02[1]x 10.1.%[1]d.254/24", s)
		add("lsp-add ls%[1]d ls%[1]d-lr0", s)
		add("lsp-set-type ls%d-lr0 router", s)
		add("lsp-set-addresses ls%d-lr0 router", s)
		add("lsp-set-options ls%[1]d-lr0 router-port=lr0-ls%[1]d", s)
		add("ls-lb-add ls%d lb0", s)
	}
	var addresses, members []string
	for i := range addressStart {
		addresses = append(addresses, fmt.Sprintf("10.200.0.%d", i+1))
	}
	add("create Address_Set name=as0 addresses=%s", strings.Join(addresses, ","))
	for node := range nodes {
		for i := range portsOfNode {
			addPort(add, (node*portsOfNode+i)%switches, portName(node, i), node, i)
			members = append(members, portName(node, i))
		}
	}
	addPort(add, 0, spare, maxNodes, 0)
	add("pg-add pg0 %s", strings.Join(members, " "))
	for k := range rules {
		add("--type=port-group acl-add pg0 to-lport %d 'outport == @pg0 && ip4.src == $as0 && tcp.dst == %d' allow-related", 1000+k, 80+k)
	}
	// What makes every node have the members of the group: as in a security group that lets its own members in.
	add("--type=port-group acl-add pg0 to-lport 1500 'outport == @pg0 && ip4.src == $pg0_ip4 && udp' allow-related")
	return commands
}

func addPort(add func(string, ...any), ls int, name string, node, i int) {
	address := fmt.Sprintf("'0a:00:00:00:%02x:%02x 10.1.%d.%d'", node, i, ls, (node*portsOfNode+i)/switches+1)
	if name == spare {
		address = fmt.Sprintf("'0a:00:00:00:ff:ff 10.1.%d.253'", ls)
	}
	add("lsp-add ls%d %s", ls, name)
	add("lsp-set-addresses %s %s", name, address)
	add("lsp-set-port-security %s %s", name, address)
}

// plug are the commands for ovs-vsctl that plug in a node's ports, as devices that ovs-vswitchd makes.
func plug(node int) (commands []string) {
	for i := range portsOfNode {
		commands = append(commands, fmt.Sprintf(
			"add-port br-int %[1]s -- set Interface %[1]s type=internal external_ids:iface-id=%[1]s ofport_request=%[2]d",
			portName(node, i), i+1))
	}
	return commands
}

// A kind of change of the northbound database, and what undoes it: arguments of ovn-nbctl. The spare port is given by its UUID.
type kind struct {
	name     string
	do, undo func(n int, spare string) []string
}

// unused is an address that nothing has.
func unused(n int) string { return fmt.Sprintf("10.250.%d.%d", n>>8, n&255) }

var kinds = []kind{
	{name: "acl",
		do: func(n int, _ string) []string {
			return append([]string{"--type=port-group", "acl-add"}, append(rule(n), "allow")...)
		},
		undo: func(n int, _ string) []string { return append([]string{"--type=port-group", "acl-del"}, rule(n)...) }},
	{name: "address",
		do: func(n int, _ string) []string { return []string{"add", "Address_Set", "as0", "addresses", unused(n)} },
		undo: func(n int, _ string) []string {
			return []string{"remove", "Address_Set", "as0", "addresses", unused(n)}
		}},
	{name: "member",
		do:   func(_ int, spare string) []string { return []string{"add", "Port_Group", "pg0", "ports", spare} },
		undo: func(_ int, spare string) []string { return []string{"remove", "Port_Group", "pg0", "ports", spare} }},
	{name: "backend",
		do: func(n int, _ string) []string {
			return []string{"--may-exist", "lb-add", "lb0", balancedVIP, balancedBy + "," + unused(n) + ":8080"}
		},
		undo: func(int, string) []string { return []string{"--may-exist", "lb-add", "lb0", balancedVIP, balancedBy} }},
	{name: "port", // which every source of OVN's follows, the others only lflow
		do: func(n int, _ string) []string {
			return []string{"lsp-add", "ls0", "more", "--", "lsp-set-addresses", "more", fmt.Sprintf("0a:00:00:00:ff:fe 10.1.0.%d", 150+n%100)}
		},
		undo: func(int, string) []string { return []string{"lsp-del", "more"} }},
}

// rule is the ACL that comes and goes.
func rule(n int) []string {
	return []string{"pg0", "to-lport", "2000", fmt.Sprintf("outport == @pg0 && ip4.src == %s && tcp.dst == 80", unused(n))}
}
