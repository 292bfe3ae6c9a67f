package main

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"net"
	"net/rpc"
	"os"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

// pluginCookie is in the environment of a process that the host starts as a plugin.
const pluginCookie = "FLOWHOST_PLUGIN"

// serveSource is the plugin: a source that does on command what is measured, and says how long it took.
func serveSource() {
	sdk.Serve(sdk.Info{Name: "bars", Version: "1"}, func(ctx context.Context, h *sdk.Host) error {
		socket := os.Args[1]
		_ = os.Remove(socket)
		listener, err := net.Listen("unix", socket)
		if err != nil {
			return err
		}
		defer context.AfterFunc(ctx, func() { listener.Close() })()
		server := rpc.NewServer()
		if err := server.Register(&Source{ctx: ctx, host: h}); err != nil {
			return err
		}
		server.Accept(listener)
		return context.Cause(ctx)
	})
}

// Source takes the commands, several at a time. (Package net/rpc wants it and all its arguments exported.)
type Source struct {
	ctx     context.Context
	host    *sdk.Host
	flows   []flow.Flow
	version atomic.Int64 // of the flows changed last
	enough  atomic.Bool
}

// Nothing is no argument.
type Nothing struct{}

// Took is how long a load took, from before its first commit: until all was committed, and until the switch had confirmed all.
type Took struct{ Committed, Installed time.Duration }

// Work says what is to be loaded: Bad of the flows, spread among the others, are ones that the switch refuses; Limited of the good
// ones are in the table that may have a limit.
type Work struct{ Flows, Bad, Limited int }

// Prepare makes the flows of a load, which is not part of what is measured.
func (s *Source) Prepare(w Work, _ *Nothing) error {
	s.flows = make([]flow.Flow, w.Flows)
	every := func(part, n int) bool { return part > 0 && n%(w.Flows/part) == 0 }
	for n := range s.flows {
		switch {
		case every(w.Bad, n):
			s.flows[n] = refused(n)
		case every(w.Limited, n):
			s.flows[n] = limited(n)
		default:
			s.flows[n] = numbered(n)
		}
	}
	return nil
}

// Load makes the prepared flows everything that the source has.
func (s *Source) Load(_ Nothing, took *Took) error {
	start := time.Now()
	if _, err := s.host.Replace(s.ctx, s.all()); err != nil {
		return err
	}
	took.Committed = time.Since(start)
	_, err := s.host.Begin().CommitAndWait(s.ctx) // is installed when all before it is
	took.Installed = time.Since(start)
	return err
}

func (s *Source) all() iter.Seq2[uuid.UUID, flow.Flow] {
	return func(yield func(uuid.UUID, flow.Flow) bool) {
		for n := range s.flows {
			for _, k := range s.siblings(n) {
				if !yield(id(n), s.flows[k]) {
					return
				}
			}
		}
	}
}

// siblings are the flows of one UUID, if n is the first of them.
func (s *Source) siblings(n int) (list []int) {
	first, step := siblings(n)
	if n != first {
		return nil
	}
	for k := first; k < min(first+step*flowsPerUUID, len(s.flows)); k += step {
		list = append(list, k)
	}
	return list
}

// revise sets the flows of one UUID with one of them changed.
func (s *Source) revise(txn *sdk.Txn, n, version int) {
	first, _ := siblings(n)
	var flows []flow.Flow
	for _, k := range s.siblings(first) {
		if k == n {
			s.flows[k] = revised(k, version)
		}
		flows = append(flows, s.flows[k])
	}
	txn.Set(id(n), flows...)
}

// Sync says that the source wants nothing else.
func (s *Source) Sync(Nothing, *Nothing) error {
	_, err := s.host.SyncDone(s.ctx)
	return err
}

// Changes are changes of one flow each, one after the other: of one that was loaded, or without a load of a single flow.
type Changes struct {
	Count int
	Pause time.Duration // between two
}

// Change does changes until there are enough, and says how long each took from before its commit until it was confirmed.
func (s *Source) Change(c Changes, took *[]time.Duration) error {
	s.enough.Store(false)
	for n := 0; n < c.Count && !s.enough.Load(); n++ {
		txn := s.host.Begin()
		version := int(s.version.Add(1))
		if len(s.flows) > 0 {
			s.revise(txn, rand.IntN(len(s.flows)), version)
		} else {
			txn.Set(id(version%64), single(version))
		}
		start := time.Now()
		if _, err := txn.CommitAndWait(s.ctx); err != nil {
			return err
		}
		*took = append(*took, time.Since(start))
		time.Sleep(c.Pause)
	}
	return nil
}

// Enough ends a Change that goes on.
func (s *Source) Enough(Nothing, *Nothing) error {
	s.enough.Store(true)
	return nil
}

// Mark commits one flow with this cookie in the table of marks, and does not wait for the switch.
func (s *Source) Mark(cookie uint32, _ *Nothing) error {
	txn := s.host.Begin()
	f := parsed("table=199,priority=1,actions=drop")
	f.Cookie = flow.Cookie(cookie)
	txn.Set(uuid.Max, f)
	_, err := txn.Commit(s.ctx)
	if errors.Is(err, sdk.ErrClosed) {
		return nil
	}
	return err
}
