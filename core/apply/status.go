package apply

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/flowhost/flowhost/core/table"
)

// Status is the loop's state as an operator sees it.
type Status struct {
	Phase      Phase
	Since      time.Time // of the phase
	DatapathID uint64
	LastError  string // why there is no connection; empty while there is one
	Progress
	Another    bool     // another program has been writing to the bridge, within the last minute
	Foreign    uint64   // changes of others that had to be put right, ever
	Unreadable []uint32 // ids of groups that somebody has made too long to be read
	Missed     uint64   // packets for controllers that no source listened to, ever
	Refused    uint64   // packets that the switch did not take, ever
	Table      table.Stats
}

// Progress is how far a load, or the reading of the switch, has come.
type Progress struct {
	Read       int // flows read, in the phase Dumping
	Due        int // changes due, and not sent
	InFlight   int // changes sent and not answered
	Unanswered int // bytes of them
	Backlog    int // bytes of those that are still in this process
	Lanes      int // connections; more than one during a big load
}

// progress needs nothing but a look at the lanes.
func (l *Loop) progress() Progress {
	p := Progress{InFlight: l.lanes.inFlight(), Lanes: len(l.lanes.list)}
	if l.sw.phase == Dumping {
		p.Read = l.sw.dump.flows
	}
	p.Due = max(0, l.table.Due()-p.InFlight)
	for _, ln := range l.lanes.list {
		p.Unanswered += ln.unanswered()
		p.Backlog += ln.conn.Backlog()
	}
	return p
}

// Status asks the loop.
func (l *Loop) Status(ctx context.Context) (Status, error) {
	var s Status
	err := l.do(ctx, func() {
		s = Status{Phase: l.sw.phase, Since: l.sw.since, DatapathID: l.sw.datapath, Table: l.table.Stats()}
		if l.sw.lastErr != nil {
			s.LastError = l.sw.lastErr.Error()
		}
		s.Progress, s.Foreign = l.progress(), l.sw.monitor.foreign.total
		s.Another = l.sw.monitor.foreign.present(l.now())
		s.Unreadable = slices.Sorted(maps.Keys(l.sw.groups.unreadable))
	})
	s.Missed, s.Refused = l.punts.counts()
	return s, err
}
