package main

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/ether"
	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/sdk/flow"
)

// name makes the UUID of a thing.
func name(thing string, n int) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%s %d", thing, n))
}

// world is rows by table and UUID. Each of its datapaths has a VIF of its own, which makes it local when that is plugged in.
type world map[string]map[uuid.UUID]ovsdb.Model

func (w world) set(table string, id uuid.UUID, row ovsdb.Model) ovsdb.Change {
	c := ovsdb.Change{UUID: id, Old: w[table][id], New: row}
	if w[table] == nil {
		w[table] = map[uuid.UUID]ovsdb.Model{}
	}
	if row == nil {
		delete(w[table], id)
	} else {
		w[table][id] = row
	}
	return c
}

// edit draws the change of one row.
func (w world) edit(t *rapid.T) (string, ovsdb.Change) {
	n := rapid.IntRange(0, 3).Draw(t, "n")
	port := fmt.Sprint("port", rapid.IntRange(0, 3).Draw(t, "port"))
	ip := rapid.SampledFrom([]string{"10.0.0.1", "10.0.0.2", "fd00::1", "bad"}).Draw(t, "ip")
	mac := rapid.SampledFrom([]string{"0a:00:00:00:00:01", "0a:00:00:00:00:02", "bad"}).Draw(t, "mac")
	key := rapid.IntRange(1, 3).Draw(t, "key")
	table := rapid.SampledFrom([]string{"Interface", "Port_Binding", "MAC_Binding", "Static_MAC_Binding", "FDB"}).Draw(t, "table")
	var row ovsdb.Model
	switch table {
	case "Interface":
		ofport := rapid.IntRange(0, 1).Draw(t, "ofport")
		row = &vswitch.Interface{Ofport: &ofport, ExternalIDs: map[string]string{"iface-id": fmt.Sprint("vif", n)}}
	case "Port_Binding":
		row = &sb.PortBinding{LogicalPort: fmt.Sprint("port", n), Type: "patch", Datapath: name("Datapath_Binding", key).String(), TunnelKey: n + 10*key}
	case "MAC_Binding":
		row = &sb.MACBinding{LogicalPort: port, IP: ip, MAC: mac}
	case "Static_MAC_Binding":
		row = &sb.StaticMACBinding{LogicalPort: port, IP: ip, MAC: mac, OverrideDynamicMAC: rapid.Bool().Draw(t, "override")}
	case "FDB":
		row = &sb.FDB{DpKey: key, MAC: mac, PortKey: 1}
	}
	if rapid.IntRange(0, 3).Draw(t, "gone") == 0 {
		row = nil
	}
	return table, w.set(table, name(table, n), row)
}

// start makes what does not change: three datapaths with a VIF each, and the bridge.
func (w world) start(feed func(table string, c ovsdb.Change)) {
	var interfaces []string
	for key := 1; key <= 3; key++ {
		id := name("Datapath_Binding", key)
		feed("Datapath_Binding", w.set("Datapath_Binding", id, &sb.DatapathBinding{TunnelKey: key}))
		feed("Port_Binding", w.set("Port_Binding", name("vif", key), &sb.PortBinding{LogicalPort: fmt.Sprint("vif", key), Datapath: id.String(), TunnelKey: 1}))
		interfaces = append(interfaces, name("Interface", key).String())
	}
	feed("Bridge", w.set("Bridge", name("Bridge", 0), &vswitch.Bridge{Name: "br-int", Ports: []string{name("Port", 0).String()}}))
	feed("Port", w.set("Port", name("Port", 0), &vswitch.Port{Interfaces: interfaces}))
}

func (w world) isLocal(key int) bool {
	i, ok := w["Interface"][name("Interface", key)].(*vswitch.Interface)
	return ok && *i.Ofport > 0
}

func (w world) port(name string) local.Location {
	for _, row := range w["Port_Binding"] {
		for key := 1; key <= 3; key++ {
			pb := row.(*sb.PortBinding)
			if pb.LogicalPort == name && pb.Datapath == nameOfDatapath(key) && w.isLocal(key) {
				return local.Location{Datapath: key, Port: pb.TunnelKey}
			}
		}
	}
	return local.Location{}
}

func nameOfDatapath(key int) string { return name("Datapath_Binding", key).String() }

// flows works out from the beginning which rows have which flows.
func (w world) flows(t *rapid.T) map[uuid.UUID][]flow.Flow {
	found := map[uuid.UUID][]flow.Flow{}
	make := func(id uuid.UUID, e entry, at local.Location) {
		flows, err := e.flows(pipeline.OVN2303(), at)
		if err != nil {
			t.Fatal(err)
		}
		found[id] = flows
	}
	bind := func(id uuid.UUID, port, ip, m string, priority flow.Priority) {
		address, err1 := parseIP(ip)
		mac, err2 := ether.Parse(m)
		if at := w.port(port); at != (local.Location{}) && err1 == nil && err2 == nil {
			make(id, &binding{ip: address, mac: mac, priority: priority}, at)
		}
	}
	for id, row := range w["MAC_Binding"] {
		b := row.(*sb.MACBinding)
		bind(id, b.LogicalPort, b.IP, b.MAC, 100)
	}
	for id, row := range w["Static_MAC_Binding"] {
		b := row.(*sb.StaticMACBinding)
		bind(id, b.LogicalPort, b.IP, b.MAC, map[bool]flow.Priority{false: 50, true: 150}[b.OverrideDynamicMAC])
	}
	for id, row := range w["FDB"] {
		f := row.(*sb.FDB)
		if mac, err := ether.Parse(f.MAC); err == nil && w.isLocal(f.DpKey) {
			make(id, &station{mac: mac, port: f.PortKey}, local.Location{Datapath: f.DpKey})
		}
	}
	return found
}

// held is a host: it knows what it was told.
type held map[uuid.UUID][]flow.Flow

func (h held) hear(operations []feed.Operation) {
	for _, o := range operations {
		if len(o.Flows) == 0 {
			delete(h, o.ID)
		} else {
			h[o.ID] = o.Flows
		}
	}
}

// However rows come, go and change, and ports and datapaths under them, the host ends up with the flows that follow.
func TestNeighborsAgainstRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		warned := 0
		n := newNeighbors("br-int", pipeline.OVN2303(), func(uuid.UUID, error) { warned++ })
		w, host := world{}, held{}
		w.start(n.Change)
		for range rapid.IntRange(1, 20).Draw(t, "batches") {
			for range rapid.IntRange(1, 6).Draw(t, "edits") {
				n.Change(w.edit(t))
			}
			n.Settle()
			if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				host = held{}
				n.Restart()
			}
			hearAll(t, n, host)
			if diff := cmp.Diff(w.flows(t), map[uuid.UUID][]flow.Flow(host)); diff != "" {
				t.Fatalf("-want +got\n%s", diff)
			}
		}
		for _, table := range []string{"MAC_Binding", "Static_MAC_Binding", "FDB"} {
			for id := range maps.Clone(w[table]) {
				n.Change(table, w.set(table, id, nil))
			}
		}
		hearAll(t, n, host)
		if len(n.rows)+len(n.ports)+len(n.datapaths)+len(host) != 0 {
			t.Fatalf("remembered of no rows: %d rows, %d ports, %d datapaths; the host has %d", len(n.rows), len(n.ports), len(n.datapaths), len(host))
		}
	})
}

func hearAll(t *rapid.T, n *neighbors, host held) {
	max := rapid.IntRange(1, 4).Draw(t, "max")
	for {
		operations, _ := n.Take(max)
		if len(operations) == 0 {
			return
		}
		if len(operations) > max {
			t.Fatalf("%d operations, at most %d are wanted", len(operations), max)
		}
		host.hear(operations)
	}
}

func hearSome(n *neighbors, host held) {
	operations, _ := n.Take(1000)
	host.hear(operations)
}

// A bad row is told once, however often its port moves, and its neighbours have their flows.
func TestBadRow(t *testing.T) {
	var problems []error
	n := newNeighbors("br-int", pipeline.OVN2303(), func(_ uuid.UUID, problem error) { problems = append(problems, problem) })
	w, host := world{}, held{}
	w.start(n.Change)
	ofport := 1
	n.Change("Interface", w.set("Interface", name("Interface", 1), &vswitch.Interface{Ofport: &ofport, ExternalIDs: map[string]string{"iface-id": "vif1"}}))
	n.Change("MAC_Binding", w.set("MAC_Binding", name("MAC_Binding", 0), &sb.MACBinding{LogicalPort: "vif1", IP: "10.0.0.1", MAC: "bad"}))
	n.Change("MAC_Binding", w.set("MAC_Binding", name("MAC_Binding", 1), &sb.MACBinding{LogicalPort: "vif1", IP: "10.0.0.2", MAC: "0a:00:00:00:00:01"}))
	for key := 1; key < 9; key++ {
		n.Change("Datapath_Binding", w.set("Datapath_Binding", name("Datapath_Binding", 1), &sb.DatapathBinding{TunnelKey: key}))
		n.Settle()
		hearSome(n, host)
		if len(host) != 1 || len(host[name("MAC_Binding", 1)]) != 2 {
			t.Fatalf("with key %d the host has %v", key, host)
		}
	}
	if len(problems) != 1 || problems[0].Error() != `MAC_Binding: bad Ethernet address "bad"` {
		t.Errorf("told: %v", problems)
	}
}

// A row is described by what it is, and where it belongs.
func TestDescribe(t *testing.T) {
	n := newNeighbors("br-int", pipeline.OVN2303(), func(uuid.UUID, error) {})
	w, host := world{}, held{}
	w.start(n.Change)
	ofport := 1
	n.Change("Interface", w.set("Interface", name("Interface", 1), &vswitch.Interface{Ofport: &ofport, ExternalIDs: map[string]string{"iface-id": "vif1"}}))
	n.Change("MAC_Binding", w.set("MAC_Binding", name("MAC_Binding", 0), &sb.MACBinding{LogicalPort: "vif1", IP: "10.0.0.1", MAC: "0a:00:00:00:00:01"}))
	n.Change("FDB", w.set("FDB", name("FDB", 0), &sb.FDB{DpKey: 9, PortKey: 4, MAC: "0a:00:00:00:00:02"}))
	n.Settle()
	hearSome(n, host)
	for id, want := range map[uuid.UUID]string{
		name("MAC_Binding", 0): "{MAC_Binding [{logical_port vif1} {ip 10.0.0.1} {mac 0a:00:00:00:00:01} {datapath key 1}]}",
		name("FDB", 0):         "{FDB [{mac 0a:00:00:00:00:02} {port key 4}]}",
	} {
		if d, err := n.describe(id); err != nil || fmt.Sprint(d) != want {
			t.Errorf("described as %v, %v; want %s", d, err, want)
		}
	}
	if _, err := n.describe(name("MAC_Binding", 7)); !errors.Is(err, errUnknown) {
		t.Errorf("a row that is not there: %v", err)
	}
}

// One binding coming and going, among many: the time must not depend on how many.
func BenchmarkBinding(b *testing.B) {
	for _, size := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint("rows=", size), func(b *testing.B) {
			n := newNeighbors("br-int", pipeline.OVN2303(), nil)
			w := world{}
			w.start(n.Change)
			ofport := 1
			n.Change("Interface", w.set("Interface", name("Interface", 1), &vswitch.Interface{Ofport: &ofport, ExternalIDs: map[string]string{"iface-id": "vif1"}}))
			for i := range size {
				row := &sb.MACBinding{LogicalPort: "vif1", IP: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), MAC: "0a:00:00:00:00:01"}
				n.Change("MAC_Binding", ovsdb.Change{UUID: name("MAC_Binding", i), New: row})
			}
			n.Settle()
			if told, _ := n.Take(size + 1); len(told) != size {
				b.Fatalf("%d rows are told of", len(told))
			}
			row := &sb.MACBinding{LogicalPort: "vif1", IP: "11.0.0.1", MAC: "0a:00:00:00:00:01"}
			id := name("new", 0)
			b.ReportAllocs()
			for b.Loop() {
				for _, c := range []ovsdb.Change{{UUID: id, New: row}, {UUID: id, Old: row}} {
					n.Change("MAC_Binding", c)
					n.Settle()
					if told, _ := n.Take(10); len(told) != 1 {
						b.Fatal("not told")
					}
				}
			}
		})
	}
}
