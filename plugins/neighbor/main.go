package main

import (
	"context"
	"runtime"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk"
)

func main() {
	// One row after the other is all there is to do, by goroutines that wait for each other: between two processors each of them
	// would cost the wake-up of a thread, which takes longer than the work.
	runtime.GOMAXPROCS(1)
	q := new(questions)
	sdk.Serve(sdk.Info{Name: "neighbor", Version: "0.1", Describe: q.describe}, func(ctx context.Context, h *sdk.Host) error {
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
	// Rows come once, and again when they change: so each is told once.
	warn := func(row uuid.UUID, problem error) {
		cfg.logger.Warn("a row has no flows", "row", row, "problem", problem)
	}
	n := newNeighbors(cfg.bridge, pipeline.OVN2303(), warn)
	asks, end := q.Is(n)
	defer end()
	return feed.Run(ctx, h, n, feed.Config{
		OVSDB:   cfg.ovsdb,
		Asks:    asks,
		Logger:  cfg.logger,
		Vswitch: local.VswitchTables(),
		Southbound: append(local.SouthboundTables(),
			ovsdb.Table{Name: sb.MACBindingTable, Columns: []string{"logical_port", "ip", "mac"}},
			ovsdb.Table{Name: sb.StaticMACBindingTable, Columns: []string{"logical_port", "ip", "mac", "override_dynamic_mac"}},
			ovsdb.Table{Name: sb.FDBTable, Columns: []string{"mac", "dp_key", "port_key"}}),
		// So a row has flows only if both are local: the datapath of its port and, unless all rows come, the one that its column
		// datapath names, which ovn-controller makes the same.
		Conditions: func() map[string]ovsdb.Where {
			return map[string]ovsdb.Where{sb.MACBindingTable: ovsdb.Any(feed.Each(ovsdb.Equal, "datapath", n.local.Datapaths())...)}
		},
	})
}
