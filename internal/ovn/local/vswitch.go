package local

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// interfaces knows which logical ports have an interface on the integration bridge.
type interfaces struct {
	bridge string
	row    uuid.UUID                   // of the bridge in table Bridge
	ports  map[uuid.UUID]bool          // of the bridge
	rows   map[uuid.UUID]portRow       // of table Port
	users  index[uuid.UUID, uuid.UUID] // interface → rows of table Port that list it
	all    map[uuid.UUID]*iface
	// plugged are the interfaces that a logical port can be bound to, by its name, and expected those that are to be. Invariant: those
	// with isPlugged and isExpected.
	plugged, expected index[string, *iface]
	changed           func(kind Kind, port string) // called for a logical port of which either has changed
	wiring            *wiring
}

// portRow is a row of table Port.
type portRow struct {
	interfaces  []uuid.UUID
	externalIDs map[string]string
}

// iface is one interface. It is there, too, when only a row of table Port names it yet.
type iface struct {
	id      uuid.UUID
	users   int    // rows of table Port that list it and are ports of the bridge
	port    string // external_ids:iface-id, the name of a logical port
	version string // external_ids:iface-id-ver
	ofport  int    // 0: none yet; -1: it could not be opened
	kind    string // type
	mtu     int
	up      bool // BFD says so
}

// isPlugged is the rule of binding.c, build_local_bindings.
func (i *iface) isPlugged() bool { return i.users > 0 && i.ofport > 0 && i.port != "" }

// isExpected: ovs-vswitchd is to give it its number. One that it could not open is not.
func (i *iface) isExpected() bool { return i.users > 0 && i.ofport == 0 && i.port != "" }

func newInterfaces(bridge string, wiring *wiring, changed func(kind Kind, port string)) *interfaces {
	return &interfaces{
		bridge:   bridge,
		wiring:   wiring,
		ports:    map[uuid.UUID]bool{},
		rows:     map[uuid.UUID]portRow{},
		users:    index[uuid.UUID, uuid.UUID]{},
		all:      map[uuid.UUID]*iface{},
		plugged:  index[string, *iface]{},
		expected: index[string, *iface]{},
		changed:  changed,
	}
}

// has says whether a logical port has an interface here. A port may ask for one of a version (options:iface-id-ver), so
// that the interface of its predecessor, on its way out, is not taken for it (binding.c, ovs_iface_matches_lport_iface_id_ver).
func (s *interfaces) has(port, version string) bool { return s.find(port, version) != nil }

// find gives the interface that has has: of several the one with the lowest number.
func (s *interfaces) find(port, version string) (found *iface) {
	for i := range s.plugged[port] {
		if (version == "" || i.version == version) && (found == nil || i.ofport < found.ofport) {
			found = i
		}
	}
	return found
}

// Interface is the number and the MTU of the interface that is here for a logical port, by its name; 0 if there is none. With a
// version, only interfaces of that count.
func (s *State) Interface(port, version string) (ofport, mtu int) {
	if i := s.interfaces.find(port, version); i != nil {
		return i.ofport, i.mtu
	}
	return 0, 0
}

// IsExpected says whether the integration bridge has an interface for a logical port, by its name, that is still to get its number.
func (s *State) IsExpected(port string) bool { return len(s.interfaces.expected[port]) > 0 }

// HasInterface says whether the integration bridge has an interface, by its UUID, whatever it is for.
func (s *State) HasInterface(id string) bool {
	i := s.interfaces.all[parse(id)]
	return i != nil && i.users > 0
}

// setBridge takes in a bridge; zones are the external_ids of the integration bridge, if it is that.
func (s *interfaces) setBridge(id uuid.UUID, old, new *vswitch.Bridge) (zones map[string]string, is bool) {
	switch {
	case new != nil && new.Name == s.bridge:
		s.row = id
		s.setPorts(new.Ports)
		return new.ExternalIDs, true
	case old != nil && id == s.row: // a bridge deleted and made anew may be in one batch, in any order
		s.setPorts(nil)
		return nil, true
	}
	return nil, false
}

func (s *interfaces) setPorts(names []string) {
	before, ports := s.ports, make(map[uuid.UUID]bool, len(names))
	for _, name := range names {
		ports[parse(name)] = true
	}
	s.ports = ports // all, before any: two ports may have the same interface
	for id := range ports {
		if !before[id] {
			s.use(s.rows[id].interfaces, 1)
			s.rewire(id)
		}
	}
	for id := range before {
		if !ports[id] {
			s.use(s.rows[id].interfaces, -1)
			s.rewire(id)
		}
	}
}

func (s *interfaces) setPort(id uuid.UUID, new *vswitch.Port) {
	old := s.rows[id].interfaces
	for _, i := range old {
		s.users.drop(i, id)
	}
	delete(s.rows, id)
	if new != nil {
		row := portRow{externalIDs: new.ExternalIDs}
		for _, name := range new.Interfaces {
			row.interfaces = append(row.interfaces, parse(name))
			s.users.put(parse(name), id)
		}
		s.rows[id] = row
	}
	if s.ports[id] {
		s.use(s.rows[id].interfaces, 1)
		s.use(old, -1)
	}
	s.rewire(id)
}

// rewire works out what a Port is for, by the first of its interfaces that is for something.
func (s *interfaces) rewire(id uuid.UUID) {
	var now wire
	if row := s.rows[id]; s.ports[id] {
		for _, i := range row.interfaces {
			if i := s.all[i]; i != nil && now == (wire{}) {
				now = newWire(row.externalIDs, i)
			}
		}
	}
	s.wiring.set(id, now)
}

func (s *interfaces) use(ids []uuid.UUID, more int) {
	for _, id := range ids {
		s.change(id, func(i *iface) { i.users += more })
	}
}

func (s *interfaces) setInterface(id uuid.UUID, new *vswitch.Interface) {
	s.change(id, func(i *iface) {
		*i = iface{id: id, users: i.users}
		if new == nil {
			return
		}
		i.port, i.version = new.ExternalIDs["iface-id"], new.ExternalIDs["iface-id-ver"]
		i.kind, i.up = new.Type, new.BFDStatus["state"] == "up"
		if new.MTU != nil {
			i.mtu = *new.MTU
		}
		if new.Ofport != nil {
			i.ofport = *new.Ofport
		}
	})
}

// change lets an interface become another and keeps the indexes.
func (s *interfaces) change(id uuid.UUID, edit func(*iface)) {
	i := s.all[id]
	if i == nil {
		i = &iface{id: id}
		s.all[id] = i
	}
	before := *i
	edit(i)
	if *i == before {
		return
	}
	s.keep(s.plugged, KindInterface, (*iface).isPlugged, &before, i)
	s.keep(s.expected, KindExpected, (*iface).isExpected, &before, i)
	if *i == (iface{id: id}) {
		delete(s.all, id)
	}
	for port := range s.users[id] {
		s.rewire(port)
	}
}

// keep keeps an index of interfaces by what they are, when one has become another.
func (s *interfaces) keep(x index[string, *iface], kind Kind, is func(*iface) bool, before, now *iface) {
	if is(before) {
		x.drop(before.port, now)
		s.changed(kind, before.port)
	}
	if is(now) {
		x.put(now.port, now)
		s.changed(kind, now.port)
	}
}

// parse reads a UUID as models have it. An OVSDB client checks them: there are no others.
func parse(text string) uuid.UUID {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil
	}
	return id
}
