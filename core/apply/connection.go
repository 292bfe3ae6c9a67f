package apply

import (
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
)

// Phase is where the connection to the switch is; see the package's drawing.
type Phase uint8

// The phases, in the order in which a connection goes through them.
const (
	Disconnected Phase = iota
	Mapping
	Dumping
	Adopting
	Steady
)

// String is the phase's name in logs and in `flowhost status`.
func (p Phase) String() string {
	return [...]string{"disconnected", "tlv", "dump", "adopting", "steady"}[p]
}

// connection is what the loop knows about the switch's connection.
type connection struct {
	phase    Phase
	since    time.Time // of the phase
	datapath uint64
	features openflow.Features // of the last connection, too
	geneve   int               // N of tun_metadataN that OVN's Geneve option has, of the last connection too; NoGeneve

	lastGeneve int   // the last that was not NoGeneve; NoGeneve
	lastErr    error // why the last attempt failed or the last connection ended

	groups    groups
	dump      dump
	monitor   monitor
	verify    *verify  // nil: none is going on
	portsGone []uint32 // port numbers of which the table has yet to be told

	portsUnsaved bool // the ports have changed, and are remembered once the table was told which are gone
}

func (c *connection) state() SwitchState {
	return SwitchState{Connected: c.phase >= Dumping, DatapathID: c.datapath, Geneve: c.geneve, Features: c.features}
}

func (l *Loop) enter(p Phase) {
	if l.sw.phase != p {
		l.log.Info("switch", "phase", p.String(), "was", l.sw.phase.String())
	}
	l.sw.phase, l.sw.since = p, l.now()
}

func (l *Loop) connected(up swconn.Up) {
	l.sw.datapath, l.sw.features, l.sw.lastErr = up.Features.DatapathID, up.Features, nil
	l.enter(Mapping)
	l.mapGeneve(geneveTries, func(index int) {
		l.sw.geneve = index
		if index != NoGeneve {
			l.sw.lastGeneve = index
		}
		l.table.OptionAt(index, tunMetadata)
		l.watchPorts(func() {
			l.beginDump()
			l.tellSessions()
		})
	})
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
	l.sw.groups.interrupted(l, down.Err)
	l.table.Disconnected()
	l.lanes.closeOthers()
	l.lanes.first().sent = nil
	clear(l.asked)
	l.sw.monitor = monitor{foreign: l.sw.monitor.foreign}
	l.sw.verify = nil
	l.out = outgoing{}
	for _, a := range l.atomics {
		a.sent = false
	}
	l.tellSessions()
}

func (l *Loop) tellSessions() {
	for _, s := range l.sessions {
		s.sink.SwitchChanged(l.sw.state())
	}
}

// write sends whole messages. An error means that the connection has just gone: its Down is on its way and settles it.
func (l *Loop) write(ln *lane, b []byte) {
	if err := ln.conn.Send(b); err != nil {
		l.log.Debug("not sent", "bytes", len(b), "error", err)
	}
}
