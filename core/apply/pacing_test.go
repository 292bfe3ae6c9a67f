package apply

import (
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// TestEchoIsAnsweredDuringALoad: what waits for a slow switch does not hold up the sign of life that it asks for, on any lane.
func TestEchoIsAnsweredDuringALoad(t *testing.T) {
	sw := newSwitch(t)
	l, alice, _ := loadedOverLanes(t, sw)
	lanes := 0
	inLoop(t, l, func() { lanes = len(l.lanes.list) })
	before := sw.Log().Added
	sw.Slow(200 * time.Microsecond)
	alice.add(upTo(3 * laneLoad)[2*laneLoad:]...)
	eventually(t, "the load has begun", func() bool { return sw.Log().Added > before })
	sw.Say(openflow.AppendEchoRequest(nil, 7, []byte("alive?")))
	eventually(t, "an answer on each lane", func() bool { return sw.Log().Echoes == lanes })
	if added := sw.Log().Added - before; added >= laneLoad {
		t.Errorf("the load of %d flows was over before the echo was answered", added)
	}
	sw.Slow(0)
	alice.awaitInstalled(alice.txns)
}

// TestVswitchdBundlesNeverIdle: ovs-vswitchd drops a bundle that is left alone for its bundle-idle-timeout, 10 s unless set otherwise
// (ovs-vswitchd.conf.db(5)). With a second, the least it takes, it drops none of a big load's.
func TestVswitchdBundlesNeverIdle(t *testing.T) {
	s, l, alice := realLoop(t, 1)
	s.Vsctl(t, "set", "Open_vSwitch", ".", "other_config:bundle-idle-timeout=1")
	n := 2 * laneLoad
	for from := 1; from < n; from += laneLoad {
		alice.add(upTo(n)[max(from, 2)-1 : from+laneLoad-1]...)
	}
	installed := alice.awaitInstalled(alice.txns)
	awaitFlows(t, s, n)
	st := status(t, l)
	if len(installed.Refused)+st.Table.Quarantined > 0 || st.Phase != Steady {
		t.Errorf("phase %v, %d refused, %d in quarantine; want none", st.Phase, len(installed.Refused), st.Table.Quarantined)
	}
	alice.mu.Lock()
	defer alice.mu.Unlock()
	for _, state := range alice.states[1:] {
		if !state.Connected {
			t.Error("the connection was lost meanwhile")
		}
	}
	if log, err := s.Run("grep", "-c", "OFPBFC_TIMEOUT", s.Log(ovstest.Vswitchd)); err == nil {
		t.Errorf("bundles timed out: %s", log)
	}
}
