package swtest

import (
	"slices"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// An entry is what the switch holds for a key. It is never changed: a change makes a new one.
type entry struct {
	actions flow.Actions
	cookie  flow.Cookie
	added   time.Time
	names   references // what the actions and the match name

	idle, hard, importance, flags uint16
}

// A flowTable holds the flows of all tables.
//
// Invariant: count has the number of entries of each table.
type flowTable struct {
	entries map[flow.Key]*entry
	count   map[flow.TableID]int
	limit   int // flows in one table; 0: none
}

func newFlowTable() flowTable {
	return flowTable{entries: make(map[flow.Key]*entry), count: make(map[flow.TableID]int)}
}

func (t *flowTable) put(k flow.Key, e *entry) {
	if t.entries[k] == nil {
		t.count[k.Table]++
	}
	t.entries[k] = e
}

func (t *flowTable) delete(k flow.Key) {
	if t.entries[k] != nil {
		t.count[k.Table]--
		delete(t.entries, k)
	}
}

// A flowMod is a flow mod past the first stage. Its match and its actions are canonical.
type flowMod struct {
	xid     uint32
	command openflow.FlowCommand
	key     flow.Key
	entry   entry
	late    *openflow.Error // what the Refuse function says, for the second stage
}

// parseFlowMod is the first stage of a flow mod: everything that does not depend on what the switch holds.
func (s *Switch) parseFlowMod(msg []byte) (*flowMod, *openflow.Error) {
	m, err := openflow.ParseFlowMod(msg)
	if err != nil {
		return nil, named("OFPBRC_BAD_LEN")
	}
	names, refused := checkActions(m.Instructions)
	if refused != nil {
		return nil, refused
	}
	match, err := flow.CanonicalMatch(m.Match)
	if err != nil {
		return nil, named("OFPBMC_BAD_FIELD")
	}
	actions, err := flow.CanonicalActions(m.Instructions)
	if err != nil {
		return nil, named("OFPBAC_BAD_ARGUMENT")
	}
	names.options = match.TunMetadata() | actions.TunMetadata()
	if names.options&^s.mapped() != 0 {
		return nil, named("NXFMFC_INVALID_TLV_FIELD")
	}
	if refused := checkCommand(m.Command, m.Table); refused != nil {
		return nil, refused
	}
	f := &flowMod{
		xid:     m.XID,
		command: m.Command,
		key:     flow.Key{Table: flow.TableID(m.Table), Priority: m.Priority, Match: match},
		entry: entry{
			actions: actions, cookie: m.Cookie, added: time.Now(), names: names,
			idle: m.IdleTimeout, hard: m.HardTimeout, importance: m.Importance, flags: m.Flags,
		},
	}
	return f, s.ask(f)
}

// checkCommand refuses what ovs-vswitchd refuses, and commands that take flows they do not name: flowhost has no use for
// them.
func checkCommand(c openflow.FlowCommand, table uint8) *openflow.Error {
	switch {
	case c == openflow.FlowDeleteStrict:
		return nil
	case c != openflow.FlowAdd && c != openflow.FlowModifyStrict:
		return named("OFPFMFC_BAD_COMMAND")
	case table == openflow.AllTables:
		return named("OFPFMFC_BAD_TABLE_ID")
	case flow.TableID(table) > flow.MaxTable:
		return named("OFPBRC_EPERM")
	}
	return nil
}

// ask asks the Refuse function about a flow mod. It returns an error of the first stage and keeps one of the second.
func (s *Switch) ask(f *flowMod) *openflow.Error {
	if s.refuse == nil || f.command == openflow.FlowDeleteStrict {
		return nil
	}
	refused := s.refuse(flow.Flow{Key: f.key, Actions: f.entry.actions, Cookie: f.entry.cookie})
	if refused != nil && isLate(refused) {
		f.late, refused = refused, nil
	}
	return refused
}

// isLate says whether Open vSwitch finds an error at the commit of a bundle, not before: those that depend on what the switch
// holds.
func isLate(e *openflow.Error) bool {
	return slices.Contains([]string{"OFPBAC_BAD_OUT_GROUP", "OFPMMFC_INVALID_METER", "OFPFMFC_TABLE_FULL"}, e.Error())
}

func (f *flowMod) apply(t *tx) *openflow.Error {
	before := t.sw.flows.entries[f.key]
	if f.command != openflow.FlowDeleteStrict {
		if refused := t.sw.missing(f, before); refused != nil {
			return refused
		}
	}
	switch {
	case f.command == openflow.FlowAdd:
		t.put(openflow.FlowAdded, f.key, &f.entry, f.xid)
		t.sw.log.Added++
	case before == nil:
		t.sw.log.Idle++
	case f.command == openflow.FlowDeleteStrict:
		t.remove(f.key, removedDelete, f.xid)
		t.sw.log.Deleted++
	case before.actions == f.entry.actions: // nobody is told
		t.sw.log.Modified++
	default: // cookie and duration stay
		after := *before
		after.actions, after.names = f.entry.actions, f.entry.names
		t.put(openflow.FlowModified, f.key, &after, f.xid)
		t.sw.log.Modified++
	}
	return nil
}

// missing returns the error of a flow mod for which the switch lacks something.
func (s *Switch) missing(f *flowMod, before *entry) *openflow.Error {
	if f.late != nil {
		return f.late
	}
	for _, id := range f.entry.names.groups {
		if s.groups[id] == nil {
			return named("OFPBAC_BAD_OUT_GROUP")
		}
	}
	for _, id := range f.entry.names.meters {
		if s.meters[id] == nil {
			return named("OFPMMFC_INVALID_METER")
		}
	}
	limit := s.flows.limit
	if f.command == openflow.FlowAdd && before == nil && limit > 0 && s.flows.count[f.key.Table] >= limit {
		return named("OFPFMFC_TABLE_FULL")
	}
	return nil
}

// named returns the error that Open vSwitch calls name.
func named(name string) *openflow.Error {
	e, _ := openflow.ErrorNamed(name)
	return &e
}
