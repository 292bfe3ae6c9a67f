package apply

import (
	"context"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/table"
)

// Sink is where a session hears from the loop. Its methods are called in the loop, in order, and must not block.
type Sink interface {
	// Events are the table's, of this session's owner.
	Events([]table.Event)
	// SwitchChanged tells the switch's state at the session's start and at each change.
	SwitchChanged(SwitchState)
}

// SwitchState is what a source may want to know about the switch.
type SwitchState struct {
	Connected  bool
	DatapathID uint64            // of the last connection
	Geneve     int               // N of the field tun_metadataN that OVN's Geneve option has, or NoGeneve
	Features   openflow.Features // of the last connection
}

// Session is one owner's way into the table, from Attach to Detach. Its methods may be called from any goroutine.
type Session struct {
	loop  *Loop
	owner owner
	sink  Sink

	allowed    allowance
	watching   int            // how often Watch was called; the loop's
	subscribed int            // how often Subscribe was; of punts.mu
	waiting    *continuations // packets
}

// Attach begins a session, and with it a sync: what the owner had before is stale until it is said again. Errors:
// ErrUnknownOwner, ErrOwnerBusy, ErrStopped.
func (l *Loop) Attach(ctx context.Context, name string, sink Sink) (*Session, error) {
	o, ok := l.owners.get(name)
	if !ok {
		return nil, ErrUnknownOwner
	}
	s := &Session{loop: l, owner: o, sink: sink, waiting: newContinuations()}
	var busy bool
	err := l.do(ctx, func() {
		if busy = l.sessions[o.id] != nil; busy {
			return
		}
		l.sessions[o.id] = s
		l.table.SyncBegin(o.id, l.now())
		sink.SwitchChanged(l.sw.state())
	})
	if err == nil && busy {
		err = ErrOwnerBusy
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Spec is the owner's configuration, as it is now.
func (s *Session) Spec() table.OwnerSpec {
	now, _ := s.loop.owners.get(s.owner.spec.Name)
	return now.spec
}

// Commit checks the transaction in the caller's goroutine and commits it in the loop; of an atomic one, it also waits until the
// switch has taken it. Errors: those of table.Commit, ErrRefused (of an atomic one), ErrSessionEnded, ErrStopped; nothing has
// changed then. When ctx ends first, the transaction was not committed, or is an atomic one that the switch has not answered.
func (s *Session) Commit(ctx context.Context, txn *table.Txn) (table.Revision, error) {
	txn.Owner = s.owner.id
	if err := s.loop.table.Prepare(txn); err != nil {
		return 0, err
	}
	var outcome <-chan error
	var big *big
	rev, err := s.do(ctx, func(t *table.Table) (table.Revision, error) {
		now := s.loop.now()
		if !txn.Atomic && (t.IsBig(txn) || s.loop.mustWait(s, now)) {
			big = s.later(costOf(txn), func(t *table.Table) *table.Sliced { return t.CommitSliced(txn, s.loop.now()) })
			return 0, nil
		}
		rev, err := t.Commit(txn, now)
		s.spend(now, costOf(txn))
		if err == nil && txn.Atomic {
			outcome = s.loop.beginAtomic(s.owner.id)
		}
		return rev, err
	})
	switch {
	case big != nil:
		return big.result()
	case err != nil || outcome == nil:
		return rev, err
	}
	select {
	case err = <-outcome:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-s.loop.stopped:
		err = ErrStopped
	}
	return rev, err
}

// SyncBegin marks all the owner has as stale.
func (s *Session) SyncBegin(ctx context.Context) error {
	_, err := s.do(ctx, func(t *table.Table) (table.Revision, error) {
		t.SyncBegin(s.owner.id, s.loop.now())
		return 0, nil
	})
	return err
}

// SyncDone removes what is still stale.
func (s *Session) SyncDone(ctx context.Context) (table.Revision, error) {
	var big *big
	_, err := s.do(ctx, func(*table.Table) (table.Revision, error) {
		s.loop.heavy = true
		big = s.later(txnTime, func(t *table.Table) *table.Sliced { return t.SyncDoneSliced(s.owner.id, s.loop.now()) })
		return 0, nil
	})
	if err != nil {
		return 0, err
	}
	return big.result()
}

// Detach ends the session; the owner's flows stay. Detaching twice does nothing.
func (s *Session) Detach() {
	_, _ = s.do(context.Background(), func(t *table.Table) (table.Revision, error) {
		delete(s.loop.sessions, s.owner.id)
		s.loop.watches.forget(s)
		s.loop.punts.forget(s)
		s.loop.endAtomic(s.owner.id, ErrSessionEnded)
		t.SessionEnded(s.owner.id, s.loop.now())
		return 0, nil
	})
}

// do runs f in the loop unless the session has ended.
func (s *Session) do(ctx context.Context, f func(*table.Table) (table.Revision, error)) (rev table.Revision, err error) {
	loopErr := s.loop.do(ctx, func() {
		if s.loop.sessions[s.owner.id] != s {
			err = ErrSessionEnded
			return
		}
		rev, err = f(s.loop.table)
	})
	if loopErr != nil {
		return 0, loopErr
	}
	return rev, err
}
