package apply

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/sdk/flow"
)

// TestSwitchMisbehaves has a switch that stops reading, says what is no OpenFlow, or answers what nobody asked: each time the host
// ends in the same state, nothing is sent twice, and what was committed meanwhile is there.
func TestSwitchMisbehaves(t *testing.T) {
	impatient := func(c *Config) {
		c.Switch.EchoInterval, c.Switch.EchoTimeout = 100*time.Millisecond, 500*time.Millisecond
	}
	garbage := []byte(strings.Repeat("garbage\x00", 4000)) // the first of it says that it is 29,282 bytes long
	undecodable, mark := openflow.BeginMultipartReply(nil, 0, openflow.MultipartFlowMonitor, false)
	undecodable = openflow.EndMultipart(append(undecodable, "no flow update"...), mark)
	for name, c := range map[string]struct {
		do       func(*switchUnderTest)
		sessions int // at least
		why      string
	}{
		"connection cut": {(*switchUnderTest).Cut, 2, ""},
		"stops reading": {func(sw *switchUnderTest) {
			sw.Hang(true)
			time.Sleep(1500 * time.Millisecond)
			sw.Hang(false)
		}, 2, swconn.ErrSilent.Error()},
		"garbage":             {func(sw *switchUnderTest) { sw.Say(garbage) }, 2, swconn.ErrProtocol.Error()},
		"half a message":      {func(sw *switchUnderTest) { sw.Say(undecodable[:9]); sw.Cut() }, 2, ""},
		"a report of nothing": {func(sw *switchUnderTest) { sw.Say(undecodable) }, 1, ""},
		"errors of nothing": {func(sw *switchUnderTest) {
			sw.Say(openflow.AppendError(nil, &openflow.Error{XID: 1 << 30, Type: 5, Code: 1, Data: garbage[:64]}))
		}, 1, ""},
		"answers nobody asked": {func(sw *switchUnderTest) {
			b, mark := openflow.BeginMultipartReply(openflow.AppendBarrierReply(nil, 1<<30), 1<<30, openflow.MultipartFlowDesc, false)
			sw.Say(openflow.EndMultipart(b, mark))
		}, 1, ""},
		"slow": {func(sw *switchUnderTest) { sw.Slow(50 * time.Millisecond) }, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var said lines
			_, alice, sw := synced(t, 20, impatient, logged(&said))
			before := sw.Log()
			done := make(chan struct{})
			go func() { defer close(done); c.do(sw) }()
			alice.awaitInstalled(alice.add(21, 22))
			<-done
			alice.awaitInstalled(alice.add(23))
			eventually(t, "all are in", func() bool { return len(sw.Flows()) == 23 })
			after := sw.Log()
			if after.Sessions < c.sessions || c.sessions == 1 && after.Sessions != 1 {
				t.Errorf("%d sessions, want %d", after.Sessions, c.sessions)
			}
			if !strings.Contains(said.String(), c.why) {
				t.Errorf("not told %q:\n%s", c.why, said.String())
			}
			// What was on its way when the connection went may have been done: then it is seen there, and not sent again.
			if mods := after.FlowMods() - before.FlowMods(); mods > 3 {
				t.Errorf("%d flow mods for 3 flows", mods)
			}
		})
	}
}

// TestDriftIsPutBackInTime measures from the change of somebody else to its end, in a table of some size (which is loaded in
// pieces, as the monitor is not armed for a while after a big load).
func TestDriftIsPutBackInTime(t *testing.T) {
	_, alice, sw := synced(t, laneLoad/2)
	alice.awaitInstalled(alice.add(upTo(laneLoad)[laneLoad/2:]...))
	want := sw.Flows()
	var took []time.Duration
	for n := range 20 {
		began := time.Now()
		switch n % 3 {
		case 0:
			sw.Delete(want[n].Key)
		case 1:
			changed := want[n]
			changed.Actions = ""
			sw.Put(changed)
		case 2:
			sw.Put(flow.Flow{Key: flow.Key{Table: 11, Priority: flow.Priority(n)}})
		}
		eventually(t, "put back", func() bool { return holdsAgain(sw, want, n) })
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	median := took[len(took)/2] // one may be held up by what else the machine does
	t.Logf("put back after %v, the last of 20 after %v", median, took[len(took)-1])
	if median >= time.Second {
		t.Errorf("put back after %v, want within a second", median)
	}
}

// holdsAgain says whether the switch holds flow n of these as it should, and no more flows.
func holdsAgain(sw *switchUnderTest, want []flow.Flow, n int) bool {
	now := sw.Flows()
	return len(now) == len(want) && slices.Contains(now[max(n-1, 0):n+2], want[n])
}
