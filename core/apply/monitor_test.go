package apply

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/hashicorp/go-hclog"
)

// synced is a loop in which alice has flows 1 to n and all owners have synced.
func synced(t *testing.T, n int, options ...func(*Config)) (*Loop, *client, *switchUnderTest) {
	t.Helper()
	sw := newSwitch(t)
	l, _ := startLoop(t, sw, options...)
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	alice.awaitInstalled(alice.add(upTo(n)...))
	alice.syncDone()
	bob.syncDone()
	eventually(t, "steady", func() bool { return status(t, l).Phase == Steady })
	return l, alice, sw
}

func drifted(k flow.Key) func(table.Event) bool {
	return func(e table.Event) bool { return e.Kind == table.EventDrifted && e.Key == k }
}

func TestWhatOthersChangeIsPutBack(t *testing.T) {
	_, alice, sw := synced(t, 3)
	want := sw.Flows()

	sw.Delete(numbered(1).Key)
	alice.await("drifted", drifted(numbered(1).Key))
	changed := numbered(2)
	changed.Actions = ""
	sw.Put(changed)
	alice.await("drifted", drifted(numbered(2).Key))
	sw.Put(numbered(99)) // nobody's
	eventually(t, "all is as it was", func() bool {
		now := sw.Flows()
		if len(now) != len(want) {
			return false
		}
		for i := range now {
			if now[i] != want[i] {
				return false
			}
		}
		return true
	})
}

func TestOwnChangesAreNoDrift(t *testing.T) {
	l, alice, sw := synced(t, 100)
	before := sw.Log().FlowMods()
	for n := 101; n <= 200; n++ {
		alice.add(n)
	}
	alice.awaitInstalled(alice.txns)
	alice.awaitInstalled(alice.mustCommit(table.Op{Kind: table.OpRemove, UUID: id(150)}))
	if got := sw.Log().FlowMods() - before; got != 101 {
		t.Errorf("%d flow mods for 101 changes", got)
	}
	if s := status(t, l); s.Foreign != 0 {
		t.Errorf("%d changes of others counted, and there was no other", s.Foreign)
	}
}

func TestKeysFoughtOverAreLeftAlone(t *testing.T) {
	_, alice, sw := synced(t, 1)
	key := numbered(1).Key
	contested := func(e table.Event) bool { return e.Kind == table.EventContested && e.Key == key }
	for range 2 * 5 {
		sw.Delete(key)
		eventually(t, "the flow is back, or contested", func() bool {
			alice.mu.Lock()
			defer alice.mu.Unlock()
			for _, e := range alice.events {
				if contested(e) {
					return true
				}
			}
			return len(sw.Flows()) == 1
		})
	}
	alice.await("contested", contested)
	mods := sw.Log().FlowMods()
	if mods > 10 {
		t.Errorf("%d flow mods in a fight over one key", mods)
	}
}

func TestAnotherWriterIsTold(t *testing.T) {
	var said lines
	log := hclog.New(&hclog.LoggerOptions{Output: &said})
	l, alice, sw := synced(t, 2*foreignLimit, func(c *Config) { c.Logger = log })
	want := sw.Flows()
	var keys []flow.Key
	for _, f := range want {
		keys = append(keys, f.Key)
	}
	sw.Delete(keys...) // as the bridge is flushed: that says nothing of another program
	alice.await("drifted", drifted(keys[len(keys)-1]))
	eventually(t, "all are back", func() bool { return slices.Equal(sw.Flows(), want) })
	if status(t, l).Another {
		t.Error("the status tells of another program after a flush")
	}
	for _, f := range want {
		f.Actions = ""
		sw.Put(f)
	}
	eventually(t, "all are right", func() bool { return slices.Equal(sw.Flows(), want) })
	if n := strings.Count(said.String(), "another program writes flows to this bridge"); n != 1 {
		t.Errorf("told %d times, want once:\n%s", n, said.String())
	}
	if !status(t, l).Another {
		t.Error("the status does not tell of the other program")
	}
}

// TestTwoHostsDoNotFight runs two hosts with other ideas of what the same owners want on one switch: each finds the other, and
// neither goes on for long.
func TestTwoHostsDoNotFight(t *testing.T) {
	const keys = 50
	var said lines
	l, _, sw := synced(t, keys, logged(&said))
	other, _ := startLoop(t, sw)
	alice, bob := attach(t, other, "alice"), attach(t, other, "bob")
	var ops []table.Op
	for n := 1; n <= keys; n++ { // the same keys, with other actions; and keys that the first does not want
		f := numbered(n)
		f.Actions = ""
		ops = append(ops, addFlow(n, f), addFlow(1000+n, numbered(1000+n)))
	}
	alice.mustCommit(append(ops, table.Op{Kind: table.OpSetGroup, ID: 7, Body: dropGroup()})...)
	alice.syncDone()
	bob.syncDone()
	eventually(t, "each has found the other", func() bool { return status(t, l).Another && status(t, other).Another })
	if !strings.Contains(said.String(), "another program writes flows to this bridge") {
		t.Errorf("not told:\n%s", said.String())
	}
	time.Sleep(2 * time.Second)
	// Each side puts each thing right contestLimit times, and after pauses of 1 s, 2 s and so on: in two seconds once more, and
	// in a minute eleven times.
	if mods, want := sw.Log().FlowMods()+sw.Log().GroupMods, 2*(2*keys+1)*11; mods > want {
		t.Errorf("%d flow mods and group mods, want at most %d", mods, want)
	}
}

// TestWhatSomebodyKeepsAddingGoesAfterPauses has a program that adds a flow and a group of nobody's each time they are gone.
func TestWhatSomebodyKeepsAddingGoesAfterPauses(t *testing.T) {
	_, alice, sw := synced(t, 1)
	before := sw.Log()
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if len(sw.Flows()) == 1 {
			sw.Put(numbered(99))
		}
		if len(sw.Groups()) == 0 {
			sw.PutGroup(openflow.Group{ID: 1000})
		}
	}
	after := sw.Log()
	if deleted := after.Deleted - before.Deleted; deleted < 4 || deleted > 8 {
		t.Errorf("the flow was deleted %d times in two seconds, want it five times, and then after pauses", deleted)
	}
	if deleted := after.GroupMods - before.GroupMods; deleted < 4 || deleted > 8 {
		t.Errorf("the group was deleted %d times in two seconds, want it five times, and then after pauses", deleted)
	}
	alice.awaitInstalled(alice.add(2)) // nobody waits for that
	eventually(t, "both are gone in the end", func() bool { return len(sw.Flows()) == 2 && len(sw.Groups()) == 0 })
}

func TestBigLoadMissesNothing(t *testing.T) {
	_, alice, sw := synced(t, 10)
	alice.pile(sw, upTo(laneLoad + 1000)[10:]...)
	sw.Delete(numbered(3).Key, numbered(4).Key)
	sw.Put(numbered(1 << 20))
	alice.awaitInstalled(alice.txns)
	eventually(t, "what was missed meanwhile is put right", func() bool {
		flows := sw.Flows()
		return len(flows) == laneLoad+1000
	})
}

func TestPortNumberThatIsReusedPassesNothingOn(t *testing.T) {
	sw := newSwitch(t)
	port := openflow.PortDesc{Number: 5, Name: "vm1"}
	sw.SetPort(port)
	memory := new(remembered)
	remember := func(c *Config) { c.Ports = memory }
	first, stop := startLoop(t, sw, remember)
	alice := attach(t, first, "alice")
	onPort := func(n int) flow.Flow {
		m, err := flow.NewMatch(flow.InPort.Is(5), flow.Reg[0].Is(uint64(n)))
		if err != nil {
			t.Fatal(err)
		}
		f := numbered(n)
		f.Match = m
		return f
	}
	alice.awaitInstalled(alice.mustCommit(addFlow(1, onPort(1)), addFlow(2, numbered(2))))

	t.Run("while its owner is away", func(t *testing.T) {
		alice.Detach()
		sw.RemovePort(5)
		eventually(t, "the flow on the port is gone", func() bool { return len(sw.Flows()) == 1 })
	})
	t.Run("while the host is away", func(t *testing.T) {
		sw.SetPort(port)
		alice := attach(t, first, "alice")
		alice.awaitInstalled(alice.mustCommit(addFlow(3, onPort(3)), addFlow(2, numbered(2))))
		stop()
		sw.SetPort(openflow.PortDesc{Number: 5, Name: "vm2"})
		startLoop(t, sw, remember)
		eventually(t, "the flow on the port is gone", func() bool { return len(sw.Flows()) == 1 })
	})
}

// TestPortsAreNotRememberedTooEarly has the host end after it was told the ports, and before it has read the flows.
func TestPortsAreNotRememberedTooEarly(t *testing.T) {
	sw := newSwitch(t)
	memory := &remembered{ports: Ports{5: "vm1"}}
	l, err := New(Config{
		Switch: swconn.Config{Dial: sw.Dial}, Logger: hclog.NewNullLogger(), Ports: memory,
	})
	if err != nil {
		t.Fatal(err)
	}
	l.comparePorts(Ports{5: "vm2"})
	if got := memory.Load()[5]; got != "vm1" {
		t.Errorf("port 5 is remembered as %s: the next run would not know that its flows are another port's", got)
	}
}

// remembered is a PortMemory.
type remembered struct {
	mu    sync.Mutex
	ports Ports
}

func (r *remembered) Load() Ports {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ports
}

func (r *remembered) Save(p Ports) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ports = p
}

// lines is what was logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
