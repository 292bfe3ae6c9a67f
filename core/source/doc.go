// Package source runs flow sources: plugin processes, and the one session that each has with the host.
//
// A Source starts its plugin through hashicorp/go-plugin, opens the session, and stays between the stream and the apply loop:
// transactions are decoded and checked in the session's own goroutine, so that a flood of one source is its own burden; what the
// table tells the owner goes out through a queue that never makes the loop wait. When the process ends, for whatever reason, the
// owner's flows stay as stale ones, and the process is started again after a pause that grows from one second to thirty.
//
//	starting → syncing → synced        (SyncBegin goes back to syncing)
//	    ▲          └────────┴──▶ backoff, crash-loop ──┐
//	    └──────────────────────────────────────────────┘      stopped: Run has returned
//
// What is bounded: a transaction by the table's limits, the queue of events by maxQueue and by the time the source may take to
// read, log lines by a rate. go-plugin's own Ping and Kill wait for ever on a process that hangs, so health checks and
// kills are this package's: a process is killed through its context, with its whole process group.
package source
