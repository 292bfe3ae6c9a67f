package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// adoptFlows is how many flows are adopted, in three sources. FLOWHOST_SOAK=1 takes half a million.
func adoptFlows() int {
	if os.Getenv("FLOWHOST_SOAK") == "1" {
		return 500_000
	}
	return 100_000
}

// Whatever is restarted, the switch is not touched: nothing is sent, statistics go on, and no packet is lost.
func TestAdopt(t *testing.T) {
	tr := newTrio(t, adoptFlows())
	tr.Start(t, hostName)
	tr.awaitQuiet(t)
	if m := tr.relay.mods(); m.flow < int64(tr.total) || m.group != 2+otherGroups || m.meter != 2 {
		t.Fatalf("%+v were sent for %d flows", m, tr.total)
	}
	next := upgrade(t)
	tr.addHost("flowhost-next", next, tr.args(t)...)
	last := tr.stats(t)
	for i, event := range []struct {
		name string
		do   func()
	}{
		{"host killed, access late", func() { tr.Kill(t, hostName); tr.late(t, tr.access); tr.Start(t, hostName) }},
		{"host killed, delivery late", func() { tr.Kill(t, hostName); tr.late(t, tr.delivery); tr.Start(t, hostName) }},
		{"host ended by SIGTERM", func() { tr.Stop(t, hostName); time.Sleep(time.Second); tr.Start(t, hostName) }},
		{"plugins access and neighbor killed", func() { tr.killPlugin(t, "access"); tr.killPlugin(t, "neighbor") }},
		{"southbound database killed", func() { tr.Kill(t, ovstest.Southbound); time.Sleep(time.Second); tr.Start(t, ovstest.Southbound) }},
		{"OpenFlow connections cut", func() { tr.relay.cut(t) }},
		{"host killed at any moment", func() { tr.killOften(t, 4) }},
		{"upgrade", func() { tr.Stop(t, hostName); tr.Start(t, "flowhost-next") }},
	} {
		tr.access.write(t, 10*i, 0)
		tr.delivery.write(t, 10*i+1, 0)
		last = tr.during(t, event.name, last, event.do)
	}
	if s, err := tr.status(); err != nil || s.Version != "next" {
		t.Errorf("after the upgrade: %+v, %v", s, err)
	}
	tr.checkChanges(t, "flowhost-next")
	tr.Stop(t, "flowhost-next")
	wiped := restartController(t)
	fmt.Printf("adopt ovn-controller killed, for comparison: %v, in a hole of %v\n", wiped, wiped.hole)
	if wiped.lost == 0 {
		t.Fatal("where ovn-controller is restarted no packet is lost: this test would not find what it looks for")
	}
}

func (tr *trio) stats(t testing.TB) stats {
	t.Helper()
	s := statsOf(t, tr.Sandbox)
	s.addGroups(t, tr.Sandbox)
	return s
}

// late makes a source tell its flows two seconds after its start.
func (tr *trio) late(t *testing.T, source *sourceFile) { source.write(t, 99, 2*time.Second) }

// killOften kills the host n times within two seconds of its start, and starts it again.
func (tr *trio) killOften(t *testing.T, n int) {
	for range n {
		tr.Kill(t, hostName)
		tr.Start(t, hostName)
		moment := rand.N(2 * time.Second)
		t.Logf("killed %v after its start", moment)
		time.Sleep(moment)
	}
	tr.Kill(t, hostName)
	tr.Start(t, hostName)
}

// during pings while something happens, and until all has come to rest: the switch must not be touched meanwhile, and what it
// told before must go on.
func (tr *trio) during(t *testing.T, name string, before stats, do func()) stats {
	t.Helper()
	sent := tr.relay.mods()
	ping := startPing(t, tr.a, tr.b)
	do()
	tr.awaitQuiet(t)
	pinged := ping.end(t)
	tr.Appctl(t, ovstest.Vswitchd, "revalidator/wait") // it brings the flows' statistics up to date
	after, more := tr.stats(t), tr.relay.mods().minus(sent)
	fmt.Printf("adopt %s: %v, flow-mods %d, group-mods %d, meter-mods %d\n", name, pinged, more.flow, more.group, more.meter)
	if pinged.lost != 0 || more != (mods{}) {
		t.Errorf("%s: %v, in a hole of %v since %v; %+v were sent", name, pinged, pinged.hole, pinged.since.UTC(), more)
	}
	if kept := after.checkGoOn(t, before); kept != len(before.of) || kept != len(after.of) {
		t.Errorf("%s: of %d flows and groups %d are still there, of %d", name, len(before.of), kept, len(after.of))
	}
	tr.checkWay(t, before, after, uint64(pinged.sent))
	return after
}

// checkChanges has the sources want something else while the host is down, so that it finds the differences: those, and nothing
// else, must be sent, and counted.
func (tr *trio) checkChanges(t *testing.T, host string) {
	t.Helper()
	tr.Kill(t, host)
	sent := tr.relay.mods()
	flows := tr.access.flows
	last := len(flows) - 1
	flows[last] = strings.Replace(flows[last], "actions=", "actions=set_field:1->reg12,", 1) // one changed,
	flows[last-1] = "table=10,priority=1 actions=drop"                                       // one deleted, and one added
	tr.access.write(t, 0, 0)
	tr.delivery.others[len(tr.delivery.others)-1] += ",bucket=actions=drop"
	tr.delivery.write(t, 0, 0)
	tr.Start(t, host)
	tr.awaitQuiet(t)
	if m := tr.relay.mods().minus(sent); m != (mods{flow: 3, group: 1}) {
		t.Errorf("%+v were sent for four changes", m)
	}
}

// checkWay finds flows of the way that have not counted so many packets.
func (tr *trio) checkWay(t *testing.T, before, after stats, packets uint64) {
	t.Helper()
	for _, part := range tr.way {
		met := 0
		for flow, now := range after.of {
			if strings.Contains(flow, part) && now.packets >= before.of[flow].packets+packets {
				met++
			}
		}
		if met == 0 {
			t.Errorf("no flow with %q has met %d packets", part, packets)
		}
	}
}

func (tr *trio) killPlugin(t testing.TB, name string) {
	t.Helper()
	s, err := tr.status()
	if err != nil {
		t.Fatal(err)
	}
	pid := processOf(s, name)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	tr.awaitReady(t, name, pid)
}

// upgrade builds another binary of flowhost.
func upgrade(t testing.TB) string {
	return ovstest.BuildOne(t, "flowhost", "../cmd/host", "-ldflags=-X main.release=next")
}
