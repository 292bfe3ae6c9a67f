package parity

import "fmt"

var routeKinds = []kind{
	{"route", addRoute}, {"ECMP", addECMP}, {"ECMP", addECMP}, {"discard", addDiscard}, {"BFD", addBFD},
	{"policy", addPolicy}, {"policy", addPolicy},
}

// nextHop is an address of either version that a router's port leads to, and a prefix that it may lead on to; one of a few.
func (w *walker) nextHop(j joint) (prefix, hop string) {
	if w.in(3) {
		return fmt.Sprintf("2001:db8:%d::/48", w.rng.IntN(4)), fmt.Sprintf("fd00:%d::ff:%x", j.to.net, 300+w.rng.IntN(20))
	}
	return fmt.Sprintf("192.168.%d.0/24", w.rng.IntN(4)), fmt.Sprintf("10.%d.254.%d", j.to.net, 1+w.rng.IntN(20))
}

func addRoute(w *walker) []Command {
	j := w.joint()
	if j.port == "" {
		return nil
	}
	prefix, hop := w.nextHop(j)
	w.added(nb("--if-exists lr-route-del %s %s", j.router, prefix), j.router)
	c := nb("--may-exist lr-route-add %s %s %s", j.router, prefix, hop)
	c.Args = append(one(w, nil, nil, []string{"--policy=src-ip"}, []string{"--route-table=blue"}), c.Args...)
	if w.in(3) {
		c.Args = append(c.Args, j.port)
	}
	return []Command{c}
}

// addECMP adds one more way to where others lead, too; replies may have to go the way the request came.
func addECMP(w *walker) []Command {
	j := w.joint()
	if j.port == "" {
		return nil
	}
	prefix, hop := w.nextHop(j)
	remove := nb("--if-exists lr-route-del %s %s %s", j.router, prefix, hop)
	w.added(remove, j.router)
	return []Command{ // two transactions: within one, ovn-nbctl goes on seeing what it has removed
		remove,
		nb("%s lr-route-add %s %s %s", one(w, "--ecmp", "--ecmp-symmetric-reply"), j.router, prefix, hop),
	}
}

func addDiscard(w *walker) []Command {
	router := pick(w, w.routers, nil)
	if router == "" {
		return nil
	}
	prefix := one(w, "198.51.100.0/24", "2001:db8:99::/48")
	w.added(nb("--if-exists lr-route-del %s %s", router, prefix), router)
	return []Command{nb("--may-exist lr-route-add %s %s discard", router, prefix)}
}

// addBFD adds a route that is there as long as its next hop answers.
func addBFD(w *walker) []Command {
	j := w.joint()
	if j.port == "" {
		return nil
	}
	w.names++
	id, prefix, hop := w.uuid(), fmt.Sprintf("192.168.%d.0/24", 10+w.names%200), fmt.Sprintf("10.%d.252.%d", j.to.net, w.names%250+1)
	w.added(nb("--if-exists lr-route-del %s %s", j.router, prefix), j.router)
	return []Command{
		nb("--id=%s create BFD logical_port=%s dst_ip=%s min_tx=5000 min_rx=5000", id, j.port, hop),
		nb("--bfd=%s --may-exist lr-route-add %s %s %s %s", id, j.router, prefix, hop, j.port),
	}
}

func addPolicy(w *walker) []Command {
	j := w.joint()
	if j.port == "" {
		return nil
	}
	w.names++
	priority, version, from := w.names, "ip4", fmt.Sprintf("10.%d.%d.0/24", j.to.net, w.rng.IntN(3))
	hop := func() string { return fmt.Sprintf("10.%d.254.%d", j.to.net, 1+w.rng.IntN(20)) }
	if w.in(3) {
		version, from = "ip6", fmt.Sprintf("fd00:%d::/80", j.to.net)
		hop = func() string { return fmt.Sprintf("fd00:%d::ff:%x", j.to.net, 300+w.rng.IntN(20)) }
	}
	match := fmt.Sprintf("%s.src == %s", version, from)
	switch set := w.thing("address set"); {
	case set != "" && version == "ip4" && w.in(3):
		match += " && ip4.dst == $" + set
	case w.in(3):
		match += fmt.Sprintf(" && inport == %q", j.port)
	}
	w.added(nb("lr-policy-del %s %d %s", j.router, priority, match), j.router)
	c := nb("lr-policy-add %s %d %s", j.router, priority, match)
	c.Args = append(c.Args, one(w, []string{"allow"}, []string{"drop"}, []string{"reroute", hop()}, []string{"reroute", hop() + "," + hop()})...)
	if w.in(4) {
		c.Args = append(c.Args, "pkt_mark=7")
	}
	return []Command{c}
}
