package swtest

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/flowhost/flowhost/core/openflow"
)

// A groupMod is a group mod past the first stage.
type groupMod struct {
	xid     uint32
	command openflow.GroupCommand
	group   *openflow.Group
}

// parseGroupMod is the first stage of a group mod.
func parseGroupMod(msg []byte) (*groupMod, *openflow.Error) {
	m, err := openflow.ParseGroupMod(msg)
	if err != nil {
		return nil, named("OFPBRC_BAD_LEN")
	}
	switch {
	case m.Command > openflow.GroupDelete: // buckets one by one: flowhost sends a group whole
		return nil, named("OFPGMFC_BAD_COMMAND")
	case m.Type > openflow.GroupTypeFF:
		return nil, named("OFPGMFC_BAD_TYPE")
	case m.ID > 0xffffff00 && (m.ID != openflow.GroupAll || m.Command != openflow.GroupDelete):
		return nil, named("OFPGMFC_INVALID_GROUP")
	}
	buckets, refused := checkBuckets(m.Buckets, m.Type)
	if refused != nil {
		return nil, refused
	}
	group := &openflow.Group{ID: m.ID, Type: m.Type, Buckets: buckets, Properties: bytes.Clone(m.Properties)}
	return &groupMod{m.XID, m.Command, group}, nil
}

// checkBuckets returns buckets as Open vSwitch shows them: those of a select group have a weight.
func checkBuckets(buckets []byte, t openflow.GroupType) (shown []byte, refused *openflow.Error) {
	ids := make(map[uint32]bool)
	for bucket, err := range openflow.Buckets(buckets) {
		if err != nil || ids[bucket.ID] {
			return nil, named("OFPGMFC_BAD_BUCKET")
		}
		ids[bucket.ID] = true
		var names references
		if refused := names.add(bucket.Actions); refused != nil {
			return nil, refused
		}
		bucket.HasWeight = t == openflow.GroupTypeSelect
		shown = openflow.AppendBucket(shown, &bucket)
	}
	if t == openflow.GroupTypeIndirect && len(ids) != 1 {
		return nil, named("OFPGMFC_INVALID_GROUP")
	}
	return shown, nil
}

func (g *groupMod) apply(t *tx) *openflow.Error {
	groups, id := t.sw.groups, g.group.ID
	before := groups[id]
	switch {
	case g.command == openflow.GroupAdd && before != nil:
		return named("OFPGMFC_GROUP_EXISTS")
	case g.command == openflow.GroupModify && before == nil:
		return named("OFPGMFC_UNKNOWN_GROUP")
	}
	t.mods = append(t.mods, forwardGroup(g.xid, g.command, g.group))
	if g.command == openflow.GroupDelete {
		t.removeGroup(id)
		return nil
	}
	t.undo = append(t.undo, func() { setOrDelete(groups, id, before) })
	t.sw.log.GroupMods++
	groups[id] = g.group
	return nil
}

// removeGroup removes a group, or openflow.GroupAll, and the flows that name it.
func (t *tx) removeGroup(id uint32) {
	for _, g := range t.sw.groups {
		if id != g.ID && id != openflow.GroupAll {
			continue
		}
		t.undo = append(t.undo, func() { t.sw.groups[g.ID] = g })
		delete(t.sw.groups, g.ID)
		t.sw.log.GroupMods++
		if t.removeAll(openflow.RemovedWithGroup, func(e *entry) bool { return slices.Contains(e.names.groups, g.ID) }) {
			t.fatal = true
		}
	}
}

func setOrDelete[T any](m map[uint32]*T, id uint32, value *T) {
	if value == nil {
		delete(m, id)
	} else {
		m[id] = value
	}
}

// groupDescs answers a request for one group or all of them.
func (c *conn) groupDescs(xid, id uint32) {
	p := c.parts(xid, openflow.MultipartGroupDesc)
	for _, g := range c.sw.sortedGroups() {
		if id == openflow.GroupAll || id == g.ID {
			p.add(openflow.AppendGroupDesc(nil, &g))
		}
	}
	p.end()
}

// groupStats answers a request for the statistics of one group or all of them.
func (c *conn) groupStats(xid, id uint32) {
	p := c.parts(xid, openflow.MultipartGroupStats)
	for _, g := range c.sw.groups {
		if id != openflow.GroupAll && id != g.ID {
			continue
		}
		s := openflow.GroupStats{ID: g.ID}
		for range openflow.Buckets(g.Buckets) {
			s.Buckets = append(s.Buckets, make([]byte, 16)...)
		}
		for _, e := range c.sw.flows.entries {
			if slices.Contains(e.names.groups, g.ID) {
				s.Flows++
			}
		}
		p.add(openflow.AppendGroupStats(nil, &s))
	}
	p.end()
}

// PutGroup adds a group, or replaces it, as another controller would. Its parts may be as long as Open vSwitch lets them
// grow bucket by bucket; a group description of more than 65535 bytes then breaks the stream, as it does there.
func (s *Switch) PutGroup(g openflow.Group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g.Buckets, g.Properties = bytes.Clone(g.Buckets), bytes.Clone(g.Properties)
	told := forwardGroup(0, openflow.GroupModify, &g)
	if s.groups[g.ID] == nil {
		told = forwardGroup(0, openflow.GroupAdd, &g)
	}
	if openflow.GroupModLen(&g) > openflow.MaxMessageLen { // bucket by bucket: that there is one more is told, not what there is
		told = forwardGroup(0, openflow.GroupCommand(3), &openflow.Group{ID: g.ID, Type: g.Type})
	}
	s.groups[g.ID] = &g
	s.forward(nil, told)
}

// DeleteGroup deletes a group, if it is there, or openflow.GroupAll, and the flows that name it, as another controller would.
func (s *Switch) DeleteGroup(id uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.begin(nil)
	t.mods = []forward{forwardGroup(0, openflow.GroupDelete, &openflow.Group{ID: id})}
	t.removeGroup(id)
	t.end()
}

// Groups returns the groups of the switch, sorted by id.
func (s *Switch) Groups() []openflow.Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sortedGroups()
}

func (s *Switch) sortedGroups() []openflow.Group {
	return sorted(s.groups, func(a, b openflow.Group) int { return cmp.Compare(a.ID, b.ID) })
}

func sorted[T any](m map[uint32]*T, compare func(a, b T) int) []T {
	all := make([]T, 0, len(m))
	for _, v := range m {
		all = append(all, *v)
	}
	slices.SortFunc(all, compare)
	return all
}
