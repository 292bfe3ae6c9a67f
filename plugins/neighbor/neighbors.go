package main

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/ether"
	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// neighbors are the rows that this source makes flows of, and what the host has to be told about them. It is pure, works in
// proportion to what changes, and belongs to one goroutine.
type neighbors struct {
	local    *local.State
	pipeline *pipeline.Pipeline
	warn     func(row uuid.UUID, problem error)

	rows map[uuid.UUID]*row
	// Where rows belong. Invariant: these are the places that have rows, and each is where its rows' flows were last made for.
	ports     map[string]*place // by the name of the logical port: MAC bindings
	datapaths map[int]*place    // by tunnel key: FDB
	// dirty are the rows that the host has to be told about. Invariant: those with their mark, dirty, set, each once.
	dirty []*row
}

// row is one row of a table. There are 100,000s of them in large networks.
type row struct {
	id     uuid.UUID
	entry  entry  // nil: the row is gone, or bad
	place  *place // nil if and only if entry is
	dirty  bool
	pushed bool // the host has flows of it, or soon will
}

// place is where rows belong: a logical port, or a logical datapath.
type place struct {
	name string         // of the port
	key  int            // of the datapath
	at   local.Location // the zero Location: not here
	rows map[*row]struct{}
}

func newNeighbors(bridge string, p *pipeline.Pipeline, warn func(row uuid.UUID, problem error)) *neighbors {
	return &neighbors{
		local:     local.New(bridge),
		pipeline:  p,
		warn:      warn,
		rows:      map[uuid.UUID]*row{},
		ports:     map[string]*place{},
		datapaths: map[int]*place{},
	}
}

// Local is what is known of this chassis.
func (n *neighbors) Local() *local.State { return n.local }

// Change takes in the change of a row of either database.
func (n *neighbors) Change(table string, c ovsdb.Change) {
	switch table {
	case sb.MACBindingTable, sb.StaticMACBindingTable, sb.FDBTable:
		n.set(table, c)
	default:
		n.local.Change(c)
	}
}

func (n *neighbors) set(table string, c ovsdb.Change) {
	entry, place, err := n.read(c.New)
	if err != nil {
		n.warn(c.UUID, fmt.Errorf("%s: %w", table, err))
	}
	r := n.rows[c.UUID]
	if r == nil {
		r = &row{id: c.UUID}
		n.rows[c.UUID] = r
	}
	if old := r.place; old != nil && old != place {
		delete(old.rows, r)
		n.forget(old)
	}
	if place != nil {
		place.rows[r] = struct{}{}
	}
	r.entry, r.place = entry, place
	n.mark(r)
}

// read gives what a row says and where it belongs; nil for none.
func (n *neighbors) read(model ovsdb.Model) (entry, *place, error) {
	switch m := model.(type) {
	case *sb.MACBinding:
		return n.readBinding(m.IP, m.MAC, m.LogicalPort, priorityLearned)
	case *sb.StaticMACBinding:
		priority := priorityStatic
		if m.OverrideDynamicMAC {
			priority = priorityStaticOverride
		}
		return n.readBinding(m.IP, m.MAC, m.LogicalPort, priority)
	case *sb.FDB:
		mac, err := ether.Parse(m.MAC)
		if err != nil {
			return nil, nil, err
		}
		return &station{mac: mac, port: m.PortKey}, n.atDatapath(m.DpKey), nil
	}
	return nil, nil, nil
}

func (n *neighbors) readBinding(ip, mac, port string, priority flow.Priority) (entry, *place, error) {
	b := &binding{priority: priority}
	var err error
	if b.mac, err = ether.Parse(mac); err != nil {
		return nil, nil, err
	}
	if b.ip, err = parseIP(ip); err != nil {
		return nil, nil, err
	}
	return b, n.atPort(port), nil
}

func (n *neighbors) atPort(name string) *place {
	p := n.ports[name]
	if p == nil {
		p = &place{name: name, at: n.local.Port(name), rows: map[*row]struct{}{}}
		n.ports[name] = p
	}
	return p
}

func (n *neighbors) atDatapath(key int) *place {
	p := n.datapaths[key]
	if p == nil {
		p = &place{key: key, at: n.datapathAt(key), rows: map[*row]struct{}{}}
		n.datapaths[key] = p
	}
	return p
}

// datapathAt is the location of what belongs to a datapath and to none of its ports.
func (n *neighbors) datapathAt(key int) local.Location {
	if n.local.HasKey(key) {
		return local.Location{Datapath: key}
	}
	return local.Location{}
}

// forget forgets a place without rows.
func (n *neighbors) forget(p *place) {
	if len(p.rows) > 0 {
		return
	}
	if n.ports[p.name] == p {
		delete(n.ports, p.name)
	}
	if n.datapaths[p.key] == p {
		delete(n.datapaths, p.key)
	}
}

// mark makes Take look at a row.
func (n *neighbors) mark(r *row) {
	if !r.dirty {
		r.dirty = true
		n.dirty = append(n.dirty, r)
	}
}

// Settle works out what the changes so far mean for where rows belong, and says whether other datapaths are local now.
func (n *neighbors) Settle() (moved bool) {
	delta := n.local.Settle()
	for _, name := range delta.Ports {
		n.move(n.ports[name], n.local.Port(name))
	}
	for _, key := range delta.Keys {
		n.move(n.datapaths[key], n.datapathAt(key))
	}
	return len(delta.Datapaths) > 0
}

// move makes all rows of a place, which may be nil, belong to where it is now.
func (n *neighbors) move(p *place, to local.Location) {
	if p == nil || p.at == to {
		return
	}
	p.at = to
	for r := range p.rows {
		n.mark(r)
	}
}

// Restart makes Take say everything again, to a host that is taken to know nothing.
func (n *neighbors) Restart() {
	for _, r := range n.rows {
		r.pushed = false
		n.mark(r)
	}
}

// Take returns what the host has to be told next, at most max operations, and takes it for told; none: it knows everything.
func (n *neighbors) Take(max int) (operations []feed.Operation, _ []feed.Mark) {
	for len(n.dirty) > 0 && len(operations) < max {
		last := len(n.dirty) - 1
		r := n.dirty[last]
		n.dirty = n.dirty[:last]
		r.dirty = false
		flows := n.flows(r)
		if len(flows) > 0 || r.pushed {
			operations = append(operations, feed.Operation{ID: r.id, Flows: flows})
		}
		r.pushed = len(flows) > 0
		if r.entry == nil && !r.pushed {
			delete(n.rows, r.id)
		}
	}
	if len(n.dirty) == 0 {
		n.dirty = nil
	}
	return operations, nil
}

// flows makes a row's flows; none if it has none here.
func (n *neighbors) flows(r *row) []flow.Flow {
	if r.entry == nil || r.place.at == (local.Location{}) {
		return nil
	}
	flows, err := r.entry.flows(n.pipeline, r.place.at)
	if err != nil {
		n.warn(r.id, err)
		return nil
	}
	return flows
}
