package main

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

// network is what this source knows, what follows from it, and what the host has to be told about that. It is pure and belongs to one
// goroutine.
//
// What has flows is a unit: a row, or a chassis that there are tunnels to. To make the flows of a unit is to evaluate it: whatever it reads
// meanwhile of what is known is written down as a fact that it depends on, and when one of these changes it is evaluated anew.
type network struct {
	local    *local.State
	pipeline *pipeline.Pipeline
	geneve   int  // N of the tun_metadataN that OVN's option is mapped to, or sdk.NoGeneve
	switched bool // the switch has said so; before, nobody knows which flows tunnels have
	warn     func(what string, problem error)

	units   map[what]*unit
	readers map[local.Fact]map[*unit]struct{} // Invariant: u is in readers[f] if and only if f is in u.facts
	groups  map[string]*sb.MulticastGroup     // by UUID
	shared  shared
	marks   feed.PortMarks
	// dirty are the units to be evaluated. Invariant: those with their mark, dirty, set, each once.
	dirty []*unit
	// evaluated is how many times a unit was evaluated, ever.
	evaluated int
}

// what is what a unit stands for.
type what struct {
	kind kind
	name string
}

// kind is a kind of units.
type kind uint8

// The kinds of units, and their names.
const (
	kindFixed   kind = iota // flows that are always there; no name
	kindTunnels             // from a chassis, by its name
	kindChassis             // MAC addresses of a chassis, by the UUID of its row
	kindPort                // a logical port, by the UUID of its Port_Binding
	kindGroup               // a multicast group, by the UUID of its row
)

var kindNames = [...]string{"fixed", "tunnels", "Chassis", "Port_Binding", "Multicast_Group"}

func (k kind) String() string { return kindNames[k] }

// unit is one thing that has flows.
type unit struct {
	what
	id      uuid.UUID    // that its flows have
	facts   []local.Fact // what they were made of, in the order it was read
	uses    []uuid.UUID  // flows that it shares with other units
	problem string       // told last; "" for none
	dirty   bool
	pushed  bool // the host has flows of it, or soon will
}

func newNetwork(bridge string, p *pipeline.Pipeline, warn func(what string, problem error)) *network {
	n := &network{
		local:    local.New(bridge),
		pipeline: p,
		geneve:   sdk.NoGeneve,
		warn:     warn,
		units:    map[what]*unit{},
		readers:  map[local.Fact]map[*unit]struct{}{},
		groups:   map[string]*sb.MulticastGroup{},
		shared:   shared{flows: map[uuid.UUID]*sharedFlow{}},
	}
	n.marks = feed.NewPortMarks(n.isZoned)
	n.local.Watch(n.changed)
	n.mark(what{kindFixed, ""})
	return n
}

// Local is what is known of this chassis.
func (n *network) Local() *local.State { return n.local }

// Change takes in the change of a row of either database.
func (n *network) Change(_ string, c ovsdb.Change) {
	row := c.New
	if row == nil {
		row = c.Old
	}
	if _, is := row.(*sb.MulticastGroup); !is {
		n.local.Change(c)
		return
	}
	id := c.UUID.String()
	if delete(n.groups, id); c.New != nil {
		n.groups[id] = c.New.(*sb.MulticastGroup)
	}
	n.mark(what{kindGroup, id})
}

// changed marks what has to be evaluated because of a fact: what has read it, and the unit that it is about.
func (n *network) changed(f local.Fact) {
	for u := range n.readers[f] {
		n.markUnit(u)
	}
	n.marks.Changed(n.local, f)
	switch f.Kind {
	case local.KindBinding:
		n.mark(what{kindPort, f.Name})
	case local.KindTunnels:
		n.mark(what{kindTunnels, f.Name})
	case local.KindChassis:
		n.mark(what{kindChassis, f.Name})
	}
}

// setSwitch takes in what the switch is like. One that was never connected is like nothing yet.
func (n *network) setSwitch(state sdk.SwitchState) {
	if state.Connected || state.Geneve != sdk.NoGeneve {
		n.switched = true
		n.setGeneve(state.Geneve)
	}
}

// missing says what is missing until all flows are known; "" when nothing is.
func (n *network) missing() string {
	if !n.switched {
		return "waiting for the switch, to know the field of OVN's Geneve option"
	}
	return ""
}

// setGeneve takes in which field OVN's Geneve option is in.
func (n *network) setGeneve(index int) {
	if n.geneve != index {
		n.geneve = index
		n.changed(factGeneve)
	}
}

// mark makes Take evaluate a unit.
func (n *network) mark(w what) {
	u := n.units[w]
	if u == nil {
		u = &unit{what: w, id: w.id()}
		n.units[w] = u
	}
	n.markUnit(u)
}

func (n *network) markUnit(u *unit) {
	if !u.dirty {
		u.dirty = true
		n.dirty = append(n.dirty, u)
	}
}

// Settle works out which datapaths are local, and says whether others are than before.
func (n *network) Settle() (moved bool) { return len(n.local.Settle().Datapaths) > 0 }

// Restart makes Take say everything again, to a host that is taken to know nothing.
func (n *network) Restart() {
	for _, u := range n.units {
		u.pushed = false
		n.markUnit(u)
	}
	n.shared.restart()
	n.marks.Restart()
}

// Take returns what the host has to be told next, at most max operations and marks, and takes it for told; fewer: it knows everything.
func (n *network) Take(max int) (operations []feed.Operation, marks []feed.Mark) {
	for len(n.dirty) > 0 && len(operations) < max {
		u := n.dirty[len(n.dirty)-1]
		n.dirty = n.dirty[:len(n.dirty)-1]
		u.dirty = false
		flows := n.evaluate(u)
		if len(flows) > 0 || u.pushed {
			operations = append(operations, feed.Operation{ID: u.id, Flows: flows})
		}
		if u.pushed = len(flows) > 0; !u.pushed && u.problem == "" && !n.exists(u.what) {
			delete(n.units, u.what)
			n.depends(u, nil)
		}
	}
	if len(n.dirty) > 0 {
		return operations, nil
	}
	n.dirty = nil
	operations = n.shared.take(operations, max)
	if len(operations) < max { // a mark says that the flows are told
		marks = n.marks.Take(n.local, max)
	}
	return operations, marks
}

// evaluate makes the flows of a unit anew.
func (n *network) evaluate(u *unit) []flow.Flow {
	n.evaluated++
	size := len(u.facts) + 8 // most of the time it depends on what it did before
	e := &evaluation{network: n, unit: u, seen: make(map[local.Fact]struct{}, size), facts: make([]local.Fact, 0, size)}
	switch u.kind {
	case kindFixed:
		e.fixed()
	case kindTunnels:
		e.fromTunnels(u.name)
	case kindChassis:
		e.chassisMACs(u.name)
	case kindPort:
		e.port(u.name)
	case kindGroup:
		e.multicast(u.name)
	}
	n.depends(u, e.facts)
	n.shared.use(u, e.shared)
	problem := ""
	if e.problem != nil {
		problem = e.problem.Error()
	}
	if problem != u.problem && problem != "" {
		n.warn(u.kind.String()+" "+e.title(), e.problem)
	}
	u.problem = problem
	return e.flows
}

// depends writes down what a unit depends on. Most of it is what it was before, and is left as it is.
func (n *network) depends(u *unit, facts []local.Fact) {
	first := 0
	for first < min(len(u.facts), len(facts)) && u.facts[first] == facts[first] {
		first++
	}
	before, now := u.facts[first:], facts[first:]
	for len(before) > 0 && len(now) > 0 && before[len(before)-1] == now[len(now)-1] {
		before, now = before[:len(before)-1], now[:len(now)-1]
	}
	if len(before)+len(now) == 0 {
		return
	}
	for _, f := range before {
		if delete(n.readers[f], u); len(n.readers[f]) == 0 {
			delete(n.readers, f)
		}
	}
	u.facts = facts
	for _, f := range now {
		if n.readers[f] == nil {
			n.readers[f] = map[*unit]struct{}{}
		}
		n.readers[f][u] = struct{}{}
	}
}

// exists says whether what a unit stands for is still there.
func (n *network) exists(w what) bool {
	switch w.kind {
	case kindTunnels:
		return len(n.local.Tunnels(w.name)) > 0
	case kindChassis:
		return n.local.Chassis(w.name) != nil
	case kindPort:
		row := n.local.Binding(w.name)
		return row != nil && n.local.Key(row.Datapath) != 0
	case kindGroup:
		return n.groups[w.name] != nil
	}
	return true
}

// space is the name space of UUIDs of what is no row.
var space = uuid.NewSHA1(uuid.NameSpaceURL, []byte("flowhost/physical"))

// id is the UUID of a unit's flows: of a row, the row's.
func (w what) id() uuid.UUID {
	switch w.kind {
	case kindFixed, kindTunnels:
		return uuid.NewSHA1(space, []byte(w.kind.String()+" "+w.name))
	case kindChassis: // what its row's UUID is for, lflow or others may know, too; here its MAC addresses are flows of cookie 0
		return uuid.NewSHA1(space, []byte(w.kind.String()+" "+w.name))
	}
	id, err := uuid.Parse(w.name)
	if err != nil {
		return uuid.NewSHA1(space, []byte(w.name)) // an OVSDB client checks them: there are no others
	}
	return id
}
