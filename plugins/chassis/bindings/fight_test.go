package bindings

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// again is when the Duty wants to be asked again, in a time from now; -1: never.
func (s *stage) again() time.Duration {
	s.State.Settle()
	writes, again := s.duty.Plan(s.Now, 0)
	if len(writes) > 0 {
		s.t.Fatalf("planned %v, though nothing was asked for", whats(writes))
	}
	if again.IsZero() {
		return -1
	}
	return again.Sub(s.Now)
}

func (s *stage) planned(want ...string) []duty.Write {
	s.t.Helper()
	writes := s.Plan(100)
	if got := whats(writes); !slices.Equal(got, want) {
		s.t.Fatalf("planned %q, want %q", got, want)
	}
	return writes
}

func (s *stage) apply(writes []duty.Write) {
	s.t.Helper()
	for _, w := range writes {
		if err := s.Apply(w); err != nil {
			s.t.Fatalf("%s: %v", w.What, err)
		}
	}
}

const claimed = "OVN_Southbound: claim of port vif"

// Two chassis with an interface for the same port take it from each other, each after a pause.
func TestFightWithChassis(t *testing.T) {
	s := newStage(t)
	s.Now = time.Unix(1000, 0)
	s.plug("vif", 1)
	s.bind("vif", libovsdb.Row{"chassis": duty.Refs(id("hv2"))})
	s.apply(s.planned(claimed)) // migration: at once
	s.planned()
	if list := s.duty.Problems(); len(list) > 0 {
		t.Errorf("a fight before there is one: %q", list)
	}
	for round := 1; round < 4; round++ {
		s.set("vif", libovsdb.Row{"chassis": duty.Refs(id("hv2")), "up": true})
		s.planned()
		if got := s.again(); got <= 0 || got > threshold {
			t.Fatalf("asks again in %v, want %v at most", got, threshold)
		}
		s.Now = s.Now.Add(threshold - time.Millisecond)
		s.planned()
		s.Now = s.Now.Add(time.Millisecond)
		s.apply(s.planned(claimed))
		s.planned()
		want := []string{fmt.Sprintf("port vif: chassis hv2 has undone %d times what was written of it", round)}
		if list := s.duty.Problems(); !slices.Equal(list, want) {
			t.Errorf("problems are %q, want %q", list, want)
		}
	}
	s.Now = s.Now.Add(peace)
	s.planned()
	if list := s.duty.Problems(); len(list) > 0 {
		t.Errorf("a fight long after: %q", list)
	}
	if n := len(s.duty.claims.past) + len(s.duty.claims.order) + len(s.duty.claims.later) + len(s.duty.rivals); n > 0 {
		t.Errorf("%d things are remembered of it", n)
	}
	if got := s.again(); got >= 0 {
		t.Errorf("asks again in %v though nothing is left", got)
	}
}

// What another chassis has taken rightly, because it is requested there now, is left to it.
func TestMigrationIsNoFight(t *testing.T) {
	s := newStage(t)
	s.Now = time.Unix(1000, 0)
	s.plug("vif", 1)
	s.bind("vif", nil)
	s.Settle()
	s.set("vif", libovsdb.Row{"options": options("requested-chassis", "hv2"), "chassis": duty.Refs(id("hv2")), "up": true})
	s.planned()
	s.Now = s.Now.Add(time.Hour)
	s.planned()
	s.set("vif", libovsdb.Row{"options": options()})
	s.apply(s.planned(claimed))
	s.planned()
	if list := s.duty.Problems(); len(list) > 0 {
		t.Errorf("problems are %q", list)
	}
}

// Somebody under the same name releases what this chassis claims, or says that it is up; so does somebody with ovn-installed.
func TestFightWithDouble(t *testing.T) {
	for name, test := range map[string]struct {
		undo  func(*stage)
		write string
	}{
		"claim": {func(s *stage) { s.set("vif", libovsdb.Row{"chassis": duty.Refs()}) }, claimed},
		"up":    {func(s *stage) { s.set("vif", libovsdb.Row{"up": true}) }, "OVN_Southbound: update of port vif"},
		"ovn-installed": {func(s *stage) {
			s.setInterface("vif", libovsdb.Row{"external_ids": options("iface-id", "vif", "ovn-installed", "true")})
		}, "Open_vSwitch: no ovn-installed of interface for port vif"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.Now = time.Unix(1000, 0)
			s.plug("vif", 1)
			s.bind("vif", nil)
			s.Settle()
			s.mark("vif", 0, "lflow", "physical")
			s.Now = s.Now.Add(memory)
			s.planned()
			for round := range 4 {
				if test.undo(s); round > 0 {
					s.planned()
					s.Now = s.Now.Add(threshold)
				}
				s.apply(s.planned(test.write))
				s.planned()
			}
			list := s.duty.Problems()
			if len(list) != 1 || !strings.HasPrefix(list[0], "port vif: somebody else here has undone 3 times") {
				t.Errorf("problems are %q", list)
			}
		})
	}
}

// A claim that somebody has undone is not made again at once, whatever was written since. Nor is it while a source still has the flows of
// the one before, which it is soon to notice: else the port would be up by those.
func TestClaimAgain(t *testing.T) {
	s := newStage(t)
	s.Now = time.Unix(1000, 0)
	s.plug("vif", 1)
	s.bind("vif", nil)
	s.Settle()
	s.mark("vif", 1, Owners...)
	s.Settle()
	s.set("vif", libovsdb.Row{"chassis": duty.Refs(), "up": false})
	s.mark("vif", 0, Owners...)
	if s.Settle(); s.binding("vif") != "" || s.again() != threshold {
		t.Errorf("claimed again at once: %q, again in %v", s.binding("vif"), s.again())
	}
	s.Now = s.Now.Add(threshold)
	s.Settle()
	s.mark("vif", 1, Owners...)
	s.Settle()
	s.each("chassis=hv1 up=true", "vif")

	s.Now = s.Now.Add(memory)
	s.set("vif", libovsdb.Row{"chassis": duty.Refs()})
	s.Settle()
	s.mark("vif", 0, "lflow")
	s.planned()
	s.mark("vif", 0, "physical")
	s.apply(s.planned(claimed))
	s.mark("vif", 1, Owners...)
	s.Settle()
	s.each("chassis=hv1 up=true", "vif")

	s.Now = s.Now.Add(memory)
	s.set("vif", libovsdb.Row{"chassis": duty.Refs()})
	s.Settle()
	s.each("up=true", "vif")
	s.Now = s.Now.Add(threshold) // they have not noticed, and will not any more
	s.Settle()
	s.each("chassis=hv1 up=true", "vif")
}

// A write that comes too late changes nothing, and is planned anew by what is there then.
func TestRace(t *testing.T) {
	s := newStage(t)
	s.Now = time.Unix(1000, 0)
	s.plug("vif", 1)
	s.bind("vif", libovsdb.Row{"up": true, "chassis": duty.Refs(id("hv1"))})
	s.Settle()
	s.unplug("vif")
	release := s.planned("OVN_Southbound: release of port vif")
	s.set("vif", libovsdb.Row{"chassis": duty.Refs(id("hv2"))})
	s.planned()
	if err := s.Apply(release[0]); err == nil {
		t.Error("a release of what is another's is taken")
	}
	s.planned()
	s.is("vif", "chassis=hv2 up=true", "gone")

	s.plug("vif", 1)
	s.Now = s.Now.Add(threshold)
	first := s.planned(claimed)
	s.set("vif", libovsdb.Row{"chassis": duty.Refs(), "up": false}) // hv2 has let it go meanwhile
	if err := s.Apply(first[0]); err == nil {
		t.Error("a claim of what was another's is taken")
	}
	s.apply(s.planned(claimed)) // at once: nobody has undone anything
	s.is("vif", "chassis=hv1", " ")
	s.unplug("vif")
	release = s.planned("OVN_Southbound: release of port vif")
	s.Transact(duty.Southbound, duty.Delete(sb.PortBindingTable, id("vif")))
	_ = s.Apply(release[0]) // whichever: there is nothing left to write
	s.planned()
}

// What was on its way to a database when the connection ended is said again.
func TestLost(t *testing.T) {
	s := newStage(t)
	s.plug("vif", 1, installed, "true")
	s.bind("vif", nil)
	s.planned(claimed, "Open_vSwitch: no ovn-installed of interface for port vif")
	s.planned()
	s.duty.Lost(duty.Southbound)
	s.planned(claimed)
	s.duty.Lost(duty.Vswitch)
	s.planned("Open_vSwitch: no ovn-installed of interface for port vif")
	if list := s.duty.Problems(); len(list) > 0 {
		t.Errorf("problems are %q", list)
	}
}

// Of several interfaces for a port one counts.
func TestDoubleInterface(t *testing.T) {
	s := newStage(t)
	s.plugAs("a", "vif", 2, "encap-ip", "192.0.2.1", installed, "true")
	s.plugAs("b", "vif", 1, "encap-ip", "192.0.2.11")
	s.bind("vif", nil)
	s.Settle()
	s.mark("vif", 1, "lflow", "physical")
	s.Settle()
	s.each("chassis=hv1 encap=geneve 192.0.2.11 up=true", "vif")
	if a, b := s.installed("a"), s.installed("b"); a != " " || b != "true 0" {
		t.Errorf("ovn-installed %q and %q", a, b)
	}
	if list, want := s.duty.Problems(), []string{"port vif: 2 interfaces have it as iface-id"}; !slices.Equal(list, want) {
		t.Errorf("problems are %q, want %q", list, want)
	}
	s.unplug("b")
	s.Settle()
	s.each("chassis=hv1 encap=geneve 192.0.2.1", "vif")
	if list := s.duty.Problems(); len(list) > 0 {
		t.Errorf("problems are %q", list)
	}
}

// Without a row of its own a chassis claims nothing, and with another it claims anew.
func TestChassisRow(t *testing.T) {
	s := newStage(t)
	s.plug("vif", 1, installed, "true", "encap-ip", "192.0.2.21")
	s.Transact(duty.Southbound, duty.Delete(sb.ChassisTable, id("hv1")))
	s.bind("vif", nil)
	s.planned()
	s.is("vif", "", "true ")
	s.chassis("hv1", "geneve 192.0.2.21")
	names[id("geneve 192.0.2.21")] = "geneve 192.0.2.21"
	s.Settle()
	s.is("vif", "chassis=hv1 encap=geneve 192.0.2.21", " ")
	s.Transact(duty.Southbound,
		insert(sb.EncapTable, "geneve 192.0.2.22", libovsdb.Row{"type": "geneve", "ip": "192.0.2.22", "chassis_name": "hv1"}),
		duty.Update(sb.ChassisTable, id("hv1"), libovsdb.Row{"encaps": duty.Refs(id("geneve 192.0.2.22"))}))
	s.Settle()
	s.is("vif", "chassis=hv1", " ")
}
