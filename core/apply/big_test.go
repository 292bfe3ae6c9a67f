package apply

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/table"
)

// lots is a transaction that takes long enough for others to come in between.
func lots(from int) *table.Txn {
	txn := &table.Txn{ID: 1}
	for n := from; n < from+60_000; n++ {
		op := table.Op{Kind: table.OpAdd, UUID: id(n)}
		op.Flows = append(op.Flows, numbered(n))
		txn.Ops = append(txn.Ops, op)
	}
	return txn
}

func TestBigTransactionHoldsUpNobody(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	bob.awaitInstalled(bob.add(1))
	txn := lots(100_000)
	done := make(chan error)
	go func() {
		_, err := alice.Commit(t.Context(), txn)
		done <- err
	}()
	between := 0
	for n := 2; ; n++ {
		bob.add(n)
		select {
		case err := <-done:
			if err != nil || between < 3 {
				t.Errorf("err = %v; %d commits meanwhile", err, between)
			}
			alice.awaitInstalled(1)
			bob.awaitInstalled(uint64(n))
			if got := len(sw.Flows()); got != 60_000+n {
				t.Errorf("%d flows in the switch, want %d", got, 60_000+n)
			}
			return
		default:
			between++
		}
	}
}

func TestTheEndOfASyncIsDoneInSlices(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	if _, err := alice.Commit(t.Context(), lots(100_000)); err != nil {
		t.Fatal(err)
	}
	alice.awaitInstalled(1)
	if err := alice.SyncBegin(t.Context()); err != nil {
		t.Fatal(err)
	}
	bob.awaitInstalled(bob.add(1))
	alice.syncDone()
	eventually(t, "all that was not said again is gone", func() bool { return len(sw.Flows()) == 1 })
}

func TestStopInTheMiddleOfABigTransaction(t *testing.T) {
	l, stop := startLoop(t, newSwitch(t))
	alice := attach(t, l, "alice")
	done := make(chan error)
	go func() {
		_, err := alice.Commit(t.Context(), lots(100_000))
		done <- err
	}()
	time.Sleep(10 * time.Millisecond)
	stop()
	if err := <-done; err != nil && !errors.Is(err, ErrStopped) {
		t.Errorf("err = %v", err)
	}
}

func TestAllowance(t *testing.T) {
	now := time.Unix(1000, 0)
	var a allowance
	if a.overdrawn(now) || a.left != shareBurst {
		t.Errorf("%v left of one that was long idle, want %v", a.left, shareBurst)
	}
	a.left -= shareBurst + 100*time.Millisecond
	if now = now.Add(300 * time.Millisecond); !a.overdrawn(now) {
		t.Errorf("%v left after 300 ms, of which a quarter is its own", a.left)
	}
	if now = now.Add(200 * time.Millisecond); a.overdrawn(now) {
		t.Errorf("%v left after half a second, of which a quarter is its own", a.left)
	}
}

// TestWhoWaits: who has had more than its share waits while others commit, but not in the middle of what others wait for.
func TestWhoWaits(t *testing.T) {
	now := time.Unix(1000, 0)
	l := &Loop{now: func() time.Time { return now }, sessions: make(map[table.OwnerID]*Session)}
	var s [3]*Session
	for i := range s {
		s[i] = &Session{loop: l, owner: owner{id: table.OwnerID(i + 1)}}
		l.sessions[s[i].owner.id] = s[i]
		s[i].allowed = allowance{at: now, last: now.Add(-time.Hour)}
	}
	greedy, modest, other := s[0], s[1], s[2]
	greedy.allowed.left = -time.Second
	for _, step := range []struct {
		what string
		do   func()
		next bool
		who  []*Session
	}{
		{"nothing", func() {}, false, nil},
		{"nobody else is there", func() { greedy.later(0, nil) }, true, []*Session{greedy}},
		{"somebody else has committed", func() { other.allowed.last = now }, false, []*Session{greedy}},
		{"somebody else comes", func() { modest.later(0, nil) }, true, []*Session{modest, greedy}},
		{"that is done", func() { l.bigs = l.bigs[1:] }, false, []*Session{greedy}},
		{"a second later", func() { now = now.Add(time.Second); other.allowed.last = now }, false, []*Session{greedy}},
		{"four seconds later", func() { now = now.Add(3 * time.Second); other.allowed.last = now }, true, []*Session{greedy}},
		{"under way, and overdrawn", func() { l.bigs[0].sliced, greedy.allowed.left = new(table.Sliced), -time.Second }, false, []*Session{greedy}},
		{"somebody waits for it", func() { modest.later(0, nil) }, true, []*Session{greedy, modest}},
	} {
		step.do()
		next := l.nextBig()
		var who []*Session
		for _, b := range l.bigs {
			who = append(who, b.session)
		}
		if next != step.next || !slices.Equal(who, step.who) {
			t.Errorf("%s: %v, %d waiting in another order or number", step.what, next, len(who))
		}
	}
}
