package sdk_test

import (
	"context"
	"fmt"
	"os"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// blackhole is a whole source: it drops what goes to one address. Its main would be
//
//	func main() { sdk.Serve(sdk.Info{Name: "blackhole", Version: "1"}, blackhole) }
func blackhole(ctx context.Context, h *sdk.Host) error {
	f, err := flow.ParseFlow("table=0,priority=900,ip,nw_dst=192.0.2.1 actions=drop")
	if err != nil {
		return err
	}
	txn := h.Begin()
	txn.Set(uuid.NewSHA1(uuid.NameSpaceOID, []byte("192.0.2.1")), f)
	if _, err := txn.Commit(ctx); err != nil {
		return err
	}
	_, err = h.SyncDone(ctx)
	return err
}

// A source is tried out in memory, without a switch: in a test, t is the *testing.T.
func Example() {
	t := &quiet{}
	defer t.end()
	h := sdktest.Start(t, sdktest.Options{Slot: 5}, blackhole)
	h.WaitSynced()
	fmt.Print(h.Flows())
	// Output:
	// cookie=0x5000000bc7b085e, priority=900,ip,nw_dst=192.0.2.1 actions=drop
}

// quiet is a sdktest.TB for a program that is no test.
type quiet struct{ cleanups []func() }

func (q *quiet) end() {
	for i := len(q.cleanups) - 1; i >= 0; i-- {
		q.cleanups[i]()
	}
}

func (q *quiet) Cleanup(f func())          { q.cleanups = append(q.cleanups, f) }
func (q *quiet) Helper()                   {}
func (q *quiet) Failed() bool              { return false }
func (q *quiet) Logf(string, ...any)       {}
func (q *quiet) Errorf(f string, a ...any) { fmt.Printf(f+"\n", a...) }
func (q *quiet) Fatalf(f string, a ...any) { fmt.Printf(f+"\n", a...); os.Exit(1) }
