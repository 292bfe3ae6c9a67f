package feed

import (
	"context"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk"
)

// batch is how many operations are told to the host in one transaction: as many as marks fit into one, far fewer than operations do.
const batch = 1000

// nbCfg is the mark that says up to which change of the northbound database everything is worked off (ovn-sb(5), SB_Global, nb_cfg).
const nbCfg = "nb_cfg"

// source makes the host's flows follow the databases.
type source struct {
	Config
	host       Host
	maker      Maker
	running    sync.WaitGroup // clients of databases
	vswitch    *database
	southbound *database // nil until it is known where
	remote     string    // where the southbound database was last said to be
	all        bool      // all its rows are wanted, see Config.Conditions
	keys       ovsdb.TLS // with which it is reached, if at an ssl: endpoint
	synced     bool      // SyncDone was said
	retired    retired   // what goes after SyncDone
	told       confirmation
	status     string // told last
	marks      waiting
	nbCfg      string // SB_Global's; "" when there is none
	alarm      alarm
}

// Run makes the host's flows follow the databases until ctx ends or the session fails.
func Run(ctx context.Context, host Host, maker Maker, cfg Config) error {
	s := &source{Config: cfg, host: host, maker: maker, told: confirmation{told: cfg.Told}}
	defer s.running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	events := collect(host.Events())
	s.switchIs(host.Switch())
	err := s.openVswitch(ctx)
	for err == nil {
		if err = s.push(ctx); err != nil {
			break
		}
		select {
		case b := <-s.vswitch.batches():
			s.vswitch.take(b, maker)
			s.useKeys(keys(b, s.keys))
		case b := <-s.southbound.batches():
			s.southbound.take(b, maker)
			s.takeGlobal(b)
		case <-s.vswitch.states():
		case <-s.southbound.states():
		case <-events.news:
			err = s.hear(ctx, events)
		case <-s.alarm.rings():
		case ask := <-s.Asks:
			ask(s.southbound.client())
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	return err
}

// push brings the host up to date with what is known, and ends the sync once everything is known.
func (s *source) push(ctx context.Context) error {
	if err := s.follow(ctx, s.maker.Settle()); err != nil {
		return err
	}
	missing := s.missing()
	for more := true; more; {
		operations, marks := s.maker.Take(batch)
		more = len(operations) == batch || len(marks) == batch
		s.marks.put(marks...)
		marks = nil
		if !more && missing == "" {
			marks = s.marks.take(batch)
			more = len(marks) == batch
		}
		if err := s.commit(ctx, operations, marks); err != nil {
			return err
		}
	}
	if missing == "" && !s.synced {
		if err := s.done(ctx); err != nil {
			return err
		}
	}
	if s.Act != nil {
		s.alarm.set(s.Act(missing == "", s.vswitch.side(), s.southbound.side()))
	}
	s.tell(missing)
	return nil
}

// commit tells the host of operations, in as many transactions as they need, and of marks with the last of them. What goes
// by it before SyncDone is gone only then: see done.
func (s *source) commit(ctx context.Context, operations []Operation, marks []Mark) error {
	if !s.synced {
		s.retired.hold(operations)
	}
	parts := split(operations)
	if len(parts) == 0 && len(marks) > 0 {
		parts = [][]Operation{nil}
	}
	for i, part := range parts {
		var with []Mark
		if i == len(parts)-1 {
			with = marks
		}
		revision, err := s.host.Commit(ctx, part, with)
		if err != nil {
			return err
		}
		if s.synced && i == len(parts)-1 {
			s.told.committed(revision)
		}
	}
	return nil
}

// done ends the sync.
func (s *source) done(ctx context.Context) error {
	revision, err := s.host.SyncDone(ctx)
	if err != nil {
		return err
	}
	s.synced = true
	go debug.FreeOSMemory() // else what loading the databases took is ours for minutes
	rest := s.retired.take()
	if len(rest) == 0 {
		s.told.committed(revision)
	}
	return s.commit(ctx, rest, nil)
}

// takeGlobal takes the southbound database's nb_cfg in. There is one row at most; in another database it is another.
func (s *source) takeGlobal(b *ovsdb.Batch) {
	if b == nil {
		return
	}
	before := s.nbCfg
	for row := range ovsdb.Rows[sb.SBGlobal](b) {
		if row.New != nil {
			s.nbCfg = strconv.Itoa(row.New.NbCfg)
			break
		}
		s.nbCfg = ""
	}
	if s.nbCfg != before {
		s.marks.put(Mark{Name: nbCfg, Value: s.nbCfg})
	}
}

// follow keeps the southbound database, and what is wanted of it, in line with what is known of this chassis.
func (s *source) follow(ctx context.Context, moved bool) error {
	if all := strings.EqualFold(s.maker.Local().Setting("ovn-monitor-all"), "true"); all != s.all { // ovn-controller(8), Configuration
		s.all, moved = all, true
	}
	if remote := s.maker.Local().Setting("ovn-remote"); remote != s.remote && remote != "" {
		s.remote = remote
		if err := s.openSouthbound(ctx); err != nil {
			s.Logger.Warn("external_ids:ovn-remote is of no use, waiting for another", "ovn-remote", remote, "error", err)
		}
	}
	if s.southbound == nil || !moved {
		return nil
	}
	return s.southbound.want(s.conditions())
}

// conditions are those of Config, or none.
func (s *source) conditions() map[string]ovsdb.Where {
	if s.Conditions == nil {
		return nil
	}
	conditions := s.Conditions()
	if s.all {
		for table := range conditions {
			conditions[table] = ovsdb.Where{}
		}
	}
	return conditions
}

func (s *source) openVswitch(ctx context.Context) error {
	cfg, err := followVswitch(s.OVSDB, s.Vswitch, s.Logger)
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
	cfg, err := followSouthbound(s.remote, s.Southbound, s.conditions(), s.Logger)
	if cfg.TLS = s.keys; err == nil {
		s.southbound, err = open(ctx, &s.running, "southbound database", cfg)
	}
	return err
}

// hear takes in what the host has said.
func (s *source) hear(ctx context.Context, events *events) error {
	said := events.take()
	if said.state != nil {
		s.switchIs(*said.state)
	}
	s.told.installed(said.installed)
	if s.Marked != nil {
		for _, m := range said.marks {
			s.Marked(m)
		}
	}
	if said.resync { // says everything again, because the host asks for it
		s.maker.Restart()
		s.told.restart()
		s.synced, s.retired, s.marks = false, retired{}, waiting{}
		if s.nbCfg != "" {
			s.marks.put(Mark{Name: nbCfg, Value: s.nbCfg})
		}
		return s.host.SyncBegin(ctx)
	}
	return nil
}

func (s *source) switchIs(state sdk.SwitchState) {
	if s.Switch != nil {
		s.Switch(state)
	}
}

// missing says what is missing until everything is known; "" when nothing is.
func (s *source) missing() string {
	if text := s.vswitch.missing(); text != "" {
		return text
	}
	for _, key := range []string{"system-id", "ovn-remote"} {
		if s.maker.Local().Setting(key) == "" {
			return "waiting for external_ids:" + key + " in table Open_vSwitch at " + s.OVSDB
		}
	}
	if s.southbound == nil {
		return "waiting for another external_ids:ovn-remote than " + s.remote
	}
	if text := s.southbound.missing(); text != "" || s.Missing == nil {
		return text
	}
	return s.Missing()
}

// tell tells the operator what is missing, when that has changed.
func (s *source) tell(missing string) {
	text := missing
	if missing == "" {
		text = "following the southbound database at " + s.southbound.State().Endpoint
	}
	if s.Note != nil {
		if note := s.Note(); note != "" {
			text += "; " + note
		}
	}
	if text != s.status {
		s.status = text
		s.host.Status(missing == "", text)
	}
}
