package parity

import (
	"fmt"
	"slices"
)

// joint is a router's port, and the port of the switch that it leads to.
type joint struct {
	router, port string
	to           *walkSwitch
	host         int // 254 or less, in 10.NET.255.0
}

var routerKinds = []kind{
	{"add router", addRouter}, {"add router", addRouter}, {"delete router", deleteRouter},
	{"join", join}, {"join", join}, {"join", join}, {"join", join}, {"part", part},
	{"join routers", joinRouters}, {"set router", setRouter}, {"set router", setRouter}, {"gateway router", moveRouter},
	{"disable router", disableRouter},
	{"set router port", setJoint}, {"set router port", setJoint}, {"networks", renetwork}, {"set peer", setPeer},
	{"router advertisements", advertise}, {"gateway chassis", addGateway},
	{"gateway chassis", addGateway}, {"gateway group", addGatewayGroup},
}

func addRouter(w *walker) []Command {
	if len(w.routers) >= mostRouters {
		return nil
	}
	name := w.name("lr")
	w.routers = append(w.routers, name)
	return []Command{nb("lr-add %s", name)}
}

func deleteRouter(w *walker) []Command {
	if len(w.routers) < 2 {
		return nil
	}
	name := one(w, w.routers...)
	w.routers = slices.DeleteFunc(w.routers, func(other string) bool { return other == name })
	var commands []Command
	for _, j := range w.joints {
		if j.router == name {
			commands = append(append(commands, w.release(j.port)...), nb("lsp-del %s", j.peer()))
		}
	}
	w.joints = slices.DeleteFunc(w.joints, func(j joint) bool { return j.router == name })
	w.gone(name)
	return append(commands, nb("lr-del %s", name))
}

// joint is one of the ports of routers that are enabled; its port is "" if there is none.
func (w *walker) joint() joint {
	return pick(w, w.joints, func(j joint) bool { return j.router != w.disabled })
}

// peer is the switch's port.
func (j joint) peer() string { return "to-" + j.port }

// networks are the addresses of a router's port: of either version, or both.
func (w *walker) networks(j joint) []string {
	ip4, ip6 := fmt.Sprintf("10.%d.255.%d/16", j.to.net, j.host), fmt.Sprintf("fd00:%d::ff:%x/64", j.to.net, j.host)
	return one(w, []string{ip4}, []string{ip6}, []string{ip4, ip6}, []string{ip4, ip6})
}

// join leads a router to a switch that at most one other router leads to.
func join(w *walker) []Command {
	router := pick(w, w.routers, nil)
	leads := func(s *walkSwitch) (n int) {
		for _, j := range w.joints {
			if j.to == s && j.router == router {
				return 9
			} else if j.to == s {
				n++
			}
		}
		return n
	}
	s := pick(w, w.switches, func(s *walkSwitch) bool { return leads(s) < 2 })
	if router == "" || s == nil {
		return nil
	}
	j := joint{router: router, port: w.name("rp"), to: s, host: 1 + w.names%254}
	w.joints = append(w.joints, j)
	add := nb("lrp-add %s %s 0a:ff:00:00:%02x:%02x", router, j.port, w.names/250, w.names%250)
	add.Args = append(add.Args, w.networks(j)...)
	return []Command{add, nb("lsp-add %s %s -- lsp-set-type %s router -- lsp-set-addresses %s router -- lsp-set-options %s router-port=%s",
		s.name, j.peer(), j.peer(), j.peer(), j.peer(), j.port)}
}

func part(w *walker) []Command {
	if len(w.joints) < 2 {
		return nil
	}
	j := one(w, w.joints...)
	w.joints = slices.DeleteFunc(w.joints, func(other joint) bool { return other == j })
	return append(w.release(j.port), nb("lsp-del %s", j.peer()), nb("lrp-del %s", j.port))
}

// joinRouters leads two routers to each other, without a switch between.
func joinRouters(w *walker) []Command {
	if w.all {
		return nil
	}
	one := pick(w, w.routers, nil)
	other := pick(w, w.routers, func(name string) bool { return name != one })
	if other == "" {
		return nil
	}
	a, b, n := w.name("pa"), w.name("pb"), w.names%250
	w.added(nb("--if-exists lrp-del %s -- --if-exists lrp-del %s", a, b), one, other, peered(one), peered(other))
	return []Command{
		nb("lrp-add %s %s 0a:fe:00:00:%02x:%02x 100.64.%d.1/24 fd64:%d::1/64 peer=%s", one, a, w.names/250, n, n, n, b),
		nb("lrp-add %s %s 0a:fe:00:01:%02x:%02x 100.64.%d.2/24 fd64:%d::2/64 peer=%s", other, b, w.names/250, n, n, n, a),
	}
}

// peered names that a router is joined to another without a switch between.
func peered(router string) string { return router + "'s router" }

var routerSettings = []setting{
	{"options:dnat_force_snat_ip=172.18.0.1"},
	{"options:dnat_force_snat_ip=172.18.0.1 fd18::1"},
	{"options:lb_force_snat_ip=router_ip"},
	{"options:lb_force_snat_ip=172.18.0.2 fd18::2"},
	{"options:mcast_relay=true"},
	{"options:dynamic_neigh_routers=true"},
	{"options:always_learn_from_arp_request=false"},
	{"options:snat-ct-zone=NEW"},
	{"options:requested-tnl-key=NEW"},
}

func setRouter(w *walker) []Command {
	name := pick(w, w.routers, nil)
	if name == "" {
		return nil
	}
	return w.set("nb", "Logical_Router", name, 0, routerSettings)
}

// moveRouter makes a router one of a chassis (its ports are l3gateway ports), or of all. Not one that has another behind it: when it
// leaves, ovn-controller 23.03 keeps it, for a gateway elsewhere that it has been told of is local, and it is told of what is local.
func moveRouter(w *walker) []Command {
	name := pick(w, w.routers, func(name string) bool { return !w.has(peered(name)) })
	if name == "" {
		return nil
	}
	return w.set("nb", "Logical_Router", name, 0, []setting{{"options:chassis=hv1"}, {"options:chassis=CHASSIS"}})
}

// disableRouter disables a router, so that it has no datapath, or enables it.
func disableRouter(w *walker) []Command {
	name := pick(w, w.routers, nil)
	switch {
	case name == "":
		return nil
	case w.disabled != "":
		name, w.disabled = w.disabled, ""
		return []Command{nb("--if-exists set Logical_Router %s enabled=true", name)}
	}
	w.disabled = name
	var commands []Command
	for _, j := range w.joints {
		if j.router == name {
			commands = append(commands, w.release(j.port)...)
		}
	}
	return append(commands, nb("set Logical_Router %s enabled=false", name))
}

var jointSettings = []setting{
	{"options:gateway_mtu=1400"},
	{"options:gateway_mtu=1300", "options:gateway_mtu_bypass=tcp"},
	{"options:reside-on-redirect-chassis=true"},
	{"options:redirect-type=bridged"},
	{"options:mcast_flood=true"},
	{"options:route_table=blue"},
	{"options:prefix_delegation=true", "options:prefix=true"},
	{"options:requested-tnl-key=NEW"},
	{"enabled=false"},
}

func setJoint(w *walker) []Command {
	j := w.joint()
	if j.port == "" {
		return nil
	}
	return w.set("nb", "Logical_Router_Port", j.port, j.to.net, jointSettings)
}

func renetwork(w *walker) []Command {
	j := w.joint()
	if j.port == "" {
		return nil
	}
	c := nb("set Logical_Router_Port %s", j.port)
	for i, network := range w.networks(j) {
		if i == 0 {
			c.Args = append(c.Args, "networks="+quoted(network))
		} else {
			c.Args[len(c.Args)-1] += "," + quoted(network)
		}
	}
	return []Command{c}
}

var peerSettings = []setting{
	{"options:arp_proxy=10.NET.200.1 10.NET.200.2"},
	{"options:nat-addresses=router"},
	{"options:nat-addresses=router", "options:exclude-lb-vips-from-garp=true"},
	{"enabled=false"},
}

// setPeer sets what the switch's port to a router has.
func setPeer(w *walker) []Command {
	j := w.joint()
	if j.port == "" {
		return nil
	}
	return w.set("nb", "Logical_Switch_Port", j.peer(), j.to.net, peerSettings)
}

var advertisements = []setting{
	{"ipv6_ra_configs:address_mode=slaac", "ipv6_ra_configs:mtu=1400"},
	{"ipv6_ra_configs:address_mode=dhcpv6_stateful", "ipv6_ra_configs:router_preference=HIGH", "ipv6_ra_configs:route_info=HIGH-fd99::/64"},
	{"ipv6_ra_configs:address_mode=dhcpv6_stateless", "ipv6_ra_configs:rdnss=fd00::53", "ipv6_ra_configs:dnssl=ovn.org"},
	{"ipv6_ra_configs:send_periodic=true", "ipv6_ra_configs:max_interval=1800", "ipv6_ra_configs:min_interval=600"},
}

func advertise(w *walker) []Command {
	j := w.joint()
	if j.port == "" {
		return nil
	}
	return w.set("nb", "Logical_Router_Port", j.port, j.to.net, advertisements)
}

// addGateway makes a chassis one of the gateways of a port, or gives it another priority. It is made as a row:
// lrp-del-gateway-chassis of 23.03 takes away others, too.
func addGateway(w *walker) []Command {
	j, chassis := w.joint(), w.anyChassis()
	if j.port == "" {
		return nil
	}
	priority, name := 1+w.rng.IntN(50), j.port+"-"+chassis
	for _, u := range w.undo {
		if slices.Contains(u.of, name) {
			return []Command{nb("set Gateway_Chassis %s priority=%d", u.command.Args[len(u.command.Args)-1], priority)}
		}
	}
	id := w.uuid()
	w.added(nb("remove Logical_Router_Port %s gateway_chassis %s", j.port, id), j.port, name)
	return []Command{nb("--id=%s create Gateway_Chassis name=%s chassis_name=%s priority=%d -- add Logical_Router_Port %s gateway_chassis %s",
		id, name, chassis, priority, j.port, id)}
}

// addGatewayGroup has the chassis of a group be the gateways of a port.
func addGatewayGroup(w *walker) []Command {
	j, group := w.joint(), w.thing("HA group")
	if j.port == "" || group == "" {
		return nil
	}
	w.added(nb("clear Logical_Router_Port %s ha_chassis_group", j.port), j.port, group)
	return []Command{nb("--id=@g get HA_Chassis_Group %s -- set Logical_Router_Port %s ha_chassis_group=@g", group, j.port)}
}
