package registration

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// defaultEncap is the encapsulation of a chassis that says nothing of it.
const defaultEncap = "geneve"

// features are what ovn-northd has to know that every chassis can, before it makes flows that need it (include/ovn/features.h).
var features = map[string]string{
	"port-up-notif":         "true",
	"ct-no-masked-label":    "true",
	"mac-binding-timestamp": "true", // of those that are learned here: none are
	"ovn-ct-lb-related":     "true",
}

// wanted is what the Chassis row and its Encaps have to be.
type wanted struct {
	hostname    string
	encaps      []encap // sorted
	options     map[string]string
	zones       []string // sorted
	otherConfig map[string]string
}

// encap is what no two rows of Encap have in common (ovn-sb(5), Encap).
type encap struct{ kind, ip string }

func (e encap) String() string { return e.kind + " " + e.ip }

// String tells two wanted apart.
func (w *wanted) String() string {
	return fmt.Sprint(w.hostname, w.encaps, w.options, w.zones, w.otherConfig) // fmt sorts maps
}

// want is what follows from the settings; the problem says what keeps it from being registered, or what of it is left out.
func (d *Duty) want() (w wanted, problem string) {
	get := d.state.Setting
	w = wanted{
		hostname: or(get("hostname"), d.cfg.Hostname),
		options:  map[string]string{"csum": boolean(get("ovn-encap-csum"), true)},
		zones:    words(get("ovn-transport-zones")),
	}
	for _, kind := range words(or(get("ovn-encap-type"), defaultEncap)) {
		if kind != sb.EncapTypeGeneve && kind != sb.EncapTypeSTT && kind != sb.EncapTypeVxlan {
			problem = fmt.Sprintf("external_ids:ovn-encap-type %s is no encapsulation", kind)
			continue
		}
		for _, ip := range words(get("ovn-encap-ip")) {
			w.encaps = append(w.encaps, encap{kind, ip})
		}
	}
	if len(w.encaps) == 0 && problem == "" {
		problem = "waiting for external_ids:ovn-encap-ip"
	}
	w.otherConfig = otherConfig(d.state, d.root, d.bridge)
	return w, problem
}

// otherConfig are the keys of Chassis other_config that are ovn-controller's (chassis.c, chassis_build_other_config).
func otherConfig(state *local.State, root *vswitch.OpenvSwitch, bridge *vswitch.Bridge) map[string]string {
	get := state.Setting
	config := maps.Clone(features)
	config["datapath-type"] = bridge.DatapathType
	config["iface-types"] = strings.Join(root.IfaceTypes, ",")
	config["is-interconn"] = boolean(get("ovn-is-interconn"), false)
	config["ovn-monitor-all"] = boolean(get("ovn-monitor-all"), false)
	config["ovn-enable-lflow-cache"] = boolean(get("ovn-enable-lflow-cache"), true)
	for _, key := range []string{"ovn-bridge-mappings", "ovn-cms-options", "ovn-chassis-mac-mappings", "ovn-limit-lflow-cache",
		"ovn-memlimit-lflow-cache-kb", "ovn-trim-limit-lflow-cache", "ovn-trim-wmark-perc-lflow-cache", "ovn-trim-timeout-ms"} {
		config[key] = get(key)
	}
	return config
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// boolean is "true" or "false" (lib/smap.c, smap_get_bool).
func boolean(text string, otherwise bool) string {
	switch {
	case otherwise:
		return strconv.FormatBool(!strings.EqualFold(text, "false"))
	default:
		return strconv.FormatBool(strings.EqualFold(text, "true"))
	}
}

// words are those of a list with commas, sorted, each once.
func words(text string) []string {
	list := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(list)
	return slices.Compact(list)
}
