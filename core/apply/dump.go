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
// hold up the switch's main loop.
type dump struct {
	began  time.Time
	tables []flow.TableID // that hold flows, and have not been asked for
	flows  int            // read so far
	alien  int            // of them, not understood
}

// beginDump asks which tables hold flows; groups, meters and flows follow, each when the one before is complete. From before the
// first on, the switch reports what changes meanwhile.
func (l *Loop) beginDump() {
	l.enter(Dumping)
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

// dumpNext asks for the flows of the next table; after the last one, differences may be sent.
func (l *Loop) dumpNext() {
	d := &l.sw.dump
	if len(d.tables) == 0 {
		l.table.AdoptDone(l.now())
		l.tellPortsGone()
		l.log.Info("switch read", "flows", d.flows, "took", l.now().Sub(d.began).Round(time.Millisecond))
		l.enter(Adopting)
		l.replayEarly()
		return
	}
	next := d.tables[0]
	d.tables = d.tables[1:]
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendFlowDescRequest(b, xid, uint8(next))
	}, l.whole(l.adopt, l.dumpNext, l.dumpFailed))
}

// dumpFailed gives up the connection: without knowing what the switch holds nothing can be sent.
func (l *Loop) dumpFailed(err error) {
	l.log.Error("the switch cannot be read", "error", err)
	l.lanes.first().conn.Reset(fmt.Errorf("reading the switch: %w", err))
}

// adopt hands the flows of one message over to the table.
func (l *Loop) adopt(m swconn.Message) {
	var flows []table.Dumped
	l.eachFlow(m, func(f table.Dumped) { flows = append(flows, f) })
	l.table.AdoptFlows(flows)
}

// eachFlow calls f for each flow in one message of a dump. A flow that is not understood cannot be desired either: it is left
// alone, and told once a connection.
func (l *Loop) eachFlow(m swconn.Message, f func(table.Dumped)) {
	d := &l.sw.dump
	for desc, err := range openflow.FlowDescs(m.Data) {
		var dumped table.Dumped
		if err == nil {
			dumped, err = canonical(&desc)
		}
		d.flows++
		if err == nil {
			f(dumped)
		} else if d.alien++; d.alien == 1 {
			l.log.Warn("a flow in the switch is not understood and left alone", "table", desc.Table, "error", err)
		}
	}
}

func canonical(d *openflow.FlowDesc) (table.Dumped, error) {
	match, err := flow.CanonicalMatch(d.Match)
	if err != nil {
		return table.Dumped{}, err
	}
	actions, err := flow.CanonicalActions(d.Instructions)
	if err != nil {
		return table.Dumped{}, err
	}
	return table.Dumped{
		Flow: flow.Flow{
			Key:     flow.Key{Table: d.Table, Priority: d.Priority, Match: match},
			Actions: actions,
			Cookie:  d.Cookie,
		},
		Idle: d.IdleTimeout, Hard: d.HardTimeout, Importance: d.Importance, Flags: d.Flags,
	}, nil
}
