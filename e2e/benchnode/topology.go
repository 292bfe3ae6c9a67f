package main

import (
	"fmt"
	"strings"
)

// A topology is a cloud with a router that joins all switches. All ports have addresses and port security, and are on this node; those of
// a switch are in a port group with ACLs over shared address sets, but for the spare ones, which come and go. Load balancers are on
// all switches.
type topology struct {
	name            string
	switches, ports int // ports of each switch
	acls, balancers int // ACLs of each switch
}

// bySize are those that are named by how many flows ovn-controller makes of them, about. The last one has 2,000 ports.
var bySize = []string{"1k", "50k", "250k"}

// sizes are all topologies.
var sizes = []topology{
	{name: "1k", switches: 1, ports: 8, acls: 5, balancers: 2},
	{name: "50k", switches: 10, ports: 40, acls: 28, balancers: 10},
	{name: "250k", switches: 40, ports: 50, acls: 30, balancers: 10},
	{name: "1000-ports", switches: 20, ports: 50, acls: 2},
}

// spare ports of each switch are in no address set's and no port group's way: they are not plugged in when a measurement begins.
const spare = 2

// addressSets are shared by all switches.
const addressSets, addressesOfSet = 5, 20

// portName is port i of switch s; the last ones are spare.
func portName(s, i int) string { return fmt.Sprintf("p%d-%d", s, i) }

// groupName is the port group of a switch.
func groupName(s int) string { return fmt.Sprintf("pg%d", s) }

// northbound are the commands for ovn-nbctl.
func (t topology) northbound() (commands []string) {
	add := func(format string, args ...any) { commands = append(commands, fmt.Sprintf(format, args...)) }
	add("lr-add lr0")
	for k := range addressSets {
		var list []string
		for j := range addressesOfSet {
			list = append(list, fmt.Sprintf("10.%d.0.%d", 200+k, j+1))
		}
		add("create Address_Set name=as%d addresses=%s", k, strings.Join(list, ","))
	}
	for s := range t.switches {
		t.addSwitch(s, add)
	}
	for l := range t.balancers {
		add("lb-add lb%d 172.16.%d.%d:80 10.1.0.1:8080,10.1.0.2:8080,10.1.0.3:8080", l, l>>8, l&255)
		for s := range t.switches {
			add("ls-lb-add ls%d lb%d", s, l)
		}
	}
	return commands
}

func (t topology) addSwitch(s int, add func(string, ...any)) {
	add("ls-add ls%d", s)
	add("lrp-add lr0 lr0-ls%[1]d 0a:ff:00:00:00:%02[1]x 10.1.%[1]d.254/24 fd00:%[1]x::fffe/64", s)
	add("lsp-add ls%[1]d ls%[1]d-lr0", s)
	add("lsp-set-type ls%d-lr0 router", s)
	add("lsp-set-addresses ls%d-lr0 router", s)
	add("lsp-set-options ls%[1]d-lr0 router-port=lr0-ls%[1]d", s)
	var members []string
	for i := range t.ports + spare {
		name, address := portName(s, i), fmt.Sprintf("'0a:00:00:00:%02x:%02x 10.1.%d.%d fd00:%x::%x'", s, i, s, i+1, s, i+1)
		add("lsp-add ls%d %s", s, name)
		add("lsp-set-addresses %s %s", name, address)
		add("lsp-set-port-security %s %s", name, address)
		if i < t.ports {
			members = append(members, name)
		}
	}
	add("pg-add %s %s", groupName(s), strings.Join(members, " "))
	for k := range t.acls {
		t.addACL(s, k, add)
	}
}

// addACL adds one ACL of four kinds.
func (t topology) addACL(s, k int, add func(string, ...any)) {
	direction, port := "from-lport", "inport"
	if k%2 == 1 {
		direction, port = "to-lport", "outport"
	}
	match := []string{
		fmt.Sprintf("ip4.src == $as%d && tcp.dst == {%d, 443, %d}", k%addressSets, 80+k, 8000+k),
		fmt.Sprintf("ip4.dst == $as%d && udp.dst == %d", k%addressSets, 1000+k),
		fmt.Sprintf("ip6 && tcp.dst >= %d && tcp.dst <= %d", 1000+k, 1100+k),
		"icmp4",
	}[k%4]
	verdict := []string{"allow-related", "drop", "allow", "reject"}[k/4%4]
	add("--type=port-group acl-add %s %s %d '%s == @%s && %s' %s", groupName(s), direction, 1000+k, port, groupName(s), match, verdict)
}

// plug are the commands for ovs-vsctl that plug all ports in but the spare ones.
func (t topology) plug() (commands []string) {
	number := 0
	for s := range t.switches {
		for i := range t.ports {
			number++
			commands = append(commands, plugPort(portName(s, i), number))
		}
	}
	return commands
}

// plugPort plugs a port in, as a device that ovs-vswitchd makes.
func plugPort(name string, number int) string {
	return fmt.Sprintf("add-port br-int %[1]s -- set Interface %[1]s type=internal external_ids:iface-id=%[1]s ofport_request=%[2]d",
		name, number)
}
