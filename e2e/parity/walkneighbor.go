package parity

import "fmt"

// neighborKinds are about addresses that are known, or were learned.
var neighborKinds = []kind{{"static MAC binding", addStaticMAC}, {"MAC binding", addMAC}, {"FDB", addFDB}, {"FDB", addFDB}}

func addStaticMAC(w *walker) []Command {
	j := w.joint()
	if j.port == "" {
		return nil
	}
	w.names++
	id, ip := w.uuid(), j.to.ip4(w.names+40000)
	if w.in(3) {
		ip = quoted(j.to.ip6(w.names + 40000))
	}
	w.added(nb("--if-exists destroy Static_MAC_Binding %s", id), j.port)
	return []Command{nb("--id=%s create Static_MAC_Binding logical_port=%s ip=%s mac=%s override_dynamic_mac=%t",
		id, j.port, ip, quoted(fmt.Sprintf("0a:bb:00:00:00:%02x", w.rng.IntN(256))), w.in(2))}
}

// addMAC has a router's port learn an address.
func addMAC(w *walker) []Command {
	j := w.joint()
	if j.port == "" {
		return nil
	}
	w.names++
	id, ip := w.uuid(), fmt.Sprintf("10.%d.251.%d", j.to.net, w.names%250+1)
	if w.in(3) {
		ip = quoted(j.to.ip6(w.names + 20000))
	}
	w.added(sb("--if-exists destroy MAC_Binding %s", id), j.port)
	return []Command{sb("--id=@d get Datapath_Binding %s -- --id=%s create MAC_Binding logical_port=%s ip=%s mac=%s datapath=@d",
		j.router, id, j.port, ip, quoted(fmt.Sprintf("0a:cc:00:00:00:%02x", w.rng.IntN(256))))}
}

// addFDB has a port learn an Ethernet address. Its keys are known because they are asked for.
func addFDB(w *walker) []Command {
	v := pick(w, w.vifs, nil)
	if v == nil {
		return nil
	}
	w.names++
	id, datapath, port := w.uuid(), 3000+v.at.net, 100+v.host%1900
	w.added(sb("--if-exists destroy FDB %s", id), v.name)
	return []Command{
		nb("set Logical_Switch %s other_config:requested-tnl-key=%d", v.at.name, datapath),
		nb("set Logical_Switch_Port %s options:requested-tnl-key=%d -- lsp-set-addresses %s unknown", v.name, port, v.name),
		sb("--id=%s create FDB mac=%s dp_key=%d port_key=%d", id, quoted(fmt.Sprintf("0a:dd:00:00:%02x:%02x", w.names>>8&0xff, w.names&0xff)), datapath, port),
	}
}
