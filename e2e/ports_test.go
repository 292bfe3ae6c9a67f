package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// reuse is a switch in which the port of one workload says what it reaches: left reaches leftPeer, and right rightPeer. What one sends
// must never arrive where the other's does. The source of these flows is dead at times.
type reuse struct {
	*host
	left, right         *workload
	leftPeer, rightPeer *workload
	crossed             [2]*sniffer // at the peers: frames of the wrong one
	source              *sourceFile
}

// Ports of workloads: those of left and right are the ones that swap.
const (
	portOne  = 1
	portTwo  = 2
	portLeft = 3 // leftPeer's, and the next one rightPeer's
)

// onPort finds flows of a port that is swapped; there are two, and the others are otherFlows.
const (
	onPortOne  = "in_port=1 "
	onPortTwo  = "in_port=2 "
	otherFlows = 102
)

func newReuse(t *testing.T) *reuse {
	s := newSwitch(t, ovstest.Options{})
	r := &reuse{
		left: newWorkload(t, s, portOne, macOf), right: newWorkload(t, s, portTwo, macOf),
		leftPeer: newWorkload(t, s, portLeft, macOf), rightPeer: newWorkload(t, s, portLeft+1, macOf),
		source: &sourceFile{path: filepath.Join(s.Dir, "source")},
	}
	r.crossed = [2]*sniffer{startSniffer(t, r.rightPeer, r.left), startSniffer(t, r.leftPeer, r.right)}
	r.revive(t, portOne, portTwo)
	config := filepath.Join(s.Dir, "config.yaml")
	text := fmt.Sprintf("plugins: [{name: source, path: %s, args: [%s], slot: 5, tables: [0-5], backoff-max: 1s}]\n", program(t, "testsource"), r.source.path)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.host = newHost(t, s, "--config="+config)
	r.Start(t, hostName)
	r.awaitReady(t, "source", 0)
	return r
}

// revive has the source want what is right when left and right are on these ports.
func (r *reuse) revive(t *testing.T, left, right int) {
	way := "table=0,priority=100,in_port=%d actions=output:%d"
	r.source.flows = append(filler(1, otherFlows-2),
		fmt.Sprintf(way, left, portLeft), fmt.Sprintf(way, right, portLeft+1),
		fmt.Sprintf(way, portLeft, left), fmt.Sprintf(way, portLeft+1, right))
	r.source.write(t, 1, 0)
}

// die ends the source for as long as the file says so.
func (r *reuse) die(t *testing.T) {
	r.source.flows = []string{"fail"}
	r.source.write(t, 1, 0)
}

// number is which port of the bridge a workload is on.
func (r *reuse) number(t *testing.T, w *workload) string {
	return strings.TrimSpace(r.Vsctl(t, "get", "Interface", w.port, "ofport"))
}

// unplug takes left and right off the bridge.
func (r *reuse) unplug(t *testing.T) {
	for _, w := range []*workload{r.left, r.right} {
		r.Vsctl(t, "del-port", ovstest.Bridge, w.port)
	}
}

// checkPorts checks that left and right are where they should be.
func (r *reuse) checkPorts(t *testing.T, left, right int) {
	t.Helper()
	if l, n := r.number(t, r.left), r.number(t, r.right); l != strconv.Itoa(left) || n != strconv.Itoa(right) {
		t.Fatalf("left is on port %s and right on %s, want %d and %d", l, n, left, right)
	}
}

// crossings counts frames that arrived where they should not.
func (r *reuse) crossings() int64 { return r.crossed[0].frames.Load() + r.crossed[1].frames.Load() }

// awaitGone waits until no flow is left that matches on a port that was swapped, and checks that all others are as they were.
func (r *reuse) awaitGone(t *testing.T, before stats) {
	t.Helper()
	var after stats
	ovstest.Eventually(t, settle, func() error {
		after = statsOf(t, r.Sandbox)
		for flow := range after.of {
			if strings.Contains(flow, onPortOne) || strings.Contains(flow, onPortTwo) {
				return fmt.Errorf("still there: %s", flow)
			}
		}
		return nil
	})
	if kept := after.checkGoOn(t, before); kept != otherFlows || len(after.of) != kept {
		t.Errorf("%d of %d other flows are left, of %d", kept, otherFlows, len(after.of))
	}
	r.Appctl(t, ovstest.Vswitchd, "revalidator/wait") // until packets go by these flows
}

// send has both send for a while.
func (r *reuse) send(t *testing.T) (left, right pinged) {
	a, b := startPing(t, r.left, r.leftPeer), startPing(t, r.right, r.rightPeer)
	time.Sleep(300 * time.Millisecond)
	var ends sync.WaitGroup
	ends.Go(func() { left = a.end(t) })
	ends.Go(func() { right = b.end(t) })
	ends.Wait()
	return left, right
}

// checkConnected checks that what left and right send arrives where it should, and nowhere else.
func (r *reuse) checkConnected(t *testing.T) {
	t.Helper()
	before := r.crossings()
	if left, right := r.send(t); left.lost+right.lost > 0 {
		t.Errorf("left: %v, right: %v", left, right)
	}
	if n := r.crossings() - before; n != 0 {
		t.Errorf("%d frames arrived at the wrong workload", n)
	}
}

// checkCut checks that what left and right send arrives nowhere.
func (r *reuse) checkCut(t *testing.T) {
	t.Helper()
	before := r.crossings()
	if left, right := r.send(t); left.lost != left.sent || right.lost != right.sent {
		t.Errorf("left: %v, right: %v; want all of them lost", left, right)
	}
	if n := r.crossings() - before; n != 0 {
		t.Errorf("%d frames arrived at the wrong workload", n)
	}
}

// awaitDead waits until the source's process is gone and its flows are stale.
func (r *reuse) awaitDead(t *testing.T) {
	t.Helper()
	r.die(t)
	ovstest.Eventually(t, settle, func() error {
		s, err := r.status()
		if err == nil && s.Flows.Stale != otherFlows+2 {
			err = fmt.Errorf("the source's flows are not stale: %+v", s)
		}
		return err
	})
}

// Who gets a port's number does not get what was allowed to the port that had it before, while nobody says what is right.
func TestReusedPorts(t *testing.T) {
	r := newReuse(t)
	r.checkConnected(t)
	for _, c := range []struct {
		name        string
		left, right int // the ports afterwards
		swap        func(*testing.T)
	}{
		{"host up", portTwo, portOne, r.swapSlowly},
		{"host up, swapped in one step", portOne, portTwo, r.swapAtOnce},
		{"host down", portTwo, portOne, r.swapUnseen},
	} {
		ok := t.Run(c.name, func(t *testing.T) {
			c.swap(t)
			r.checkPorts(t, c.left, c.right)
			r.checkCut(t)
			r.revive(t, c.left, c.right)
			r.awaitReady(t, "source", 0)
			r.checkConnected(t)
		})
		if !ok {
			t.FailNow() // the next goes on from this one
		}
	}
}

// swapSlowly takes ports away and makes others, as with virtual machines that go and come. Nothing may cross all the time.
func (r *reuse) swapSlowly(t *testing.T) {
	r.awaitDead(t)
	before := statsOf(t, r.Sandbox)
	r.checkConnected(t) // stale flows stay
	crossings := r.crossings()
	pings := []*ping{startPing(t, r.left, r.leftPeer), startPing(t, r.right, r.rightPeer)}
	r.unplug(t)
	r.awaitGone(t, before)
	r.left.plug(t, r.Sandbox, portTwo)
	r.right.plug(t, r.Sandbox, portOne)
	for _, p := range pings {
		p.end(t)
	}
	if n := r.crossings() - crossings; n != 0 {
		t.Errorf("%d frames arrived at the wrong workload while ports were swapped", n)
	}
}

// swapAtOnce has the ports swap their numbers in one step of ovs-vswitchd's. What crosses between that step and the host's answer
// nobody can keep from crossing.
func (r *reuse) swapAtOnce(t *testing.T) {
	r.awaitDead(t)
	before, crossings := statsOf(t, r.Sandbox), r.crossings()
	pings := []*ping{startPing(t, r.left, r.leftPeer), startPing(t, r.right, r.rightPeer)}
	r.Vsctl(t, "set", "Interface", r.left.port, "ofport_request=1", "--", "set", "Interface", r.right.port, "ofport_request=2")
	r.awaitGone(t, before)
	for _, p := range pings {
		p.end(t)
	}
	t.Logf("%d frames crossed before the host was told", r.crossings()-crossings)
}

// swapUnseen swaps the ports while the host is down: nobody sees to it, until the host is back and remembers who had the numbers.
func (r *reuse) swapUnseen(t *testing.T) {
	r.Kill(t, hostName)
	r.die(t)
	before := statsOf(t, r.Sandbox)
	r.unplug(t)
	r.left.plug(t, r.Sandbox, portTwo)
	r.right.plug(t, r.Sandbox, portOne)
	crossings := r.crossings()
	if r.send(t); r.crossings() == crossings {
		t.Error("without flowhost no frame arrives at the wrong workload: this test would not find what it looks for")
	}
	r.Start(t, hostName)
	r.awaitGone(t, before)
}
