package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/sdk/flow"
)

// world is rows by UUID.
type world map[uuid.UUID]ovsdb.Model

// id makes the UUID of a thing.
func id(thing string, n int) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%s %d", thing, n))
}

func text(thing string, n int) string { return id(thing, n).String() }

func pick[T any](t *rapid.T, from ...T) T { return rapid.SampledFrom(from).Draw(t, "pick") }

func some(t *rapid.T, thing string, n int) (list []string) {
	for i := range n {
		if rapid.Bool().Draw(t, "in") {
			list = append(list, text(thing, i))
		}
	}
	return list
}

func maybe[T any](t *rapid.T, value T) *T {
	if rapid.Bool().Draw(t, "set") {
		return &value
	}
	return nil
}

const things = 4 // of each kind

// edit draws a row that changes; nil: it goes.
func (w world) edit(t *rapid.T) (uuid.UUID, ovsdb.Model) {
	n := rapid.IntRange(0, things-1).Draw(t, "n")
	thing := pick(t, "open", "bridge", "port", "port", "interface", "interface", "chassis", "encap", "group", "member", "datapath",
		"binding", "binding", "binding", "binding", "multicast", "multicast")
	if thing == "open" || thing == "bridge" {
		n = 0
	}
	if rapid.IntRange(0, 5).Draw(t, "gone") == 0 {
		return id(thing, n), nil
	}
	return id(thing, n), w.draw(t, thing, n)
}

func (w world) draw(t *rapid.T, thing string, n int) ovsdb.Model {
	names := []string{"p0", "p1", "p2", "p3"}
	switch thing {
	case "open":
		return &vswitch.OpenvSwitch{ExternalIDs: map[string]string{
			"system-id": "c0", "ovn-bridge-mappings": pick(t, "net:br-int", ""), macMappings: pick(t, "", "net:aa:bb:cc:00:00:01")}}
	case "bridge":
		zones := map[string]string{}
		for _, key := range append(names, text("datapath", 0)+"_dnat", text("datapath", 1)+"_snat") {
			if rapid.Bool().Draw(t, "zone") {
				zones["ct-zone-"+key] = pick(t, "0", "1", "2", "x")
			}
		}
		return &vswitch.Bridge{Name: "br-int", Ports: some(t, "port", things), ExternalIDs: zones}
	case "port":
		return &vswitch.Port{Interfaces: []string{text("interface", n)}, ExternalIDs: map[string]string{
			pick(t, "x", "ovn-localnet-port", "ovn-chassis-id", "ovn-chassis-id"): pick(t, "p0", "p1", "c1@1.1.1.1", "c2@2.2.2.2", "c1@3.3.3.3")}}
	case "interface":
		return &vswitch.Interface{Type: pick(t, "", "", "patch", "geneve", "vxlan"), Ofport: maybe(t, n+1), MTU: maybe(t, 1500),
			ExternalIDs: map[string]string{"iface-id": pick(t, names...)}, BFDStatus: map[string]string{"state": pick(t, "up", "down")}}
	case "chassis":
		return &sb.Chassis{UUID: text("chassis", n), Name: fmt.Sprint("c", n), OtherConfig: map[string]string{
			"is-vtep": pick(t, "", "true"), macMappings: pick(t, "", "net:aa:bb:cc:00:00:02", "net:bad")}}
	case "encap":
		return &sb.Encap{IP: pick(t, "1.1.1.1", "3.3.3.3")}
	case "group":
		return &sb.HAChassisGroup{HaChassis: some(t, "member", things)}
	case "member":
		return &sb.HAChassis{Chassis: maybe(t, text("chassis", n)), Priority: pick(t, 1, 2)}
	case "datapath":
		return &sb.DatapathBinding{TunnelKey: n + 1 + pick(t, 0, 10), ExternalIDs: map[string]string{"interconn-ts": pick(t, "", "ts")}}
	case "multicast":
		return &sb.MulticastGroup{Datapath: text("datapath", pick(t, 0, 1)), TunnelKey: 32768 + n, Ports: some(t, "binding", things)}
	}
	row := &sb.PortBinding{
		UUID: text("binding", n), LogicalPort: names[n], TunnelKey: n + 1, Datapath: text("datapath", pick(t, 0, 0, 1)),
		Type: pick(t, "", "", "localnet", "localport", "patch", "patch", "l2gateway", "l3gateway", "chassisredirect", "external", "virtual",
			"vtep", "remote"),
		Chassis: maybe(t, text("chassis", pick(t, 0, 1, 2))), Encap: maybe(t, text("encap", 0)), Tag: maybe(t, pick(t, 0, 5)),
		HaChassisGroup: maybe(t, text("group", pick(t, 0, 1))), MAC: []string{pick(t, "0a:00:00:00:00:01 10.0.0.1", "bad")},
		VirtualParent: maybe(t, pick(t, names...)),
		Options: map[string]string{"peer": pick(t, names...), "distributed-port": pick(t, names...), "network_name": "net",
			"chassis-redirect-port": pick(t, names...), "always-redirect": pick(t, "", "true"), "redirect-type": pick(t, "", "bridged"),
			"l2gateway-chassis": "c0", "l3gateway-chassis": pick(t, "c0", "c1"), "requested-chassis": pick(t, "", "", "c0", "c1"),
			"activation-strategy": pick(t, "", "rarp"), "additional-chassis-activated": pick(t, "", "c0")},
	}
	if rapid.IntRange(0, 3).Draw(t, "container") == 0 {
		row.ParentPort = maybe(t, pick(t, names...))
	}
	if rapid.IntRange(0, 2).Draw(t, "multichassis") == 0 {
		row.AdditionalChassis = some(t, "chassis", 3)
	}
	return row
}

// held is a host: it knows what it was told.
type held struct {
	Flows map[uuid.UUID][]flow.Flow
	Marks map[string]string
}

func newHeld() *held { return &held{map[uuid.UUID][]flow.Flow{}, map[string]string{}} }

func (h *held) hear(n *network, max int) {
	for {
		operations, marks := n.Take(max)
		for _, o := range operations {
			if h.Flows[o.ID] = o.Flows; len(o.Flows) == 0 {
				delete(h.Flows, o.ID)
			}
		}
		for _, m := range marks {
			if h.Marks[m.Name] = m.Value; m.Value == "" {
				delete(h.Marks, m.Name)
			}
		}
		if len(operations) < max && len(marks) < max {
			return
		}
	}
}

func fresh(w world) *held {
	n := newNetwork("br-int", pipeline.OVN2303(), func(string, error) {})
	n.setGeneve(0)
	for at, row := range w {
		n.Change("", ovsdb.Change{UUID: at, New: row})
	}
	n.Settle()
	h := newHeld()
	h.hear(n, 1000)
	return h
}

// However rows come, go and change, the host ends up with what follows when everything is worked out from nothing.
func TestIncrementalIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newNetwork("br-int", pipeline.OVN2303(), func(string, error) {})
		w, host := world{}, newHeld()
		n.setGeneve(0)
		feed := func(at uuid.UUID, row ovsdb.Model) {
			old := w[at]
			if delete(w, at); row != nil {
				w[at] = row
			}
			if old != nil || row != nil {
				n.Change("", ovsdb.Change{UUID: at, Old: old, New: row})
			}
		}
		for thing, count := range map[string]int{"open": 1, "bridge": 1, "port": things, "interface": things, "chassis": 3, "datapath": 2, "binding": things} {
			for i := range count {
				feed(id(thing, i), w.draw(t, thing, i))
			}
		}
		for range rapid.IntRange(1, 15).Draw(t, "batches") {
			for range rapid.IntRange(1, 3).Draw(t, "edits") {
				feed(w.edit(t))
			}
			n.Settle()
			if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				host = newHeld()
				n.Restart()
			}
			host.hear(n, pick(t, 1, 3, 1000))
			if diff := cmp.Diff(fresh(w), host); diff != "" {
				t.Fatalf("-from nothing +step by step\n%s", diff)
			}
		}
		for at := range maps.Clone(w) {
			feed(at, nil)
		}
		n.Settle()
		host.hear(n, 1000)
		checkNothing(t, n, host)
	})
}

// checkNothing fails when something is left of no rows.
func checkNothing(t *rapid.T, n *network, host *held) {
	if len(host.Flows) != 1 || len(host.Marks) != 0 || len(n.units) != 1 || len(n.shared.flows) != 0 || len(n.readers) != 0 {
		t.Fatalf("remembered of no rows: %v, the host has %v", slices.Collect(maps.Keys(n.units)), host)
	}
}
