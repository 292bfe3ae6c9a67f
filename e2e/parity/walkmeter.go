package parity

import "fmt"

var meterKinds = []kind{
	{"QoS", addQoS}, {"meter", addMeter}, {"rate of meter", remeter}, {"copp", addCopp}, {"copp meter", setCopp}, {"use copp", useCopp},
}

func addQoS(w *walker) []Command {
	v := pick(w, w.vifs, nil)
	if v == nil {
		return nil
	}
	w.names++
	direction, match := "to-lport", fmt.Sprintf("outport == %q && ip4", v.name)
	if w.in(2) {
		direction, match = "from-lport", fmt.Sprintf("inport == %q && %s", v.name, one(w, "ip4", "ip6", "tcp"))
	}
	w.added(nb("qos-del %s %s %d %s", v.at.name, direction, w.names, match), v.at.name)
	c := nb("qos-add %s %s %d %s", v.at.name, direction, w.names, match)
	c.Args = append(c.Args, one(w,
		[]string{"dscp=40"}, []string{"rate=1000"}, []string{"rate=2000", "burst=100"}, []string{"rate=1000", "dscp=10"})...)
	return []Command{c}
}

func addMeter(w *walker) []Command {
	if w.count("meter") >= 3 {
		return nil
	}
	name := w.name("m")
	w.remember("meter", name, nb("meter-del %s", name))
	c := nb("meter-add %s drop %d %s", name, 1+w.rng.IntN(100), one(w, "pktps", "kbps"))
	if w.in(3) {
		c.Args = append([]string{"--fair"}, c.Args...)
	} else if w.in(2) {
		c.Args = append(c.Args, "20")
	}
	return []Command{c}
}

func remeter(w *walker) []Command {
	name := w.thing("meter")
	if name == "" {
		return nil
	}
	return []Command{nb("--id=@b create Meter_Band action=drop rate=%d -- set Meter %s bands=@b", 1+w.rng.IntN(1000), name)}
}

// protocols are those that a switch or a router has the controller do.
var protocols = []string{"arp", "arp-resolve", "dhcpv4-opts", "dns", "event-elb", "icmp4-error", "icmp6-error", "igmp", "nd-na", "nd-ns",
	"nd-ns-resolve", "nd-ra-opts", "tcp-reset", "bfd", "reject", "svc-monitor"}

func addCopp(w *walker) []Command {
	meter := w.thing("meter")
	if meter == "" || w.count("copp") >= 2 {
		return nil
	}
	name := w.name("cp")
	w.remember("copp", name, nb("copp-del %s", name))
	commands := []Command{nb("copp-add %s arp %s", name, meter)}
	for _, protocol := range protocols {
		if w.in(2) {
			commands = append(commands, nb("copp-add %s %s %s", name, protocol, meter))
		}
	}
	return commands
}

func setCopp(w *walker) []Command {
	name, meter := w.thing("copp"), w.thing("meter")
	if name == "" || meter == "" {
		return nil
	}
	protocol := one(w, protocols[1:]...)
	if w.in(3) {
		return []Command{nb("copp-add %s %s %s", name, protocol, meter), nb("copp-del %s %s", name, protocol)}
	}
	return []Command{nb("copp-add %s %s %s", name, protocol, meter)}
}

func useCopp(w *walker) []Command {
	name, s, router := w.thing("copp"), pick(w, w.switches, nil), pick(w, w.routers, nil)
	switch {
	case name == "":
		return nil
	case router != "" && w.in(2):
		w.added(nb("clear Logical_Router %s copp", router), router)
		return []Command{nb("lr-copp-add %s %s", name, router)}
	}
	w.added(nb("clear Logical_Switch %s copp", s.name), s.name)
	return []Command{nb("ls-copp-add %s %s", name, s.name)}
}
