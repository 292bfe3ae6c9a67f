package parity

import "fmt"

var natKinds = []kind{
	{"NAT", addNAT}, {"NAT", addNAT}, {"NAT of port", addPortNAT}, {"distributed NAT", addDistributedNAT}, {"NAT of some", limitNAT},
}

// nat adds a NAT to a router, of one of its gateways in some cases, with other columns. It is made as a row: lr-nat-add refuses what
// ovn-northd only ignores.
func (w *walker) nat(router, kind, outside, inside string, columns ...string) []Command {
	id := w.uuid()
	w.added(nb("remove Logical_Router %s nat %s", router, id), router)
	c := nb("--id=%s create NAT type=%s external_ip=%s logical_ip=%s", id, kind, quoted(outside), quoted(inside))
	c.Args = append(c.Args, columns...)
	if gateway := pick(w, w.joints, func(j joint) bool { return j.router == router }); gateway.port != "" && w.in(4) {
		c.Args = append(nb("--id=@p get Logical_Router_Port %s --", gateway.port).Args, append(c.Args, "gateway_port=@p")...)
	}
	c.Args = append(c.Args, nb("-- add Logical_Router %s nat %s", router, id).Args...)
	return []Command{c}
}

// outside is an address outside that nobody else has.
func (w *walker) outside(ip6 bool) string {
	if w.names++; ip6 {
		return fmt.Sprintf("fd16::%x", w.names)
	}
	return fmt.Sprintf("172.16.%d.%d", w.names/250, w.names%250+1)
}

// natColumns are what else a NAT of one address may have.
func natColumns(w *walker) []string {
	return one(w, nil, nil, []string{"options:add_route=true"}, []string{"options:stateless=true"}, []string{"external_port_range=1000-2000"})
}

func addNAT(w *walker) []Command {
	j, ip6 := w.joint(), w.in(3)
	if j.port == "" {
		return nil
	}
	outside := w.outside(ip6)
	host, subnet := j.to.ip4(w.names), fmt.Sprintf("10.%d.%d.0/24", j.to.net, w.names%250)
	if ip6 {
		host, subnet = j.to.ip6(w.names), fmt.Sprintf("fd00:%d::/64", j.to.net)
	}
	if w.in(2) {
		return w.nat(j.router, "snat", outside, one(w, host, subnet))
	}
	return w.nat(j.router, one(w, "dnat", "dnat_and_snat"), outside, host, natColumns(w)...)
}

// addPortNAT adds a NAT of the address of a port.
func addPortNAT(w *walker) []Command {
	j, v := w.behind()
	if v == nil {
		return nil
	}
	return w.nat(j.router, one(w, "dnat", "dnat_and_snat", "snat"), w.outside(false), v.ip4(), natColumns(w)...)
}

// behind is a router's port, and a port of the switch that it leads to; nil if there is none.
func (w *walker) behind() (joint, *vif) {
	v := pick(w, w.vifs, nil)
	j := pick(w, w.joints, func(j joint) bool { return v != nil && j.to == v.at })
	if j.port == "" {
		v = nil
	}
	return j, v
}

// addDistributedNAT adds a NAT that is done where its port is.
func addDistributedNAT(w *walker) []Command {
	j, v := w.behind()
	if v == nil {
		return nil
	}
	outside, inside := w.outside(false), v.ip4()
	if w.in(3) {
		outside, inside = w.outside(true), v.ip6()
	}
	mac := fmt.Sprintf("0a:fa:00:00:%02x:%02x", w.names/250, w.names%250)
	return w.nat(j.router, "dnat_and_snat", outside, inside, "logical_port="+v.name, "external_mac="+quoted(mac))
}

// limitNAT adds a NAT for some addresses outside, or not for some.
func limitNAT(w *walker) []Command {
	j, set := w.joint(), w.thing("address set")
	if j.port == "" || set == "" {
		return nil
	}
	kind, column := one(w, "snat", "dnat", "dnat_and_snat"), one(w, "allowed_ext_ips", "exempted_ext_ips")
	commands := w.nat(j.router, kind, w.outside(false), j.to.ip4(w.names), column+"=@s")
	w.undo[len(w.undo)-1].of = []string{j.router, set}
	commands[0].Args = append(nb("--id=@s get Address_Set %s --", set).Args, commands[0].Args...)
	return commands
}
