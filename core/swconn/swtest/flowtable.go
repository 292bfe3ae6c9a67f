package swtest

import (
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// An entry is what the switch holds for a key.
type entry struct {
	actions flow.Actions
	cookie  flow.Cookie
	added   time.Time

	idle, hard, importance, flags uint16
}

// A flowTable holds the flows of all tables.
//
// Invariant: count has the number of entries of each table.
type flowTable struct {
	entries map[flow.Key]*entry // never changed in place: journals hold on to them
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

// A flowMod is a flow mod that has passed the first stage: its match and its actions are canonical.
type flowMod struct {
	command openflow.FlowCommand
	flow    flow.Flow
	names   references
	entry   entry
}

// parseFlowMod is the first stage of a flow mod: everything that can be said without looking at what the switch holds.
func parseFlowMod(msg []byte) (*flowMod, *openflow.Error) {
	m, err := openflow.ParseFlowMod(msg)
	if err != nil {
		return nil, named("OFPBRC_BAD_LEN")
	}
	match, err := flow.CanonicalMatch(m.Match)
	if err != nil {
		return nil, named("OFPBMC_BAD_FIELD")
	}
	names, refused := checkActions(m.Instructions)
	if refused != nil {
		return nil, refused
	}
	actions, err := flow.CanonicalActions(m.Instructions)
	if err != nil {
		return nil, named("OFPBAC_BAD_TYPE")
	}
	switch m.Command {
	case openflow.FlowAdd, openflow.FlowModifyStrict:
		if m.Table == 255 {
			return nil, named("OFPFMFC_BAD_TABLE_ID")
		}
		if m.Table == 254 {
			return nil, named("OFPBRC_EPERM")
		}
	case openflow.FlowDeleteStrict:
	default: // flowhost has no use for commands that take flows it did not name
		return nil, named("OFPFMFC_BAD_COMMAND")
	}
	key := flow.Key{Table: flow.TableID(m.Table), Priority: m.Priority, Match: match}
	return &flowMod{
		command: m.Command,
		flow:    flow.Flow{Key: key, Actions: actions, Cookie: m.Cookie},
		names:   names,
		entry: entry{
			actions: actions, cookie: m.Cookie, added: time.Now(),
			idle: m.IdleTimeout, hard: m.HardTimeout, importance: m.Importance, flags: m.Flags,
		},
	}, nil
}

// refusal asks the Refuse function about a flow mod.
func (s *Switch) refusal(m *flowMod) *openflow.Error {
	if s.refuse == nil || m.command == openflow.FlowDeleteStrict {
		return nil
	}
	return s.refuse(m.flow)
}

// isLate says whether Open vSwitch finds an error at the commit of a bundle, not before: those that depend on what the switch
// holds.
func isLate(e *openflow.Error) bool {
	switch e.Error() {
	case "OFPBAC_BAD_OUT_GROUP", "OFPMMFC_INVALID_METER", "OFPMMFC_UNKNOWN_METER", "OFPFMFC_TABLE_FULL":
		return true
	}
	return false
}

// applyFlowMod is the second stage of a flow mod. It returns what takes it back.
func (s *Switch) applyFlowMod(m *flowMod) (undo func(), refused *openflow.Error) {
	if e := s.refusal(m); e != nil && isLate(e) {
		return nil, e
	}
	if len(m.names.groups) > 0 {
		return nil, named("OFPBAC_BAD_OUT_GROUP") // there are no groups
	}
	t, key := &s.flows, m.flow.Key
	before := t.entries[key]
	switch {
	case m.command == openflow.FlowAdd:
		if before == nil && t.limit > 0 && t.count[key.Table] >= t.limit {
			return nil, named("OFPFMFC_TABLE_FULL")
		}
		t.put(key, &m.entry)
		s.log.Added++
	case before == nil:
		s.log.Idle++
	case m.command == openflow.FlowModifyStrict: // cookie and duration stay
		after := *before
		after.actions = m.flow.Actions
		t.put(key, &after)
		s.log.Modified++
	default:
		t.delete(key)
		s.log.Deleted++
	}
	return func() {
		if before == nil {
			t.delete(key)
		} else {
			t.put(key, before)
		}
	}, nil
}

// named returns the error that Open vSwitch calls name.
func named(name string) *openflow.Error {
	e, _ := openflow.ErrorNamed(name)
	return &e
}
