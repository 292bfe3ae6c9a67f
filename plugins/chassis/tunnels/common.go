package tunnels

import (
	"slices"
	"strings"
)

// Settings of this chassis (ovn-controller(8), Configuration).
const (
	settingTransportZones = "ovn-transport-zones"
	settingLocalIP        = "ovn-set-local-ip"
	settingTOS            = "ovn-encap-tos"
	settingDF             = "ovn-encap-df_default"
)

// chassisIndex begins the key of Open_vSwitch other_config that tells the several chassis of one Open vSwitch apart (chassis.c,
// get_chassis_idx). Behind it comes the chassis' name.
const chassisIndex = "ovn-chassis-idx-"

// bfdOptions are the keys of Interface:bfd by those of SB_Global options (bfd.c, bfd_run).
var bfdOptions = map[string]string{
	"bfd-min-rx":       "min_rx",
	"bfd-decay-min-rx": "decay_min_rx",
	"bfd-min-tx":       "min_tx",
	"bfd-mult":         "mult",
}

// common is what all tunnels depend on.
type common struct {
	self   string // UUID of this chassis' row; "" while there is none
	bridge string // UUID of the integration bridge
	index  string // of this chassis on this Open vSwitch; mostly ""

	kinds     []string // types of encapsulation that this chassis has
	zones     []string // transport zones of this chassis
	interconn bool     // it has tunnels to other availability zones
	ipsec     bool
	options   map[string]string // of every tunnel
	bfd       map[string]string // Interface:bfd of those that have it
}

// common works out what all tunnels depend on now.
func (d *Duty) common() common {
	c := common{
		self:    d.state.Self(),
		bridge:  d.ports.Bridge(d.bridge),
		index:   d.otherConfig[chassisIndex+d.state.Name()],
		zones:   split(d.state.Setting(settingTransportZones)),
		options: map[string]string{"key": "flow"},
		bfd:     map[string]string{"enable": "true", "check_tnl_key": "true"},
	}
	var addresses []string
	if row := d.chassis[c.self]; row != nil {
		c.interconn = isTrue(row.OtherConfig["is-interconn"])
		for _, encap := range d.encapsOf(row) {
			c.kinds, addresses = append(c.kinds, encap.Type), append(addresses, encap.IP)
		}
	}
	c.ipsec = d.global.Ipsec
	if len(addresses) > 0 && (c.ipsec || isTrue(d.state.Setting(settingLocalIP))) {
		c.options["local_ip"] = addresses[0] // one only is supported (encaps.c, tunnel_add)
	}
	if tos := d.state.Setting(settingTOS); tos != "" && tos != "none" {
		c.options["tos"] = tos
	}
	if df := d.state.Setting(settingDF); df != "" {
		c.options["df_default"] = df
	}
	for _, key := range []string{"ipsec_encapsulation", "ipsec_forceencaps"} { // of libreswan and strongSwan
		if c.ipsec && isTrue(d.global.Options[key]) {
			c.options[key] = "yes"
		}
	}
	for from, to := range bfdOptions {
		if value, ok := d.global.Options[from]; ok {
			c.bfd[to] = value
		}
	}
	return c
}

func split(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(s string) bool { return s == "" })
}

// isTrue reads a boolean as OVS does (smap_get_bool).
func isTrue(text string) bool { return strings.EqualFold(text, "true") }

// prefix begins the names of this chassis' tunnel ports.
func (c *common) prefix() string { return "ovn" + c.index + "-" }

// stem is what the names of the tunnel ports to a chassis have before their number. With it they have 15 characters at most, as network
// devices have (encaps.c, tunnel_create_name).
func (c *common) stem(chassis string) string {
	length := 6
	if c.index != "" {
		length = 5
	}
	return c.prefix() + chassis[:min(length, len(chassis))] + "-"
}
