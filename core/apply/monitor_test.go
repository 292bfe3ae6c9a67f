package apply

import (
	"strings"
	"sync"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
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
	_, alice, sw := synced(t, 2*foreignLimit, func(c *Config) { c.Logger = log })
	var keys []flow.Key
	for _, n := range upTo(2 * foreignLimit) {
		keys = append(keys, numbered(n).Key)
	}
	sw.Delete(keys...)
	alice.await("drifted", drifted(keys[len(keys)-1]))
	eventually(t, "all are back", func() bool { return len(sw.Flows()) == len(keys) })
	if n := strings.Count(said.String(), "another program writes flows to this bridge"); n != 1 {
		t.Errorf("told %d times, want once:\n%s", n, said.String())
	}
}

func TestBigLoadMissesNothing(t *testing.T) {
	_, alice, sw := synced(t, 10)
	alice.add(upTo(laneLoad + 1000)[10:]...)
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
