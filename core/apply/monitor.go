package apply

import (
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// monitor is the flow monitor: the switch reports every change of its flows, whoever made it. A report is judged by its content,
// in the order in which the switch says things: what is as it should be is nothing new.
//
// It is armed before the dump, so that nothing that happens meanwhile is missed; it is not armed while a big load goes over
// several lanes, which it would slow and which it would report in full. After that, and after the switch had to pause it, a
// verification tells what was missed.
type monitor struct {
	armed   bool
	missed  bool             // changes may have gone unreported: a verification is due
	early   []swconn.Message // reports from before the dump was complete
	foreign foreign
}

// monitorID is the monitor's, of the connection.
const monitorID = 1

// armMonitor asks for reports from now on. A switch that has no flow monitor is verified only at reconnect.
func (l *Loop) armMonitor() {
	l.sw.monitor.armed = true
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendFlowMonitor(b, xid, openflow.FlowMonitor{
			ID:    monitorID,
			Table: openflow.AllTables,
			Flags: openflow.MonitorAdd | openflow.MonitorRemoved | openflow.MonitorModify |
				openflow.MonitorInstructions | openflow.MonitorOwn,
		})
	}, func(m swconn.Message) bool {
		if err := l.asError(m, nil); err != nil {
			l.log.Warn("the switch has no flow monitor: what others change is found at reconnect only", "error", err)
		}
		return true
	})
}

// disarmMonitor ends the reports for the time of a big load.
func (l *Loop) disarmMonitor() {
	if !l.sw.monitor.armed {
		return
	}
	l.sw.monitor.armed, l.sw.monitor.missed = false, true
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendFlowMonitorDelete(b, xid, monitorID)
	}, func(swconn.Message) bool { return true })
}

// watch arms the monitor again when a big load is over, and begins the verification that is due.
func (l *Loop) watch() {
	m := &l.sw.monitor
	if l.sw.phase < Adopting || len(l.lanes.list) > 1 || l.sw.verify != nil || !m.missed {
		return
	}
	m.missed = false
	if !m.armed {
		l.armMonitor()
	}
	l.beginVerify()
}

// flowUpdates takes one message of the flow monitor.
func (l *Loop) flowUpdates(m swconn.Message) {
	if l.sw.phase < Adopting {
		l.sw.monitor.early = append(l.sw.monitor.early, m)
		return
	}
	due := l.table.Due()
	for u, err := range openflow.FlowUpdates(m.Data) {
		if err != nil {
			l.log.Warn("report of the flow monitor not understood", "error", err)
			l.sw.monitor.missed = true
			return
		}
		l.flowUpdate(&u)
	}
	l.sw.monitor.foreign.note(l, l.table.Due()-due)
}

// replayEarly takes the reports that came during the dump, now that the table knows what it showed.
func (l *Loop) replayEarly() {
	early := l.sw.monitor.early
	l.sw.monitor.early = nil
	for _, m := range early {
		l.flowUpdates(m)
	}
}

func (l *Loop) flowUpdate(u *openflow.FlowUpdate) {
	switch u.Event {
	case openflow.FlowResumed:
		// What was removed and added in between is not told.
		l.sw.monitor.missed = true
		return
	case openflow.FlowPaused, openflow.FlowAbbrev:
		return
	}
	f, err := canonical(&openflow.FlowDesc{
		Table: u.Table, Priority: u.Priority, Cookie: u.Cookie,
		IdleTimeout: u.IdleTimeout, HardTimeout: u.HardTimeout,
		Match: u.Match, Instructions: u.Instructions,
	})
	switch {
	case err != nil:
		l.log.Debug("a flow of somebody else's is not understood and left alone", "table", u.Table, "error", err)
	case u.Event == openflow.FlowRemoved:
		l.table.ObservedGone(f.Key, l.now())
	default:
		l.table.Observed(f, l.now())
	}
}

// foreign notices when somebody else writes to the bridge all the time: another flowhost or an ovn-controller. Keys they fight
// over are contested and left alone; that alone would tell nobody why.
type foreign struct {
	total  uint64    // changes of others, ever
	since  time.Time // of the present window
	window int       // changes of others in it
}

const (
	foreignWindow = 10 * time.Second
	foreignLimit  = 100 // changes in a window
)

// note counts changes that had to be put right.
func (f *foreign) note(l *Loop, changes int) {
	if changes <= 0 {
		return
	}
	f.total += uint64(changes)
	if now := l.now(); now.Sub(f.since) > foreignWindow {
		f.since, f.window = now, 0
	}
	before := f.window
	f.window += changes
	if before < foreignLimit && f.window >= foreignLimit {
		l.log.Error("another program writes flows to this bridge; stop one of the two", "changes", f.window, "within", foreignWindow)
	}
}

// verify is a comparison of what the switch holds with what is known of it, table by table, in the phases after the dump.
type verify struct {
	tables []flow.TableID // not yet asked for
	seen   map[flow.Key]struct{}
}

func (l *Loop) beginVerify() {
	l.sw.verify = new(verify)
	for id := range flow.MaxTable + 1 {
		l.sw.verify.tables = append(l.sw.verify.tables, id)
	}
	counts := make(map[flow.TableID]bool)
	l.ask(openflow.AppendTableStatsRequest, l.whole(func(m swconn.Message) {
		for s := range openflow.TableStatsOf(m.Data) {
			counts[s.Table] = s.Active > 0
		}
	}, func() {
		l.sw.verify.keep(func(id flow.TableID) bool { return counts[id] || l.table.InstalledIn(id) > 0 })
		l.verifyNext()
	}, l.dumpFailed))
}

// keep leaves the tables for which is is true.
func (v *verify) keep(is func(flow.TableID) bool) {
	kept := v.tables[:0]
	for _, id := range v.tables {
		if is(id) {
			kept = append(kept, id)
		}
	}
	v.tables = kept
}

// verifyNext asks for the flows of the next table.
func (l *Loop) verifyNext() {
	v := l.sw.verify
	if len(v.tables) == 0 {
		l.sw.verify = nil
		return
	}
	id := v.tables[0]
	v.tables = v.tables[1:]
	v.seen = make(map[flow.Key]struct{})
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendFlowDescRequest(b, xid, uint8(id))
	}, l.whole(l.verifyPart, func() { l.verifyTable(id); l.verifyNext() }, l.dumpFailed))
}

func (l *Loop) verifyPart(m swconn.Message) {
	due := l.table.Due()
	l.eachFlow(m, func(f table.Dumped) {
		l.sw.verify.seen[f.Key] = struct{}{}
		l.table.Observed(f, l.now())
	})
	l.sw.monitor.foreign.note(l, l.table.Due()-due)
}

// verifyTable finds what is missing in a table that was read.
func (l *Loop) verifyTable(id flow.TableID) {
	seen := l.sw.verify.seen
	if l.table.InstalledIn(id) <= len(seen) && l.lanes.inFlight() == 0 {
		return // all there is known of was among it: each flow seen is installed now
	}
	var gone []flow.Key
	for k := range l.table.Installed(id) {
		if _, there := seen[k]; !there {
			gone = append(gone, k)
		}
	}
	for _, k := range gone {
		l.table.ObservedGone(k, l.now())
	}
	l.sw.monitor.foreign.note(l, len(gone))
}
