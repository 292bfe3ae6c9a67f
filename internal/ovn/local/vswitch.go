package local

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// interfaces knows which logical ports have an interface on the integration bridge.
type interfaces struct {
	bridge string
	row    uuid.UUID                 // of the bridge in table Bridge
	ports  map[uuid.UUID]bool        // of the bridge
	lists  map[uuid.UUID][]uuid.UUID // interfaces of each row of table Port
	all    map[uuid.UUID]*iface
	// plugged are the interfaces that a logical port can be bound to, by its name. Invariant: those with plugged().
	plugged map[string]map[*iface]struct{}
	changed func(port string) // called for a logical port whose interfaces have changed
}

// iface is one interface. It is there, too, when only a row of table Port names it yet.
type iface struct {
	users   int    // rows of table Port that list it and are ports of the bridge
	port    string // external_ids:iface-id, the name of a logical port
	version string // external_ids:iface-id-ver
	ofport  int    // 0: none yet; -1: it could not be opened
}

// isPlugged is the rule of binding.c, build_local_bindings.
func (i *iface) isPlugged() bool { return i.users > 0 && i.ofport > 0 && i.port != "" }

func newInterfaces(bridge string, changed func(port string)) *interfaces {
	return &interfaces{
		bridge:  bridge,
		ports:   map[uuid.UUID]bool{},
		lists:   map[uuid.UUID][]uuid.UUID{},
		all:     map[uuid.UUID]*iface{},
		plugged: map[string]map[*iface]struct{}{},
		changed: changed,
	}
}

// has says whether a logical port has an interface here. A port may ask for one of a version (options:iface-id-ver), so
// that the interface of its predecessor, on its way out, is not taken for it (binding.c, ovs_iface_matches_lport_iface_id_ver).
func (s *interfaces) has(port, version string) bool {
	for i := range s.plugged[port] {
		if version == "" || i.version == version {
			return true
		}
	}
	return false
}

func (s *interfaces) setBridge(id uuid.UUID, old, new *vswitch.Bridge) {
	switch {
	case new != nil && new.Name == s.bridge:
		s.row = id
		s.setPorts(new.Ports)
	case old != nil && id == s.row: // a bridge deleted and made anew may be in one batch, in any order
		s.setPorts(nil)
	}
}

func (s *interfaces) setPorts(names []string) {
	ports := make(map[uuid.UUID]bool, len(names))
	for _, name := range names {
		id := parse(name)
		ports[id] = true
		if !s.ports[id] {
			s.use(s.lists[id], 1)
		}
	}
	for id := range s.ports {
		if !ports[id] {
			s.use(s.lists[id], -1)
		}
	}
	s.ports = ports
}

func (s *interfaces) setPort(id uuid.UUID, new *vswitch.Port) {
	old := s.lists[id]
	delete(s.lists, id)
	if new != nil {
		for _, name := range new.Interfaces {
			s.lists[id] = append(s.lists[id], parse(name))
		}
	}
	if s.ports[id] {
		s.use(s.lists[id], 1)
		s.use(old, -1)
	}
}

func (s *interfaces) use(ids []uuid.UUID, more int) {
	for _, id := range ids {
		s.change(id, func(i *iface) { i.users += more })
	}
}

func (s *interfaces) setInterface(id uuid.UUID, new *vswitch.Interface) {
	s.change(id, func(i *iface) {
		*i = iface{users: i.users}
		if new == nil {
			return
		}
		i.port, i.version = new.ExternalIDs["iface-id"], new.ExternalIDs["iface-id-ver"]
		if new.Ofport != nil {
			i.ofport = *new.Ofport
		}
	})
}

// change lets an interface become another and keeps the index.
func (s *interfaces) change(id uuid.UUID, edit func(*iface)) {
	i := s.all[id]
	if i == nil {
		i = &iface{}
		s.all[id] = i
	}
	before := *i
	edit(i)
	if *i == before {
		return
	}
	if before.isPlugged() {
		delete(s.plugged[before.port], i)
		if len(s.plugged[before.port]) == 0 {
			delete(s.plugged, before.port)
		}
		s.changed(before.port)
	}
	if i.isPlugged() {
		if s.plugged[i.port] == nil {
			s.plugged[i.port] = map[*iface]struct{}{}
		}
		s.plugged[i.port][i] = struct{}{}
		s.changed(i.port)
	}
	if *i == (iface{}) {
		delete(s.all, id)
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
