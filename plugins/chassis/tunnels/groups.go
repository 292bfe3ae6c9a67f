package tunnels

import "github.com/flowhost/flowhost/internal/ovn/sb"

// groups knows the chassis that this one has to watch by BFD: whose HA chassis group it is in, or whose traffic depends on such a group.
// Chassis are named by the UUIDs of their rows.
type groups struct {
	self    string
	rows    map[string]*sb.HAChassisGroup
	members map[string]*sb.HAChassis
	of      map[string]map[string]bool // member → groups that list it
	watched map[string]map[string]bool // group → the chassis to watch because of it
	reasons map[string]int             // for how many groups a chassis is watched. Invariant: follows from watched; none is 0.
	changed func(chassis string)       // is told of those that are to be watched now, or no more
}

func newGroups(changed func(chassis string)) groups {
	return groups{
		rows:    map[string]*sb.HAChassisGroup{},
		members: map[string]*sb.HAChassis{},
		of:      map[string]map[string]bool{},
		watched: map[string]map[string]bool{},
		reasons: map[string]int{},
		changed: changed,
	}
}

// isWatched says whether the tunnels to a chassis have BFD.
func (g *groups) isWatched(chassis string) bool { return g.reasons[chassis] > 0 }

func (g *groups) setSelf(chassis string) {
	if g.self == chassis {
		return
	}
	g.self = chassis
	for id := range g.rows {
		g.settle(id)
	}
}

func (g *groups) set(id string, old, new *sb.HAChassisGroup) {
	if delete(g.rows, id); old != nil {
		for _, member := range old.HaChassis {
			if delete(g.of[member], id); len(g.of[member]) == 0 {
				delete(g.of, member)
			}
		}
	}
	if new != nil {
		g.rows[id] = new
		for _, member := range new.HaChassis {
			if g.of[member] == nil {
				g.of[member] = map[string]bool{}
			}
			g.of[member][id] = true
		}
	}
	g.settle(id)
}

func (g *groups) setMember(id string, new *sb.HAChassis) {
	if delete(g.members, id); new != nil {
		g.members[id] = new
	}
	for group := range g.of[id] {
		g.settle(group)
	}
}

// settle works out whom to watch because of a group.
func (g *groups) settle(id string) {
	before, now := g.watched[id], g.watch(g.rows[id])
	if g.watched[id] = now; len(now) == 0 {
		delete(g.watched, id)
	}
	for chassis := range now {
		if !before[chassis] {
			g.count(chassis, 1)
		}
	}
	for chassis := range before {
		if !now[chassis] {
			g.count(chassis, -1)
		}
	}
}

func (g *groups) count(chassis string, more int) {
	was := g.isWatched(chassis)
	if g.reasons[chassis] += more; g.reasons[chassis] == 0 {
		delete(g.reasons, chassis)
	}
	if g.isWatched(chassis) != was {
		g.changed(chassis)
	}
}

// watch is the rule (bfd.c, bfd_calculate_chassis): members of a group watch each other and those that depend on it, and these watch the
// members. A group of one has nobody to hand over to.
func (g *groups) watch(row *sb.HAChassisGroup) map[string]bool {
	if row == nil || len(row.HaChassis) < 2 || g.self == "" {
		return nil
	}
	chassis := map[string]bool{}
	for _, id := range row.HaChassis {
		if member := g.members[id]; member != nil && member.Chassis != nil {
			chassis[*member.Chassis] = true
		}
	}
	isMember, depends := chassis[g.self], false
	for _, id := range row.RefChassis {
		if depends = depends || id == g.self; isMember {
			chassis[id] = true
		}
	}
	if !isMember && !depends {
		return nil
	}
	return chassis
}
