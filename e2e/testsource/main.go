// Command testsource is a flow source for tests. It wants what stands in a file, in an order that the file says, too; when the
// file changes, it tells the host what is different:
//
//	seed 7
//	delay 2s
//	table=0,in_port=1 actions=resubmit(,1)
//
// See wants for all that a line may be.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/flowhost/flowhost/sdk"
)

// period is how often the file is looked at.
const period = 20 * time.Millisecond

// perTxn is how many operations go into one transaction, so that a big load is many.
const perTxn = 1000

func main() {
	sdk.Serve(sdk.Info{Name: "testsource", Version: "1"}, run)
}

func run(ctx context.Context, h *sdk.Host) error {
	if len(os.Args) != 2 {
		return errors.New("name one file")
	}
	var pushed wants
	var seen fs.FileInfo
	for {
		info, err := os.Stat(os.Args[1])
		if err != nil {
			return err
		}
		if seen == nil || !os.SameFile(seen, info) { // the file is replaced, never changed in place
			wanted, err := readWants(os.Args[1])
			if err == nil {
				err = wanted.push(ctx, h, pushed)
			}
			if err == nil && seen == nil {
				_, err = h.SyncDone(ctx)
			}
			if err != nil {
				return err
			}
			pushed, seen = wanted, info
			h.Status(true, fmt.Sprintf("%d flows, seed %d", len(wanted.flows), wanted.seed))
		}
		if err := sleep(ctx, period); err != nil {
			return err
		}
	}
}

// sleep ends early, with an error, when ctx does.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
