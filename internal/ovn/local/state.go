package local

import (
	"iter"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// State knows what is local. New makes one that knows nothing yet.
type State struct {
	settings   settings
	interfaces *interfaces
	wiring     wiring
	groups     groups
	encaps     map[string]string // IP addresses by UUID
	zones      map[string]int
	bindings   map[string]*port     // by the UUID of their row
	vteps      index[string, *port] // VTEP ports by the UUID of their chassis
	tags       index[string, *port] // containers by TagName
	watch      func(Fact)           // nil: nobody is told
	datapaths  map[uuid.UUID]*datapath
	ports      map[string]*port
	flood      flood

	// keys are the local datapaths by tunnel key. Invariant: d.key == key for each.
	keys map[int]*datapath
	// What has to be looked at by the next Settle. Invariant: each has its mark, dirty, set, and nothing else has. (Slices,
	// because a map that has once been large is slow to go through for ever after.)
	dirtyPorts     []*port
	dirtyDatapaths []*datapath
}

// datapath is a logical switch or router. It is there, too, when only a Port_Binding names it yet.
type datapath struct {
	node
	id  uuid.UUID
	key int // its tunnel key; 0: there is no such row
	// transit: it joins availability zones (external_ids:interconn-ts).
	transit bool
	ports   map[*port]struct{}
	// special are those of ports that others look for. Invariant: as specialKind says.
	special index[Kind, *port]
	dirty   bool
	// local is the tunnel key it was local with when last settled; 0: it was not local.
	local int
}

// Location is where the flows of a logical port are: in registers, as tunnel keys. Both are above 0; the zero Location says that
// the port is not in a local datapath, or that there is no such port.
type Location struct{ Datapath, Port int }

// Delta is what Settle found to be different, each once and in no particular order.
type Delta struct {
	Datapaths []uuid.UUID // have become local or ceased to be
	Keys      []int       // tunnel keys that have become a local datapath's or ceased to be, or belong to another one
	Ports     []string    // by name: have another Location
}

// New makes the State of the chassis whose integration bridge has this name.
func New(bridge string) *State {
	s := &State{
		settings:  newSettings(),
		datapaths: map[uuid.UUID]*datapath{},
		ports:     map[string]*port{},
		keys:      map[int]*datapath{},
		groups:    newGroups(),
		encaps:    map[string]string{},
		zones:     map[string]int{},
		bindings:  map[string]*port{},
		vteps:     index[string, *port]{},
		tags:      index[string, *port]{},
	}
	s.wiring = newWiring(s.fire)
	s.interfaces = newInterfaces(bridge, &s.wiring, func(kind Kind, name string) {
		s.fire(kind, name)
		if p := s.ports[name]; p != nil && kind == KindInterface {
			s.touch(p)
		}
	})
	return s
}

// Change takes in the change of a row of either database. Rows of tables that do not matter here are ignored.
func (s *State) Change(c ovsdb.Change) {
	row := c.New
	if row == nil {
		row = c.Old
	}
	switch row.(type) {
	case *sb.PortBinding:
		s.setPort(c.UUID, as[sb.PortBinding](c.Old), as[sb.PortBinding](c.New))
	case *sb.DatapathBinding:
		s.setDatapath(c.UUID, as[sb.DatapathBinding](c.New))
	case *sb.Chassis:
		s.fire(KindChassis, c.UUID.String())
		s.configure(func() { s.settings.setChassis(c.UUID, as[sb.Chassis](c.New)) })
	case *sb.Encap:
		s.setEncap(c.UUID, as[sb.Encap](c.New))
	case *sb.HAChassisGroup:
		s.setGroup(c.UUID, as[sb.HAChassisGroup](c.Old), as[sb.HAChassisGroup](c.New))
	case *sb.HAChassis:
		s.setMember(c.UUID, as[sb.HAChassis](c.New))
	case *vswitch.OpenvSwitch:
		s.configure(func() {
			for _, key := range s.settings.setOpenvSwitch(as[vswitch.OpenvSwitch](c.New)) {
				s.fire(KindSetting, key)
			}
		})
		s.setNetworks()
	case *vswitch.Bridge:
		s.setBridge(c.UUID, as[vswitch.Bridge](c.Old), as[vswitch.Bridge](c.New))
	case *vswitch.Port:
		s.interfaces.setPort(c.UUID, as[vswitch.Port](c.New))
	case *vswitch.Interface:
		s.interfaces.setInterface(c.UUID, as[vswitch.Interface](c.New))
	}
}

// as gives a row its type; nil for none.
func as[T any](row ovsdb.Model) *T {
	typed, _ := row.(*T)
	return typed
}

// configure changes settings. Every port's rules may read the chassis' names, which hardly ever change.
func (s *State) configure(change func()) {
	before := s.settings.names
	change()
	if s.settings.names == before {
		return
	}
	s.fire(KindSelf, "")
	for _, p := range s.ports {
		s.mark(p)
	}
}

func (s *State) setBridge(id uuid.UUID, old, new *vswitch.Bridge) {
	s.settings.setBridge(old, new)
	s.setNetworks()
	if zones, is := s.interfaces.setBridge(id, old, new); is {
		s.setZones(zones)
	}
}

// setNetworks works out anew which localnet ports have a network here.
func (s *State) setNetworks() {
	if !s.settings.setNetworks() {
		return
	}
	for id, d := range s.datapaths {
		if len(d.special[KindLocalnet]) > 0 {
			s.fire(KindLocalnet, id.String())
		}
	}
}

func (s *State) setEncap(id uuid.UUID, new *sb.Encap) {
	delete(s.encaps, id.String())
	if new != nil {
		s.encaps[id.String()] = new.IP
	}
	s.fire(KindEncap, id.String())
}

func (s *State) setDatapath(id uuid.UUID, new *sb.DatapathBinding) {
	d := s.datapath(id)
	d.key, d.transit = 0, false
	if new != nil {
		d.key, d.transit = new.TunnelKey, new.ExternalIDs["interconn-ts"] != ""
	}
	s.fire(KindDatapath, id.String())
	s.markDatapath(d)
}

// mark makes the next Settle look at a port.
func (s *State) mark(p *port) {
	if !p.dirty {
		p.dirty = true
		s.dirtyPorts = append(s.dirtyPorts, p)
	}
}

// markDatapath makes the next Settle look at a datapath.
func (s *State) markDatapath(d *datapath) {
	if !d.dirty {
		d.dirty = true
		s.dirtyDatapaths = append(s.dirtyDatapaths, d)
	}
}

// datapath finds a datapath or makes it.
func (s *State) datapath(id uuid.UUID) *datapath {
	d := s.datapaths[id]
	if d == nil {
		d = &datapath{
			node:  node{out: map[*datapath]int{}, in: map[*datapath]int{}, hops: unreached},
			id:    id,
			ports: map[*port]struct{}{},
		}
		s.datapaths[id] = d
	}
	return d
}

// Settle works out what follows from the changes since it was last called.
func (s *State) Settle() Delta {
	var delta Delta
	for _, p := range s.dirtyPorts {
		s.place(p)
	}
	for _, d := range s.flood.settle() {
		s.markDatapath(d)
	}
	delta.Datapaths, delta.Keys = s.settleDatapaths()
	for _, p := range s.dirtyPorts {
		p.dirty = false
		moved, related := p.settle(), p.related
		if p.related = s.isRelated(p); moved || p.related != related {
			s.firePort(p)
		}
		if moved {
			delta.Ports = append(delta.Ports, p.name)
		}
		s.forgetPort(p)
	}
	for _, d := range s.dirtyDatapaths {
		d.dirty = false
		s.forgetDatapath(d)
	}
	s.dirtyPorts, s.dirtyDatapaths = nil, nil
	return delta
}

// settleDatapaths settles which datapaths are local, and with which key. Ports of those that changed become dirty.
func (s *State) settleDatapaths() (datapaths []uuid.UUID, keys []int) {
	changed := map[int]*datapath{} // local datapaths before, by key
	for _, d := range s.dirtyDatapaths {
		if now := d.localKey(); now != d.local {
			s.fire(KindDatapath, d.id.String())
			changed[d.local], changed[now] = s.keys[d.local], s.keys[now]
			if now == 0 || d.local == 0 {
				datapaths = append(datapaths, d.id)
			}
			for p := range d.ports {
				s.mark(p)
			}
		}
	}
	for _, d := range s.dirtyDatapaths { // keys may go round among datapaths, so all go before any comes
		if d.local != d.localKey() {
			delete(s.keys, d.local)
		}
	}
	for _, d := range s.dirtyDatapaths {
		if d.local = d.localKey(); d.local != 0 {
			s.keys[d.local] = d
		}
	}
	for key, before := range changed {
		if key != 0 && s.keys[key] != before {
			keys = append(keys, key)
		}
	}
	return datapaths, keys
}

// localKey is the tunnel key that the datapath is local with, by what is known now; 0 if it is not local.
func (d *datapath) localKey() int {
	if d.hops == unreached {
		return 0
	}
	return d.key
}

// forgetDatapath forgets a datapath that nothing names any more.
func (s *State) forgetDatapath(d *datapath) {
	if d.key == 0 && len(d.ports) == 0 && len(d.in) == 0 {
		delete(s.datapaths, d.id)
	}
}

// Port is the location of a logical port by name, as of the last Settle.
func (s *State) Port(name string) Location {
	if p := s.ports[name]; p != nil {
		return p.location
	}
	return Location{}
}

// Related says whether a logical port has to do with this chassis, by its name, as of the last Settle: flows about others are not needed
// here (binding.c, update_related_lport).
func (s *State) Related(name string) bool {
	p := s.ports[name]
	return p != nil && p.related
}

// HasKey says whether a tunnel key is a local datapath's, as of the last Settle.
func (s *State) HasKey(key int) bool { return s.keys[key] != nil }

// Datapaths yields the local datapaths as of the last Settle, in no particular order.
func (s *State) Datapaths() iter.Seq[uuid.UUID] {
	return func(yield func(uuid.UUID) bool) {
		for _, d := range s.keys {
			if !yield(d.id) {
				return
			}
		}
	}
}

// Setting is the value of a key of Open_vSwitch external_ids, or "". A key with "-" and the chassis' name behind it counts more
// (ovn-controller(8), Configuration; chassis.c, get_chassis_external_id_value).
func (s *State) Setting(key string) string { return s.settings.get(key) }
