package main

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// node is a source whose rows are changed one by one, and its host.
type node struct {
	*source
	rows world
	host *held
}

// newNode makes a chassis with a switch of ports p0000 … that all are in port group 1_pg, and an address set s.
func newNode(ports, addresses int) *node {
	n := &node{source: newTestSource(1)}
	n.fill(ports, addresses)
	return n
}

func (n *node) fill(ports, addresses int) {
	n.rows, n.host = world{}, newHeld()
	n.set(id("open", 0), &vswitch.OpenvSwitch{ExternalIDs: map[string]string{"system-id": "c0"}})
	n.set(id("chassis", 0), &sb.Chassis{UUID: text("chassis", 0), Name: "c0"})
	n.set(id("datapath", 0), &sb.DatapathBinding{UUID: text("datapath", 0), TunnelKey: 1, ExternalIDs: map[string]string{"logical-switch": "x"}})
	bridge := &vswitch.Bridge{Name: "br-int"}
	group := &sb.PortGroup{Name: "1_pg"}
	for i := range ports {
		bridge.Ports = append(bridge.Ports, text("port", i))
		n.set(id("port", i), &vswitch.Port{Interfaces: []string{text("interface", i)}})
		n.plug(i, true)
		name := fmt.Sprintf("p%04d", i)
		group.Ports = append(group.Ports, name)
		n.set(id("binding", i), &sb.PortBinding{UUID: text("binding", i), LogicalPort: name, TunnelKey: i + 1, Datapath: text("datapath", 0)})
	}
	n.set(id("bridge", 0), bridge)
	n.set(id("pg", 0), group)
	n.setAddresses(addresses)
}

// set changes a row; nil: it goes.
func (n *node) set(at uuid.UUID, row ovsdb.Model) {
	n.Change("", ovsdb.Change{UUID: at, Old: n.rows[at], New: row})
	if n.rows[at] = row; row == nil {
		delete(n.rows, at)
	}
}

func (n *node) plug(port int, is bool) {
	row := &vswitch.Interface{ExternalIDs: map[string]string{"iface-id": fmt.Sprintf("p%04d", port)}}
	if is {
		ofport := port + 1
		row.Ofport = &ofport
	}
	n.set(id("interface", port), row)
}

func (n *node) setAddresses(count int) {
	row := &sb.AddressSet{Name: "s"}
	for i := range count {
		row.Addresses = append(row.Addresses, fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
	}
	n.set(id("set", 0), row)
}

// told is how many flows the host is told of because of what has changed.
func (n *node) told() int {
	n.Settle()
	return n.host.hear(n.source, 1000)
}

// flow sets a logical flow in the first stage of the switch.
func (n *node) flow(i int, match, actions string, edit ...func(*sb.LogicalFlow)) {
	datapath := text("datapath", 0)
	row := &sb.LogicalFlow{Pipeline: "ingress", Priority: i, Match: match, Actions: actions, LogicalDatapath: &datapath}
	for _, e := range edit {
		e(row)
	}
	n.set(id("flow", i), row)
}

// has says which of the logical flows have flows, by their numbers.
func (n *node) has() (list []int) {
	for i := range 100 {
		if len(n.host.Flows[id("flow", i)]) > 0 {
			list = append(list, i)
		}
	}
	return list
}

func ptr[T any](value T) *T { return &value }
