package main

import (
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// isComplete fails when the host has other flows than of the rows from nothing.
func (n *node) isComplete(t *testing.T) {
	t.Helper()
	n.told()
	want := newTestSource(1)
	load(want, n.rows, 1)
	host := newHeld()
	host.hear(want, 1000)
	if diff := gocmp.Diff(host.Flows, n.host.Flows); diff != "" {
		t.Errorf("-from nothing +step by step\n%s", diff)
	}
}

// A network does not rely on the order in which it is told: what is made anew may come before what goes.
func TestMulticastGroupMadeAnewBeforeItGoes(t *testing.T) {
	n := newNode(2, 1)
	flood := func() ovsdb.Model {
		return &sb.MulticastGroup{Datapath: text("datapath", 0), Name: "_MC_flood", TunnelKey: 32768}
	}
	n.set(id("multicast", 0), flood())
	n.flow(1, "1", `outport = "_MC_flood"; output;`)
	n.isComplete(t)
	n.set(id("multicast", 1), flood())
	n.set(id("multicast", 0), nil)
	n.isComplete(t)
	n.set(id("multicast", 1), nil)
	n.isComplete(t)
}

// A port that comes to one port group may be another port at that moment, and be in a second group already.
func TestMemberOfAnotherGroupIsAnotherPort(t *testing.T) {
	n := newNode(6, 1)
	members := func(from, to int) *sb.PortGroup {
		g := &sb.PortGroup{Name: "1_other"}
		for i := from; i < to; i++ {
			g.Ports = append(g.Ports, fmt.Sprintf("p%04d", i))
		}
		return g
	}
	n.set(id("pg", 1), members(0, 3))
	n.flow(1, "inport == @pg || inport == @other", "next;")
	n.flow(2, "inport == @other || inport == @pg && ip4", "next;")
	n.isComplete(t)
	n.set(id("binding", 5), &sb.PortBinding{UUID: text("binding", 5), LogicalPort: "p0005", TunnelKey: 99, Datapath: text("datapath", 0)})
	n.set(id("pg", 1), func() *sb.PortGroup { g := members(0, 3); g.Ports = append(g.Ports, "p0005"); return g }())
	n.isComplete(t)
}

// A port may be named by a template variable, or with an escape.
func TestMemberNamedInAnotherWay(t *testing.T) {
	n := newNode(6, 1)
	n.set(id("template", 0), &sb.ChassisTemplateVar{Chassis: "c0", Variables: map[string]string{"v": `"p0005"`}})
	small := &sb.PortGroup{Name: "1_small", Ports: []string{"p0000", "p0001", "p0002"}}
	n.set(id("pg", 1), small)
	n.flow(1, "inport == @small || inport == ^v", "next;")
	n.flow(2, `inport == @small || inport == "p000\u0035"`, "next;")
	n.isComplete(t)
	n.set(id("binding", 5), &sb.PortBinding{UUID: text("binding", 5), LogicalPort: "p0005", TunnelKey: 99, Datapath: text("datapath", 0)})
	n.set(id("pg", 1), &sb.PortGroup{Name: "1_small", Ports: []string{"p0000", "p0001", "p0002", "p0005"}})
	n.isComplete(t)
}

// What a flow depends on does not grow with the ports that were in its group once.
func TestPortsThatWereMembersAreForgotten(t *testing.T) {
	const ports = 20
	n := newNode(ports, 1)
	n.flow(1, "inport == @pg", "next;")
	n.told()
	before := len(n.index.facts)
	name := func(i int) string { return fmt.Sprintf("p%04d", i) }
	members := n.rows[id("pg", 0)].(*sb.PortGroup).Ports
	for i := ports; i < 500; i++ {
		slot := i % ports // one pod goes, another comes in its place
		n.set(id("binding", i-ports), nil)
		n.set(id("binding", i), &sb.PortBinding{UUID: text("binding", i), LogicalPort: name(i), TunnelKey: i + 1, Datapath: text("datapath", 0)})
		members = append(members[1:len(members):len(members)], name(i))
		n.set(id("pg", 0), &sb.PortGroup{Name: "1_pg", Ports: members})
		ofport := i + 1
		n.set(id("interface", slot), &vswitch.Interface{ExternalIDs: map[string]string{"iface-id": name(i)}, Ofport: &ofport})
		n.told()
	}
	if after := len(n.index.facts); after > 4*before {
		t.Errorf("%d facts at first, %d after the ports have all changed often", before, after)
	}
	n.isComplete(t)
}
