package controller

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/hairpin"
)

// TestHairpin has ovn-controller and package hairpin make flows of the same load balancers.
func TestHairpin(t *testing.T) {
	s, d := start(t), dialect.OVN2303()
	tables := d.Actions.Tables
	theirs := newSide(t, s, tables.LBHairpin, tables.CTSNATHairpin)
	variables := map[string]string{"vip": "10.0.0.10", "port": "80", "backends": "10.0.0.1:8080,10.0.0.2:8080"}
	s.Sbctl(t, "create", "Chassis_Template_Var", "chassis=hv1", "variables="+pairs(variables))
	udp, sctp := "udp", "sctp"
	type vips = map[string]string
	type options = map[string]string
	for _, test := range []struct {
		name  string
		row   sb.LoadBalancer
		label bool
	}{
		{name: "IPv4", row: sb.LoadBalancer{Vips: vips{"10.0.0.10:80": "10.0.0.1:8080,10.0.0.2:8081", "10.0.0.11:81": "10.0.0.1:8080"}}},
		{name: "IPv6", row: sb.LoadBalancer{Vips: vips{"[fd00::10]:80": "[fd00::1]:8080,[fd00::2]:8080"}}},
		{name: "no port", row: sb.LoadBalancer{Vips: vips{"10.0.0.10": "10.0.0.1,10.0.0.2", "fd00::10": "fd00::1", "[fd00::11]": "[fd00::2]"}}},
		{name: "UDP", row: sb.LoadBalancer{Protocol: &udp, Vips: vips{"10.0.0.10:80": "10.0.0.1:8080", "[fd00::10]:80": "[fd00::1]:8080"}}},
		{name: "SCTP", row: sb.LoadBalancer{Protocol: &sctp, Vips: vips{"10.0.0.10:80": "10.0.0.1:8080", "[fd00::10]:80": "[fd00::1]:8080"}}},
		{name: "no backends", row: sb.LoadBalancer{Vips: vips{"10.0.0.10:80": ""}}},
		{name: "backend twice", row: sb.LoadBalancer{Vips: vips{"10.0.0.10:80": "10.0.0.1:80,10.0.0.1:80"}}},
		{name: "hairpin_orig_tuple", row: sb.LoadBalancer{Options: options{"hairpin_orig_tuple": "True"},
			Vips: vips{"10.0.0.10:80": "10.0.0.1:8080", "10.0.0.11": "10.0.0.1", "[fd00::10]:80": "[fd00::1]:8080", "fd00::11": "fd00::1"}}},
		{name: "hairpin_snat_ip", row: sb.LoadBalancer{Options: options{"hairpin_snat_ip": "10.9.9.9 fd09::9"},
			Vips: vips{"10.0.0.10:80": "10.0.0.1:8080", "10.0.0.11": "10.0.0.1", "[fd00::10]:80": "[fd00::1]:8080", "fd00::11": "fd00::1"}}},
		{name: "hairpin_snat_ip of one family", row: sb.LoadBalancer{Options: options{"hairpin_snat_ip": "fd09::9"},
			Vips: vips{"10.0.0.10:80": "10.0.0.1:8080", "fd00::11": "fd00::1"}}},
		{name: "both options", row: sb.LoadBalancer{Options: options{"hairpin_snat_ip": "10.9.9.9", "hairpin_orig_tuple": "true"},
			Vips: vips{"10.0.0.10:80": "10.0.0.1:8080", "fd00::11": "fd00::1"}}},
		{name: "bad hairpin_snat_ip", row: sb.LoadBalancer{Options: options{"hairpin_snat_ip": "bad"}, Vips: vips{"10.0.0.10:80": "10.0.0.1:80"}}},
		{name: "empty hairpin_snat_ip", row: sb.LoadBalancer{Options: options{"hairpin_snat_ip": ""}, Vips: vips{"10.0.0.10:80": "10.0.0.1:80"}}},
		{name: "half bad hairpin_snat_ip", row: sb.LoadBalancer{Options: options{"hairpin_snat_ip": "10.9.9.9,fd09::9"},
			Vips: vips{"10.0.0.10:80": "10.0.0.1:80", "fd00::11": "fd00::1"}}},
		{name: "templates", row: sb.LoadBalancer{Options: options{"template": "true"}, Vips: vips{
			"^vip:^port": "^backends", "^vip:81": "10.0.0.3:^port", "^missing:80": "10.0.0.1:80", "[fd00::10]:80": "[fd00::1]:80",
			"10.0.0.12:80": "10.0.0.4:^missing", "10.0.0.13:80": "^backends,10.0.0.5:80"}}},
		{name: "no templates", row: sb.LoadBalancer{Vips: vips{"^vip:80": "10.0.0.1:80", "10.0.0.12:80": "10.0.0.4:80"}}},
		{name: "odd", row: sb.LoadBalancer{Vips: vips{
			"[10.0.0.10]:080": ",10.0.0.1:80,,", "::ffff:10.0.0.11": "::ffff:10.0.0.1", "10.0.0.12:0": "10.0.0.1", "fd00::10:80": "fd00::1"}}},
		{name: "bad", row: sb.LoadBalancer{Vips: vips{
			"10.0.0.1": "10.0.0.2", "bad": "10.0.0.1", "10.0.0.10:80": "10.0.0.1:80,[fd00::1]:80", "10.0.0.11:80": "10.0.0.1:80,10.0.0.2",
			"10.0.0.12": "10.0.0.1:80", "10.0.0.13:80": "10.0.0.1:80, 10.0.0.2:80", "10.0.0.14:80": "10.0.0.1:99999",
			"[fd00::11]80": "fd00::1", "[fd00::12]:": "fd00::1", "fd00::13/64": "fd00::1",
			"10.0.0.16:http": "10.0.0.1:80", "10.0.0.17:": "10.0.0.1"}}},
		{name: "ct_label", row: sb.LoadBalancer{Vips: vips{"10.0.0.10:80": "10.0.0.1:8080", "[fd00::10]:80": "[fd00::1]:8080"}}, label: true},
	} {
		s.Sbctl(t, "--all", "destroy", "Load_Balancer", "--", "set", "SB_Global", ".",
			fmt.Sprint("options:lb_hairpin_use_ct_mark=", !test.label))
		args := []string{"--id=@group", "create", "Logical_DP_Group", "datapaths=" + theirs.datapath, "--",
			"create", "Load_Balancer", "datapath_group=@group", "vips=" + pairs(test.row.Vips), "options=" + pairs(test.row.Options)}
		if test.row.Protocol != nil {
			args = append(args, "protocol="+*test.row.Protocol)
		}
		test.row.UUID = strings.Fields(s.Sbctl(t, args...))[1]
		theirs.wait()
		ours, _ := hairpin.Flows(d, &test.row, hairpin.Options{
			Datapaths: []uint32{theirs.key}, CTMark: !test.label,
			Template: func(name string) (string, bool) { value, ok := variables[name]; return value, ok },
		})
		theirs.same(test.name, uuid.MustParse(test.row.UUID), ours)
	}
}

// pairs writes a map as OVSDB's tools read it.
func pairs(m map[string]string) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		list = append(list, quote(key)+"="+quote(m[key]))
	}
	return "{" + strings.Join(list, ",") + "}"
}
