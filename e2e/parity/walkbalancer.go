package parity

import (
	"fmt"
	"slices"
	"strings"
)

// balancer is a load balancer. Its addresses are 172.17 or fd17 ones, made of its number.
type balancer struct {
	name     string
	number   int
	ip6      bool
	template bool
	protocol string
	vips     int
}

var balancerKinds = []kind{
	{"load balancer", addBalancer}, {"load balancer", addBalancer}, {"template balancer", addTemplateBalancer},
	{"delete load balancer", deleteBalancer}, {"set load balancer", setBalancer},
	{"set load balancer", setBalancer}, {"backends", rebalance}, {"backends", rebalance},
	{"VIP", addVIP}, {"balance", balance}, {"balance", balance}, {"unbalance", unbalance},
	{"balancer group", addBalancerGroup}, {"balance group", balanceGroup},
	{"health check", addHealthCheck}, {"health", health},
}

// vip is the nth address and port that a load balancer answers for; the address alone where it has no protocol.
func (b *balancer) vip(n int) string {
	address, port := fmt.Sprintf("172.17.%d.%d", b.number/250, b.number%250+1), ""
	if b.ip6 {
		address = fmt.Sprintf("fd17::%x", b.number)
	}
	if b.protocol == "" {
		return address
	}
	port = fmt.Sprint(80 + n)
	if b.ip6 {
		address = "[" + address + "]"
	}
	return address + ":" + port
}

// backends are some ports, here and elsewhere, or none.
func (w *walker) backends(b *balancer, first *vif) string {
	var all []string
	add := func(v *vif) {
		address := v.ip4()
		if b.ip6 {
			address = v.ip6()
		}
		switch {
		case b.protocol == "":
		case b.ip6:
			address = "[" + address + "]:8080"
		default:
			address += ":8080"
		}
		if !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	if first != nil {
		add(first)
	} else if w.in(8) {
		return ""
	}
	for range 1 + w.rng.IntN(3) {
		if v := pick(w, w.vifs, nil); v != nil {
			add(v)
		}
	}
	return strings.Join(all, ",")
}

func (w *walker) setVIP(b *balancer, n int, backends string) Command {
	c := nb("--may-exist lb-add %s %s %s", b.name, b.vip(n), backends)
	if b.protocol != "" {
		c.Args = append(c.Args, b.protocol)
	}
	return c
}

// addBalancer adds a load balancer, with what it balances for.
func addBalancer(w *walker) []Command {
	if len(w.balancers) >= mostBalancers {
		return nil
	}
	b := &balancer{name: w.name("lb"), ip6: w.in(3), protocol: one(w, "tcp", "tcp", "udp", "sctp", ""), vips: 1}
	b.number = w.names
	w.balancers = append(w.balancers, b)
	return append([]Command{w.setVIP(b, 0, w.backends(b, nil))}, w.balanced(b)...)
}

// addTemplateBalancer adds one whose addresses are the template variables of each chassis.
func addTemplateBalancer(w *walker) []Command {
	if len(w.balancers) >= mostBalancers || !w.templates {
		return nil
	}
	b := &balancer{name: w.name("lb"), number: w.names, template: true, protocol: "tcp", vips: 1}
	w.balancers = append(w.balancers, b)
	add := nb("--template lb-add %s ^%s:%d ^backends tcp ipv4", b.name, one(w, "vip", "vip2"), w.names)
	return append([]Command{add}, w.balanced(b)...)
}

func deleteBalancer(w *walker) []Command {
	b := pick(w, w.balancers, nil)
	if b == nil {
		return nil
	}
	w.balancers = slices.DeleteFunc(w.balancers, func(other *balancer) bool { return other == b })
	w.gone(b.name)
	return []Command{nb("lb-del %s", b.name)}
}

// balanced has a switch or a router, or one of each, use a load balancer.
func (w *walker) balanced(b *balancer) (commands []Command) {
	s, router := pick(w, w.switches, nil), pick(w, w.routers, nil)
	which := w.rng.IntN(3)
	if which != 0 || router == "" {
		w.added(nb("--if-exists ls-lb-del %s %s", s.name, b.name), s.name, b.name)
		commands = append(commands, nb("--may-exist ls-lb-add %s %s", s.name, b.name))
	}
	if which != 1 && router != "" {
		w.added(nb("--if-exists lr-lb-del %s %s", router, b.name), router, b.name)
		commands = append(commands, nb("--may-exist lr-lb-add %s %s", router, b.name))
	}
	return commands
}

func balance(w *walker) []Command {
	b := pick(w, w.balancers, nil)
	if b == nil {
		return nil
	}
	return w.balanced(b)
}

// unbalance takes all load balancers from a switch or a router.
func unbalance(w *walker) []Command {
	if router := pick(w, w.routers, nil); router != "" && w.in(2) {
		return []Command{nb("lr-lb-del %s", router)}
	}
	return []Command{nb("ls-lb-del %s", pick(w, w.switches, nil).name)}
}

var balancerSettings = []setting{
	{"options:reject=true"},
	{"options:hairpin_snat_ip=172.19.0.1"},
	{"options:hairpin_snat_ip=172.19.0.1 fd19::1"},
	{"options:skip_snat=true"},
	{"options:affinity_timeout=60"},
	{"options:neighbor_responder=all"},
	{"options:neighbor_responder=none"},
	{"options:add_route=true"},
	{"options:ct_flush=true"},
	{"selection_fields=ip_src,ip_dst,tp_src"},
	{"options:event=true"},
}

func setBalancer(w *walker) []Command {
	b := pick(w, w.balancers, nil)
	if b == nil {
		return nil
	}
	return w.set("nb", "Load_Balancer", b.name, 0, balancerSettings)
}

// rebalance gives an address other backends.
func rebalance(w *walker) []Command {
	b := pick(w, w.balancers, func(b *balancer) bool { return !b.template })
	if b == nil {
		return nil
	}
	return []Command{w.setVIP(b, w.rng.IntN(b.vips), w.backends(b, nil))}
}

// addVIP adds an address, or takes the last away.
func addVIP(w *walker) []Command {
	b := pick(w, w.balancers, func(b *balancer) bool { return !b.template && b.protocol != "" })
	switch {
	case b == nil:
		return nil
	case b.vips > 1 && w.in(2):
		b.vips--
		return []Command{nb("lb-del %s %s", b.name, b.vip(b.vips))}
	}
	b.vips++
	return []Command{w.setVIP(b, b.vips-1, w.backends(b, nil))}
}

// addBalancerGroup makes a group, which switches and routers use as one.
func addBalancerGroup(w *walker) []Command {
	if w.count("balancer group") >= 2 {
		return nil
	}
	name := w.name("lbg")
	w.remember("balancer group", name, nb("destroy Load_Balancer_Group %s", name))
	return []Command{nb("create Load_Balancer_Group name=%s", name)}
}

// balanceGroup puts a load balancer into a group, and has a switch or a router use it.
func balanceGroup(w *walker) []Command {
	group, b := w.thing("balancer group"), pick(w, w.balancers, nil)
	if group == "" || b == nil {
		return nil
	}
	table, row := "Logical_Switch", pick(w, w.switches, nil).name
	if router := pick(w, w.routers, nil); router != "" && w.in(2) {
		table, row = "Logical_Router", router
	}
	w.added(nb("--id=@b get Load_Balancer %s -- remove Load_Balancer_Group %s load_balancer @b", b.name, group), b.name, group)
	w.added(nb("--id=@g get Load_Balancer_Group %s -- remove %s %s load_balancer_group @g", group, table, row), row, group)
	return []Command{
		nb("--id=@b get Load_Balancer %s -- add Load_Balancer_Group %s load_balancer @b", b.name, group),
		nb("--id=@g get Load_Balancer_Group %s -- add %s %s load_balancer_group @g", group, table, row),
	}
}

// addHealthCheck has the backends of an address checked, of which one is a port.
func addHealthCheck(w *walker) []Command {
	b := pick(w, w.balancers, func(b *balancer) bool { return !b.template && b.protocol != "" && b.protocol != "sctp" })
	v := pick(w, w.vifs, func(v *vif) bool { return v.kind == "" && !v.checked })
	if b == nil || v == nil {
		return nil
	}
	v.checked = true
	id, from, key := w.uuid(), v.at.ip4(60000), v.ip4()
	if b.ip6 {
		from, key = "["+v.at.ip6(60000)+"]", "["+v.ip6()+"]"
	}
	w.added(nb("remove Load_Balancer %s health_check %s", b.name, id), b.name)
	return []Command{
		w.setVIP(b, 0, w.backends(b, v)),
		nb("--id=%s create Load_Balancer_Health_Check vip=%s options:interval=60 options:timeout=3600 -- add Load_Balancer %s health_check %s",
			id, quoted(b.vip(0)), b.name, id),
		nb("set Load_Balancer %s ip_port_mappings:%s=%s", b.name, quoted(key), quoted(v.name+":"+from)),
	}
}

// health is what a chassis found out about a port.
func health(w *walker) []Command {
	v := pick(w, w.vifs, func(v *vif) bool { return v.checked })
	if v == nil {
		return nil
	}
	return []Command{sb("--if-exists set Service_Monitor %s status=%s", v.name, one(w, "online", "offline", "error"))}
}
