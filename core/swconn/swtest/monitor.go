package swtest

import (
	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// monitors are the flow monitors of a connection.
//
// When more than the switch's limit waits to be written, they pause: what is removed is told still, if its owner knows
// it, and what is added or modified is told when all has been written.
type monitors struct {
	armed  map[uint32]openflow.FlowMonitor
	paused bool
	missed map[flow.Key]openflow.FlowEvent // while paused: FlowAdded or FlowModified
}

// flowMonitor arms a monitor or ends one.
func (c *conn) flowMonitor(msg []byte, xid uint32) *openflow.Error {
	m, remove, err := openflow.ParseFlowMonitor(msg)
	if err != nil {
		return named("OFPBRC_BAD_LEN")
	}
	_, armed := c.monitors.armed[m.ID]
	switch {
	case remove && !armed:
		return named("OFPMOFC_UNKNOWN_MONITOR")
	case !remove && armed:
		return named("OFPMOFC_MONITOR_EXISTS")
	}
	p := c.parts(xid, openflow.MultipartFlowMonitor)
	if remove {
		delete(c.monitors.armed, m.ID)
	} else {
		c.monitors.armed[m.ID] = m
		if m.Flags&openflow.MonitorInitial != 0 {
			c.initial(p, m)
		}
	}
	p.end()
	return nil
}

// initial tells the flows there are.
func (c *conn) initial(p *parts, m openflow.FlowMonitor) {
	for k, e := range c.sw.flows.entries {
		if watches(m, k.Table) {
			p.add(update(change{event: openflow.FlowInitial, key: k, entry: e}, m.Flags))
		}
	}
}

func watches(m openflow.FlowMonitor, table flow.TableID) bool {
	return m.Table == openflow.AllTables || flow.TableID(m.Table) == table
}

// update makes a full update of a change.
func update(ch change, flags openflow.FlowMonitorFlags) []byte {
	u := openflow.FlowUpdate{
		Event: ch.event, Reason: ch.reason,
		Table: ch.key.Table, Priority: ch.key.Priority, Match: showMatch(ch.key.Match),
		Cookie: ch.entry.cookie, IdleTimeout: ch.entry.idle, HardTimeout: ch.entry.hard,
	}
	if flags&openflow.MonitorInstructions != 0 {
		u.Instructions = []byte(ch.entry.actions)
	}
	return openflow.AppendFlowUpdate(nil, &u)
}

// tellMonitors tells the monitors of all connections what the connection by has changed.
func (s *Switch) tellMonitors(by *conn, changes []change) {
	for c := range s.conns {
		if len(c.monitors.armed) > 0 && len(changes) > 0 && !s.mute {
			c.tell(changes, c == by)
		}
	}
}

// tell sends updates of changes, in full unless they are the connection's own: then only that there are some.
func (c *conn) tell(changes []change, own bool) {
	p := c.parts(0, openflow.MultipartFlowMonitor)
	abbreviated := false
	for _, ch := range changes {
		flags := c.monitors.wanted(ch)
		switch {
		case flags == 0:
		case c.monitors.paused:
			c.tellPaused(p, ch, flags)
		case !own || ch.xid == 0 || flags&openflow.MonitorOwn != 0:
			p.add(update(ch, flags))
		case !abbreviated:
			abbreviated = true
			p.add(openflow.AppendFlowUpdate(nil, &openflow.FlowUpdate{Event: openflow.FlowAbbrev, XID: ch.xid}))
		}
	}
	p.endIfAny()
	if limit := c.sw.monitorLimit; limit > 0 && c.out.len() > limit && !c.monitors.paused {
		c.monitors.paused, c.monitors.missed = true, make(map[flow.Key]openflow.FlowEvent)
		c.event(openflow.FlowPaused)
	}
}

// wanted returns the flags of the monitors that want to hear of a change, 0 if none does.
func (m *monitors) wanted(ch change) (flags openflow.FlowMonitorFlags) {
	for _, a := range m.armed {
		if a.Flags&flagOf(ch.event) != 0 && watches(a, ch.key.Table) {
			flags |= a.Flags
		}
	}
	return flags
}

// flagOf returns the flag that asks for an event.
func flagOf(e openflow.FlowEvent) openflow.FlowMonitorFlags {
	switch e {
	case openflow.FlowAdded:
		return openflow.MonitorAdd
	case openflow.FlowRemoved:
		return openflow.MonitorRemoved
	case openflow.FlowModified:
		return openflow.MonitorModify
	}
	return 0
}

// tellPaused notes a change for later, or tells at once that a flow is gone which the controller knows of.
func (c *conn) tellPaused(p *parts, ch change, flags openflow.FlowMonitorFlags) {
	missed, unknown := c.monitors.missed, c.monitors.missed[ch.key] == openflow.FlowAdded
	switch {
	case ch.event != openflow.FlowRemoved && !unknown:
		missed[ch.key] = ch.event
	case ch.event == openflow.FlowRemoved:
		delete(missed, ch.key)
		if !unknown {
			p.add(update(ch, flags))
		}
	}
}

// resume tells what was missed, once everything is written (more may have been sent since the writer looked).
func (c *conn) resume() {
	if !c.monitors.paused || c.out.len() > 0 {
		return
	}
	p := c.parts(0, openflow.MultipartFlowMonitor)
	for k, event := range c.monitors.missed {
		ch := change{event: event, key: k, entry: c.sw.flows.entries[k]}
		if flags := c.monitors.wanted(ch); flags != 0 {
			p.add(update(ch, flags))
		}
	}
	p.endIfAny()
	c.monitors.paused, c.monitors.missed = false, nil
	c.event(openflow.FlowResumed)
}

// event sends an update that is of no flow.
func (c *conn) event(e openflow.FlowEvent) {
	p := c.parts(0, openflow.MultipartFlowMonitor)
	p.add(openflow.AppendFlowUpdate(nil, &openflow.FlowUpdate{Event: e}))
	p.end()
}
