package main

import (
	"context"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/config"
	"github.com/flowhost/flowhost/core/source"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/hashicorp/go-hclog"
)

// host is the running daemon's parts.
type host struct {
	admin.Host
	config  *config.Config
	former  []config.Plugin // those that a reload has removed; their owners are still there
	ports   *portFile
	restore *restoreWait

	notReloaded atomic.Pointer[string] // why, see admin.Host
}

func newHost(c *config.Config, log hclog.Logger) (*host, error) {
	ports := newPortFile(c.StateDir, c.Bridge, log)
	loop, err := apply.New(apply.Config{
		Owners:  ownerSpecs(c.Plugins),
		Options: table.Options{Hold: c.Hold, Unclaimed: unclaimed(c.Unclaimed)},
		Switch:  swconn.Config{Target: c.Switch},
		Ports:   ports,
		Logger:  log,
		Settled: func() { go debug.FreeOSMemory() }, // else what a load took is ours for minutes
	})
	if err != nil {
		return nil, err
	}
	h := &host{
		Host: admin.Host{
			Version: version(), Bridge: c.Bridge, Target: c.Switch, Loop: loop, Sources: new(source.Set), Logger: log,
		},
		config: c,
		ports:  ports,
	}
	h.restore = &restoreWait{host: &h.Host, endpoint: c.OVSDB, finish: c.FlowRestoreWait == "finish", log: log}
	h.Reasons = append(h.Reasons, h.restore.reason)
	h.notReloaded.Store(new(string))
	h.Config = func() string { return *h.notReloaded.Load() }
	for i := range c.Plugins {
		h.Sources.Add(h.newSource(&c.Plugins[i]))
	}
	return h, nil
}

func (h *host) newSource(p *config.Plugin) *source.Source {
	return source.New(source.Config{
		Plugin:  processOf(p),
		Connect: attached(p.Attach),
		Attach:  source.ToLoop(h.Loop),
		Bridge:  h.config.Bridge,
		OVSDB:   h.config.OVSDB,
		RunDir:  filepath.Join(filepath.Dir(h.config.Socket), "plugins"),
		Version: version(),
		Logger:  h.Logger,
	})
}

// attached is how to reach a process on a socket; nil, if there is none, lets one be started.
func attached(socket string) source.Connect {
	if socket == "" {
		return nil
	}
	return source.Dial(socket)
}

// processOf is what of a plugin's configuration is about its process.
func processOf(p *config.Plugin) source.Plugin {
	return source.Plugin{
		Name: p.Name, Path: p.Path, Args: p.Args, Env: p.Env,
		SHA256: p.SHA256, User: p.User,
		Limits:  source.Limits{Memory: uint64(p.Limits.Memory), CPUWeight: p.Limits.CPUWeight, NoFile: p.Limits.NoFile},
		Restart: source.Restart(p.Restart), BackoffMax: p.BackoffMax,
	}
}

// run runs all parts until ctx ends, and calls reload for each signal on hangups. The loop and the admin socket outlive the
// plugins, so that what the plugins commit at the end is answered.
func (h *host) run(ctx context.Context, listener net.Listener, hangups <-chan os.Signal, read func() (*config.Config, error)) {
	late, stopLate := context.WithCancel(context.WithoutCancel(ctx))
	var core, sources sync.WaitGroup
	core.Go(func() { _ = h.Loop.Run(late) })
	core.Go(func() {
		if err := h.Serve(late, listener); late.Err() == nil {
			h.Logger.Error("admin socket lost", "error", err)
		}
	})
	core.Go(func() { h.ports.run(late.Done()) })
	core.Go(func() { h.restore.run(late) })
	sources.Go(func() { h.Sources.Run(ctx) })
	for ctx.Err() == nil {
		select {
		case <-hangups:
			h.reload(ctx, read)
		case <-ctx.Done():
		}
	}
	sources.Wait()
	stopLate()
	core.Wait()
}

func unclaimed(word string) table.Unclaimed {
	if word == "keep" {
		return table.UnclaimedKeep
	}
	return table.UnclaimedDelete
}

// ownerSpecs are the owners of the configured plugins.
func ownerSpecs(plugins []config.Plugin) []table.OwnerSpec {
	var specs []table.OwnerSpec
	for _, p := range plugins {
		specs = append(specs, table.OwnerSpec{
			Name:         p.Name,
			Slot:         *p.Slot,
			Rank:         p.Rank,
			Tables:       ranges[flow.TableID](p.Tables),
			Priorities:   ranges[flow.Priority](p.Priorities),
			Groups:       ranges[uint32](p.Groups),
			Meters:       ranges[uint32](p.Meters),
			Conjunctions: ranges[uint32](p.Conjunctions),
			Zones:        ranges[uint16](p.Zones),
			PacketIn:     packetIns(p.PacketIn),
			PacketOut:    ranges[flow.TableID](p.PacketOut),
			MaxFlows:     p.MaxFlows,
			Rate:         p.Rate,
			Expected:     *p.Expected,
			Grace:        p.Grace,
		})
	}
	return specs
}

func packetIns(p config.PacketIn) table.PacketIns {
	ins := table.PacketIns{Controllers: ranges[uint16](p.Controllers)}
	for _, prefix := range p.UserData {
		b, _ := hex.DecodeString(prefix) // which the configuration has checked
		ins.UserData = append(ins.UserData, string(b))
	}
	return ins
}

func ranges[T ~uint8 | ~uint16 | ~uint32](from []config.Range) []table.Range[T] {
	var to []table.Range[T]
	for _, r := range from {
		to = append(to, table.Range[T]{First: T(r.First), Last: T(r.Last)})
	}
	return to
}
