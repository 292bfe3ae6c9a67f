package zones

import "slices"

// maxZone is the highest zone. Zone 0 is that of all who have none (ovs-actions(7), ct), and only given to who asks for it.
const maxZone = 65535

// assignment says whose a zone is: zones as it should be, written as the keys have it.
type assignment struct {
	zones, written map[string]int
	// Invariant: the names with zones[name] == zone, and with written[name] == zone.
	owners, holders sets
	lowest          int                 // Invariant: all zones below it, from 1 on, are somebody's.
	starved         map[string]struct{} // need a zone, and there was none
}

// sets are names by zone. Invariant: none is empty.
type sets map[int]map[string]struct{}

func (s sets) put(zone int, name string) {
	if s[zone] == nil {
		s[zone] = map[string]struct{}{}
	}
	s[zone][name] = struct{}{}
}

func (s sets) drop(zone int, name string) {
	if delete(s[zone], name); len(s[zone]) == 0 {
		delete(s, zone)
	}
}

func newAssignment() assignment {
	return assignment{zones: map[string]int{}, written: map[string]int{}, owners: sets{}, holders: sets{}, lowest: 1,
		starved: map[string]struct{}{}}
}

// settle gives zones to the names that have to be looked at: first those go that need none, then those come that ask for one, which
// is taken from others, and then all others.
func (d *Duty) settle() {
	users := d.takeDirty()
	for _, name := range users {
		zone, asks := d.requests[name]
		if own, has := d.zones[name]; asks && (!has || own != zone) {
			d.move(name, zone)
			d.markOwners(zone)
		}
	}
	for _, name := range append(users, d.takeDirty()...) {
		if _, asks := d.requests[name]; !asks && !d.isOwn(name) {
			d.choose(name)
		}
	}
}

// takeDirty lets go what needs no zone any more of what has to be looked at, and returns what needs one: sorted, so that it does
// not matter which came first.
func (d *Duty) takeDirty() (users []string) {
	dirty := d.dirty
	d.dirty = map[string]struct{}{} // not cleared: a map that has once been large is slow to go through for ever after
	for name := range dirty {
		_, written := d.written[name]
		needed := d.needs(d.state, name)
		if needed {
			users = append(users, name)
		} else {
			d.release(name)
		}
		if needed || written {
			d.unwritten[name] = struct{}{}
		}
	}
	slices.Sort(users)
	return users
}

// markOwners has those looked at who may have to leave a zone that another has got.
func (d *Duty) markOwners(zone int) {
	if len(d.owners[zone]) < 2 {
		return
	}
	for name := range d.owners[zone] {
		d.mark(name)
	}
}

// isOwn says whether a name that asks for no zone has one, and nobody has more right to it: who asks for it, or, when keys have given
// it twice, the first in the alphabet.
func (d *Duty) isOwn(name string) bool {
	zone := d.zones[name] // 0: it has none, or one that is only for who asks
	for other := range d.owners[zone] {
		if _, asks := d.requests[other]; other != name && (asks || other < name) {
			return false
		}
	}
	return zone != 0
}

// choose gives a name the lowest zone that is free, as ovn-controller does.
func (d *Duty) choose(name string) {
	for d.lowest <= maxZone && len(d.owners[d.lowest])+len(d.holders[d.lowest]) > 0 {
		d.lowest++
	}
	if d.lowest <= maxZone {
		d.move(name, d.lowest)
		return
	}
	d.release(name)
	d.starved[name] = struct{}{}
}

// move gives a name another zone than it has. Unless somebody has it, it is flushed first.
func (d *Duty) move(name string, zone int) {
	d.release(name)
	d.give(name, zone)
	if len(d.holders[zone]) == 0 {
		d.flush(zone)
	}
}

func (d *Duty) give(name string, zone int) {
	delete(d.starved, name)
	d.zones[name] = zone
	d.owners.put(zone, name)
}

// release takes a name's zone from it.
func (d *Duty) release(name string) {
	delete(d.starved, name)
	if zone, has := d.zones[name]; has {
		delete(d.zones, name)
		d.owners.drop(zone, name)
		d.free(zone)
	}
}

// free takes in that one name less has a zone: after the last whose key names it, its connections are nobody's.
func (d *Duty) free(zone int) {
	if len(d.holders[zone]) > 0 {
		return
	}
	d.flush(zone)
	if len(d.owners[zone]) > 0 || zone == 0 {
		return
	}
	d.lowest = min(d.lowest, zone)
	for name := range d.starved {
		d.mark(name)
	}
}

// isReady says whether a name's key may be written: nobody else is to leave its zone first, and that has been flushed.
func (d *Duty) isReady(name string, zone int) bool {
	return !d.isFlushing(zone) && !d.isLeft(name, zone)
}

// isLeft says whether others have to leave a name's zone first.
func (d *Duty) isLeft(name string, zone int) bool {
	for other := range d.holders[zone] {
		if own, has := d.zones[other]; other != name && (!has || own != zone) {
			return true
		}
	}
	return false
}

// isAwaited says whether a name has to leave the zone it has before it can have its own: who waits for others goes first, or two
// that change places would wait for each other.
func (d *Duty) isAwaited(name string, zone int) bool {
	before, has := d.written[name]
	return has && before != zone && d.isLeft(name, zone)
}
