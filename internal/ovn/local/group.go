package local

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// groups are the HA chassis groups and what they are made of.
type groups struct {
	rows    map[string]*sb.HAChassisGroup
	members map[string]*sb.HAChassis
	of      index[string, string] // member → groups that list it
	ports   index[string, *port]  // group → ports that name it
}

// Member is a chassis of an HA chassis group.
type Member struct {
	Chassis  string // UUID of its row
	Priority int
}

func newGroups() groups {
	return groups{
		rows: map[string]*sb.HAChassisGroup{}, members: map[string]*sb.HAChassis{},
		of: index[string, string]{}, ports: index[string, *port]{},
	}
}

func (s *State) setGroup(id uuid.UUID, old, new *sb.HAChassisGroup) {
	name := id.String()
	if old != nil {
		for _, member := range old.HaChassis {
			s.groups.of.drop(member, name)
		}
	}
	delete(s.groups.rows, name)
	if new != nil {
		s.groups.rows[name] = new
		for _, member := range new.HaChassis {
			s.groups.of.put(member, name)
		}
	}
	s.touchGroup(name)
}

func (s *State) setMember(id uuid.UUID, new *sb.HAChassis) {
	name := id.String()
	delete(s.groups.members, name)
	if new != nil {
		s.groups.members[name] = new
	}
	for group := range s.groups.of[name] {
		s.touchGroup(group)
	}
}

func (s *State) touchGroup(name string) {
	s.fire(KindGroup, name)
	for p := range s.groups.ports[name] {
		s.touch(p)
	}
}

// Group is the chassis of an HA chassis group, by the UUID of its row: the one with the highest priority first, of equal ones the one
// whose name is last in the alphabet (ha-chassis.c, ha_chassis_get_ordered). Members without a chassis are left out.
func (s *State) Group(id string) []Member {
	var members []Member
	if row := s.groups.rows[id]; row != nil {
		for _, m := range row.HaChassis {
			if member := s.groups.members[m]; member != nil && member.Chassis != nil {
				members = append(members, Member{Chassis: *member.Chassis, Priority: member.Priority})
			}
		}
	}
	slices.SortFunc(members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(s.chassisName(b.Chassis), s.chassisName(a.Chassis)))
	})
	return members
}

// isMember says whether this chassis is in the HA chassis group that a port names (ha-chassis.c, ha_chassis_group_contains).
func (s *State) isMember(row *sb.PortBinding) bool {
	if row.HaChassisGroup == nil || s.settings.self == "" {
		return false
	}
	return slices.ContainsFunc(s.Group(*row.HaChassisGroup), func(m Member) bool { return m.Chassis == s.settings.self })
}

// IsActive says whether this chassis is the first of a port's HA chassis group that is there: this one is, others are if BFD says so. If
// it says so of nobody at all, it is this chassis that is cut off (ha-chassis.c, ha_chassis_group_is_active). read, unless it is nil,
// is told what the answer depends on.
func (s *State) IsActive(row *sb.PortBinding, read func(Fact)) bool {
	if read == nil {
		read = func(Fact) {}
	}
	if row.HaChassisGroup == nil {
		return false
	}
	read(Fact{KindGroup, *row.HaChassisGroup})
	read(Fact{Kind: KindSelf})
	members := s.Group(*row.HaChassisGroup)
	for _, m := range members {
		read(Fact{KindChassis, m.Chassis})
	}
	if len(members) == 1 {
		return s.settings.self != "" && members[0].Chassis == s.settings.self
	}
	if read(Fact{Kind: KindUp}); !s.AnyUp() || s.settings.self == "" {
		return false
	}
	for _, m := range members {
		if m.Chassis == s.settings.self {
			return true
		}
		chassis := s.Chassis(m.Chassis)
		if chassis == nil {
			continue
		}
		read(Fact{KindTunnels, chassis.Name})
		if slices.ContainsFunc(s.Tunnels(chassis.Name), func(t Tunnel) bool { return t.Up }) {
			return false
		}
	}
	return false
}

func (s *State) chassisName(id string) string {
	if row := s.settings.rows[id]; row != nil {
		return row.Name
	}
	return ""
}
