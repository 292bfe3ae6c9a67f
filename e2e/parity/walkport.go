package parity

import (
	"fmt"
	"strings"
)

// portKinds are about ports of types that are nobody's VIF.
var portKinds = []kind{
	{"container", addContainer}, {"container", addContainer}, {"container's tag", retagContainer},
	{"localport", addLocalport}, {"virtual", addVirtual}, {"claim virtual", claimVirtual}, {"external", addExternal},
	{"l2gateway", addL2Gateway}, {"move l2gateway", moveL2Gateway}, {"vtep", addVTEP},
}

// addContainer nests a port in a VIF, of its own switch or another.
func addContainer(w *walker) []Command {
	parent := pick(w, w.vifs, func(v *vif) bool { return v.kind == "" })
	if parent == nil {
		return nil
	}
	v, add := w.newVIF("container")
	if v == nil {
		return nil
	}
	v.remote = parent.remote
	nested := nb("-- set Logical_Switch_Port %s parent_name=%s tag_request=%d", v.name, parent.name, 1+w.names%4000)
	add.Args = append(add.Args, nested.Args...)
	if !v.remote || len(w.chassis) == 0 {
		return []Command{add}
	}
	return []Command{add, sb("lsp-bind %s %s", v.name, pick(w, w.chassis, nil))}
}

func retagContainer(w *walker) []Command {
	v := pick(w, w.vifs, func(v *vif) bool { return v.kind == "container" })
	parent := pick(w, w.vifs, func(v *vif) bool { return v.kind == "" && !v.remote })
	if v == nil || parent == nil {
		return nil
	}
	w.names++
	c := nb("set Logical_Switch_Port %s tag_request=%d", v.name, 1+w.names%4000)
	if w.in(2) && !v.remote {
		c.Args = append(c.Args, "parent_name="+parent.name)
	}
	return []Command{c}
}

// newOfType makes a port of a type, not plugged yet; nil as newVIF.
func (w *walker) newOfType(kind string) (*vif, Command) {
	v, add := w.newVIF(kind)
	if v != nil {
		add.Args = append(add.Args, "--", "lsp-set-type", v.name, kind)
	}
	return v, add
}

func addLocalport(w *walker) []Command {
	v, add := w.newOfType("localport")
	if v == nil {
		return nil
	}
	return []Command{add, v.plug("type=internal")}
}

// addVirtual makes a port that one of the VIFs of its switch may claim.
func addVirtual(w *walker) []Command {
	v, add := w.newOfType("virtual")
	if v == nil {
		return nil
	}
	parents := []string{"nobody"}
	for _, other := range w.vifs {
		if other.at == v.at && other.kind == "" {
			parents = append(parents, other.name)
		}
	}
	add.Args = append(add.Args, "--", "set", "Logical_Switch_Port", v.name, "options:virtual-ip="+v.ip4(),
		"options:virtual-parents="+quoted(strings.Join(parents, ",")))
	return []Command{add}
}

// claimVirtual does what ovn-controller does when a parent announces the address.
func claimVirtual(w *walker) []Command {
	v := pick(w, w.vifs, func(v *vif) bool { return v.kind == "virtual" })
	if v == nil {
		return nil
	}
	parent := pick(w, w.vifs, func(other *vif) bool { return other.at == v.at && other.kind == "" })
	switch {
	case parent == nil:
		return nil
	case parent.remote && len(w.chassis) > 0:
		return []Command{sb("set Port_Binding %s virtual_parent=%s -- lsp-unbind %s -- lsp-bind %s %s",
			v.name, parent.name, v.name, v.name, pick(w, w.chassis, nil))}
	}
	return []Command{sb("set Port_Binding %s virtual_parent=%s", v.name, parent.name)}
}

// addExternal makes a port of a host outside, that the chassis of a group answers for.
func addExternal(w *walker) []Command {
	group := w.thing("HA group")
	if group == "" {
		return nil
	}
	v, add := w.newOfType("external")
	if v == nil {
		return nil
	}
	w.added(nb("clear Logical_Switch_Port %s ha_chassis_group", v.name), v.name, group)
	return []Command{add, nb("--id=@g get HA_Chassis_Group %s -- set Logical_Switch_Port %s ha_chassis_group=@g", group, v.name)}
}

func addL2Gateway(w *walker) []Command {
	v, add := w.newOfType("l2gateway")
	if v == nil {
		return nil
	}
	add.Args = append(add.Args, nb("-- lsp-set-addresses %s unknown -- lsp-set-options %s network_name=%s l2gateway-chassis=%s",
		v.name, v.name, one(w, "phys", "other"), w.anyChassis()).Args...)
	v.addresses = []string{"unknown"}
	if w.in(2) {
		add.Args = append(add.Args, "--", "set", "Logical_Switch_Port", v.name, fmt.Sprint("tag_request=", 1+w.rng.IntN(4000)))
	}
	return []Command{add}
}

func moveL2Gateway(w *walker) []Command {
	v := pick(w, w.vifs, func(v *vif) bool { return v.kind == "l2gateway" })
	if v == nil {
		return nil
	}
	return []Command{nb("set Logical_Switch_Port %s options:l2gateway-chassis=%s", v.name, w.anyChassis())}
}

// addVTEP makes a port of a VTEP switch, and its chassis.
func addVTEP(w *walker) []Command {
	if w.count("VTEP") > 0 {
		return nil
	}
	v, add := w.newOfType("vtep")
	if v == nil {
		return nil
	}
	v.addresses = []string{"unknown"}
	add.Args = append(add.Args, nb("-- lsp-set-addresses %s unknown", v.name).Args...)
	add.Args = append(add.Args, nb("-- lsp-set-options %s vtep-physical-switch=%s vtep-logical-switch=vls", v.name, v.name).Args...)
	chassis := w.name("vt")
	w.remember("VTEP", chassis, sb("chassis-del %s", chassis))
	return []Command{add, sb("chassis-add %s vxlan 127.1.%d.%d -- set Chassis %s other_config:is-vtep=true"+
		" vtep_logical_switches=vls -- lsp-bind %s %s",
		chassis, w.names/250, w.names%250, chassis, v.name, chassis)}
}
