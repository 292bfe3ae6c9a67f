package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/plugins/chassis/cleanup"
	"github.com/flowhost/flowhost/sdk"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "cleanup" {
		clean(os.Args[2])
		return
	}
	runtime.GOMAXPROCS(1) // one row after the other is all there is to do: between two processors each would wait for a thread to wake up
	q := new(questions)
	sdk.Serve(q.info(), func(ctx context.Context, h *sdk.Host) error {
		sources, err := sourcesOf(os.Args[1:])
		if err != nil {
			return err
		}
		h.Events() // from here on nothing of what is watched is missed
		return run(ctx, feed.Session{Host: h}, q, config{
			ovsdb: feed.Endpoint(), bridge: h.Bridge(), logger: h.Logger(), sources: sources, owner: h.Owner(), watch: h.Watch,
		})
	})
}

// clean removes what a chassis has written. `flowhost cleanup` starts it so.
func clean(bridge string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := cleanup.Run(ctx, cleanup.Config{OVSDB: feed.Endpoint(), Bridge: bridge, Out: os.Stdout})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// config is what the source is started with.
type config struct {
	ovsdb   string // endpoint of the local Open_vSwitch database
	bridge  string // name of the integration bridge
	logger  hclog.Logger
	sources []string // owners whose flows make the network
	owner   string   // this source's own
	watch   func(ctx context.Context, owner, mark string) error
}

var errArgument = errors.New("unknown arguments")

// sourcesOf are the owners that the arguments of the process name.
func sourcesOf(args []string) ([]string, error) {
	flags := flag.NewFlagSet("arguments", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	sources := flags.String("sources", "lflow,physical,neighbor", "")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%w: %q", errArgument, flags.Args())
	}
	return strings.FieldsFunc(*sources, func(r rune) bool { return r == ',' }), nil
}

// run keeps the rows of this chassis until ctx ends or the session fails.
func run(ctx context.Context, h feed.Host, q *questions, cfg config) error {
	state := local.New(cfg.bridge)
	s := newSource(state, duties(state, cfg))
	asks, end := q.Is(s)
	defer end()
	s.writer = newWriter(s.duties, cfg.logger, asks)
	defer s.writer.running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.writer.running.Go(func() { watch(ctx, s, asks, cfg) })
	tables := tables()
	return feed.Run(ctx, h, s, feed.Config{
		OVSDB:      cfg.ovsdb,
		Logger:     cfg.logger,
		Vswitch:    union(local.AllVswitchTables(), tables.Vswitch),
		Southbound: union(local.AllSouthboundTables(), tables.Southbound),
		Conditions: s.conditions,
		Marked:     s.marked,
		Act: func(known bool, vswitch, southbound feed.Side) time.Time {
			return s.writer.act(ctx, time.Now(), known, [2]database{vswitch.Client, southbound.Client}, [2]uint64{vswitch.Taken, southbound.Taken})
		},
		Note: s.note,
		Asks: asks,
	})
}

// hostname is this machine's, as uname(2) has it.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// unknownPause is how long to wait before a source is looked for again that the host does not know: a reload may bring it.
const unknownPause = 2 * time.Second

// watch has the session hear of the marks of the sources and of the own ones.
func watch(ctx context.Context, s *source, asks feed.Asks, cfg config) {
	missing := append([]string{cfg.owner}, cfg.sources...)
	for {
		missing = slices.DeleteFunc(missing, func(owner string) bool {
			return !errors.Is(cfg.watch(ctx, owner, "*"), sdk.ErrUnknownOwner)
		})
		absent := slices.Clone(missing)
		select {
		case asks <- func(*ovsdb.Client) { s.absent = absent }:
		case <-ctx.Done():
			return
		}
		if len(missing) == 0 {
			return
		}
		select {
		case <-time.After(unknownPause):
		case <-ctx.Done():
			return
		}
	}
}
