package apply

import (
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Phase is where the connection to the switch is; see the package's drawing.
type Phase uint8

// The phases, in the order in which a connection goes through them.
const (
	Disconnected Phase = iota
	Dumping
	Adopting
	Steady
)

// String is the phase's name in logs and in `flowhost status`.
func (p Phase) String() string {
	return [...]string{"disconnected", "dumping", "adopting", "steady"}[p]
}

// connection is what the loop knows about the switch's connection.
type connection struct {
	phase    Phase
	since    time.Time // of the phase
	datapath uint64
	lastErr  error // why the last attempt failed or the last connection ended
	dump     dump
}

func (c *connection) state() SwitchState {
	return SwitchState{Connected: c.phase != Disconnected, DatapathID: c.datapath}
}

func (l *Loop) enter(p Phase) {
	if l.sw.phase != p {
		l.log.Info("switch", "phase", p, "was", l.sw.phase)
	}
	l.sw.phase, l.sw.since = p, l.now()
}

func (l *Loop) connected(up swconn.Up) {
	l.enter(Dumping)
	l.sw.datapath, l.sw.lastErr = up.Features.DatapathID, nil
	l.table.AdoptBegin()
	l.sw.dump = dump{began: l.now(), asked: make(map[uint32]flow.TableID)}
	l.askNextTables()
	l.tellSessions()
}

// disconnected is also called for each attempt to connect that failed.
func (l *Loop) disconnected(down swconn.Down) {
	if l.sw.lastErr == nil || l.sw.lastErr.Error() != down.Err.Error() {
		l.log.Warn("no switch", "error", down.Err, "retry_in", down.Retry)
	}
	l.sw.lastErr = down.Err
	if l.sw.phase == Disconnected {
		return
	}
	l.enter(Disconnected)
	l.table.Disconnected()
	l.lanes.closeOthers()
	l.lanes.first().sent = nil
	l.deletions = nil
	l.tellSessions()
}

func (l *Loop) tellSessions() {
	for _, s := range l.sessions {
		s.sink.SwitchChanged(l.sw.state())
	}
}

// dump is the reading of the switch's tables, in the phase Dumping.
type dump struct {
	began time.Time
	next  int                     // table to ask for next
	asked map[uint32]flow.TableID // by xid: requests whose last part has not come
	flows int                     // read so far
	alien int                     // of them, not understood
}

// dumpWindow is how many tables are asked for at a time: enough to hide the round trip of the many empty ones, and few
// enough that other connections of the switch get their turn between two big ones.
const dumpWindow = 8

func (l *Loop) askNextTables() {
	d := &l.sw.dump
	var b []byte
	for ; len(d.asked) < dumpWindow && d.next <= int(flow.MaxTable); d.next++ {
		xid := l.lanes.first().conn.NextXID()
		d.asked[xid] = flow.TableID(d.next)
		b = openflow.AppendFlowDescRequest(b, xid, uint8(d.next))
	}
	if len(b) > 0 {
		l.write(l.lanes.first(), b)
	}
}

// dumped takes one part of a reply to a flow description request.
func (l *Loop) dumped(m swconn.Message) {
	reply, err := openflow.ParseMultipart(m.Data)
	d := &l.sw.dump
	if _, ours := d.asked[m.XID]; err != nil || !ours {
		l.log.Warn("multipart reply ignored", "xid", m.XID, "error", err)
		return
	}
	l.adopt(m.Data)
	if reply.More {
		return
	}
	delete(d.asked, m.XID)
	l.askNextTables()
	if len(d.asked) == 0 {
		l.table.AdoptDone(l.now())
		l.log.Info("switch read", "flows", d.flows, "took", l.now().Sub(d.began).Round(time.Millisecond))
		l.enter(Adopting)
	}
}

// adopt hands the flows of one message over to the table. A flow that is not understood cannot be desired either: it is
// left alone, and told once a dump.
func (l *Loop) adopt(msg []byte) {
	d := &l.sw.dump
	var flows []table.Dumped
	for desc, err := range openflow.FlowDescs(msg) {
		var f table.Dumped
		if err == nil {
			f, err = canonical(&desc)
		}
		d.flows++
		if err != nil {
			if d.alien++; d.alien == 1 {
				l.log.Warn("a flow in the switch is not understood and left alone", "table", desc.Table, "error", err)
			}
			continue
		}
		flows = append(flows, f)
	}
	l.table.AdoptFlows(flows)
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

// write sends whole messages. An error means that the connection has just gone: its Down is on its way and settles it.
func (l *Loop) write(ln *lane, b []byte) {
	if err := ln.conn.Send(b); err != nil {
		l.log.Debug("not sent", "bytes", len(b), "error", err)
	}
}
