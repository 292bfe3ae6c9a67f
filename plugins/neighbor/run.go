package main

import (
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/sdk"
)

// batch is how many rows are told to the host in one transaction: far fewer than one may hold.
const batch = 4096

// host is what this source needs of its session with the host.
type host interface {
	// Commit returns when the host has all of the operations, or none.
	Commit(context.Context, []operation) error
	SyncBegin(context.Context) error
	SyncDone(context.Context) (sdk.Revision, error)
	Events() <-chan sdk.Event
	Status(ready bool, text string)
}

// config is what a source is started with.
type config struct {
	ovsdb  string // endpoint of the local Open_vSwitch database
	bridge string // name of the integration bridge
	logger hclog.Logger
}

// source makes the host's flows follow the databases.
type source struct {
	config
	host       host
	neighbors  *neighbors
	running    sync.WaitGroup // clients of databases
	vswitch    *database
	southbound *database // nil until it is known where
	remote     string    // where the southbound database was last said to be
	keys       ovsdb.TLS // with which it is reached, if at an ssl: endpoint
	synced     bool      // SyncDone was said
	status     string    // told last
}

// run makes the host's flows follow the databases until ctx ends or the session fails.
func run(ctx context.Context, h host, cfg config) error {
	s := &source{config: cfg, host: h}
	s.neighbors = newNeighbors(cfg.bridge, pipeline.OVN2303(), s.warn)
	defer s.running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	err := s.openVswitch(ctx)
	for resyncs := resyncs(h.Events()); err == nil; {
		if err = s.push(ctx); err != nil {
			break
		}
		select {
		case b := <-s.vswitch.batches():
			s.vswitch.take(b, s.neighbors)
			s.useKeys(keys(b, s.keys))
		case b := <-s.southbound.batches():
			s.southbound.take(b, s.neighbors)
		case <-s.vswitch.states():
		case <-s.southbound.states():
		case <-resyncs:
			err = s.resync(ctx)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	return err
}

// push brings the host up to date with what is known, and ends the sync once everything is known.
func (s *source) push(ctx context.Context) error {
	datapaths := s.neighbors.settle()
	if err := s.follow(ctx, len(datapaths) > 0); err != nil {
		return err
	}
	for operations := s.neighbors.take(batch); len(operations) > 0; operations = s.neighbors.take(batch) {
		if err := s.host.Commit(ctx, operations); err != nil {
			return err
		}
	}
	missing := s.missing()
	if missing == "" && !s.synced {
		if _, err := s.host.SyncDone(ctx); err != nil {
			return err
		}
		s.synced = true
	}
	s.tell(missing)
	return nil
}

// follow keeps the southbound database, and what is wanted of it, in line with what is known of this chassis.
func (s *source) follow(ctx context.Context, moved bool) error {
	if remote := s.neighbors.local.Setting("ovn-remote"); remote != s.remote && remote != "" {
		s.remote = remote
		if err := s.openSouthbound(ctx); err != nil {
			s.logger.Warn("external_ids:ovn-remote is of no use, waiting for another", "ovn-remote", remote, "error", err)
		}
	}
	if s.southbound == nil || !moved {
		return nil
	}
	return s.southbound.want(slices.Collect(s.neighbors.local.Datapaths()))
}

func (s *source) openVswitch(ctx context.Context) error {
	cfg, err := followVswitch(s.config.ovsdb, s.logger)
	if err == nil {
		s.vswitch, err = open(ctx, &s.running, "local Open_vSwitch database", cfg)
	}
	return err
}

// useKeys has the southbound database reached with other keys, from the next connection on.
func (s *source) useKeys(keys ovsdb.TLS) {
	if s.keys = keys; s.southbound != nil {
		s.southbound.SetTLS(keys)
	}
}

// openSouthbound follows the southbound database at where it is now, and tells the differences to where it was before.
func (s *source) openSouthbound(ctx context.Context) error {
	if s.southbound != nil {
		return s.southbound.SetEndpoints(s.remote)
	}
	cfg, err := followSouthbound(s.remote, s.logger)
	if cfg.TLS = s.keys; err == nil {
		s.southbound, err = open(ctx, &s.running, "southbound database", cfg)
	}
	return err
}

// resync says everything again, because the host asks for it.
func (s *source) resync(ctx context.Context) error {
	s.neighbors.restart()
	s.synced = false
	return s.host.SyncBegin(ctx)
}

// missing says what is missing until everything is known; "" when nothing is.
func (s *source) missing() string {
	if text := s.vswitch.missing(); text != "" {
		return text
	}
	for _, key := range []string{"system-id", "ovn-remote"} {
		if s.neighbors.local.Setting(key) == "" {
			return "waiting for external_ids:" + key + " in table Open_vSwitch at " + s.config.ovsdb
		}
	}
	if s.southbound == nil {
		return "waiting for another external_ids:ovn-remote than " + s.remote
	}
	return s.southbound.missing()
}

// tell tells the operator what is missing, when that has changed.
func (s *source) tell(missing string) {
	text := missing
	if missing == "" {
		text = "following the southbound database at " + s.southbound.State().Endpoint
	}
	if text != s.status {
		s.status = text
		s.host.Status(missing == "", text)
	}
}

// warn tells of a row that has no flows because of what is in it. Rows come once, and again when they change.
func (s *source) warn(row uuid.UUID, problem error) {
	s.logger.Warn("a row has no flows", "row", row, "problem", problem)
}

// resyncs is where it arrives that the host wants to be told everything again. It reads the events to their end, so
// that they do not pile up while something is being committed.
func resyncs(events <-chan sdk.Event) <-chan struct{} {
	wanted := make(chan struct{}, 1)
	go func() {
		for event := range events {
			if _, ok := event.(sdk.Resync); !ok {
				continue
			}
			select {
			case wanted <- struct{}{}:
			default:
			}
		}
	}()
	return wanted
}
