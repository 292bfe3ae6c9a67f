package fault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/e2e/cloud"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// recovery is how long packets may be lost at a time when the datapath itself has died: until its process is back, its bridges and
// tunnels are, and all flows.
const recovery = 20 * time.Second

// pings are those of one side: within the node, and to another.
type pings[T any] struct{ near, far T }

// A fault is something that breaks, on both sides in the same way.
type fault struct {
	name    string
	prepare func(*scene, *testing.T) // before packets are counted; nil: nothing
	do      func(*scene, *testing.T) // breaks it, and mends it
	// cut says which packets nobody can deliver meanwhile: what would carry them is down.
	cut pings[bool]
	// known says that ovn-controller is known to lose packets. If it does not, this test would not see if flowhost did.
	known bool
	// untouched says that flows stay in the switch, though packets are lost. They do wherever packets are not lost, too.
	untouched bool
}

var everything = pings[bool]{near: true, far: true}

var faults = []fault{
	{name: "host killed", known: true, do: func(s *scene, t *testing.T) {
		s.own.Restart(t, cloud.Flowhost)
		s.theirs.Restart(t, cloud.Controller)
	}},
	{name: "plugin lflow killed", known: true, do: killPlugin("lflow")},
	{name: "plugin physical killed", known: true, do: killPlugin("physical")},
	{name: "plugin neighbor killed", known: true, do: killPlugin("neighbor")},
	{name: "plugin chassis killed", known: true, do: killPlugin("chassis")},
	{name: "ovs-vswitchd killed", known: true, cut: everything, do: onBoth(func(t *testing.T, side *side) {
		side.Restart(t, cloud.Vswitchd)
	})},
	// Without its database ovs-vswitchd does not run its userspace datapath (bridge_run()): a kernel's would go on.
	{name: "ovsdb-server killed", cut: everything, untouched: true, do: onBoth(func(t *testing.T, side *side) {
		side.Signal(t, cloud.OVSDB, "KILL")
		time.Sleep(time.Second)
		side.Start(t, cloud.OVSDB)
	})},
	{name: "northbound database killed", do: killCentral(cloud.Northbound)},
	{name: "ovn-northd killed", do: killCentral(cloud.Northd)},
	{name: "southbound failover", do: (*scene).failOver},
	{name: "southbound database killed", do: killCentral(cloud.Southbounds[:]...)},
	{name: "cut from central", do: func(s *scene, t *testing.T) {
		for _, side := range s.sides() {
			side.CutCentral(t)
		}
		time.Sleep(2 * time.Second)
		for _, side := range s.sides() {
			side.HealCentral(t)
		}
	}},
	{name: "cut from all", cut: pings[bool]{far: true}, known: true, do: onBoth(func(t *testing.T, side *side) {
		side.Cut(t)
		time.Sleep(time.Second)
		side.Heal(t)
	})},
	{name: "database's disk full", do: onBoth(fillDisk)},
	{name: "everything killed", cut: everything, known: true, do: func(s *scene, t *testing.T) {
		s.Central.Restart(t, s.Central.Daemons()...)
		onBoth(func(t *testing.T, side *side) { side.Restart(t, side.Daemons()...) })(s, t)
	}},
	{name: clockSet, prepare: (*scene).startWithClock, do: (*scene).jump},
}

// clockSet needs programs of its own.
const clockSet = "clock set"

// inShort are those that `make test` has, which asks for no kind of machine; `make e2e` and `make e2e-local` have all.
var inShort = []string{"host killed", "plugin neighbor killed"}

func (s *scene) sides() []*side { return []*side{&s.own, &s.theirs} }

func onBoth(do func(*testing.T, *side)) func(*scene, *testing.T) {
	return func(s *scene, t *testing.T) {
		for _, side := range s.sides() {
			do(t, side)
		}
	}
}

// killPlugin kills one of flowhost's, which starts it again; ovn-controller is one process.
func killPlugin(name string) func(*scene, *testing.T) {
	return func(s *scene, t *testing.T) {
		s.own.KillPlugin(t, name)
		s.theirs.Restart(t, cloud.Controller)
		time.Sleep(2 * time.Second) // the host starts it after one
	}
}

func killCentral(names ...string) func(*scene, *testing.T) {
	return func(s *scene, t *testing.T) {
		for _, name := range names {
			s.Central.Signal(t, name, "KILL")
		}
		time.Sleep(time.Second)
		s.Central.Start(t, names...)
	}
}

// failOver kills the leader of the southbound cluster, and has it back when there is another.
func (s *scene) failOver(t *testing.T) {
	was := s.leader(t, "")
	s.Central.Signal(t, was, "KILL")
	s.leader(t, was)
	s.Central.NB(t, "sync")
	s.Central.Start(t, was)
}

// fillDisk fills the file system of the node's database, and frees it when a write has failed.
func fillDisk(t *testing.T, side *side) {
	side.Run(t, "dd if=/dev/zero of=/run/db/fill bs=4k 2>/dev/null || true")
	change := "ovs-vsctl --timeout=10 --no-wait set Open_vSwitch . external_ids:filler=$(head -c 8192 /dev/zero | tr '\\0' x)"
	if _, err := side.Try(change); err == nil {
		t.Errorf("the database of %s is written to a disk that is full", side.Name)
	}
	time.Sleep(time.Second)
	side.Run(t, "rm /run/db/fill\n"+change+"\novs-vsctl --no-wait remove Open_vSwitch . external_ids filler")
}

func TestFaults(t *testing.T) {
	s := newScene(t)
	t.Run("packets", s.packets)
	for range rounds() {
		for _, f := range faults {
			if !wanted(f.name) {
				continue
			}
			ok := t.Run(f.name, func(t *testing.T) { s.test(t, f) })
			if !ok {
				t.FailNow() // the next goes on from this one
			}
		}
	}
}

// rounds is how often each fault is tested.
func rounds() int {
	if os.Getenv("FLOWHOST_SOAK") == "1" {
		return 10
	}
	return 1
}

// wanted says whether a fault is among those to test now.
func wanted(name string) bool {
	return os.Getenv("FLOWHOST_E2E") != "" || slices.Contains(inShort, name)
}

// tries is how often a fault is tested at most until ovn-controller loses what it is known to lose: a packet comes each 5 ms, and now
// and then it is quicker than that.
const tries = 4

// test counts packets while a fault is there.
func (s *scene) test(t *testing.T, f fault) {
	if f.prepare != nil {
		f.prepare(s, t)
		s.settle(t)
	}
	for range tries {
		if control := s.once(t, f); control.Lost > 0 || !f.known || t.Failed() {
			return
		}
	}
	t.Errorf("ovn-controller loses nothing, %d times: this test would not find what it looks for", tries)
}

// once has a fault happen, and returns what ovn-controller lost.
func (s *scene) once(t *testing.T, f fault) (control cloud.Loss) {
	began := time.Now()
	own, theirs := s.own.startPings(t), s.theirs.startPings(t)
	time.Sleep(200 * time.Millisecond)
	f.do(s, t)
	ownTime, theirTime := s.settle(t)
	time.Sleep(200 * time.Millisecond)
	lost := own.stop(t)
	control = sum(theirs.stop(t))
	fmt.Printf("fault %s: flowhost %v, whole %.1f s after; ovn-controller %v, whole %.1f s after\n",
		f.name, sum(lost), ownTime.Seconds(), control, theirTime.Seconds())
	check := func(where string, l cloud.Loss, cut bool) {
		if l.Lost > 0 && !cut || l.Hole > recovery {
			t.Errorf("flowhost %s: %v", where, l)
		}
	}
	check("within the node", lost.near, f.cut.near)
	check("to another node", lost.far, f.cut.far)
	if age := s.own.Youngest(t); (f.untouched || !f.cut.near) && age < time.Since(began)-time.Second {
		t.Errorf("flowhost has made flows anew: the youngest is %v old, after %v", age, time.Since(began))
	}
	return control
}

// settle waits until both sides are as they should be, and acknowledge what was said to the northbound database. It returns how long
// each took.
func (s *scene) settle(t *testing.T) (own, theirs time.Duration) {
	t.Helper()
	control := make(chan error, 1)
	go func() {
		var err error
		theirs, err = s.theirs.settle()
		control <- err
	}()
	own, err := s.own.settle()
	if err := errors.Join(err, <-control); err != nil {
		t.Fatal(err)
	}
	s.Central.Run(t, "ovn-nbctl --wait=hv --timeout=50 sync")
	return own, theirs
}

// settle waits until a side has its flows, and its pings are answered.
func (side *side) settle() (time.Duration, error) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := ovstest.Poll(ctx, func() error {
		if err := side.Lacks(side.flows); err != nil {
			return err
		}
		return errors.Join(side.a.Try(address(side.b), time.Second), side.a.Try(outside, time.Second))
	})
	return time.Since(began), err
}

type pinging pings[*cloud.Pinger]

func (side *side) startPings(t *testing.T) pinging {
	return pinging{near: side.a.StartPing(t, address(side.b)), far: side.a.StartPing(t, outside)}
}

func (p pinging) stop(t *testing.T) pings[cloud.Loss] {
	return pings[cloud.Loss]{near: p.near.Stop(t), far: p.far.Stop(t)}
}

func sum(l pings[cloud.Loss]) cloud.Loss {
	return cloud.Loss{Sent: l.near.Sent + l.far.Sent, Lost: l.near.Lost + l.far.Lost, Hole: max(l.near.Hole, l.far.Hole)}
}

// leader waits until the southbound cluster has a leader, another one than that which was.
func (s *scene) leader(t *testing.T, was string) (leader string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if leader = s.Central.Leader(t); leader != was && !strings.Contains(leader, "\n") && leader != "" {
			return leader
		}
	}
	t.Fatalf("the southbound cluster's leader is %q, and was %q", leader, was)
	return ""
}
