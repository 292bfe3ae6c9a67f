package bindings

import (
	"slices"
	"strings"
	"testing"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// What a Port_Binding becomes. Interfaces are there for vif (with an encap-ip where the test says so) and local.
func TestClaim(t *testing.T) {
	hv1, hv2 := duty.Refs(id("hv1")), duty.Refs(id("hv2"))
	for name, test := range map[string]struct {
		port    string // "vif" unless the test says otherwise
		row     libovsdb.Row
		encapIP string
		want    string
	}{
		"vif":                        {want: "chassis=hv1"},
		"vif without an interface":   {port: "other"},
		"vif that was ours":          {port: "other", row: libovsdb.Row{"chassis": hv1, "encap": duty.Refs(id("geneve 192.0.2.1")), "up": true}},
		"vif of another":             {port: "other", row: libovsdb.Row{"chassis": hv2, "up": true}, want: "chassis=hv2 up=true"},
		"vif that another has":       {row: libovsdb.Row{"chassis": hv2, "up": true}, want: "chassis=hv1"},
		"vif without up":             {row: libovsdb.Row{"up": libovsdb.OvsSet{}}, want: "chassis=hv1 up=[]"},
		"vif of an old daemon's":     {row: libovsdb.Row{"chassis": hv1, "up": true}, want: "chassis=hv1 up=true"},
		"vif with an encap-ip":       {encapIP: "192.0.2.1", want: "chassis=hv1 encap=geneve 192.0.2.1"},
		"vif with the other one":     {encapIP: "192.0.2.11", want: "chassis=hv1 encap=geneve 192.0.2.11"},
		"vif with a foreign one":     {encapIP: "192.0.2.2", want: "chassis=hv1"},
		"vif with another's encap":   {row: libovsdb.Row{"encap": duty.Refs(id("geneve 192.0.2.2"))}, want: "chassis=hv1"},
		"vif of another version":     {row: libovsdb.Row{"options": options("iface-id-ver", "2")}},
		"vif of the same version":    {row: libovsdb.Row{"options": options("iface-id-ver", "1")}, want: "chassis=hv1"},
		"vif requested here":         {row: libovsdb.Row{"options": options("requested-chassis", "hv1")}, want: "chassis=hv1"},
		"vif requested at this host": {row: libovsdb.Row{"options": options("requested-chassis", "host-hv1")}, want: "chassis=hv1"},
		"vif requested elsewhere": {row: libovsdb.Row{"chassis": hv1, "up": true, "options": options("requested-chassis", "hv2"),
			"encap": duty.Refs(id("geneve 192.0.2.1"))}},
		"vif additional": {row: libovsdb.Row{"chassis": hv2, "up": true, "options": options("requested-chassis", "hv2,hv1")},
			encapIP: "192.0.2.1", want: "chassis=hv2 additional_chassis=hv1 additional_encap=geneve 192.0.2.1 up=true"},
		"vif whose first chassis is not there": {row: libovsdb.Row{"options": options("requested-chassis", "gone,hv1"), "requested_chassis": hv1},
			want: "chassis=hv1"},
		"vif additional by the column": {row: libovsdb.Row{"options": options("requested-chassis", "hv1"), "requested_chassis": hv2,
			"requested_additional_chassis": hv1}, encapIP: "192.0.2.1", want: "additional_chassis=hv1 additional_encap=geneve 192.0.2.1"},
		"vif from main to additional": {row: libovsdb.Row{"chassis": hv1, "up": true, "options": options("requested-chassis", "hv2,hv1"),
			"encap": duty.Refs(id("geneve 192.0.2.11"))}, encapIP: "192.0.2.11", want: "additional_chassis=hv1 additional_encap=geneve 192.0.2.11"},
		"vif from additional to main": {row: libovsdb.Row{"options": options("requested-chassis", "hv1,hv2"), "additional_chassis": hv1,
			"additional_encap": duty.Refs(id("geneve 192.0.2.11"))}, encapIP: "192.0.2.11", want: "chassis=hv1 encap=geneve 192.0.2.11"},
		"vif additional no more": {row: libovsdb.Row{"chassis": hv2, "options": options("requested-chassis", "hv2,hv3"),
			"additional_chassis": duty.Refs(id("hv1"), id("hv2")), "additional_encap": duty.Refs(id("geneve 192.0.2.1"), id("geneve 192.0.2.2"))},
			want: "chassis=hv2 additional_chassis=hv2 additional_encap=geneve 192.0.2.2"},
		"vif with a stale additional encap": {row: libovsdb.Row{"options": options("requested-chassis", "hv2,hv1"),
			"additional_encap": duty.Refs(id("geneve 192.0.2.1"))}, encapIP: "192.0.2.11",
			want: "additional_chassis=hv1 additional_encap=geneve 192.0.2.11"},

		"container": {port: "child", row: libovsdb.Row{"parent_port": "vif", "tag": 5}, encapIP: "192.0.2.1",
			want: "chassis=hv1 encap=geneve 192.0.2.1"},
		"container elsewhere":    {port: "child", row: libovsdb.Row{"parent_port": "other", "chassis": hv1, "up": true}},
		"virtual with no parent": {port: "vip", row: libovsdb.Row{"type": "virtual", "virtual_parent": "local"}, want: "virtual_parent=local"},
		"virtual released": {port: "vip", row: libovsdb.Row{"type": "virtual", "virtual_parent": "other", "chassis": hv1, "up": true,
			"encap": duty.Refs(id("geneve 192.0.2.1"))}},
		"virtual elsewhere": {port: "vip", row: libovsdb.Row{"type": "virtual", "virtual_parent": "other", "chassis": hv2},
			want: "chassis=hv2 virtual_parent=other"},

		"l3gateway": {port: "gw", row: libovsdb.Row{"type": "l3gateway", "options": options("l3gateway-chassis", "hv1")},
			want: "chassis=hv1 up=true"},
		"l3gateway elsewhere": {port: "gw", row: libovsdb.Row{"type": "l3gateway", "options": options("l3gateway-chassis", "hv2"), "chassis": hv1,
			"up": true}, want: "up=true"},
		"l2gateway": {port: "gw", row: libovsdb.Row{"type": "l2gateway", "options": options("l2gateway-chassis", "hv1"), "chassis": hv2},
			want: "chassis=hv1 up=true"},
		"l2gateway requested elsewhere": {port: "gw", row: libovsdb.Row{"type": "l2gateway",
			"options": options("l2gateway-chassis", "hv1", "requested-chassis", "hv2")}},
		"l3gateway that is not up": {port: "gw", row: libovsdb.Row{"type": "l3gateway", "chassis": hv1,
			"options": options("l3gateway-chassis", "hv1")},
			want: "chassis=hv1 up=true"},

		"localport":                 {port: "local", row: libovsdb.Row{"type": "localport"}},
		"localport claimed":         {port: "local", row: libovsdb.Row{"type": "localport", "chassis": hv1, "up": true}},
		"localnet":                  {port: "vif", row: libovsdb.Row{"type": "localnet"}},
		"patch, a gateway's before": {port: "rtr", row: libovsdb.Row{"type": "patch", "chassis": hv1}},
		"vtep":                      {port: "vif", row: libovsdb.Row{"type": "vtep", "chassis": hv2}, want: "chassis=hv2"},
		"remote":                    {port: "vif", row: libovsdb.Row{"type": "remote", "chassis": hv1}, want: "chassis=hv1"},
		"unknown":                   {port: "vif", row: libovsdb.Row{"type": "news", "chassis": hv1}, want: "chassis=hv1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.plug("vif", 1, "iface-id-ver", "1", "encap-ip", test.encapIP)
			s.plug("local", 2)
			if test.port == "" {
				test.port = "vif"
			}
			if test.port != "vif" {
				s.bind("vif", nil)
			}
			s.bind(test.port, test.row)
			s.Settle()
			if got := s.binding(test.port); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// A port of a group of chassis is the first one's that is there.
func TestGroup(t *testing.T) {
	for _, kind := range []string{"chassisredirect", "external"} {
		s := newStage(t)
		s.Transact(duty.Southbound,
			insert(sb.HAChassisGroupTable, "group", libovsdb.Row{"name": "group", "ha_chassis": duty.Refs(id("first"))}),
			insert(sb.HAChassisTable, "first", libovsdb.Row{"chassis": duty.Refs(id("hv1")), "priority": 1}))
		s.bind("cr", libovsdb.Row{"type": kind, "ha_chassis_group": duty.Ref(id("group"))})
		s.Settle()
		if got, want := s.binding("cr"), "chassis=hv1 up=true"; got != want {
			t.Errorf("%s alone: %q, want %q", kind, got, want)
		}
		s.Transact(duty.Southbound,
			insert(sb.HAChassisTable, "second", libovsdb.Row{"chassis": duty.Refs(id("hv2")), "priority": 2}),
			duty.Mutate(sb.HAChassisGroupTable, id("group"), mutation("ha_chassis", libovsdb.MutateOperationInsert, duty.Refs(id("second")))))
		s.Settle()
		if got, want := s.binding("cr"), "up=true"; got != want { // who claims it next says that it is up
			t.Errorf("%s behind another: %q, want %q", kind, got, want)
		}
		s.Transact(duty.Southbound, duty.Delete(sb.HAChassisTable, id("second")),
			duty.Mutate(sb.HAChassisGroupTable, id("group"), mutation("ha_chassis", libovsdb.MutateOperationDelete, duty.Refs(id("second")))))
		s.Settle()
		if got, want := s.binding("cr"), "chassis=hv1 up=true"; got != want {
			t.Errorf("%s alone again: %q, want %q", kind, got, want)
		}
	}
}

// Of a group of several, this chassis is the one that is active by what the tunnels to the others say.
func TestGroupByBFD(t *testing.T) {
	s := newStage(t)
	s.chassis("hv3", "geneve 192.0.2.3")
	s.Transact(duty.Southbound,
		insert(sb.HAChassisTable, "first", libovsdb.Row{"chassis": duty.Refs(id("hv2")), "priority": 3}),
		insert(sb.HAChassisTable, "second", libovsdb.Row{"chassis": duty.Refs(id("hv1")), "priority": 2}),
		insert(sb.HAChassisTable, "third", libovsdb.Row{"chassis": duty.Refs(id("hv3")), "priority": 1}),
		insert(sb.HAChassisGroupTable, "group", libovsdb.Row{"name": "group", "ha_chassis": duty.Refs(id("first"), id("second"), id("third"))}))
	s.bind("cr", libovsdb.Row{"type": "chassisredirect", "ha_chassis_group": duty.Ref(id("group"))})
	state := func(hv2, hv3 string) {
		for chassis, state := range map[string]string{"hv2": hv2, "hv3": hv3} {
			s.setInterface("to-"+chassis, libovsdb.Row{"bfd_status": options("state", state)})
		}
		s.Settle()
	}
	for n, chassis := range []string{"hv2", "hv3"} {
		s.plugAs("to-"+chassis, "", 10+n)
		s.setInterface("to-"+chassis, libovsdb.Row{"type": "geneve"})
		s.Transact(duty.Vswitch, duty.Update(vswitch.PortTable, id("port to-"+chassis),
			libovsdb.Row{"external_ids": options("ovn-chassis-id", chassis+"@192.0.2.9")}))
	}
	for _, step := range []struct{ hv2, hv3, want string }{
		{"down", "down", ""}, // it is this chassis that is cut off
		{"up", "up", ""},
		{"down", "up", "chassis=hv1 up=true"},
		{"up", "up", "up=true"},
		{"down", "up", "chassis=hv1 up=true"},
		{"down", "down", "up=true"},
	} {
		if state(step.hv2, step.hv3); s.binding("cr") != step.want {
			t.Errorf("with BFD of hv2 %s and hv3 %s: %q, want %q", step.hv2, step.hv3, s.binding("cr"), step.want)
		}
	}
}

// A port is up, and its interface ovn-installed, once all owners have installed its flows; both are written at once.
func TestUp(t *testing.T) {
	s := newStage(t)
	s.Now = time.UnixMilli(1700000000123)
	s.plug("vif", 7)
	s.bind("vif", nil)
	s.Settle()
	s.mark("vif", 0, "lflow", "physical")
	s.mark("vif", 7, "lflow")
	s.mark("vif", 7, "neighbor")
	if writes := s.Settle(); len(writes) > 0 {
		t.Errorf("before the flows are there: %v", whats(writes))
	}
	s.mark("vif", 7, "physical")
	writes := s.Plan(10)
	want := []string{"OVN_Southbound: update of port vif", "Open_vSwitch: ovn-installed of interface for port vif"}
	if !slices.Equal(whats(writes), want) {
		t.Errorf("with the flows: %v, want %v", whats(writes), want)
	}
	for _, w := range writes {
		if err := s.Apply(w); err != nil {
			t.Error(err)
		}
	}
	s.Settle()
	s.is("vif", "chassis=hv1 up=true", "true 1700000000123")

	s.setInterface("vif", libovsdb.Row{"ofport": 8}) // another interface, to which no flow leads yet
	s.Settle()
	s.is("vif", "chassis=hv1", " 1700000000123")
	s.mark("vif", 8, "lflow", "physical")
	s.Settle()
	s.is("vif", "chassis=hv1 up=true", "true 1700000000123")

	s.set("vif", libovsdb.Row{"options": options("requested-chassis", "hv2")})
	s.Settle()
	s.is("vif", "", " 1700000000123")
	s.set("vif", libovsdb.Row{"options": options("requested-chassis", "hv2,hv1"), "chassis": duty.Refs(id("hv2"))})
	s.Settle() // an additional chassis does not say that the port is up
	s.is("vif", "chassis=hv2 additional_chassis=hv1", "true 1700000000123")
	s.Transact(duty.Southbound, duty.Delete(sb.PortBindingTable, id("vif")))
	s.Settle()
	s.is("vif", "gone", " 1700000000123")
}

func (s *stage) is(name, binding, installed string) {
	s.t.Helper()
	if got := s.binding(name); got != binding {
		s.t.Fatalf("port %s: %q, want %q", name, got, binding)
	}
	if got := s.installed(name); got != installed {
		s.t.Fatalf("interface %s: %q, want %q", name, got, installed)
	}
}

// Containers and virtual ports are where their parents are, and up no earlier.
func TestChildren(t *testing.T) {
	s := newStage(t)
	s.plug("vif", 7, "encap-ip", "192.0.2.11")
	s.bind("child", libovsdb.Row{"parent_port": "vif", "tag": 3})
	s.bind("vip", libovsdb.Row{"type": "virtual", "virtual_parent": "vif"})
	s.bind("stray", libovsdb.Row{"type": "virtual", "virtual_parent": "child"}) // ovn-controller knows no such parent
	s.bind("vif", nil)
	s.Settle()
	const here = "chassis=hv1 encap=geneve 192.0.2.11"
	s.each(here, "vif", "child")
	s.each(here+" virtual_parent=vif", "vip")
	s.each("virtual_parent=child", "stray")
	s.mark("child", 7, "lflow", "physical")
	s.mark("vif", 7, "lflow", "physical")
	s.Settle()
	s.each(here+" up=true", "vif", "child")
	s.each(here+" virtual_parent=vif", "vip")
	s.mark("vip", 7, "lflow", "physical")
	s.Settle()
	s.each(here+" up=true virtual_parent=vif", "vip")

	s.set("vif", libovsdb.Row{"options": options("requested-chassis", "hv2")}) // a container stays, but not up
	s.Settle()
	s.each("", "vif")
	s.each(here, "child")
	s.mark("vif", 0, "lflow", "physical")
	s.set("vif", libovsdb.Row{"options": options()})
	s.Settle()
	s.mark("vif", 7, "lflow", "physical")
	s.Settle()
	s.each(here+" up=true", "vif", "child")
	s.unplug("vif")
	s.Settle()
	s.each("", "vif", "child", "vip")
}

func (s *stage) each(want string, ports ...string) {
	s.t.Helper()
	sorted := func(text string) string {
		words := strings.Split(text, " ")
		slices.Sort(words)
		return strings.Join(words, " ")
	}
	for _, port := range ports {
		if got := s.binding(port); sorted(got) != sorted(want) {
			s.t.Fatalf("port %s: %q, want %q", port, got, want)
		}
	}
}

// After a restart, what the databases say is true until an owner says otherwise.
func TestRestart(t *testing.T) {
	s := newStage(t)
	s.plug("vif", 7, installed, "true", installedTS, "1")
	s.bind("vif", libovsdb.Row{"chassis": duty.Refs(id("hv1")), "up": true})
	s.plug("gone", 8, installed, "true", installedTS, "2")
	s.Settle()
	s.is("vif", "chassis=hv1 up=true", "true 1")
	s.is("gone", "gone", " 2")
	s.mark("vif", 0, "lflow")
	s.Settle()
	s.is("vif", "chassis=hv1", " 1")
	s.mark("vif", 7, "lflow", "physical")
	s.Settle()
	s.is("vif", "chassis=hv1 up=true", "true 0")
	s.Transact(duty.Vswitch, duty.Mutate(vswitch.InterfaceTable, id("interface vif"),
		mutation("external_ids", libovsdb.MutateOperationDelete, libovsdb.OvsSet{GoSet: []any{ifaceID}})))
	s.Settle()
	s.is("vif", "", " 0")
}
