package swtest

import (
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// A tx is what one message or one bundle does to the switch: all of it, or nothing. The switch is locked as long as it lasts.
type tx struct {
	sw      *Switch
	by      *conn // whose message it is; nil: somebody else's
	log     Log   // as it was before
	undo    []func()
	changes []change // of flows, in order
	mods    []forward
	fatal   bool // it cannot be rolled back, see rollBack
}

// A change is what flow monitors are told of one flow.
type change struct {
	event  openflow.FlowEvent
	key    flow.Key
	entry  *entry // as it is now; as it was, of a removed flow
	reason uint8  // of a removed flow
	xid    uint32 // of the message that asked for it; 0: none did, it follows from something else
}

// removedDelete is the reason for the removal of a flow that was asked for (OFPRR_DELETE).
const removedDelete = 2

func (s *Switch) begin(by *conn) *tx { return &tx{sw: s, by: by, log: s.log} }

// end makes the changes last, and tells the other connections of group mods, then the flow monitors.
func (t *tx) end() {
	t.sw.forward(t.by, t.mods...)
	t.sw.tellMonitors(t.by, t.changes)
}

// rollBack makes everything as it was. If a group was deleted and flows went with it, the switch crashes, as ovs-vswitchd 3.1
// does: it puts back the flows before the group, and fails an assertion.
func (t *tx) rollBack() {
	if t.fatal {
		t.sw.crash()
		return
	}
	for i := len(t.undo) - 1; i >= 0; i-- {
		t.undo[i]()
	}
	t.sw.log = t.log
}

// one does what a message asks for that is in no bundle.
func (t *tx) one(m mod) *openflow.Error {
	if refused := m.apply(t); refused != nil {
		t.rollBack()
		return refused
	}
	t.end()
	return nil
}

// put sets what the switch holds for a key.
func (t *tx) put(event openflow.FlowEvent, k flow.Key, e *entry, xid uint32) {
	t.keep(k)
	t.sw.flows.put(k, e)
	t.changes = append(t.changes, change{event: event, key: k, entry: e, xid: xid})
}

// remove removes a flow that there is.
func (t *tx) remove(k flow.Key, reason uint8, xid uint32) {
	t.changes = append(t.changes, change{event: openflow.FlowRemoved, key: k, entry: t.keep(k), reason: reason, xid: xid})
	t.sw.flows.delete(k)
}

// keep notes what there is for a key, to be put back.
func (t *tx) keep(k flow.Key) *entry {
	flows := &t.sw.flows
	before := flows.entries[k]
	t.undo = append(t.undo, func() {
		if before == nil {
			flows.delete(k)
		} else {
			flows.put(k, before)
		}
	})
	return before
}

// removeAll removes the flows that match, as the switch does when what they name goes. It says whether there were any.
func (t *tx) removeAll(reason uint8, matches func(*entry) bool) (any bool) {
	for k, e := range t.sw.flows.entries {
		if matches(e) {
			t.remove(k, reason, 0)
			any = true
		}
	}
	return any
}

// A mod is a flow mod or a group mod past the first stage: it is well formed, and what it does depends on what the switch
// holds.
type mod interface {
	// apply is the second stage. After an error the tx must be rolled back.
	apply(*tx) *openflow.Error
}

// parseMod is the first stage of a message that may be in a bundle.
func (s *Switch) parseMod(msg []byte) (mod, *openflow.Error) {
	switch openflow.Type(msg[1]) {
	case openflow.TypeFlowMod:
		return s.parseFlowMod(msg)
	case openflow.TypeGroupMod:
		return parseGroupMod(msg)
	}
	return nil, named("OFPBFC_MSG_UNSUP")
}

// newEntry makes an entry for a flow that is to be put into the switch by the test.
func newEntry(f flow.Flow) *entry {
	names, _ := checkActions([]byte(f.Actions))
	return &entry{actions: f.Actions, cookie: f.Cookie, added: time.Now(), names: names}
}
