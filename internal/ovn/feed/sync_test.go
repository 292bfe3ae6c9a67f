package feed

import (
	"slices"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// wasTold fails the test unless the host was told exactly this since the last call.
func (s *site) wasTold(want ...string) {
	s.t.Helper()
	if got := s.took(); !slices.Equal(got, want) {
		s.t.Errorf("told %q, want %q", got, want)
	}
}

// startGated runs a source that has said everything, with a gate on the way to its southbound database.
func startGated(t *testing.T) (*ovstest.Sandbox, *ovstest.Gate, *site) {
	sb := southbound(t, 0)
	g := ovstest.NewGate(t, sb.OVSDB())
	s := start(t, g.Endpoint())
	s.WaitSynced()
	s.took()
	return sb, g, s
}

// What there is to say comes before the marks, and these before SyncDone.
func TestSync(t *testing.T) {
	s := start(t, southbound(t, 0).OVSDB())
	s.WaitSynced()
	s.untilStatus(true, "following the southbound database at unix:")
	s.untilFlows(1, 3)
	s.wasTold("flows", "nb_cfg=17", "sync done")
}

// SyncDone deletes: it is not said before both databases are there, and both are known to be the right ones.
func TestWaitsForDatabases(t *testing.T) {
	sb := southbound(t, 0)
	s := &site{t: t, vswitch: chassis(t, "nonsense")}
	s.vsctl("remove", "Open_vSwitch", ".", "external_ids", "system-id")
	s.vswitch.Stop(t, ovstest.OVSDB)
	sb.Stop(t, ovstest.OVSDB)
	s.run()
	s.untilStatus(false, "waiting for the local Open_vSwitch database at "+s.vswitch.OVSDB())
	s.vswitch.Start(t, ovstest.OVSDB)
	s.untilStatus(false, "waiting for external_ids:system-id")
	s.vsctl("set", "Open_vSwitch", ".", "external_ids:system-id=hv1")
	s.untilStatus(false, "waiting for another external_ids:ovn-remote than nonsense")
	s.vsctl("remove", "Open_vSwitch", ".", "external_ids", "ovn-remote")
	s.untilStatus(false, "waiting for external_ids:ovn-remote")
	s.vsctl("set", "Open_vSwitch", ".", "external_ids:ovn-remote-hv1="+sb.OVSDB())
	s.untilStatus(false, "waiting for the southbound database at "+sb.OVSDB())
	s.wasTold()
	sb.Start(t, ovstest.OVSDB)
	s.WaitSynced()
	s.untilFlows(1, 3)
	s.wasTold("flows", "nb_cfg=17", "sync done")
}

// It is not said either while something else is missing.
func TestWaitsForTheMaker(t *testing.T) {
	missing := "waiting for Godot"
	s := &site{t: t, vswitch: chassis(t, southbound(t, 0).OVSDB()), missing: func() string { return missing }}
	s.run()
	s.untilStatus(false, missing)
	s.untilFlows(1, 3)
	s.wasTold("flows")
	s.ask(func(*rows) { missing = "" })
	s.WaitSynced()
	s.untilStatus(true, "following")
	s.wasTold("nb_cfg=17", "sync done")
}

// While the rows of changed conditions are on their way, nothing that is left of the session before is deleted.
func TestConditionsInFlight(t *testing.T) {
	_, g, s := startGated(t)
	// The first change of conditions is about the datapath, the second about its groups.
	for change, known := range [][]string{nil, {"flows"}} {
		s.tell(nil, Operation{ID: someID, Flows: flowsFrom(100, 1)}) // what the next session does not know
		s.untilFlows(1, 3, 100)
		sent := s.Sent()
		s.took()
		g.Hold(change+1, "monitor_cond_change")
		s.Restart()
		g.Held()
		s.untilStatus(false, "loading the southbound database")
		s.ask(func(*rows) {}) // all that has come is worked off
		s.wasTold(known...)
		if s.WaitSettled(); s.Sent() != sent {
			t.Errorf("%d flow_mods were sent before everything was known", s.Sent()-sent)
		}
		g.Release()
		s.untilFlows(1, 3)
		if n := s.Sent() - sent; n != 1 {
			t.Errorf("%d flow_mods were sent where one flow has to go", n)
		}
	}
}

// Conditions that change later hold up marks and nothing else: what is known is told, and what is not local any more goes.
func TestMarksWaitForConditions(t *testing.T) {
	_, g, s := startGated(t)

	g.Hold(1, "monitor_cond_change")
	s.plug()
	g.Held()
	s.untilStatus(false, "loading the southbound database")
	s.tell([]Mark{{Name: "port/a", Value: "1"}}, Operation{ID: someID, Flows: flowsFrom(100, 1)})
	s.tell([]Mark{{Name: "port/b", Value: "7"}, {Name: "port/a", Value: "2"}})
	s.untilFlows(1, 3, 100)
	s.wasTold("flows")
	g.Release()
	s.untilFlows(1, 2, 3, 4, 100)
	s.WaitMark("port/a", "2")
	s.WaitMark("port/b", "7")
	s.wasTold("flows", "port/a=2", "port/b=7")

	s.unplug()
	s.untilFlows(1, 3, 100)
	s.wasTold("flows")
}

// nb_cfg is said when all that came with it or before is worked off, and so it is of a change of conditions that follows from it.
func TestNbCfgWaitsForConditions(t *testing.T) {
	sb, g, s := startGated(t)
	g.Hold(1, "monitor_cond_change")
	sb.Sbctl(t, "set", "SB_Global", ".", "nb_cfg=18", "--", "create", "Port_Binding", "logical_port=child", "parent_port=vif1",
		"tunnel_key=5", "tag=1", "datapath="+datapath(t, sb, 2))
	g.Held()
	s.untilStatus(false, "loading the southbound database")
	s.ask(func(*rows) {})
	s.wasTold()
	g.Release()
	s.WaitMark("nb_cfg", "18")
	s.untilFlows(1, 2, 3, 4)
	s.wasTold("flows", "nb_cfg=18")
}

// While the southbound database is away the flows stay; what comes back is compared with what was, and the status says what is the matter.
func TestSouthboundAway(t *testing.T) {
	sb := southbound(t, 0)
	s := start(t, sb.OVSDB())
	s.WaitSynced()
	sent := s.Sent()
	sb.Kill(t, ovstest.OVSDB)
	s.untilStatus(false, "waiting for the southbound database at "+sb.OVSDB())
	sb.Start(t, ovstest.OVSDB)
	s.untilStatus(true, "following")
	s.untilFlows(1, 3)
	if n := s.Sent() - sent; n != 0 {
		t.Errorf("%d flow_mods were sent for the same flows", n)
	}
	s.wasTold("flows", "nb_cfg=17", "sync done")
}

// The host may want to hear everything again at any time. When the southbound database is away, that takes until it is back.
func TestResync(t *testing.T) {
	sb := southbound(t, 0)
	s := start(t, sb.OVSDB())
	s.WaitSynced()
	s.took()
	s.tell([]Mark{{Name: "port/a", Value: "1"}})
	s.WaitMark("port/a", "1")
	s.wasTold("port/a=1")
	sent := s.Sent()
	s.Resync()
	s.untilTold("sync begin", "flows", "nb_cfg=17", "sync done")
	s.took()

	sb.Kill(t, ovstest.OVSDB)
	s.untilStatus(false, "waiting for the southbound database")
	s.Resync()
	s.untilTold("sync begin", "flows")
	s.untilFlows(1, 3)
	if n := s.Sent() - sent; n != 0 {
		t.Errorf("%d flow_mods were sent for the same flows", n)
	}
	sb.Start(t, ovstest.OVSDB)
	s.untilTold("sync begin", "flows", "nb_cfg=17", "sync done")
}

// Another southbound database means other flows, not another sync: the differences are known.
func TestRemoteMoves(t *testing.T) {
	sb, other := southbound(t, 0), southbound(t, 10)
	other.Sbctl(t, "set", "SB_Global", ".", "nb_cfg=3")
	s := start(t, sb.OVSDB())
	s.WaitSynced()
	s.took()
	s.vsctl("set", "Open_vSwitch", ".", "external_ids:ovn-remote="+other.OVSDB())
	s.untilStatus(true, "following the southbound database at "+other.OVSDB())
	s.untilFlows(11, 13)
	s.WaitMark("nb_cfg", "3")

	// One that nobody can follow, or none, changes nothing.
	s.vsctl("set", "Open_vSwitch", ".", "external_ids:ovn-remote=nonsense")
	s.vsctl("remove", "Open_vSwitch", ".", "external_ids", "ovn-remote")
	s.untilStatus(false, "waiting for external_ids:ovn-remote")
	other.Sbctl(t, "destroy", "Logical_Flow", logicalFlow(t, other, 13))
	s.untilFlows(11)
	if heard := s.took(); slices.Contains(heard, "sync done") {
		t.Errorf("told %q", heard)
	}
}
