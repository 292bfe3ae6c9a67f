package main

import (
	"cmp"
	"context"
	"os"
	"runtime"

	"github.com/flowhost/flowhost/sdk"
)

func main() {
	// One row after the other is all there is to do, by goroutines that wait for each other: between two processors each of them
	// would cost the wake-up of a thread, which takes longer than the work.
	runtime.GOMAXPROCS(1)
	sdk.Serve(sdk.Info{Name: "neighbor", Version: "0.1"}, func(ctx context.Context, h *sdk.Host) error {
		return run(ctx, session{h}, config{ovsdb: endpoint(), bridge: h.Bridge(), logger: h.Logger()})
	})
}

// endpoint is that of the local Open_vSwitch database.
func endpoint() string {
	rundir := cmp.Or(os.Getenv("OVS_RUNDIR"), "/var/run/openvswitch")
	return cmp.Or(os.Getenv("FLOWHOST_OVSDB"), "unix:"+rundir+"/db.sock")
}

// session is the host as run needs it.
type session struct{ *sdk.Host }

// Commit sends operations as one transaction and waits until the host has it.
func (s session) Commit(ctx context.Context, operations []operation) error {
	txn := s.Begin()
	for _, o := range operations {
		txn.Set(o.id, o.flows...)
	}
	_, err := txn.Commit(ctx)
	return err
}
