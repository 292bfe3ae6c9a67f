package apply

import (
	"fmt"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// dump is the reading of the switch's tables, in the phase Dumping: one after the other, as one dump of a big table set would
// hold up the switch's main loop. The next is asked for while one is read, so that neither side waits for the other.
type dump struct {
	began  time.Time
	tables []flow.TableID // that hold flows, and have not been asked for
	asked  int            // tables asked for and not read to their end
	flows  int            // read so far
	alien  int            // of them, not understood
}

// beginDump asks which tables hold flows; groups, meters and flows follow, each when the one before is complete. From before the
// first on, the switch reports what changes meanwhile.
func (l *Loop) beginDump() {
	l.enter(Dumping)
	l.heavy = true
	l.table.AdoptBegin()
	l.sw.dump = dump{began: l.now()}
	l.armMonitor()
	l.ask(openflow.AppendTableStatsRequest, l.whole(l.noteTables, l.dumpGroups, l.dumpFailed))
}

func (l *Loop) noteTables(m swconn.Message) {
	for s, err := range openflow.TableStatsOf(m.Data) {
		switch {
		case err != nil:
			l.dumpFailed(err)
			return
		case s.Active > 0 && s.Table <= flow.MaxTable:
			l.sw.dump.tables = append(l.sw.dump.tables, s.Table)
		}
	}
}

// dumpAhead is how many tables are asked for at a time.
const dumpAhead = 2

// dumpNext asks for the flows of the next tables; after the last one, differences may be sent.
func (l *Loop) dumpNext() {
	d := &l.sw.dump
	for len(d.tables) > 0 && d.asked < dumpAhead {
		next := d.tables[0]
		d.tables = d.tables[1:]
		d.asked++
		l.ask(func(b []byte, xid uint32) []byte {
			return openflow.AppendFlowDescRequest(b, xid, uint8(next))
		}, l.whole(l.adopt, func() { d.asked--; l.dumpNext() }, l.dumpFailed))
	}
	if d.asked > 0 {
		return
	}
	l.table.AdoptDone(l.now())
	l.tellPortsGone()
	l.log.Info("switch read", "flows", d.flows, "took", l.now().Sub(d.began).Round(time.Millisecond))
	l.enter(Adopting)
	if l.sw.portsUnsaved {
		l.savePorts()
	}
	l.replayEarly()
}

// dumpFailed gives up the connection: without knowing what the switch holds nothing can be sent.
func (l *Loop) dumpFailed(err error) {
	l.log.Error("the switch cannot be read", "error", err)
	l.lanes.first().conn.Reset(fmt.Errorf("reading the switch: %w", err))
}

// adopt hands the flows of one message over to the table.
func (l *Loop) adopt(m swconn.Message) {
	l.flows = l.flows[:0]
	l.eachFlow(m, func(f table.Dumped) { l.flows = append(l.flows, f) })
	l.table.AdoptFlows(l.flows)
	clear(l.flows) // it keeps its room, and no message
}

// eachFlow calls f for each flow in one message of a dump. A flow that is not understood cannot be desired either: it is left
// alone, and told once a connection.
func (l *Loop) eachFlow(m swconn.Message, f func(table.Dumped)) {
	d := &l.sw.dump
	descs, keys := l.descs[:0], l.keys[:0]
	not := func(id flow.TableID, err error) {
		if d.alien++; d.alien == 1 {
			l.log.Warn("a flow in the switch is not understood and left alone", "table", id, "error", err)
		}
	}
	for desc, err := range openflow.FlowDescs(m.Data) {
		var key flow.Key
		if err == nil {
			key, err = keyOf(&desc)
		}
		if d.flows++; err != nil {
			not(desc.Table, err)
			continue
		}
		descs, keys = append(descs, desc), append(keys, key)
	}
	l.table.ReadAhead(keys)
	for i := range descs {
		if dumped, err := l.canonical(&descs[i], keys[i]); err != nil {
			not(descs[i].Table, err)
		} else {
			f(dumped)
		}
	}
	clear(descs) // they keep their room, and no message
	clear(keys)
	l.descs, l.keys = descs, keys
}

// keyOf is the key of a flow that the switch shows.
func keyOf(d *openflow.FlowDesc) (flow.Key, error) {
	match, err := flow.CanonicalMatch(d.Match)
	return flow.Key{Table: d.Table, Priority: d.Priority, Match: match}, err
}

// decode decodes a flow that the switch shows.
func (l *Loop) decode(d *openflow.FlowDesc) (table.Dumped, error) {
	key, err := keyOf(d)
	if err != nil {
		return table.Dumped{}, err
	}
	return l.canonical(d, key)
}

// canonical decodes a flow that the switch shows, of which the key is decoded already: one that the table knows costs no more.
func (l *Loop) canonical(d *openflow.FlowDesc, k flow.Key) (table.Dumped, error) {
	key, actions, known := l.table.Known(k, d.Instructions)
	if !known {
		var err error
		if actions, err = flow.CanonicalActions(d.Instructions); err != nil {
			return table.Dumped{}, err
		}
	}
	return table.Dumped{
		Flow: flow.Flow{Key: key, Actions: actions, Cookie: d.Cookie},
		Idle: d.IdleTimeout, Hard: d.HardTimeout, Importance: d.Importance, Flags: d.Flags,
	}, nil
}
