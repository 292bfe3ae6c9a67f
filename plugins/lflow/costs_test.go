package main

import (
	"testing"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// What has changed is compiled anew, and nothing else.
func TestOnlyWhatChangesIsCompiled(t *testing.T) {
	n := newNode(4, 3)
	n.acls(10)
	n.flow(20, `outport == "p0001" && ip4`, "drop;")
	n.flow(21, "ip4", "next;", func(r *sb.LogicalFlow) { r.LogicalDatapath, r.LogicalDpGroup = nil, ptr(text("dpgroup", 0)) })
	for i := range 5 {
		n.flow(30+i, "ip6", "next;", func(r *sb.LogicalFlow) { *r.LogicalDatapath = text("datapath", 1) })
	}
	n.set(id("dpgroup", 0), &sb.LogicalDPGroup{Datapaths: texts("datapath", 2)})
	n.set(id("datapath", 1), &sb.DatapathBinding{UUID: text("datapath", 1), TunnelKey: 2, ExternalIDs: map[string]string{"logical-switch": "y"}})
	n.set(id("binding", 99), &sb.PortBinding{UUID: text("binding", 99), LogicalPort: "far", TunnelKey: 1, Datapath: text("datapath", 1)})
	n.told()

	local := func(external map[string]string) {
		external["system-id"] = "c0"
		n.set(id("open", 0), &vswitch.OpenvSwitch{ExternalIDs: external})
	}
	bridge := *n.rows[id("bridge", 0)].(*vswitch.Bridge)
	plug := func(port int, p *vswitch.Port, i *vswitch.Interface) {
		n.set(id("interface", port), i)
		n.set(id("port", port), p)
		bridge.Ports = append(bridge.Ports[:4:4], text("port", port))
		with := bridge
		n.set(id("bridge", 0), &with)
	}
	for _, step := range []struct {
		what           string
		change         func()
		compiled, told int
	}{
		{"a key of Open_vSwitch that means nothing here", func() { local(map[string]string{"ovn-encap-ip": "192.0.2.1", "x": "y"}) }, 0, 0},
		{"a chassis", func() { n.set(id("chassis", 1), &sb.Chassis{UUID: text("chassis", 1), Name: "c1"}) }, 0, 0},
		{"a tunnel", func() {
			plug(50, &vswitch.Port{Interfaces: []string{text("interface", 50)}, ExternalIDs: map[string]string{"ovn-chassis-id": "c1@192.0.2.2"}},
				&vswitch.Interface{Type: "geneve", Ofport: ptr(50)})
		}, 0, 0},
		{"a datapath that is here now", func() {
			plug(51, &vswitch.Port{Interfaces: []string{text("interface", 51)}}, &vswitch.Interface{Ofport: ptr(51), ExternalIDs: map[string]string{"iface-id": "far"}})
		}, 6, 6}, // the flow of the group has one more
		{"a row that says the same in other words", func() {
			n.flow(20, `outport == "p0001" && ip4`, "drop;", func(r *sb.LogicalFlow) { r.Tags = map[string]string{"x": "y"} })
		}, 0, 0},
		{"the same group", func() {
			n.set(id("dpgroup", 0), &sb.LogicalDPGroup{Datapaths: []string{text("datapath", 1), text("datapath", 0)}})
		}, 0, 0},
		{"a set that nobody names", func() { n.set(id("set", 1), &sb.AddressSet{Name: "other", Addresses: []string{"10.0.0.2"}}) }, 0, 0},
		{"a logical flow", func() { n.flow(40, "ip4", "drop;") }, 1, 1},
		{"that goes again", func() { n.set(id("flow", 40), nil) }, 1, 0},
		{"the key of a port that a row names, and the port group of ten others", func() {
			n.set(id("binding", 1), &sb.PortBinding{UUID: text("binding", 1), LogicalPort: "p0001", TunnelKey: 77, Datapath: text("datapath", 0)})
		}, 1 + 10, 1 + 10*(4+3+1)},
	} {
		before := n.compiled
		step.change()
		told := n.told()
		if compiled := n.compiled - before; compiled != step.compiled || told != step.told {
			t.Errorf("%s: %d rows are compiled, %d flows told; want %d, %d", step.what, compiled, told, step.compiled, step.told)
		}
	}
}
