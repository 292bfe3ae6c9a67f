package local

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// port is a logical port. It is there, too, when only other ports name it.
type port struct {
	name     string
	id       uuid.UUID       // of its Port_Binding
	row      *sb.PortBinding // nil: there is no such row
	datapath *datapath       // row's
	others   []*port         // the ports that row names, see others
	namedBy  map[*port]struct{}

	// What follows from it, as far as the flood knows.
	seeds    *datapath // it is here, and so is this datapath
	from, to *datapath // of what has a peer; nil: it has none, or that is not there
	// location and related as last settled.
	location Location
	related  bool
	dirty    bool
}

func (s *State) setPort(id uuid.UUID, old, new *sb.PortBinding) {
	if old != nil && (new == nil || new.LogicalPort != old.LogicalPort) {
		// A port deleted and made anew under its name may be in one batch, in any order.
		if p := s.ports[old.LogicalPort]; p != nil && p.id == id {
			s.assign(p, uuid.Nil, nil)
		}
	}
	if new != nil {
		s.assign(s.port(new.LogicalPort), id, new)
	}
}

// port finds a port or makes it.
func (s *State) port(name string) *port {
	p := s.ports[name]
	if p == nil {
		p = &port{name: name, namedBy: map[*port]struct{}{}}
		s.ports[name] = p
	}
	return p
}

// assign gives a port its row, or takes it away.
func (s *State) assign(p *port, id uuid.UUID, row *sb.PortBinding) {
	s.leave(p)
	for _, other := range p.others {
		delete(other.namedBy, p)
		s.mark(other)
	}
	p.id, p.row, p.datapath, p.others = id, row, nil, nil
	if row != nil {
		for _, name := range others(row) {
			other := s.port(name)
			other.namedBy[p] = struct{}{}
			p.others = append(p.others, other)
		}
		s.enter(p)
	}
	s.touch(p)
}

// touch makes the next Settle look at a port and at those that depend on it.
func (s *State) touch(p *port) {
	s.mark(p)
	for dependent := range p.namedBy {
		s.mark(dependent)
		if row := dependent.row; row != nil && (row.Type == typePatch || row.Type == typeL3Gateway) {
			s.fireSpecial(KindPeers, dependent)
		}
	}
}

// place tells the flood what follows from a port.
func (s *State) place(p *port) {
	var seeds, from, to *datapath
	if p.row != nil && s.isHere(p) {
		seeds = p.datapath
	}
	if peer := s.peer(p); peer != nil && s.isFollowed(p) {
		from, to = p.datapath, peer.datapath
	}
	if seeds != p.seeds {
		if p.seeds != nil {
			s.flood.seed(p.seeds, -1)
		}
		if seeds != nil {
			s.flood.seed(seeds, 1)
		}
	}
	if from != p.from || to != p.to {
		if p.from != nil {
			s.flood.join(p.from, p.to, -1)
		}
		if from != nil {
			s.flood.join(from, to, 1)
		}
	}
	p.seeds, p.from, p.to = seeds, from, to
}

// peer is the port behind a patch port, or behind a gateway router's that is here; nil if p is neither, or there is none.
func (s *State) peer(p *port) *port {
	if p.row == nil || p.row.Type != typePatch && (p.row.Type != typeL3Gateway || !s.isHere(p)) {
		return nil
	}
	return s.named(p, "peer")
}

// named is the port that an option of another names; nil if there is none.
func (s *State) named(p *port, option string) *port {
	if other := s.ports[p.row.Options[option]]; other != nil && other.row != nil {
		return other
	}
	return nil
}

// settle works out the location and says whether it is another than before.
func (p *port) settle() bool {
	var now Location
	if p.row != nil && p.datapath.local != 0 {
		now = Location{Datapath: p.datapath.local, Port: p.row.TunnelKey}
	}
	before := p.location
	p.location = now
	return now != before
}

// forgetPort forgets a port that has no row and that no other names.
func (s *State) forgetPort(p *port) {
	if p.row == nil && len(p.namedBy) == 0 {
		delete(s.ports, p.name)
	}
}
