package parity

import (
	"fmt"
	"slices"
)

// vif is a port of a switch: a VIF, or one of the kinds of portKinds, of which kind is the type.
type vif struct {
	name      string
	kind      string // "", container, localport, virtual, external, l2gateway or vtep
	at        *walkSwitch
	remote    bool // bound to another chassis: never plugged here
	plugged   bool
	checked   bool // by a load balancer, at most one: then it has a Service_Monitor
	host      int
	addresses []string
}

// How much there is at once: enough for all that may meet, and few enough for a step to take a second.
const (
	mostSwitches  = 4
	mostVIFs      = 16
	mostChassis   = 3
	mostRouters   = 3
	mostBalancers = 5
)

var vifKinds = []kind{
	{"add port", addVIF}, {"add port", addVIF}, {"add port", addVIF}, {"add port", addVIF},
	{"add remote port", addRemote}, {"delete port", deleteVIF}, {"delete port", deleteVIF},
	{"plug", plug}, {"plug", plug}, {"rebind", rebind}, {"request chassis", request}, {"set port", setVIF},
	{"addresses", readdress}, {"port security", secure},
}

// isVIF says whether an interface may stand for a port.
func (v *vif) isVIF() bool { return v.kind == "" || v.kind == "localport" }

// newVIF makes a port, not plugged yet; nil if there are enough, or no switch is fit for one.
func (w *walker) newVIF(kind string) (*vif, Command) {
	if len(w.vifs) >= mostVIFs {
		return nil, Command{}
	}
	s := pick(w, w.switches, func(s *walkSwitch) bool { return kind != "l2gateway" || !w.isOutside(s) })
	if s == nil {
		return nil, Command{}
	}
	v := &vif{name: w.name("p"), kind: kind, at: s}
	v.host = w.names
	w.vifs = append(w.vifs, v)
	v.addresses = []string{v.mac() + one(w, " "+v.ip4(), " "+v.ip4(), " "+v.ip4()+" "+v.ip6(), " "+v.ip6())}
	return v, nb("lsp-add %s %s -- lsp-set-addresses %s %s", s.name, v.name, v.name, v.addresses[0])
}

func (v *vif) mac() string {
	return fmt.Sprintf("0a:00:00:%02x:%02x:%02x", v.at.net, v.host/250, v.host%250)
}
func (v *vif) ip4() string { return v.at.ip4(v.host) }
func (v *vif) ip6() string { return v.at.ip6(v.host) }

func (v *vif) plug(kind string) Command {
	v.plugged = true
	return vs("add-port br-int %s -- set Interface %s %s external_ids:iface-id=%s", v.name, v.name, kind, v.name)
}

// forget unplugs a port that is gone, in half of the cases.
func (w *walker) forget(v *vif) []Command {
	w.gone(v.name)
	if v.plugged && w.in(2) {
		return []Command{vs("del-port %s", v.name)}
	}
	return nil
}

func addVIF(w *walker) []Command {
	v, add := w.newVIF("")
	if v == nil {
		return nil
	}
	return []Command{add, v.plug(one(w, "type=internal", `type=""`))}
}

func addRemote(w *walker) []Command {
	if len(w.chassis) == 0 {
		return nil
	}
	v, add := w.newVIF("")
	if v == nil {
		return nil
	}
	v.remote = true
	return []Command{add, sb("lsp-bind %s %s", v.name, pick(w, w.chassis, nil))}
}

func deleteVIF(w *walker) []Command {
	v := pick(w, w.vifs, nil)
	if v == nil {
		return nil
	}
	w.vifs = slices.DeleteFunc(w.vifs, func(other *vif) bool { return other == v })
	return append([]Command{nb("lsp-del %s", v.name)}, w.forget(v)...)
}

// plug makes an interface for a port that has none, or takes one away: seldom, for what nobody here needs has no flows.
func plug(w *walker) []Command {
	v := pick(w, w.vifs, func(v *vif) bool { return v.isVIF() && !v.remote && !v.plugged })
	if v == nil || w.in(4) {
		v = pick(w, w.vifs, func(v *vif) bool { return v.plugged })
	}
	switch {
	case v == nil:
		return nil
	case v.plugged:
		v.plugged = false
		return []Command{vs("del-port %s", v.name)}
	}
	return []Command{v.plug("type=internal")}
}

// rebind has a port of another chassis bound to yet another, or to none.
func rebind(w *walker) []Command {
	v, chassis := pick(w, w.vifs, func(v *vif) bool { return v.remote }), pick(w, w.chassis, nil)
	switch {
	case v == nil || chassis == "":
		return nil
	case w.in(3):
		return []Command{sb("lsp-unbind %s", v.name)}
	}
	return []Command{sb("lsp-unbind %s -- lsp-bind %s %s", v.name, v.name, chassis)}
}

// request says which chassis may bind a port: one, or several.
func request(w *walker) []Command {
	v, chassis := pick(w, w.vifs, func(v *vif) bool { return v.kind == "" }), pick(w, w.chassis, nil)
	if v == nil || chassis == "" {
		return nil
	}
	if w.in(3) {
		return []Command{nb("remove Logical_Switch_Port %s options requested-chassis -- remove Logical_Switch_Port %s options activation-strategy",
			v.name, v.name)}
	}
	c := nb("set Logical_Switch_Port %s options:requested-chassis=%s", v.name, quoted(one(w, "hv1", chassis, chassis+",hv1", "hv1,"+chassis)))
	if w.in(3) {
		c.Args = append(c.Args, "options:activation-strategy=rarp")
	}
	if w.in(2) {
		return []Command{c}
	}
	// What the other chassis would do with it.
	return []Command{c, sb("--id=@c get Chassis %s -- set Port_Binding %s additional_chassis=@c", chassis, v.name)}
}

var vifSettings = []setting{
	{"options:mcast_flood=true"},
	{"options:mcast_flood_reports=true"},
	{"options:requested-tnl-key=NEW"},
	{"options:qos_max_rate=1000000", "options:qos_burst=1000"},
	{"options:hostname=host"},
	{"enabled=false"},
}

func setVIF(w *walker) []Command {
	v := pick(w, w.vifs, nil)
	if v == nil {
		return nil
	}
	return w.set("nb", "Logical_Switch_Port", v.name, v.at.net, vifSettings)
}

func readdress(w *walker) []Command {
	v := pick(w, w.vifs, nil)
	if v == nil {
		return nil
	}
	w.names++
	v.host = w.names
	v.addresses = one(w,
		[]string{v.mac() + " " + v.ip4()},
		[]string{v.mac() + " " + v.ip6()},
		[]string{v.mac() + " " + v.ip4() + " " + v.ip6(), "unknown"},
		[]string{v.mac() + " " + v.ip4(), "0a:01:00:00:00:01 " + v.at.ip4(v.host+20000)},
		[]string{"unknown"},
	)
	c := nb("lsp-set-addresses %s", v.name)
	c.Args = append(c.Args, v.addresses...)
	return []Command{c}
}

func secure(w *walker) []Command {
	v := pick(w, w.vifs, nil)
	if v == nil {
		return nil
	}
	c := nb("lsp-set-port-security %s", v.name)
	c.Args = append(c.Args, one(w, nil, v.addresses, v.addresses,
		[]string{v.mac()},
		[]string{fmt.Sprintf("%s 10.%d.0.0/16 fd00:%d::/64", v.mac(), v.at.net, v.at.net), "0a:02:00:00:00:01"},
		[]string{fmt.Sprintf("%s %s/16 fe80::1", v.mac(), v.ip4())},
	)...)
	if slices.Contains(c.Args, "unknown") {
		c.Args = c.Args[:2]
	}
	return []Command{c}
}
