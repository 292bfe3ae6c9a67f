package main

import (
	"context"
	"runtime"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk"
)

func main() {
	runtime.GOMAXPROCS(1) // one row after the other is all there is to do: between two processors each would wait for a thread to wake up
	q := new(questions)
	sdk.Serve(q.info(), func(ctx context.Context, h *sdk.Host) error {
		return run(ctx, feed.Session{Host: h}, q, config{ovsdb: feed.Endpoint(), bridge: h.Bridge(), logger: h.Logger()})
	})
}

// config is what the source is started with.
type config struct {
	ovsdb  string // endpoint of the local Open_vSwitch database
	bridge string // name of the integration bridge
	logger hclog.Logger
}

// run makes the host's flows follow the databases until ctx ends or the session fails.
func run(ctx context.Context, h feed.Host, q *questions, cfg config) error {
	n := newNetwork(cfg.bridge, pipeline.OVN2303(), func(what string, problem error) {
		cfg.logger.Warn("a row lacks flows", "row", what, "problem", problem)
	})
	asks, end := q.Is(n)
	defer end()
	return feed.Run(ctx, h, n, feed.Config{
		OVSDB:   cfg.ovsdb,
		Logger:  cfg.logger,
		Vswitch: local.AllVswitchTables(),
		Southbound: append(local.AllSouthboundTables(),
			ovsdb.Table{Name: sb.MulticastGroupTable, Columns: []string{"datapath", "name", "ports", "tunnel_key"}}),
		Conditions: func() map[string]ovsdb.Where {
			return map[string]ovsdb.Where{sb.MulticastGroupTable: ovsdb.Any(feed.Each(ovsdb.Equal, "datapath", n.local.Datapaths())...)}
		},
		Switch:  n.setSwitch,
		Missing: n.missing,
		Asks:    asks,
	})
}
