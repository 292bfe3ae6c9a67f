package parity

import (
	"fmt"
	"slices"
)

var chassisKinds = []kind{
	{"add chassis", addChassis}, {"delete chassis", deleteChassis}, {"set chassis", setChassis},
	{"HA group", addHAGroup}, {"chassis of group", setHAGroup}, {"chassis of group", setHAGroup},
}

// anyChassis is the name of a chassis: hv1, which is here, as often as all others.
func (w *walker) anyChassis() string {
	if name := pick(w, w.chassis, nil); name != "" && w.in(2) {
		return name
	}
	return "hv1"
}

// features are what ovn-controller 23.03 says it can: what all chassis say, northd makes use of.
const features = "other_config:ct-no-masked-label=true other_config:ovn-ct-lb-related=true" +
	" other_config:mac-binding-timestamp=true other_config:port-up-notif=true"

func addChassis(w *walker) []Command {
	if len(w.chassis) >= mostChassis {
		return nil
	}
	name := w.name("hv")
	w.chassis = append(w.chassis, name)
	ip := fmt.Sprintf("127.0.%d.%d", 1+w.names/250, w.names%250)
	if w.in(6) {
		ip = fmt.Sprintf("fd00::%x", w.names)
	}
	add := sb("chassis-add %s %s %s", name, one(w, "geneve", "geneve", "geneve", "vxlan", "geneve,vxlan", "stt"), ip)
	if w.in(3) {
		return []Command{add} // one of an older version
	}
	return []Command{add, sb("set Chassis %s "+features, name)}
}

func deleteChassis(w *walker) []Command {
	name := pick(w, w.chassis, nil)
	if name == "" {
		return nil
	}
	w.chassis = slices.DeleteFunc(w.chassis, func(other string) bool { return other == name })
	return []Command{sb("chassis-del %s", name)}
}

var chassisSettings = []setting{
	{"other_config:ovn-chassis-mac-mappings=phys:aa:bb:cc:00:00:01"},
	{"other_config:ovn-chassis-mac-mappings=phys:aa:bb:cc:00:00:02,other:aa:bb:cc:00:00:03"},
	{"other_config:is-remote=true"},
	{"other_config:ct-no-masked-label=true"},
	{"other_config:ovn-ct-lb-related=true"},
}

func setChassis(w *walker) []Command {
	name := pick(w, w.chassis, nil)
	if name == "" {
		return nil
	}
	return w.set("sb", "Chassis", name, 0, chassisSettings)
}

func addHAGroup(w *walker) []Command {
	if w.count("HA group") >= 2 {
		return nil
	}
	name := w.name("ha")
	w.remember("HA group", name, nb("ha-chassis-group-del %s", name))
	return []Command{nb("ha-chassis-group-add %s -- ha-chassis-group-add-chassis %s %s %d", name, name, w.anyChassis(), 1+w.rng.IntN(50))}
}

func setHAGroup(w *walker) []Command {
	name, chassis := w.thing("HA group"), w.anyChassis()
	if name == "" {
		return nil
	}
	w.added(nb("ha-chassis-group-remove-chassis %s %s", name, chassis), name)
	return []Command{nb("ha-chassis-group-add-chassis %s %s %d", name, chassis, 1+w.rng.IntN(50))}
}
