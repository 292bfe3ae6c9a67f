package parity

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// A world is what there is on a node and behind it, for packets to be made from.
type world struct {
	doors    []door
	networks []*network
	services []service
}

// A host is an Ethernet address and the IP addresses that it has.
type host struct {
	mac string
	ips []netip.Addr
}

// A network is a logical datapath.
type network struct {
	key     int    // of tunnels
	hosts   []host // on it, here and elsewhere
	routers []host // the routers' ports that it leads to; empty for a router
	exits   []exit
}

// An exit is what a packet in a tunnel may be for: a port or a multicast group.
type exit struct {
	key int
	host
}

// A door is where packets come in.
type door struct {
	kind string // vif, outside or tunnel
	at   string // the fields of a flow that say so
	net  *network
	from []host // who may send there
}

// A service is what a flow matches: an address, or a port, or both.
type service struct {
	ip    netip.Addr
	proto string // of the port: tcp, udp or sctp
	port  uint16 // 0: any
}

// binding is a row of Port_Binding.
type binding struct {
	name, kind, datapath, peer, parent, tag string
	key                                     int
	hosts                                   []host
}

// readWorld reads the southbound database, the ports of a node, and what its flows match.
func readWorld(node *ovstest.Sandbox, flows []string) (*world, error) {
	bindings, err := readBindings(node)
	if err != nil {
		return nil, err
	}
	w := &world{services: readServices(flows)}
	networks, err := readNetworks(node, bindings)
	if err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(networks) {
		w.networks = append(w.networks, networks[name])
	}
	slices.SortFunc(w.networks, func(a, b *network) int { return a.key - b.key })
	has, err := readPorts(node)
	if err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(has.ports) {
		if port := has.ports[name]; port.bridge == ovstest.Bridge {
			w.doors = append(w.doors, w.doorsAt(port, bindings, networks)...)
		}
	}
	return w, nil
}

// doorsAt are the ways in through a port of the switch.
func (w *world) doorsAt(p port, bindings map[string]binding, networks map[string]*network) (doors []door) {
	in := fmt.Sprintf("in_port=%d", p.number)
	if b, ok := bindings[p.interfaceIDs["iface-id"]]; ok {
		doors = append(doors, door{"vif", in, networks[b.datapath], b.senders()})
		for _, name := range sortedKeys(bindings) {
			if nested := bindings[name]; nested.parent == b.name && nested.tag != "" {
				doors = append(doors, door{"vif", in + ",dl_vlan=" + nested.tag, networks[nested.datapath], nested.senders()})
			}
		}
	}
	for _, id := range []string{"ovn-localnet-port", "ovn-l2gateway-port"} {
		if b, ok := bindings[p.externalIDs[id]]; ok {
			if b.tag != "" {
				in += ",dl_vlan=" + b.tag
			}
			net := networks[b.datapath]
			doors = append(doors, door{"outside", in, net, outsiders(net)})
		}
	}
	if p.options["remote_ip"] == "" {
		return doors
	}
	for _, net := range w.networks {
		for i, to := range net.exits {
			from := net.exits[(i+1)%len(net.exits)].key // another port of it
			at := fmt.Sprintf("%s,tun_id=%#x", in, net.key)
			if p.kind == "geneve" {
				at += fmt.Sprintf(",tun_metadata0=%#x", from<<16|to.key)
			}
			only := &network{key: net.key, hosts: []host{to.host}}
			doors = append(doors, door{"tunnel", at, only, slices.Concat(net.hosts, net.routers, []host{stranger})})
		}
	}
	return doors
}

// stranger is somebody whom OVN does not know.
var stranger = host{"0a:99:00:00:00:01", []netip.Addr{netip.MustParseAddr("10.99.0.1"), netip.MustParseAddr("fd99::1")}}

// senders are those who may send at a port; a stranger, where OVN knows of nobody.
func (b binding) senders() []host {
	if len(b.hosts) == 0 {
		return []host{stranger}
	}
	return b.hosts
}

// outsiders are somebody in each subnet of a network, whom OVN does not know.
func outsiders(net *network) []host {
	somebody := host{mac: "0a:99:00:00:00:02"}
	for _, h := range slices.Concat(net.routers, net.hosts) {
		for _, ip := range h.ips {
			bytes := ip.AsSlice()
			bytes[len(bytes)-1] = 200
			if other, ok := netip.AddrFromSlice(bytes); ok && !slices.Contains(somebody.ips, other) {
				somebody.ips = append(somebody.ips, other)
			}
		}
	}
	return []host{stranger, somebody}
}

func readBindings(node *ovstest.Sandbox) (map[string]binding, error) {
	rows, err := list(node, "ovn-sbctl", "Port_Binding", "logical_port,type,mac,tunnel_key,datapath,options,tag,parent_port")
	if err != nil {
		return nil, err
	}
	bindings := make(map[string]binding)
	for _, r := range rows {
		b := binding{name: r.text("logical_port"), kind: r.text("type"), datapath: r.text("datapath"), peer: r.pairs("options")["peer"],
			parent: r.text("parent_port"), tag: r.text("tag")}
		b.key, _ = strconv.Atoi(r.text("tunnel_key"))
		for _, addresses := range r.set("mac") {
			if h, ok := parseHost(addresses); ok {
				b.hosts = append(b.hosts, h)
			}
		}
		bindings[b.name] = b
	}
	return bindings, nil
}

// parseHost reads "MAC IP IP/PLEN …"; what does not begin with an Ethernet address is no host's.
func parseHost(addresses string) (h host, ok bool) {
	words := strings.Fields(addresses)
	if len(words) == 0 || strings.Count(words[0], ":") != 5 {
		return host{}, false
	}
	h.mac = words[0]
	for _, word := range words[1:] {
		address, _, _ := strings.Cut(word, "/")
		if ip, err := netip.ParseAddr(address); err == nil {
			h.ips = append(h.ips, ip)
		}
	}
	return h, true
}

// readNetworks are the logical datapaths by their UUIDs.
func readNetworks(node *ovstest.Sandbox, bindings map[string]binding) (map[string]*network, error) {
	datapaths, err := list(node, "ovn-sbctl", "Datapath_Binding", "_uuid,tunnel_key")
	if err != nil {
		return nil, err
	}
	groups, err := list(node, "ovn-sbctl", "Multicast_Group", "datapath,tunnel_key")
	if err != nil {
		return nil, err
	}
	networks := make(map[string]*network)
	for _, r := range datapaths {
		net := new(network)
		net.key, _ = strconv.Atoi(r.text("tunnel_key"))
		networks[r.text("_uuid")] = net
	}
	for _, name := range sortedKeys(bindings) {
		b := bindings[name]
		net := networks[b.datapath]
		if net == nil {
			return nil, fmt.Errorf("port %s is on no datapath", name)
		}
		net.exits = append(net.exits, exit{b.key, b.senders()[0]})
		if peer, ok := bindings[b.peer]; ok && len(b.hosts) == 0 { // a switch's port has its router's addresses
			net.routers = append(net.routers, peer.hosts...)
		} else {
			net.hosts = append(net.hosts, b.hosts...)
		}
	}
	for _, r := range groups {
		if net := networks[r.text("datapath")]; net != nil {
			key, _ := strconv.Atoi(r.text("tunnel_key"))
			net.exits = append(net.exits, exit{key, host{broadcast, stranger.ips}})
		}
	}
	return networks, nil
}

var (
	addressTerm  = regexp.MustCompile(`\b(?:nw_src|nw_dst|arp_spa|arp_tpa|ipv6_src|ipv6_dst|nd_target)=([0-9a-f.:]+)(/?)`)
	portTerm     = regexp.MustCompile(`\btp_(?:src|dst)=(0x[0-9a-f]+|[0-9]+)`)
	protocolTerm = regexp.MustCompile(`[ ,](tcp|udp|sctp)6?,`)
)

// readServices are those that flows match; of a network, its first address.
func readServices(flows []string) (all []service) {
	for _, line := range flows {
		match, _, _ := strings.Cut(line, " actions=")
		var s service
		for _, m := range addressTerm.FindAllStringSubmatch(match, -1) {
			ip, err := netip.ParseAddr(m[1])
			if err != nil || ip.IsUnspecified() || ip.IsMulticast() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
				continue
			}
			if s.ip = ip; m[2] != "" && ip.AsSlice()[len(ip.AsSlice())-1] == 0 {
				s.ip = ip.Next()
			}
		}
		proto, port := protocolTerm.FindStringSubmatch(match), portTerm.FindStringSubmatch(match)
		if proto != nil && port != nil {
			if n, err := strconv.ParseUint(port[1], 0, 16); err == nil {
				s.proto, s.port = proto[1], uint16(n)
			}
		}
		if s != (service{}) && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}
