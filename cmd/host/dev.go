package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/source"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
)

const devHelp = `Run a plugin on a switch in memory, and show what it does: no Open vSwitch, no root and no configuration are needed. The
plugin may do everything, and gets this command's environment. It is started again when it ends, as on a node. Ctrl-C ends it.

What each transaction changes in the switch is printed in the syntax of ovs-ofctl: lines with + are new, with - gone, with ~ changed
to this. Lines with > are packets for the plugin, lines with < those that it sends. Lines with ! say what was refused, and which flows others have displaced. The plugin's log goes to standard error.`

// devFlags are the flags of `flowhost dev`.
type devFlags struct {
	name     string
	attach   string
	logLevel string
}

func newDev() *cobra.Command {
	f := new(devFlags)
	cmd := &cobra.Command{
		Use:     "dev [flags] -- PLUGIN [ARGS...]",
		Short:   "Run a plugin on a switch in memory, and show its flows as they come",
		Long:    devHelp,
		Example: "  BLOCKLIST=./list flowhost dev -- ./blocklist",
		Args: func(cmd *cobra.Command, args []string) error {
			if hclog.LevelFromString(f.logLevel) == hclog.NoLevel {
				return fmt.Errorf("--log-level %s: it is trace, debug, info, warn or error", f.logLevel)
			}
			if f.attach != "" {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
	}
	cmd.Flags().StringVar(&f.attach, "attach", "", "instead of starting a plugin, use one that was started with -debug, by the `socket` it names")
	cmd.Flags().StringVar(&f.name, "name", "", "the owner's name (default: the program's)")
	cmd.Flags().StringVar(&f.logLevel, "log-level", "info", "least `level` of the plugin's log shown")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT)
		defer stop()
		return runDev(ctx, f, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
	}
	return cmd
}

// runDev runs a plugin until ctx ends.
func runDev(ctx context.Context, f *devFlags, args []string, out, log io.Writer) error {
	plugin, err := f.plugin(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "flowhost-dev")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	logger := func(level hclog.Level) hclog.Logger {
		return hclog.New(&hclog.LoggerOptions{Output: log, Level: level, DisableTime: true})
	}
	sw := swtest.New()
	defer sw.Close()
	loop, err := apply.New(apply.Config{
		Owners: []table.OwnerSpec{everything(plugin.Name)},
		Switch: swconn.Config{Dial: sw.Dial},
		Logger: logger(hclog.Warn),
	})
	if err != nil {
		return err
	}
	show := newDevShow(sw, out)
	src := source.New(source.Config{
		Plugin: plugin, Connect: attached(f.attach),
		Attach: show.attach(source.ToLoop(loop)),
		Bridge: "br-dev", RunDir: dir, Version: version(), Logger: logger(hclog.LevelFromString(f.logLevel)),
	})
	late, stopLate := context.WithCancel(context.WithoutCancel(ctx))
	var rest sync.WaitGroup
	rest.Go(func() { _ = loop.Run(late) })
	rest.Go(func() { show.run(late) })
	_ = src.Run(ctx)
	stopLate()
	rest.Wait()
	return nil
}

// plugin is what is to be run: args, or nothing when it runs already.
func (f *devFlags) plugin(args []string) (source.Plugin, error) {
	if f.attach != "" {
		return source.Plugin{Name: cmp.Or(f.name, "plugin")}, nil
	}
	path, err := exec.LookPath(args[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	return source.Plugin{Name: cmp.Or(f.name, ownerName(path)), Path: path, Args: args[1:], Env: os.Environ()}, err
}

var notInName = regexp.MustCompile(`[^a-z0-9-]+`)

// ownerName is a name for a program's owner.
func ownerName(path string) string {
	name := strings.TrimPrefix(strings.ToLower(filepath.Base(path)), "flowhost-plugin-")
	name = strings.Trim(notInName.ReplaceAllString(name, "-"), "-")
	if name == "" {
		return "plugin"
	}
	return name[:min(len(name), 32)]
}

// everything is an owner that may do everything.
func everything(name string) table.OwnerSpec {
	return table.OwnerSpec{
		Name: name, Slot: 1, Expected: true,
		Tables:       []table.Range[flow.TableID]{{First: 0, Last: flow.MaxTable}},
		Priorities:   []table.Range[flow.Priority]{{First: 0, Last: math.MaxUint16}},
		Groups:       []table.Range[uint32]{{First: 0, Last: 0xffffff00}}, // OFPG_MAX
		Meters:       []table.Range[uint32]{{First: 1, Last: 0xffff0000}}, // OFPM_MAX; there is no meter 0
		Conjunctions: []table.Range[uint32]{{First: 0, Last: math.MaxUint32}},
		Zones:        []table.Range[uint16]{{First: 0, Last: math.MaxUint16}},
		PacketIn:     table.AllPacketIns(), PacketOut: []table.Range[flow.TableID]{{First: 0, Last: flow.MaxTable}},
	}
}

// devPatience is how long a transaction is waited for to be in the switch before what it changed is shown.
const devPatience = 5 * time.Second
