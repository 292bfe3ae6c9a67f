package parity

import (
	"fmt"
	"slices"
)

// globalKinds are about what all have in common, or the chassis here.
var globalKinds = []kind{{"set globally", setGlobal}, {"set here", setHere}, {"monitor all", monitorAll}, {"template", setTemplate}, {"template", setTemplate}}

var globalSettings = []setting{
	{"options:use_logical_dp_groups=false"},
	{"options:use_ct_inv_match=false"},
	{"options:default_acl_drop=true"},
	{"options:ignore_lsp_down=false"},
	{"options:controller_event=true"},
	{"options:svc_monitor_mac=0a:ee:00:00:00:01"},
}

func setGlobal(w *walker) []Command { return w.set("nb", "NB_Global", ".", 0, globalSettings) }

var hereSettings = []setting{
	{"external_ids:ovn-chassis-mac-mappings=phys:aa:bb:cc:dd:ee:01"},
	{"external_ids:ovn-bridge-mappings=phys:br-ex,other:br-ey"},
}

func setHere(w *walker) []Command { return w.set("vs", "Open_vSwitch", ".", 0, hereSettings) }

// monitorAll has the chassis here monitor all rows of the southbound database, or not any more: not while routers have others behind
// them, for the reason that moveRouter tells.
func monitorAll(w *walker) []Command {
	if slices.ContainsFunc(w.routers, func(name string) bool { return w.has(peered(name)) }) {
		return nil
	}
	if w.all = !w.all; w.all {
		return []Command{vs("set Open_vSwitch . external_ids:ovn-monitor-all=true")}
	}
	return []Command{vs("remove Open_vSwitch . external_ids ovn-monitor-all")}
}

// setTemplate sets what template variables stand for here and elsewhere. The row of the chassis here stays: ovn-controller 23.03 ends
// with a failed assertion when it is made again.
func setTemplate(w *walker) []Command {
	w.names++
	vip, backends := fmt.Sprintf("172.20.0.%d", w.names%250), "10.1.0.1:8080"
	if v := pick(w, w.vifs, nil); v != nil {
		backends = v.ip4() + ":8080"
	}
	if !w.templates {
		w.templates = true
		return []Command{nb("create Chassis_Template_Var chassis=hv1 variables:vip=%s variables:backends=%s", vip, quoted(backends))}
	}
	if chassis := pick(w, w.chassis, nil); chassis != "" && w.in(4) && w.count("template") == 0 {
		w.remember("template", chassis, nb("destroy Chassis_Template_Var %s", chassis))
		return []Command{nb("create Chassis_Template_Var chassis=%s variables:vip=%s", chassis, vip)}
	}
	name, value := "backends", backends
	if w.in(2) {
		name, value = one(w, "vip", "vip2"), vip
	}
	if w.in(3) {
		return []Command{nb("remove Chassis_Template_Var hv1 variables %s", name)}
	}
	return []Command{nb("set Chassis_Template_Var hv1 variables:%s=%s", name, quoted(value))}
}
