// Command flowhost-plugin-ofctl keeps a file of flows, groups and meters installed. Its lines are those that `ovs-ofctl add-flows`,
// `add-groups` and `add-meter` read, in any order; those that begin with group_id= are groups, those with meter= meters:
//
//	meter=1,pktps,bands=type=drop,rate=1000
//	group_id=1,type=select,bucket=weight:1,actions=output:1,bucket=weight:3,actions=output:2
//	table=0,priority=100,ip,nw_dst=192.0.2.0/24 actions=meter:1,group:1
//
// Whenever the file changes, what has changed in it is sent. It takes the place of `ovs-ofctl replace-flows` in a cron job:
//
//	plugins:
//	  - name: ofctl
//	    path: /usr/local/bin/flowhost-plugin-ofctl
//	    args: [/etc/flows.txt]
//	    tables: [0-253]
//	    groups: [1-99]
//	    meters: [1-99]
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/flowhost/flowhost/sdk"
)

// pollInterval is how often the file is looked at.
const pollInterval = 500 * time.Millisecond

func main() {
	sdk.Serve(sdk.Info{Name: "ofctl", Version: "1"}, run)
}

func run(ctx context.Context, h *sdk.Host) error {
	if len(os.Args) != 2 {
		return errors.New("name one file of flows, groups and meters in the plugin's args")
	}
	return (&keeper{host: h, path: os.Args[1]}).keep(ctx)
}

// keep keeps the file installed until the session ends.
func (k *keeper) keep(ctx context.Context) error {
	for {
		switch err := k.update(ctx); {
		case errors.Is(err, sdk.ErrClosed), ctx.Err() != nil:
			return err
		case err != nil:
			k.host.Status(false, err.Error())
			k.host.Logger().Warn("the flows stay as they are", "error", err)
		}
		if err := k.awaitChange(ctx); err != nil {
			return err
		}
	}
}

// update reads the file and sends what is different in it. After an error the flows are those of the last good file.
func (k *keeper) update(ctx context.Context) error {
	k.seen = k.stamp()
	wanted, err := readFile(k.path)
	if err != nil {
		return err
	}
	if k.begun && !k.synced {
		if err := k.host.SyncBegin(ctx); err != nil {
			return err
		}
	}
	k.begun = true
	if err := k.push(ctx, wanted); err != nil {
		return err
	}
	if !k.synced {
		if _, err := k.host.SyncDone(ctx); err != nil {
			return err
		}
		k.synced = true
	}
	k.host.Status(true, fmt.Sprintf("%d flows, %d groups and %d meters from %s",
		len(wanted.flows), len(wanted.groups), len(wanted.meters), k.path))
	return nil
}

// awaitChange returns when the file is another than update has seen.
func (k *keeper) awaitChange(ctx context.Context) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for k.stamp() == k.seen {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
