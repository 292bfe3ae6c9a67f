package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// big is a network of many chassis, with a tunnel to each and a port there, and of many switches with ports here, each with a multicast
// group.
type big struct {
	*network
	world
	bridge []string          // ports
	zones  map[string]string // of ports and datapaths
}

func (b *big) set(at uuid.UUID, row ovsdb.Model) {
	old := b.world[at]
	if b.world[at] = row; row == nil {
		delete(b.world, at)
	}
	b.Change("", ovsdb.Change{UUID: at, Old: old, New: row})
}

// settle says how many units were evaluated, and how many transactions the host has heard.
func (b *big) settle() (evaluated, operations, transactions int) {
	before := b.evaluated
	b.Settle()
	for {
		list, marks := b.Take(1000)
		if len(list)+len(marks) > 0 {
			transactions++
		}
		if operations += len(list); len(list) < 1000 {
			return b.evaluated - before, operations, transactions
		}
	}
}

func (b *big) setBridge() {
	b.set(id("bridge", 0), &vswitch.Bridge{Name: "br-int", Ports: slices.Clone(b.bridge), ExternalIDs: b.zones})
}

// chassis adds a chassis with its tunnel.
func (b *big) chassis(n int) {
	name := fmt.Sprint("c", n)
	b.set(id("chassis", n), &sb.Chassis{UUID: text("chassis", n), Name: name})
	b.plug("tunnel", n, &vswitch.Interface{Type: "geneve"}, map[string]string{"ovn-chassis-id": name + "@192.0.2.1"})
}

// plug adds an interface to the bridge.
func (b *big) plug(thing string, n int, i *vswitch.Interface, externalIDs map[string]string) {
	ofport := len(b.bridge) + 1
	i.Ofport = &ofport
	b.set(id("interface of "+thing, n), i)
	b.set(id("port of "+thing, n), &vswitch.Port{Interfaces: []string{text("interface of "+thing, n)}, ExternalIDs: externalIDs})
	b.bridge = append(b.bridge, text("port of "+thing, n))
}

func (b *big) vif(n, datapath int, chassis string) {
	b.set(id("binding", n), &sb.PortBinding{UUID: text("binding", n), LogicalPort: fmt.Sprint("vif", n), TunnelKey: n%30000 + 1,
		Datapath: text("datapath", datapath), Chassis: &chassis})
}

func newBig(chassis, switches, ports int) *big {
	b := &big{network: newNetwork("br-int", pipeline.OVN2303(), func(string, error) {}), world: world{}, zones: map[string]string{}}
	b.setGeneve(0)
	b.set(id("open", 0), &vswitch.OpenvSwitch{ExternalIDs: map[string]string{"system-id": "c0"}})
	for n := range chassis {
		b.chassis(n)
	}
	for s := range switches {
		b.zones["ct-zone-"+text("datapath", s)+"_dnat"], b.zones["ct-zone-"+text("datapath", s)+"_snat"] = "1", "2"
		b.set(id("datapath", s), &sb.DatapathBinding{TunnelKey: s + 1})
		var members []string
		for i := range ports {
			n := s*ports + i
			b.vif(n, s, text("chassis", 0))
			b.zones[fmt.Sprint("ct-zone-vif", n)] = "3"
			b.plug("vif", n, &vswitch.Interface{ExternalIDs: map[string]string{"iface-id": fmt.Sprint("vif", n)}}, nil)
			members = append(members, text("binding", n))
		}
		b.set(id("multicast", s), &sb.MulticastGroup{Datapath: text("datapath", s), TunnelKey: 32768, Ports: members})
	}
	b.setBridge()
	b.settle()
	return b
}

// A chassis more costs the flows of one tunnel, in one transaction.
func TestOneChassisOfMany(t *testing.T) {
	b := newBig(1000, 20, 5)
	b.chassis(1000)
	b.setBridge()
	if evaluated, operations, transactions := b.settle(); evaluated > 2 || operations != 1 || transactions != 1 {
		t.Errorf("a chassis came: %d units were evaluated, %d operations in %d transactions; want 2, 1, 1", evaluated, operations, transactions)
	}
	b.set(id("chassis", 1000), nil)
	b.bridge = b.bridge[:len(b.bridge)-1]
	b.setBridge()
	if evaluated, operations, transactions := b.settle(); evaluated > 2 || operations != 1 || transactions != 1 {
		t.Errorf("it went: %d units were evaluated, %d operations in %d transactions; want 2, 1, 1", evaluated, operations, transactions)
	}
}

// A port that comes up or goes costs itself and its switch's multicast group, whatever else there is.
func TestOnePortOfMany(t *testing.T) {
	b := newBig(100, 100, 10)
	at := id("interface of vif", 7)
	row := *b.world[at].(*vswitch.Interface)
	for _, ofport := range []int{0, 5000, 5001} {
		row := row
		row.Ofport = &ofport
		b.set(at, &row)
		if evaluated, operations, transactions := b.settle(); evaluated != 2 || operations != 2 || transactions != 1 {
			t.Errorf("ofport %d: %d units were evaluated, %d operations in %d transactions; want 2, 2, 1", ofport, evaluated, operations, transactions)
		}
	}
}

// Compare the sizes: a port that comes and goes.
func BenchmarkPort(b *testing.B) {
	for _, size := range []struct{ switches, ports int }{{10, 10}, {1000, 10}, {1, 1000}} {
		b.Run(fmt.Sprintf("switches=%d,ports=%d", size.switches, size.ports), func(b *testing.B) {
			n := newBig(100, size.switches, size.ports)
			at := id("interface of vif", 7)
			row := *n.world[at].(*vswitch.Interface)
			for b.Loop() {
				for _, ofport := range []int{0, 60000} {
					row := row
					row.Ofport = &ofport
					n.set(at, &row)
					n.settle()
				}
			}
		})
	}
}

// Compare with the number of chassis: a start.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		newBig(1000, 10, 10)
	}
}
