package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/sdk"
)

func main() {
	q := new(questions)
	sdk.Serve(q.info(), func(ctx context.Context, h *sdk.Host) error {
		d, err := dialectOf(os.Args[1:])
		if err != nil {
			return err
		}
		r := h.Ranges()
		return run(ctx, feed.Session{Host: h}, q, config{
			ovsdb: feed.Endpoint(), bridge: h.Bridge(), logger: h.Logger(),
			dialect: d,
			ranges:  ranges{groups: r.Groups, meters: r.Meters, conjunctions: r.Conjunctions},
		})
	})
}

// config is what the source is started with.
type config struct {
	ovsdb   string // endpoint of the local Open_vSwitch database
	bridge  string // name of the integration bridge
	logger  hclog.Logger
	dialect *dialect.Dialect
	ranges  ranges
}

var (
	errDialect  = errors.New("not a dialect of OVN 23.03, whose tables the other sources have")
	errArgument = errors.New("unknown arguments")
)

// dialectOf is how the arguments of the process want logical flows to be read.
func dialectOf(args []string) (*dialect.Dialect, error) {
	d := dialect.Default()
	flags := flag.NewFlagSet("arguments", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Func("dialect", "", func(name string) error {
		found, is := dialect.ByName(name)
		if !is || found.Pipeline.Tables != d.Pipeline.Tables {
			return fmt.Errorf("%w: try %s or %s", errDialect, dialect.Default().Name, dialect.OVN2303().Name)
		}
		d = found
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%w: %q", errArgument, flags.Args())
	}
	return d, nil
}

// run makes the host's flows follow the databases until ctx ends or the session fails.
func run(ctx context.Context, h feed.Host, q *questions, cfg config) error {
	s, err := newSource(cfg.bridge, cfg.dialect, cfg.ranges, runtime.GOMAXPROCS(0), func(what string, problem error) {
		cfg.logger.Warn("a row lacks flows", "row", what, "problem", problem)
	})
	if err != nil {
		return err
	}
	asks, end := q.Is(s)
	defer end()
	return feed.Run(ctx, h, s, feed.Config{
		OVSDB:      cfg.ovsdb,
		Logger:     cfg.logger,
		Vswitch:    vswitchTables(),
		Southbound: southboundTables(),
		Conditions: s.conditions,
		Told:       s.told,
		Note:       s.note,
		Asks:       asks,
	})
}

// vswitchTables are the tables of the local Open_vSwitch database that are read, and of what columns.
func vswitchTables() []ovsdb.Table {
	tables := append(local.AllVswitchTables(),
		ovsdb.Table{Name: vswitch.DatapathTable, Columns: []string{"capabilities"}},
		ovsdb.Table{Name: vswitch.FlowSampleCollectorSetTable, Columns: []string{"id"}})
	for i := range tables {
		switch t := &tables[i]; t.Name {
		case vswitch.OpenvSwitchTable:
			t.Columns = append(t.Columns, "datapaths", "ovs_version")
		case vswitch.BridgeTable:
			t.Columns = append(t.Columns, "datapath_type")
		}
	}
	return tables
}

// southboundTables are the same of the southbound database.
func southboundTables() []ovsdb.Table {
	tables := append(local.AllSouthboundTables(),
		ovsdb.Table{Name: sb.SBGlobalTable, Columns: []string{"options"}},
		ovsdb.Table{Name: sb.LogicalFlowTable, Columns: []string{"logical_datapath", "logical_dp_group", "pipeline", "table_id", "priority",
			"match", "actions", "controller_meter", "tags"}},
		ovsdb.Table{Name: sb.LogicalDPGroupTable, Columns: []string{"datapaths"}},
		ovsdb.Table{Name: sb.MulticastGroupTable, Columns: []string{"datapath", "name", "tunnel_key"}},
		ovsdb.Table{Name: sb.AddressSetTable, Columns: []string{"name", "addresses"}},
		ovsdb.Table{Name: sb.PortGroupTable, Columns: []string{"name", "ports"}},
		ovsdb.Table{Name: sb.ChassisTemplateVarTable, Columns: []string{"chassis", "variables"}},
		ovsdb.Table{Name: sb.MeterTable, Columns: []string{"name", "unit", "bands"}},
		ovsdb.Table{Name: sb.MeterBandTable, Columns: []string{"action", "rate", "burst_size"}},
		ovsdb.Table{Name: sb.DHCPOptionsTable, Columns: []string{"name", "code", "type"}},
		ovsdb.Table{Name: sb.DHCPv6OptionsTable, Columns: []string{"name", "code", "type"}},
		ovsdb.Table{Name: sb.LoadBalancerTable, Columns: []string{"datapaths", "datapath_group", "vips", "protocol", "options"}})
	for i := range tables {
		if t := &tables[i]; t.Name == sb.PortBindingTable {
			t.Columns = append(t.Columns, "port_security")
		}
	}
	return tables
}
