package network

import (
	"sync"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
)

// Watcher is told in Settle what may have become different.
type Watcher struct {
	// Answer is called for an answer. One of kind Port without a datapath stands for all datapaths and for the other kinds that are
	// about the port of that name; one without a name for all of its kind.
	Answer func(compiler.Read)
	// Datapath is called for what Datapath says of one.
	Datapath func(id uuid.UUID)
	// Features is called when the Network's may be others.
	Features func()
}

// Network knows what logical flows depend on. It is made by New.
type Network struct {
	local   *local.State
	dialect *dialect.Dialect
	watch   Watcher

	building    sync.Mutex // guards the values of sets and groups, which are made when they are first asked for
	addressSets map[string]*addressSet
	portGroups  map[string]*portGroup
	memberOf    map[string]map[*portGroup]struct{} // by the name of a port

	datapaths  map[uuid.UUID]*sb.DatapathBinding
	multicast  map[multicastGroup]multicastKey
	templates  byName[sb.ChassisTemplateVar] // names of chassis
	meters     byName[sb.Meter]
	bands      map[string]*sb.MeterBand        // by UUID
	usersOf    map[string]map[uuid.UUID]string // by the UUID of a band: names of the meters that have it, by their UUIDs
	dhcp       map[uuid.UUID]action.Option
	dhcpv6     map[uuid.UUID]action.Option
	collectors map[uint32]int // how many rows have the id
	features   features

	// What Settle has to tell. Invariant: empty after it.
	answers   map[compiler.Read]struct{}
	moved     map[uuid.UUID]struct{}
	refeature bool
}

// New makes a Network that knows nothing yet, but what state knows. Settle is to be called after the state's.
func New(state *local.State, bridge string, d *dialect.Dialect, watch Watcher) *Network {
	n := &Network{
		local: state, dialect: d, watch: watch,
		addressSets: map[string]*addressSet{},
		portGroups:  map[string]*portGroup{},
		memberOf:    map[string]map[*portGroup]struct{}{},
		datapaths:   map[uuid.UUID]*sb.DatapathBinding{},
		multicast:   map[multicastGroup]multicastKey{},
		templates:   byName[sb.ChassisTemplateVar]{},
		meters:      byName[sb.Meter]{},
		bands:       map[string]*sb.MeterBand{},
		usersOf:     map[string]map[uuid.UUID]string{},
		dhcp:        map[uuid.UUID]action.Option{},
		dhcpv6:      map[uuid.UUID]action.Option{},
		collectors:  map[uint32]int{},
		features:    newFeatures(bridge),
		answers:     map[compiler.Read]struct{}{},
		moved:       map[uuid.UUID]struct{}{},
	}
	return n
}

// Change takes in the change of a row. Rows of tables that do not matter here are ignored.
func (n *Network) Change(c ovsdb.Change) {
	row := c.New
	if row == nil {
		row = c.Old
	}
	switch row.(type) {
	case *sb.AddressSet:
		n.setAddressSet(c.UUID, as[sb.AddressSet](c.Old), as[sb.AddressSet](c.New))
	case *sb.PortGroup:
		n.setPortGroup(c.UUID, as[sb.PortGroup](c.Old), as[sb.PortGroup](c.New))
	case *sb.DatapathBinding:
		n.setDatapath(c.UUID, as[sb.DatapathBinding](c.New))
	case *sb.MulticastGroup:
		n.setMulticast(c.UUID, as[sb.MulticastGroup](c.Old), as[sb.MulticastGroup](c.New))
	case *sb.ChassisTemplateVar:
		n.templates.set(c, func(t *sb.ChassisTemplateVar) string { return t.Chassis })
		n.touch(compiler.Template, "")
	case *sb.Meter:
		n.meters.set(c, func(m *sb.Meter) string { return m.Name })
		n.setMeter(c.UUID, as[sb.Meter](c.Old), as[sb.Meter](c.New))
	case *sb.MeterBand:
		n.setBand(c.UUID, as[sb.MeterBand](c.New))
	case *sb.DHCPOptions:
		n.setDHCP(c.UUID, as[sb.DHCPOptions](c.New))
	case *sb.DHCPv6Options:
		n.setDHCPv6(c.UUID, as[sb.DHCPv6Options](c.New))
	case *vswitch.FlowSampleCollectorSet:
		n.setCollector(as[vswitch.FlowSampleCollectorSet](c.Old), as[vswitch.FlowSampleCollectorSet](c.New))
	case *vswitch.Datapath, *vswitch.OpenvSwitch, *vswitch.Bridge:
		if n.features.change(c) {
			n.refeature = true
		}
	}
}

// as gives a row its type; nil for none.
func as[T any](row ovsdb.Model) *T {
	typed, _ := row.(*T)
	return typed
}

// byName are rows by a name that is theirs alone.
type byName[T any] map[string]named[T]

type named[T any] struct {
	id  uuid.UUID
	row *T
}

// set takes in a row. One deleted and made anew under its name may be in one batch, in any order.
func (rows byName[T]) set(c ovsdb.Change, name func(*T) string) {
	if old := as[T](c.Old); old != nil && rows[name(old)].id == c.UUID {
		delete(rows, name(old))
	}
	if new := as[T](c.New); new != nil {
		rows[name(new)] = named[T]{c.UUID, new}
	}
}

// Fact takes in that a fact of the State has changed.
func (n *Network) Fact(f local.Fact) {
	switch f.Kind {
	case local.KindPort:
		n.touch(compiler.Port, f.Name)
	case local.KindDatapath:
		if id, err := uuid.Parse(f.Name); err == nil {
			n.moved[id] = struct{}{}
		}
	case local.KindSelf:
		n.touch(compiler.Resident, "")
		n.touch(compiler.Template, "")
	case local.KindTunnels, local.KindChassis:
		n.touch(compiler.TunnelPort, "")
		n.touch(compiler.Resident, "")
	case local.KindGroup, local.KindUp:
		n.touch(compiler.Resident, "")
	}
}

func (n *Network) touch(kind compiler.Kind, name string) {
	n.answers[compiler.Read{Kind: kind, Name: name}] = struct{}{}
}

// Settle tells the Watcher what may have become different since it was last called.
func (n *Network) Settle() {
	for r := range n.answers {
		if r.Kind == compiler.Port && r.Datapath == uuid.Nil {
			n.relate(r.Name)
		}
	}
	for r := range n.answers {
		n.watch.Answer(r)
	}
	for id := range n.moved {
		n.watch.Datapath(id)
	}
	if n.refeature {
		n.watch.Features()
	}
	clear(n.answers)
	clear(n.moved)
	n.refeature = false
}

// Datapath is a datapath that is local; ok is false when it is not.
func (n *Network) Datapath(id uuid.UUID) (d compiler.Datapath, ok bool) {
	row := n.datapaths[id]
	if row == nil {
		return d, false
	}
	key := n.local.Key(row.UUID)
	_, isSwitch := row.ExternalIDs["logical-switch"]
	_, snat := row.ExternalIDs["snat-ct-zone"]
	return compiler.Datapath{ID: id, Key: uint32(key), Switch: isSwitch, SNATZone: snat}, key != 0
}

// DatapathName is what people call a datapath that is known: as in the northbound database, if it is from there.
func (n *Network) DatapathName(id uuid.UUID) string {
	if row := n.datapaths[id]; row != nil && row.ExternalIDs["name"] != "" {
		return row.ExternalIDs["name"]
	}
	return id.String()
}

func (n *Network) setDatapath(id uuid.UUID, new *sb.DatapathBinding) {
	if delete(n.datapaths, id); new != nil {
		n.datapaths[id] = new
	}
	n.moved[id] = struct{}{}
}

// Template is the value of a template variable on this chassis.
func (n *Network) Template(name string) (value string, ok bool) {
	row := n.templates[n.local.Name()].row
	if row == nil {
		return "", false
	}
	value, ok = row.Variables[name]
	return value, ok
}
