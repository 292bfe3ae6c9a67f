package parity

import "fmt"

var multicastKinds = []kind{{"snooping", snoop}, {"snooping", snoop}, {"multicast group", addIGMP}, {"multicast relay", relay}}

var multicastSettings = []setting{
	{"other_config:mcast_snoop=true"},
	{"other_config:mcast_snoop=true", "other_config:mcast_flood_unregistered=true"},
	{"other_config:mcast_snoop=true", "other_config:mcast_querier=true", "other_config:mcast_eth_src=0a:ff:00:00:00:09",
		"other_config:mcast_ip4_src=10.NET.0.9", "other_config:mcast_ip6_src=fe80::9"},
	{"other_config:mcast_snoop=true", "other_config:mcast_querier=false"},
}

func snoop(w *walker) []Command {
	s := pick(w, w.switches, nil)
	return w.set("nb", "Logical_Switch", s.name, s.net, multicastSettings)
}

// relay has a router relay multicast between its switches, which snoop.
func relay(w *walker) []Command {
	j := w.joint()
	if j.port == "" {
		return nil
	}
	return []Command{
		nb("set Logical_Router %s options:mcast_relay=true", j.router),
		nb("set Logical_Switch %s other_config:mcast_snoop=true", j.to.name),
	}
}

// addIGMP has a port of another chassis join a multicast group, as that chassis would say. That outlives the port.
func addIGMP(w *walker) []Command {
	v := pick(w, w.vifs, func(v *vif) bool { return v.kind == "" })
	chassis := pick(w, w.chassis, nil)
	if v == nil || chassis == "" {
		return nil
	}
	id, address := w.uuid(), one(w, fmt.Sprintf("239.1.1.%d", w.rng.IntN(4)), fmt.Sprintf("ff0a::%d", w.rng.IntN(4)))
	member := fmt.Sprint(address, " of ", v.at.name, " on ", chassis) // a row's key
	if w.has(member) {
		return nil
	}
	w.added(sb("--if-exists destroy IGMP_Group %s", id), v.at.name, member)
	return []Command{
		nb("set Logical_Switch %s other_config:mcast_snoop=true", v.at.name),
		sb("--id=@d get Datapath_Binding %s -- --id=@p get Port_Binding %s -- --id=@c get Chassis %s"+
			" -- --id=%s create IGMP_Group address=%s datapath=@d chassis=@c ports=@p", v.at.name, v.name, chassis, id, quoted(address)),
	}
}
