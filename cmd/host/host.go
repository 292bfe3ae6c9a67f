package main

import (
	"context"
	"net"
	"path/filepath"
	"sync"

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
	ports *portFile
}

func newHost(c *config.Config, log hclog.Logger) (*host, error) {
	ports := newPortFile(c.StateDir, c.Bridge, log)
	loop, err := apply.New(apply.Config{
		Owners:  ownerSpecs(c.Plugins),
		Options: table.Options{Hold: c.Hold, Unclaimed: unclaimed(c.Unclaimed)},
		Switch:  swconn.Config{Target: c.Switch},
		Ports:   ports,
		Logger:  log,
	})
	if err != nil {
		return nil, err
	}
	h := &host{
		Host:  admin.Host{Version: version(), Bridge: c.Bridge, Target: c.Switch, Loop: loop, Logger: log},
		ports: ports,
	}
	for _, p := range c.Plugins {
		h.Sources = append(h.Sources, source.New(source.Config{
			Plugin:  source.Plugin{Name: p.Name, Path: p.Path, Args: p.Args, Env: p.Env},
			Attach:  source.ToLoop(loop),
			Bridge:  c.Bridge,
			OVSDB:   c.OVSDB,
			RunDir:  filepath.Join(filepath.Dir(c.Socket), "plugins"),
			Version: version(),
			Logger:  log,
		}))
	}
	return h, nil
}

// run runs all parts until ctx ends. The loop and the admin socket outlive the plugins, so that what the plugins commit
// at the end is answered.
func (h *host) run(ctx context.Context, listener net.Listener) {
	late, stopLate := context.WithCancel(context.WithoutCancel(ctx))
	var core, sources sync.WaitGroup
	core.Go(func() { _ = h.Loop.Run(late) })
	core.Go(func() {
		if err := h.Serve(late, listener); late.Err() == nil {
			h.Logger.Error("admin socket lost", "error", err)
		}
	})
	core.Go(func() { h.ports.run(late.Done()) })
	for _, s := range h.Sources {
		sources.Go(func() { s.Run(ctx) })
	}
	<-ctx.Done()
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
			MaxFlows:     p.MaxFlows,
			Expected:     *p.Expected,
			Grace:        p.Grace,
		})
	}
	return specs
}

func ranges[T ~uint8 | ~uint16 | ~uint32](from []config.Range) []table.Range[T] {
	var to []table.Range[T]
	for _, r := range from {
		to = append(to, table.Range[T]{First: T(r.First), Last: T(r.Last)})
	}
	return to
}
