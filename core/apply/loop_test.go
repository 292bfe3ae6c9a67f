package apply

import (
	"errors"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

func TestCommitReachesTheSwitch(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice := attach(t, l, "alice")
	alice.awaitInstalled(alice.add(7))

	flows := sw.Flows()
	want := numbered(7)
	want.Cookie = 1<<56 | 7 // slot and the UUID's first 32 bits
	if len(flows) != 1 || flows[0] != want {
		t.Errorf("in the switch: %v, want %v", flows, want)
	}
}

func TestRestartTouchesNothing(t *testing.T) {
	sw := newSwitch(t)
	first, stop := startLoop(t, sw)
	alice := attach(t, first, "alice")
	alice.awaitInstalled(alice.add(upTo(500)...))
	stop()
	before := sw.Log()

	second, _ := startLoop(t, sw)
	alice, bob := attach(t, second, "alice"), attach(t, second, "bob")
	bob.syncDone()
	alice.awaitInstalled(alice.add(upTo(500)...))
	alice.syncDone()
	eventually(t, "nothing held", func() bool { return status(t, second).Phase == Steady })
	if after := sw.Log(); after.FlowMods() != before.FlowMods() {
		t.Errorf("flow mods: %d before the restart, %d after", before.FlowMods(), after.FlowMods())
	}
}

func TestUnclaimedGoesAfterSyncDone(t *testing.T) {
	sw := newSwitch(t)
	left := numbered(9)
	left.Cookie = 1<<56 | 9 // alice's, of an earlier life
	sw.Put(left)
	l, _ := startLoop(t, sw)
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	bob.syncDone()
	alice.awaitInstalled(alice.add(1))
	if n := len(sw.Flows()); n != 2 {
		t.Fatalf("%d flows before alice's SyncDone, want hers and the one left over", n)
	}
	alice.syncDone()
	eventually(t, "the flow left over is gone", func() bool { return len(sw.Flows()) == 1 })
}

func TestCutConnectionResendsNothing(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice := attach(t, l, "alice")
	alice.awaitInstalled(alice.add(1, 2, 3))
	before := sw.Log()
	sw.Cut()
	alice.awaitInstalled(alice.add(4))
	after := sw.Log()
	if after.Sessions != before.Sessions+1 || after.FlowMods() != before.FlowMods()+1 {
		t.Errorf("before the cut %+v, after %+v; want one session and one flow mod more", before, after)
	}
}

// refuseSome makes the switch refuse every tenth flow with the error that OVS calls name.
func refuseSome(sw interface {
	Refuse(func(flow.Flow) *openflow.Error)
}, e openflow.Error) {
	bad := make(map[flow.Match]bool)
	for n := 10; n <= 1000; n += 10 {
		bad[numbered(n).Match] = true
	}
	sw.Refuse(func(f flow.Flow) *openflow.Error {
		if bad[f.Match] {
			return &e
		}
		return nil
	})
}

func TestRefusedFlowsCostOnlyThemselves(t *testing.T) {
	for name, e := range map[string]openflow.Error{
		"when added to the bundle": {Type: 2, Code: 4}, // OFPBAC_BAD_OUT_PORT
		"at commit":                {Type: 2, Code: 9}, // OFPBAC_BAD_OUT_GROUP
	} {
		t.Run(name, func(t *testing.T) {
			sw := newSwitch(t)
			refuseSome(sw, e)
			l, _ := startLoop(t, sw)
			alice := attach(t, l, "alice")
			installed := alice.awaitInstalled(alice.add(upTo(1000)...))
			if n := len(sw.Flows()); n != 900 {
				t.Errorf("%d flows in the switch, want the 900 good ones", n)
			}
			if n := len(installed.Refused); n != 100 {
				t.Errorf("%d flows named as refused, want 100", n)
			}
			alice.await("refused", func(ev table.Event) bool {
				return ev.Kind == table.EventRefused && ev.Key == numbered(10).Key && ev.Err != nil && ev.Err.Error() == e.Error()
			})

			sw.Refuse(nil)
			alice.await("recovered", func(ev table.Event) bool { return ev.Kind == table.EventRecovered })
			eventually(t, "all are in", func() bool { return len(sw.Flows()) == 1000 })
			if sw.Log().Sessions != 1 {
				t.Errorf("%d sessions: an error must not cost the connection", sw.Log().Sessions)
			}
		})
	}
}

// TestRetriesBackOff has the switch refuse one flow for good: it is tried after 1 s, 2 s more and so on, and told once.
func TestRetriesBackOff(t *testing.T) {
	sw := newSwitch(t)
	sw.Refuse(func(f flow.Flow) *openflow.Error { return &openflow.Error{Type: 2, Code: 4} }) // OFPBAC_BAD_OUT_PORT
	l, _ := startLoop(t, sw)
	alice := attach(t, l, "alice")
	alice.awaitInstalled(alice.add(1))
	for end := time.Now().Add(3500 * time.Millisecond); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		alice.awaitInstalled(alice.mustCommit()) // what else goes on makes no difference
	}
	if n := sw.Log().Refused; n < 2 || n > 3 {
		t.Errorf("tried %d times in 3.5 s, want three times", n)
	}
	if n := alice.heard(func(e table.Event) bool { return e.Kind == table.EventRefused }); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
}

func TestBigLoadGoesInSeveralBundles(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice := attach(t, l, "alice")
	n := 3*batchMax + 1
	alice.awaitInstalled(alice.add(upTo(n)...))
	if got := len(sw.Flows()); got != n {
		t.Errorf("%d flows in the switch, want %d", got, n)
	}
	if commits := sw.Log().Commits; commits < 4 {
		t.Errorf("%d commits, want 4 or more", commits)
	}
}

func TestAttach(t *testing.T) {
	l, stop := startLoop(t, newSwitch(t))
	if _, err := l.Attach(t.Context(), "mallory", new(client)); !errors.Is(err, ErrUnknownOwner) {
		t.Errorf("attach of an owner that is not configured: %v", err)
	}
	first := attach(t, l, "alice")
	if _, err := l.Attach(t.Context(), "alice", new(client)); !errors.Is(err, ErrOwnerBusy) {
		t.Errorf("second session of one owner: %v", err)
	}
	first.Detach()
	if _, err := first.SyncDone(t.Context()); !errors.Is(err, ErrSessionEnded) {
		t.Errorf("SyncDone after Detach: %v", err)
	}
	second := attach(t, l, "alice")
	stop()
	if _, err := second.SyncDone(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("SyncDone after the loop's end: %v", err)
	}
}

func TestSourcesHearOfTheSwitch(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice := attach(t, l, "alice")
	heard := func(connected bool) func() bool {
		return func() bool {
			alice.mu.Lock()
			defer alice.mu.Unlock()
			return alice.states[len(alice.states)-1].Connected == connected
		}
	}
	eventually(t, "connected", heard(true))
	sw.Close()
	eventually(t, "not connected", heard(false))
	if s := status(t, l); s.Phase != Disconnected || s.LastError == "" {
		t.Errorf("status %+v, want disconnected and why", s)
	}
}

func status(t *testing.T, l *Loop) Status {
	t.Helper()
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
