package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/google/uuid"
)

// keeper is what this source has pushed, and which file it has seen.
type keeper struct {
	host   *sdk.Host
	path   string
	pushed content // Invariant: what the host's table has of this source, but for what is stale
	synced bool    // SyncDone has been said since the session, or the last refused push, began
	begun  bool    // a push was tried in this session
	seen   stamp
}

// stamp changes when the file does: its time, its size, and which file it is after a rename.
type stamp struct {
	changed time.Time
	size    int64
	mode    fs.FileMode
}

func (k *keeper) stamp() stamp {
	info, err := os.Stat(k.path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size(), info.Mode()}
}

// txnFlows is how many operations go into one transaction.
const txnFlows = 10_000

// push makes what is pushed equal to what is wanted. Meters and groups come before what may name them, and go after what did.
func (k *keeper) push(ctx context.Context, wanted content) error {
	p := pusher{keeper: k, ctx: ctx, txn: k.host.Begin()}
	for id, m := range wanted.meters {
		if old, ok := k.pushed.meters[id]; !ok || old != m {
			p.do(func(t *sdk.Txn) { t.SetMeter(m) })
		}
	}
	for id, g := range wanted.groups {
		if old, ok := k.pushed.groups[id]; !ok || old != g {
			p.do(func(t *sdk.Txn) { t.SetGroup(g) })
		}
	}
	for key, f := range wanted.flows {
		if old, ok := k.pushed.flows[key]; !ok || old != f {
			p.do(func(t *sdk.Txn) { t.Set(id(key), f) })
		}
	}
	for key := range k.pushed.flows {
		if _, ok := wanted.flows[key]; !ok {
			p.do(func(t *sdk.Txn) { t.Remove(id(key)) })
		}
	}
	for id := range k.pushed.groups {
		if _, ok := wanted.groups[id]; !ok {
			p.do(func(t *sdk.Txn) { t.RemoveGroup(id) })
		}
	}
	for id := range k.pushed.meters {
		if _, ok := wanted.meters[id]; !ok {
			p.do(func(t *sdk.Txn) { t.RemoveMeter(id) })
		}
	}
	if p.commit(); p.err != nil {
		// Some transactions may be done. The next push is a sync: it says everything again, and what it does not say goes.
		k.pushed, k.synced = content{}, false
		return p.err
	}
	k.pushed = wanted
	return nil
}

// pusher fills transactions and commits them when they are full, until the first error.
type pusher struct {
	*keeper
	ctx context.Context
	txn *sdk.Txn
	err error
}

func (p *pusher) do(op func(*sdk.Txn)) {
	op(p.txn)
	if p.txn.Len() >= txnFlows {
		p.commit()
	}
}

func (p *pusher) commit() {
	if p.err == nil && p.txn.Len() > 0 {
		_, p.err = p.txn.Commit(p.ctx)
	}
	p.txn = p.host.Begin()
}

// id is the UUID of the flow with a key: the same after each restart, so that nothing changes.
func id(k flow.Key) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "flowhost:ofctl:%d,%d,%s", k.Table, k.Priority, string(k.Match)))
}
