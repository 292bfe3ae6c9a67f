package main

import (
	"time"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/plugins/chassis/bindings"
	"github.com/flowhost/flowhost/plugins/chassis/bridge"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/patches"
	"github.com/flowhost/flowhost/plugins/chassis/queues"
	"github.com/flowhost/flowhost/plugins/chassis/registration"
	"github.com/flowhost/flowhost/plugins/chassis/tunnels"
	"github.com/flowhost/flowhost/plugins/chassis/zones"
)

// duties are all duties, those first that others wait for.
func duties(state *local.State, cfg config) []duty.Duty {
	return []duty.Duty{
		bridge.New(state, cfg.bridge),
		registration.New(state, registration.Config{
			Bridge: cfg.bridge, Hostname: hostname(), Sources: cfg.sources, Started: time.Now(), Logger: cfg.logger,
		}),
		zones.New(state, cfg.bridge, cfg.logger),
		bindings.New(state, bindings.Owners),
		tunnels.New(state, cfg.bridge, cfg.logger),
		patches.New(state, cfg.bridge, cfg.logger),
		queues.New(state, cfg.logger),
	}
}

// tables are what all duties read.
func tables() (all duty.Tables) {
	for _, t := range []duty.Tables{
		bridge.Tables(),
		registration.Tables(),
		zones.Tables(),
		bindings.Tables(),
		tunnels.Tables(),
		patches.Tables(),
		queues.Tables(),
	} {
		all.Vswitch, all.Southbound = append(all.Vswitch, t.Vswitch...), append(all.Southbound, t.Southbound...)
	}
	return all
}
