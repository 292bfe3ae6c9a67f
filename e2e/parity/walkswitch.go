package parity

import (
	"fmt"
	"slices"
)

// walkSwitch is a logical switch; its networks are 10.NET.0.0/16 and fd00:NET::/64.
type walkSwitch struct {
	name     string
	net      int
	localnet string // its localnet port, "" if there is none
	network  string // that the localnet port is for
}

var switchKinds = []kind{
	{"add switch", addSwitch}, {"add switch", addSwitch}, {"delete switch", deleteSwitch}, {"set switch", setSwitch},
	{"localnet", localnet}, {"set localnet", setLocalnet}, {"VLAN", retag}, {"forwarding group", addForwarding},
}

func addSwitch(w *walker) []Command {
	if len(w.switches) >= mostSwitches {
		return nil
	}
	taken := func(net int) bool {
		return slices.ContainsFunc(w.switches, func(s *walkSwitch) bool { return s.net == net })
	}
	s := &walkSwitch{name: w.name("ls")}
	for s.net = 1 + w.names%200; taken(s.net); s.net++ {
	}
	w.switches = append(w.switches, s)
	return []Command{nb("ls-add %s", s.name)}
}

func deleteSwitch(w *walker) []Command {
	s := pick(w, w.switches, nil)
	if s == nil || len(w.switches) < 3 {
		return nil
	}
	w.switches = slices.DeleteFunc(w.switches, func(other *walkSwitch) bool { return other == s })
	var commands []Command
	for _, v := range w.vifs {
		if v.at == s {
			commands = append(commands, w.forget(v)...)
		}
	}
	w.vifs = slices.DeleteFunc(w.vifs, func(v *vif) bool { return v.at == s })
	for _, j := range w.joints {
		if j.to == s {
			commands = append(append(commands, w.release(j.port)...), nb("lrp-del %s", j.port))
		}
	}
	w.joints = slices.DeleteFunc(w.joints, func(j joint) bool { return j.to == s })
	w.gone(s.name)
	return append(commands, nb("ls-del %s", s.name))
}

var switchSettings = []setting{
	{"other_config:vlan-passthru=true"},
	{"other_config:requested-tnl-key=NEW"},
}

func setSwitch(w *walker) []Command {
	s := pick(w, w.switches, nil)
	return w.set("nb", "Logical_Switch", s.name, s.net, switchSettings)
}

func localnet(w *walker) []Command {
	s := pick(w, w.switches, nil)
	if s.localnet != "" {
		name := s.localnet
		s.localnet = ""
		return []Command{nb("lsp-del %s", name)}
	}
	if w.isOutside(s) {
		return nil
	}
	s.localnet, s.network = w.name("ln"), one(w, "phys", "phys", "other")
	return []Command{nb("lsp-add %s %s -- lsp-set-type %s localnet -- lsp-set-addresses %s unknown -- lsp-set-options %s network_name=%s",
		s.name, s.localnet, s.localnet, s.localnet, s.localnet, s.network)}
}

// isOutside says whether a switch leads to a physical network. It must by one port only: what it floods by one would come back by the
// other, more of it each time.
func (w *walker) isOutside(s *walkSwitch) bool {
	return s.localnet != "" || slices.ContainsFunc(w.vifs, func(v *vif) bool { return v.at == s && v.kind == "l2gateway" })
}

var localnetSettings = []setting{
	{"options:ethtype=802.11ad"},
	{"options:localnet_learn_fdb=true"},
	{"options:mcast_flood=true"},
	{"options:mcast_flood_reports=true"},
}

func setLocalnet(w *walker) []Command {
	s := pick(w, w.switches, func(s *walkSwitch) bool { return s.localnet != "" })
	switch {
	case s == nil:
		return nil
	case w.in(4):
		// Not from one bridge to the other: ovn-controller 23.03 makes both patch ports of one name before it has removed the old ones,
		// and no transaction of its Open vSwitch succeeds any more.
		return []Command{nb("set Logical_Switch_Port %s options:network_name=%s", s.localnet, one(w, s.network, "unknown"))}
	}
	return w.set("nb", "Logical_Switch_Port", s.localnet, s.net, localnetSettings)
}

func retag(w *walker) []Command {
	s := pick(w, w.switches, func(s *walkSwitch) bool { return s.localnet != "" })
	switch {
	case s == nil:
		return nil
	case w.in(3):
		return []Command{nb("clear Logical_Switch_Port %s tag tag_request", s.localnet)}
	}
	return []Command{nb("set Logical_Switch_Port %s tag_request=%d", s.localnet, 1+w.rng.IntN(4000))}
}

// addForwarding makes a group of two ports that share an address (fwd_group); one a switch: ovn-northd 23.03 loops for ever over three. It
// is made as a row: fwd-group-del leaves what it deletes on the switch.
func addForwarding(w *walker) []Command {
	v := pick(w, w.vifs, func(v *vif) bool { return !w.has(v.at.name + "'s group") })
	if v == nil {
		return nil
	}
	other := pick(w, w.vifs, func(other *vif) bool { return other.at == v.at && other != v })
	if other == nil {
		return nil
	}
	w.names++
	id, s := w.uuid(), v.at
	w.added(nb("remove Logical_Switch %s forwarding_groups %s", s.name, id), s.name, s.name+"'s group")
	return []Command{nb("--id=%s create Forwarding_Group name=%s vip=10.%d.253.%d vmac=%s child_port=%s,%s liveness=%t"+
		" -- add Logical_Switch %s forwarding_groups %s", id, id, s.net, w.names%250+1,
		quoted(fmt.Sprintf("0a:fd:00:00:%02x:%02x", w.names/250, w.names%250)), v.name, other.name, w.in(2), s.name, id)}
}

// ip4 and ip6 are the addresses of the nth host of a switch's networks.
func (s *walkSwitch) ip4(host int) string {
	return fmt.Sprintf("10.%d.%d.%d", s.net, host/250, host%250+1)
}
func (s *walkSwitch) ip6(host int) string { return fmt.Sprintf("fd00:%d::%x", s.net, host+1) }
