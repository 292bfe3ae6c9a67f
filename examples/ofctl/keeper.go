package main

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/google/uuid"
)

// keeper is what this source has pushed, and which file it has seen.
type keeper struct {
	host   *sdk.Host
	path   string
	pushed map[flow.Key]flow.Flow // Invariant: what the host's table has of this source, but for what is stale
	synced bool                   // SyncDone has been said since the session, or the last refused push, began
	begun  bool                   // a push was tried in this session
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

// readFlows reads a file of flows. As with ovs-ofctl, empty lines and what follows a # are nothing, and of two flows with
// one key the later one counts.
func readFlows(path string) (map[flow.Key]flow.Flow, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	flows := make(map[flow.Key]flow.Flow)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		f, err := flow.ParseFlow(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		flows[f.Key] = f
	}
	return flows, lines.Err()
}

// txnFlows is how many flows go into one transaction.
const txnFlows = 10_000

// push makes what is pushed equal to what is wanted.
func (k *keeper) push(ctx context.Context, wanted map[flow.Key]flow.Flow) error {
	p := pusher{keeper: k, txn: k.host.Begin()}
	for key, f := range wanted {
		if old, ok := k.pushed[key]; !ok || old != f {
			p.txn.Set(id(key), f)
			if err := p.flushAt(ctx, txnFlows); err != nil {
				return err
			}
		}
	}
	for key := range k.pushed {
		if _, ok := wanted[key]; !ok {
			p.txn.Remove(id(key))
			if err := p.flushAt(ctx, txnFlows); err != nil {
				return err
			}
		}
	}
	if err := p.flushAt(ctx, 1); err != nil {
		return err
	}
	k.pushed = wanted
	return nil
}

// pusher fills transactions and commits them when they are full.
type pusher struct {
	*keeper
	txn *sdk.Txn
}

// flushAt commits if n operations or more wait. A refusal in the middle of several transactions leaves those before it done, so
// the next push is a sync: it says everything again, and what it does not say goes.
func (p *pusher) flushAt(ctx context.Context, n int) error {
	if p.txn.Len() < n {
		return nil
	}
	if _, err := p.txn.Commit(ctx); err != nil {
		p.pushed, p.synced = nil, false
		return err
	}
	p.txn = p.host.Begin()
	return nil
}

// id is the UUID of the flow with a key: the same after each restart, so that nothing changes.
func id(k flow.Key) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "flowhost:ofctl:%d,%d,%s", k.Table, k.Priority, string(k.Match)))
}
