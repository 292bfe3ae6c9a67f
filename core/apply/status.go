package apply

import (
	"context"
	"time"

	"github.com/flowhost/flowhost/core/table"
)

// Status is the loop's state as an operator sees it.
type Status struct {
	Phase      Phase
	Since      time.Time // of the phase
	DatapathID uint64
	LastError  string // why there is no connection; empty while there is one
	InFlight   int    // changes sent and not answered
	Foreign    uint64 // changes of others that had to be put right, ever
	Lanes      int    // connections; more than one during a big load
	Table      table.Stats
}

// Status asks the loop.
func (l *Loop) Status(ctx context.Context) (Status, error) {
	var s Status
	err := l.do(ctx, func() {
		s = Status{Phase: l.sw.phase, Since: l.sw.since, DatapathID: l.sw.datapath, Table: l.table.Stats()}
		if l.sw.lastErr != nil {
			s.LastError = l.sw.lastErr.Error()
		}
		s.InFlight, s.Lanes, s.Foreign = l.lanes.inFlight(), len(l.lanes.list), l.sw.monitor.foreign.total
	})
	return s, err
}

// HasOwner says whether an owner is configured. It may be called from any goroutine.
func (l *Loop) HasOwner(name string) bool {
	_, ok := l.owners[name]
	return ok
}
