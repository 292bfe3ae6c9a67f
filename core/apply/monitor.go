package apply

import (
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
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
	rest    time.Time        // no verification begins before, see verified
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
	l.sw.verify = nil
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendFlowMonitorDelete(b, xid, monitorID)
	}, func(swconn.Message) bool { return true })
}

// watch arms the monitor again when a big load is over, and begins the verification that is due. It returns when to call it
// again although nothing happens; the zero time: never.
func (l *Loop) watch(now time.Time) (again time.Time) {
	m := &l.sw.monitor
	if l.sw.phase < Adopting || len(l.lanes.list) > 1 || l.sw.verify != nil || !m.missed {
		return time.Time{}
	}
	if now.Before(m.rest) {
		return m.rest
	}
	m.missed = false
	if !m.armed {
		l.armMonitor()
	}
	l.beginVerify()
	return time.Time{}
}

// verified notes that a verification is done. The next one rests for as long as it took: at most half of the time goes into
// them, however often a flood of changes makes the switch pause its reports.
func (m *monitor) verified(began, now time.Time) { m.rest = now.Add(now.Sub(began)) }

// isEarly keeps a report for when the table knows what the dump has shown, and says whether it did.
func (l *Loop) isEarly(m swconn.Message) bool {
	early := l.sw.phase < Adopting
	if early {
		l.sw.monitor.early = append(l.sw.monitor.early, m)
	}
	return early
}

// flowUpdates takes one message of the flow monitor.
func (l *Loop) flowUpdates(m swconn.Message) {
	if l.isEarly(m) {
		return
	}
	for u, err := range openflow.FlowUpdates(m.Data) {
		if err != nil {
			l.log.Warn("report of the flow monitor not understood", "error", err)
			l.sw.monitor.missed = true
			return
		}
		l.flowUpdate(&u)
	}
}

// replayEarly takes the reports that came during the dump, now that the table knows what it showed.
func (l *Loop) replayEarly() {
	early := l.sw.monitor.early
	l.sw.monitor.early = nil
	for _, m := range early {
		l.report(m)
	}
}

func (l *Loop) flowUpdate(u *openflow.FlowUpdate) {
	switch u.Event {
	case openflow.FlowResumed:
		// What was removed and added in between is not told.
		l.log.Info("the switch had to pause its reports of changes: everything in it is read again")
		l.sw.monitor.missed = true
		return
	case openflow.FlowPaused, openflow.FlowAbbrev:
		return
	}
	f, err := l.decode(&openflow.FlowDesc{
		Table: u.Table, Priority: u.Priority, Cookie: u.Cookie,
		IdleTimeout: u.IdleTimeout, HardTimeout: u.HardTimeout,
		Match: u.Match, Instructions: u.Instructions,
	})
	switch {
	case err != nil:
		l.log.Debug("a flow of somebody else's is not understood and left alone", "table", u.Table, "error", err)
	case u.Event == openflow.FlowRemoved:
		if u.Reason == openflow.RemovedWithGroup || u.Reason == openflow.RemovedWithMeter {
			l.table.DoubtNamed(f.Actions)
		}
		if l.table.ObservedGone(f.Key, l.now()) {
			l.sw.monitor.foreign.note(l, 1, false)
		}
	default:
		if l.table.Observed(f, l.now()) {
			l.sw.monitor.foreign.note(l, 1, true)
		}
	}
}

// foreign notices when somebody else writes to the bridge all the time: another flowhost or an ovn-controller. What they fight
// over is contested and left alone; that alone would tell nobody why.
type foreign struct {
	total  uint64    // changes of others, ever
	since  time.Time // of the present window
	window int       // flows, groups and meters written by others in it
	last   time.Time // when there was last a sign of another writer
	said   time.Time // when the log last had it
}

const (
	foreignWindow = 10 * time.Second
	foreignLimit  = 100 // changes in a window
	foreignQuiet  = time.Minute
)

// note counts changes that had to be put right. Only what was written is a sign of another writer: Open vSwitch flushes the bridge by
// itself when its controllers or its fail-mode are changed.
func (f *foreign) note(l *Loop, changes int, written bool) {
	if changes == 0 {
		return
	}
	f.total += uint64(changes)
	if !written {
		return
	}
	if now := l.now(); now.Sub(f.since) > foreignWindow {
		f.since, f.window = now, 0
	}
	if f.window += changes; f.window >= foreignLimit {
		f.detected(l)
	}
}

// detected notes a sign of another writer: many changes, or one thing that is fought over. It is said once in foreignQuiet.
func (f *foreign) detected(l *Loop) {
	f.last = l.now()
	if f.last.Sub(f.said) >= foreignQuiet {
		f.said = f.last
		l.log.Error("another program writes flows to this bridge; stop one of the two", "changes", f.window, "since", f.since)
	}
}

// present says whether there was a sign of another writer lately.
func (f *foreign) present(now time.Time) bool {
	return !f.last.IsZero() && now.Sub(f.last) < foreignQuiet
}
