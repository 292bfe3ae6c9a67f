package parity

import "fmt"

var aclKinds = []kind{
	{"ACL", addACL}, {"ACL", addACL}, {"ACL that shares", addSharingACL}, {"ACL that shares", addSharingACL},
	{"logged ACL", addLoggedACL},
	{"port group", addGroup}, {"members", regroup}, {"members", regroup},
	{"address set", addSet}, {"addresses of set", extend}, {"addresses of set", extend},
}

func addSet(w *walker) []Command {
	if w.count("address set")+w.count("IPv6 set") >= 4 {
		return nil
	}
	kind, ip := "address set", func(n int) string { return fmt.Sprintf("10.1.0.%d", n) }
	name := w.name("as")
	if w.in(4) {
		kind, ip = "IPv6 set", func(n int) string { return quoted(fmt.Sprintf("fd00:1::%d", n)) }
	}
	w.remember(kind, name, nb("destroy Address_Set %s", name))
	return []Command{nb("create Address_Set name=%s addresses=%s,%s,%s", name, ip(1), ip(2), ip(3))}
}

func extend(w *walker) []Command {
	set4, set6, n := w.thing("address set"), w.thing("IPv6 set"), 1+w.rng.IntN(9)
	name, ip := set4, fmt.Sprintf("10.1.0.%d", n)
	if set6 != "" && (set4 == "" || w.in(3)) {
		name, ip = set6, quoted(fmt.Sprintf("fd00:1::%d", n))
	}
	switch {
	case name == "":
		return nil
	case w.in(8):
		return []Command{nb("clear Address_Set %s addresses", name)}
	case w.in(6) && name == set4:
		ip = "10.1.1.0/24"
	}
	return []Command{nb("%s Address_Set %s addresses %s", one(w, "add", "add", "remove"), name, ip)}
}

func addGroup(w *walker) []Command {
	if w.count("port group") >= 3 || len(w.vifs) == 0 {
		return nil
	}
	name := w.name("pg")
	w.remember("port group", name, nb("pg-del %s", name))
	c := nb("pg-add %s", name)
	c.Args = append(c.Args, w.members()...)
	return []Command{c}
}

func regroup(w *walker) []Command {
	name := w.thing("port group")
	if name == "" || len(w.vifs) == 0 {
		return nil
	}
	c := nb("pg-set-ports %s", name)
	c.Args = append(c.Args, w.members()...)
	return []Command{c}
}

// members are some of the ports, at least one.
func (w *walker) members() (names []string) {
	first := w.rng.IntN(len(w.vifs))
	for i, v := range w.vifs {
		if i == first || w.in(3) {
			names = append(names, v.name)
		}
	}
	return names
}

// rule is what an ACL is for: the switch or port group that has it, its direction, and a match of the port or group.
type rule struct{ owner, direction, ports string }

// rule is one of a port group if there are any, in half of the cases; nil if there is no port.
func (w *walker) rule() *rule {
	v, group := pick(w, w.vifs, nil), w.thing("port group")
	if v == nil {
		return nil
	}
	r := &rule{owner: v.at.name, direction: "to-lport", ports: fmt.Sprintf("outport == %q", v.name)}
	if group != "" && w.in(2) {
		r.owner, r.ports = group, "outport == @"+group
	}
	if w.in(2) {
		r.direction, r.ports = "from-lport", "in"+r.ports[len("out"):]
	}
	return r
}

var aclActions = []string{"allow", "allow-related", "allow-related", "allow-stateless", "drop", "reject"}

// acl adds a rule, with options of ovn-nbctl's.
func (w *walker) acl(r *rule, priority int, match, verdict string, options ...string) []Command {
	w.added(nb("acl-del %s %s %d %s", r.owner, r.direction, priority, match), r.owner)
	c := nb("--may-exist acl-add %s %s %d %s %s", r.owner, r.direction, priority, match, verdict)
	c.Args = append(options, c.Args...)
	return []Command{c}
}

// addACL adds a rule that no other is like.
func addACL(w *walker) []Command {
	r := w.rule()
	if r == nil {
		return nil
	}
	w.names++
	set4, set6 := w.thing("address set"), w.thing("IPv6 set")
	match := one(w,
		fmt.Sprintf("%s && ip4 && tcp.dst == {%d, 8080}", r.ports, 80+w.names),
		fmt.Sprintf("%s && ip4 && tcp.dst >= 1000 && tcp.dst <= %d", r.ports, 1100+w.names),
		fmt.Sprintf("%s && ip4.src != {10.1.0.1, 10.1.0.9} && udp.src == %d", r.ports, w.names),
		fmt.Sprintf("%s && ip6.src == fd00::/%d && icmp6", r.ports, 16+w.names%100),
		fmt.Sprintf("%s && ip && ip.ttl == %d", r.ports, w.names%256),
		fmt.Sprintf("%s && (arp || eth.type == 0x%x)", r.ports, 0x1000+w.names),
		fmt.Sprintf("%s && ip4 && (udp.dst == %d || icmp4.type == 8)", r.ports, w.names),
	)
	switch {
	case set4 != "" && w.in(2):
		// A set is not negated: of five addresses OVN 23.03 makes 289,000 flows, as each of them has 32 bits to differ in.
		match = fmt.Sprintf("%s && ip4.src %s && tcp.dst == {%d, 8080}", r.ports, one(w, "== $"+set4, "== $"+set4, "!= 10.1.0.3"), 80+w.names)
	case set6 != "" && w.in(2):
		match = fmt.Sprintf("%s && ip6.dst == $%s && udp.dst == {%d, 53}", r.ports, set6, 80+w.names)
	case w.templates && w.in(4):
		match = fmt.Sprintf("%s && ip4.src == ^vip && udp.dst == %d", r.ports, w.names)
	case r.ports[len(r.ports)-len(r.owner):] == r.owner && w.in(2): // of a port group
		match = fmt.Sprintf("%s && ip4.src == $%s_ip4 && tcp.dst == %d", r.ports, r.owner, w.names)
	}
	var options []string
	if r.direction == "from-lport" && w.in(3) {
		options = []string{"--apply-after-lb"}
	}
	verdict := one(w, aclActions...)
	if verdict == "allow-related" && w.in(3) {
		options = append(options, fmt.Sprintf("--label=%d", w.names))
	}
	return w.acl(r, 1000+w.names, match, verdict, options...)
}

// addSharingACL adds a rule that shares its priority, clauses of its match, or all of it, with others.
func addSharingACL(w *walker) []Command {
	r := w.rule()
	if r == nil {
		return nil
	}
	from, to := []string{"10.1.0.1", "10.1.0.2", "10.1.0.3"}, []string{"80", "443", "8080"}
	a, b := w.rng.IntN(3), w.rng.IntN(3)
	match := one(w,
		fmt.Sprintf("%s && ip4.src == {%s, %s} && tcp.dst == {%s, %s}", r.ports, from[a], from[(a+1)%3], to[b], to[(b+1)%3]),
		fmt.Sprintf("%s && ip4.src == {%s, %s} && tcp.dst == {%s, %s}", r.ports, from[a], from[(a+1)%3], to[b], to[(b+1)%3]),
		fmt.Sprintf("%s && ip4.src == %s && tcp", r.ports, from[a]),
		fmt.Sprintf("%s && ip4.src == %s", r.ports, from[a]),
		fmt.Sprintf("%s && ip4 && ip4.src == %s", r.ports, from[a]),
	)
	return w.acl(r, 900+w.rng.IntN(2), match, one(w, aclActions...))
}

// addLoggedACL adds a rule whose hits are logged, through a meter if there is one.
func addLoggedACL(w *walker) []Command {
	r := w.rule()
	if r == nil {
		return nil
	}
	options := []string{"--log", "--severity=" + one(w, "info", "alert"), "--name=" + w.name("acl")}
	if meter := w.thing("meter"); meter != "" {
		options = append(options, "--meter="+meter)
	}
	return w.acl(r, 1000+w.names, fmt.Sprintf("%s && ip4 && tcp.dst == %d", r.ports, w.names), one(w, aclActions...), options...)
}
