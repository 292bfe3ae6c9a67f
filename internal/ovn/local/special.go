package local

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// specialKind is the kind of ports that others look for on a datapath: what a port's row is one of.
func specialKind(row *sb.PortBinding) (Kind, bool) {
	switch {
	case row.Type == typeLocalnet:
		return KindLocalnet, true
	case row.Type == typeExternal:
		return KindExternal, true
	case row.Type == typePatch || row.Type == typeL3Gateway:
		return KindPeers, true
	case len(row.AdditionalChassis) > 0:
		return KindMultichassis, true
	}
	return 0, false
}

// enter enters a port with its row where it is looked for.
func (s *State) enter(p *port) {
	p.datapath = s.datapath(parse(p.row.Datapath))
	p.datapath.ports[p] = struct{}{}
	s.bindings[p.id.String()] = p
	s.index(p, true)
}

// leave is the opposite.
func (s *State) leave(p *port) {
	if p.row == nil {
		return
	}
	delete(p.datapath.ports, p)
	s.markDatapath(p.datapath)
	if s.bindings[p.id.String()] == p {
		delete(s.bindings, p.id.String())
	}
	s.index(p, false)
}

// index has a port, or has it no more, in the sets in which its row says that it is.
func (s *State) index(p *port, is bool) {
	if kind, special := specialKind(p.row); special {
		if p.datapath.special == nil {
			p.datapath.special = index[Kind, *port]{}
		}
		p.datapath.special.set(kind, p, is)
		s.fireSpecial(kind, p)
	}
	if group := p.row.HaChassisGroup; group != nil {
		s.groups.ports.set(*group, p, is)
	}
	if parent := parentOf(p.row); parent != "" && p.row.Tag != nil {
		s.tags.set(TagName(parent, *p.row.Tag), p, is)
		s.fire(KindTag, TagName(parent, *p.row.Tag))
	}
	if p.row.Type == typeVTEP && p.row.Chassis != nil {
		s.vteps.set(*p.row.Chassis, p, is)
		s.fire(KindVTEP, *p.row.Chassis)
	}
	s.firePort(p)
}

func (s *State) firePort(p *port) {
	if s.watch != nil {
		s.fire(KindPort, p.name)
		s.fire(KindBinding, p.id.String())
	}
}

func (s *State) fireSpecial(kind Kind, p *port) {
	if s.watch != nil {
		s.fire(kind, p.datapath.id.String())
	}
}

// Row is the Port_Binding of a logical port, by name; nil if there is none.
func (s *State) Row(name string) *sb.PortBinding {
	if p := s.ports[name]; p != nil {
		return p.row
	}
	return nil
}

// Binding is a Port_Binding by its UUID; nil if there is none.
func (s *State) Binding(id string) *sb.PortBinding {
	if p := s.bindings[id]; p != nil {
		return p.row
	}
	return nil
}

// Bindings are the UUIDs of all Port_Bindings, in no particular order.
func (s *State) Bindings() iter.Seq[string] { return maps.Keys(s.bindings) }

// Key is the tunnel key of a local datapath, by its UUID, as of the last Settle; 0 if it is not local.
func (s *State) Key(datapath string) int {
	if d := s.datapaths[parse(datapath)]; d != nil {
		return d.local
	}
	return 0
}

// TunnelKey is the tunnel key of a datapath, by its UUID, local or not; 0 if there is no such row.
func (s *State) TunnelKey(datapath string) int {
	if d := s.datapaths[parse(datapath)]; d != nil {
		return d.key
	}
	return 0
}

// IsTransit says whether a datapath, by its UUID, is a switch between availability zones (ovn-sb(5), Datapath_Binding,
// external_ids:interconn-ts).
func (s *State) IsTransit(datapath string) bool {
	d := s.datapaths[parse(datapath)]
	return d != nil && d.transit
}

// Localnet is the localnet port of a datapath, by its UUID: of several whose network is here the one with the lowest UUID; nil if there
// is none. (binding.c, update_ld_localnet_port, takes the one it comes upon first.)
func (s *State) Localnet(datapath string) *sb.PortBinding {
	for row := range s.special(datapath, KindLocalnet) {
		if _, here := s.settings.networks[row.Options["network_name"]]; here {
			return row
		}
	}
	return nil
}

// Localnets are all localnet ports of a datapath, by its UUID, those whose network is not here, too.
func (s *State) Localnets(datapath string) iter.Seq[*sb.PortBinding] {
	return s.special(datapath, KindLocalnet)
}

// External are the external ports of a datapath, by its UUID.
func (s *State) External(datapath string) iter.Seq[*sb.PortBinding] {
	return s.special(datapath, KindExternal)
}

// Multichassis are the ports of a datapath that are on several chassis.
func (s *State) Multichassis(datapath string) iter.Seq[*sb.PortBinding] {
	return s.special(datapath, KindMultichassis)
}

// Peers are the ports behind the patch ports of a datapath, as far as the datapaths there are local with it, and behind its l3gateway
// ports that are here.
func (s *State) Peers(datapath string) iter.Seq[*sb.PortBinding] {
	return func(yield func(*sb.PortBinding) bool) {
		for row := range s.special(datapath, KindPeers) {
			p := s.ports[row.LogicalPort]
			peer := s.named(p, "peer")
			if peer == nil || !s.isPassed(p) && !s.isPassed(peer) {
				continue
			}
			if !yield(peer.row) {
				return
			}
		}
	}
}

// isPassed says whether traffic on this chassis passes a port to its peer.
func (s *State) isPassed(p *port) bool {
	return s.peer(p) != nil && s.isFollowed(p)
}

// TagName names the containers with a tag behind a port.
func TagName(parent string, tag int) string { return fmt.Sprint(tag, " ", parent) }

// Tagged are the containers with a tag behind a port, by its name: one, unless a tag is used twice.
func (s *State) Tagged(parent string, tag int) []*sb.PortBinding {
	return sorted(s.tags[TagName(parent, tag)])
}

// VTEPs are the VTEP ports of a chassis, by the UUID of its row.
func (s *State) VTEPs(chassis string) []*sb.PortBinding { return sorted(s.vteps[chassis]) }

// special yields the ports of a kind, in the order of their UUIDs.
func (s *State) special(datapath string, kind Kind) iter.Seq[*sb.PortBinding] {
	d := s.datapaths[parse(datapath)]
	if d == nil {
		return func(func(*sb.PortBinding) bool) {}
	}
	return slices.Values(sorted(d.special[kind]))
}

func sorted(ports map[*port]struct{}) []*sb.PortBinding {
	list := make([]*port, 0, len(ports))
	for p := range ports {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *port) int { return slices.Compare(a.id[:], b.id[:]) })
	rows := make([]*sb.PortBinding, len(list))
	for i, p := range list {
		rows[i] = p.row
	}
	return rows
}

// Chassis is the row of a chassis, by its UUID; nil if there is none.
func (s *State) Chassis(id string) *sb.Chassis { return s.settings.rows[id] }

// Self is the UUID of this chassis' own row, "" before that is there.
func (s *State) Self() string { return s.settings.self }

// Name is the name of this chassis.
func (s *State) Name() string { return s.settings.name }

// EncapIP is the address of an encapsulation, by the UUID of its row.
func (s *State) EncapIP(id string) string { return s.encaps[id] }
