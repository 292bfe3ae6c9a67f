package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/core/apply"
	"github.com/hashicorp/go-hclog"
)

// restoreWait looks after Open_vSwitch's other_config:flow-restore-wait. While it is true, an ovs-vswitchd that was started so
// keeps its datapath as it is and forwards nothing that the datapath does not know, for somebody to restore flows meanwhile
// (ovs-vswitchd.conf.db(5); `ovs-ctl restart` sets it and removes it). Left behind, it is a node that looks well and forwards nothing
// new. So it is told; and removed once the flows are in, if the configuration says that nobody else does.
type restoreWait struct {
	host     *admin.Host
	endpoint string // of the local database
	finish   bool   // remove it
	log      hclog.Logger

	// waiting: it is set, as of the last look. ovs-vswitchd does not look at it again once it was false; only a new process does.
	waiting atomic.Bool
}

// restoreLook is how often the database is asked.
const restoreLook = time.Second

// run looks until ctx ends.
func (r *restoreWait) run(ctx context.Context) {
	tick := time.NewTicker(restoreLook)
	defer tick.Stop()
	for {
		r.look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// look asks whether it is set, tells when that changes, and removes it when it is time.
func (r *restoreWait) look(ctx context.Context) {
	set, err := flowRestoreWait(ctx, r.endpoint)
	if err != nil {
		return // without a database there is no ovs-vswitchd that waits for long
	}
	switch was := r.waiting.Swap(set); {
	case set && !was:
		r.log.Warn("Open vSwitch forwards nothing new until other_config:flow-restore-wait is removed", "flowhost_removes_it", r.finish)
	case was && !set:
		r.log.Info("flow-restore-wait is over")
	}
	if !set || !r.finish || !r.restored(ctx) {
		return
	}
	if err := removeFlowRestoreWait(ctx, r.endpoint); err != nil {
		r.log.Warn("flow-restore-wait cannot be removed", "error", err)
		return
	}
	r.log.Info("all flows are in: flow-restore-wait removed")
	r.waiting.Store(false)
}

// restored says whether the switch has all that every plugin wants.
func (r *restoreWait) restored(ctx context.Context) bool {
	status, err := r.host.Loop.Status(ctx)
	if err != nil || status.Phase < apply.Adopting || status.Table.Pending > 0 {
		return false
	}
	for _, o := range status.Table.Owners {
		if !o.Synced {
			return false
		}
	}
	return true
}

// reason is what keeps the host from being ready, or "".
func (r *restoreWait) reason() string {
	if !r.waiting.Load() {
		return ""
	}
	return "Open vSwitch waits for flows to be restored: ovs-vsctl remove Open_vSwitch . other_config flow-restore-wait"
}

// flowRestoreWait asks the database whether other_config:flow-restore-wait is "true".
func flowRestoreWait(ctx context.Context, endpoint string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, ovsdbTimeout)
	defer cancel()
	results, err := transact[struct{ Rows []struct{} }](ctx, endpoint, object{
		"op": "select", "table": "Open_vSwitch", "columns": []string{"_uuid"},
		"where": []any{[]any{"other_config", "includes", ovsdbMap("flow-restore-wait", "true")}},
	})
	return err == nil && len(results[0].Rows) > 0, err
}

func removeFlowRestoreWait(ctx context.Context, endpoint string) error {
	ctx, cancel := context.WithTimeout(ctx, ovsdbTimeout)
	defer cancel()
	_, err := transact[struct{ Count int }](ctx, endpoint, object{
		"op": "mutate", "table": "Open_vSwitch", "where": []any{},
		"mutations": []any{[]any{"other_config", "delete", []any{"set", []any{"flow-restore-wait"}}}},
	})
	return err
}

// ovsdbMap is a map of one pair (RFC 7047 §5.1).
func ovsdbMap(key, value string) []any { return []any{"map", []any{[]any{key, value}}} }
