package apply

import (
	"slices"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/core/table"
)

// loadedOverLanes is a loop with a big load behind it and the lanes of it still open, as its clock stands still.
func loadedOverLanes(t *testing.T, sw *swtest.Switch) (l *Loop, alice, bob *client) {
	t.Helper()
	now := time.Now()
	l, _ = startLoop(t, sw, func(c *Config) { c.Now = func() time.Time { return now } })
	alice, bob = attach(t, l, "alice"), attach(t, l, "bob")
	alice.awaitInstalled(alice.pile(sw, upTo(2*laneLoad)...))
	eventually(t, "all lanes are up", func() (up bool) {
		inLoop(t, l, func() {
			up = len(l.lanes.list) > 1 && !slices.ContainsFunc(l.lanes.list, func(ln *lane) bool { return !ln.up })
		})
		return up
	})
	return l, alice, bob
}

func inLoop(t *testing.T, l *Loop, f func()) {
	t.Helper()
	if err := l.do(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// TestSmallChangeOvertakesBigLoad: while the switch stands still, a single flow is on its way although thousands wait, with nothing of
// them before it on its connection.
func TestSmallChangeOvertakesBigLoad(t *testing.T) {
	sw := newSwitch(t)
	l, alice, bob := loadedOverLanes(t, sw)
	sw.Hang(true)
	alice.add(upTo(3 * laneLoad)[2*laneLoad:]...)
	bobs := bob.add(1 << 20)
	single := alice.add(1<<20 + 1) // of the owner whose load it is
	inLoop(t, l, func() {
		var ahead []table.Change
		for _, b := range l.lanes.first().sent {
			ahead = append(ahead, b.changes...)
		}
		if len(ahead) != 2 || ahead[0].Flow.Match != numbered(1<<20).Match || ahead[1].Flow.Match != numbered(1<<20+1).Match {
			t.Errorf("on the way on the first lane: %d changes, want the two single ones", len(ahead))
		}
		if due := l.table.Due() - l.lanes.inFlight(); due == 0 {
			t.Error("the whole load is on its way")
		}
	})
	sw.Hang(false)
	bob.awaitInstalled(bobs)
	alice.awaitInstalled(single)
	if got := len(sw.Flows()); got != 3*laneLoad+2 {
		t.Errorf("%d flows in the switch, want %d", got, 3*laneLoad+2)
	}
}

// TestBacklogIsBounded: however much is due, only so much of it waits in this process for a switch that does not read.
func TestBacklogIsBounded(t *testing.T) {
	sw := newSwitch(t)
	for n := range 3 * portsPerLane {
		sw.SetPort(openflow.PortDesc{Number: uint32(n + 1), Name: "p"})
	}
	l, alice, bob := loadedOverLanes(t, sw)
	sw.Hang(true)
	numbers := upTo(10 * laneLoad)[2*laneLoad:]
	for part := range slices.Chunk(numbers, laneLoad) {
		alice.add(part...)
	}
	for n := range 300 {
		bob.add(1<<20 + n)
	}
	inLoop(t, l, func() {
		if len(l.lanes.list) != 5 {
			t.Errorf("%d lanes with %d ports, want 5", len(l.lanes.list), len(l.ports))
		}
		for i, ln := range l.lanes.list {
			const most = laneBytes + batchMax*200 // one batch of short flows above the bound
			if ln.unanswered() > most || ln.conn.Backlog() > most {
				t.Errorf("lane %d: %d bytes unanswered, %d of them here; want at most %d", i, ln.unanswered(), ln.conn.Backlog(), most)
			}
		}
	})
	sw.Hang(false)
	bob.awaitInstalled(bob.txns)
	alice.awaitInstalled(alice.txns)
}

// TestDeletesWaitForTheLoad: what a load takes away goes when all is there that it brings, whatever the lane.
func TestDeletesWaitForTheLoad(t *testing.T) {
	sw := newSwitch(t)
	l, alice, _ := loadedOverLanes(t, sw)
	sw.Hang(true)
	var ops []table.Op
	for n := range laneLoad {
		ops = append(ops, table.Op{Kind: table.OpSet, UUID: id(n + 1)}, addFlow(n+2*laneLoad+1, numbered(n+2*laneLoad+1)))
	}
	alice.mustCommit(ops...)
	onTheWay := func(what func(table.ChangeKind) bool) (n int) {
		inLoop(t, l, func() {
			for _, ln := range l.lanes.list {
				for _, b := range ln.sent {
					for _, c := range b.changes {
						if what(c.Kind) {
							n++
						}
					}
				}
			}
		})
		return n
	}
	adds, deleted := onTheWay(func(k table.ChangeKind) bool { return !deletes(k) }), onTheWay(deletes)
	if adds == 0 || deleted != 0 {
		t.Errorf("on the way: %d adds, %d deletes; want no deletes yet", adds, deleted)
	}
	sw.Hang(false)
	alice.awaitInstalled(alice.txns)
	if got := len(sw.Flows()); got != 2*laneLoad {
		t.Errorf("%d flows in the switch, want %d", got, 2*laneLoad)
	}
}

// TestSettledAfterALoad: what a load took may be given back when the lanes are closed and the switch has been read once more.
func TestSettledAfterALoad(t *testing.T) {
	sw := newSwitch(t)
	settled := make(chan struct{}, 100)
	l, _ := startLoop(t, sw, func(c *Config) { c.Settled = func() { settled <- struct{}{} } })
	alice := attach(t, l, "alice")
	await := func(what string) {
		t.Helper()
		select {
		case <-settled:
		case <-time.After(3 * patience):
			t.Fatalf("not settled %s", what)
		}
	}
	await("after the dump")
	alice.awaitInstalled(alice.pile(sw, upTo(2*laneLoad)...))
	dumps := sw.Log().Dumps
	await("after the load")
	if got := sw.Log(); got.Dumps == dumps {
		t.Error("settled before the switch was read once more")
	}
	inLoop(t, l, func() {
		if n := len(l.lanes.list); n != 1 {
			t.Errorf("settled with %d lanes", n)
		}
	})
	alice.syncDone()
	await("after the sync")
}

func TestProgressOfALoad(t *testing.T) {
	sw := newSwitch(t)
	l, alice, _ := loadedOverLanes(t, sw)
	sw.Hang(true)
	alice.add(upTo(3 * laneLoad)[2*laneLoad:]...)
	p := status(t, l).Progress
	if p.Due+p.InFlight != laneLoad || p.InFlight == 0 || p.Unanswered < 50*p.InFlight || p.Backlog > p.Unanswered || p.Lanes != 2 {
		t.Errorf("progress: %+v, want %d changes due or on their way, over 2 lanes", p, laneLoad)
	}
	sw.Hang(false)
	alice.awaitInstalled(alice.txns)
	if p := status(t, l).Progress; p != (Progress{Lanes: 2}) {
		t.Errorf("progress when all is installed: %+v", p)
	}
}
