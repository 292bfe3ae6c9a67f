package feed

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

var someID, otherID = uuid.UUID{0xaa}, uuid.UUID{0xbb}

// flowsFrom are n flows of priorities from first on.
func flowsFrom(first, n int, actions ...flow.Action) []flow.Flow {
	list := make([]flow.Flow, n)
	for i := range list {
		list[i].Table, list[i].Priority = 8, flow.Priority(first+i)
		list[i].Actions, _ = flow.NewActions(actions...)
	}
	return list
}

func key(priority int) flow.Key { return flow.Key{Table: 8, Priority: flow.Priority(priority)} }

// Of a UUID with many flows, one that comes, goes or does something else costs one flow_mod.
func TestSingleFlows(t *testing.T) {
	s := start(t, southbound(t, 0).OVSDB())
	s.WaitSynced()
	said := func(what string, want int, o Operation) {
		t.Helper()
		before := s.Sent()
		s.tell(nil, o)
		s.ask(func(*rows) {})
		s.WaitSettled()
		if n := s.Sent() - before; n != want {
			t.Errorf("%s: %d flow_mods, want %d", what, n, want)
		}
	}
	said("all", 1000, Operation{ID: someID, Flows: flowsFrom(1000, 1000)})
	said("one more", 1, Operation{ID: someID, Keep: true, Flows: flowsFrom(5000, 1)})
	said("one that is there", 0, Operation{ID: someID, Keep: true, Flows: flowsFrom(5000, 1)})
	said("one less", 1, Operation{ID: someID, Keep: true, Remove: []flow.Key{key(1500)}})
	said("one that is not there", 0, Operation{ID: someID, Keep: true, Remove: []flow.Key{key(1500)}})
	said("another", 1, Operation{ID: someID, Keep: true, Remove: []flow.Key{key(1501)}, Flows: flowsFrom(1501, 1, flow.Resubmit(9))})
	said("nothing", 0, Operation{ID: someID, Keep: true})
	said("another's", 1, Operation{ID: otherID, Keep: true, Flows: flowsFrom(6000, 1)})
	said("all but one", 999, Operation{ID: someID, Flows: flowsFrom(5000, 1)})
	said("none", 1, Operation{ID: someID})
	s.untilFlows(1, 3, 6000)
}

func group5(t *testing.T) flow.Group {
	g, err := flow.NewGroup(flow.GroupSpec{ID: 5, Type: flow.GroupSelect})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Groups and meters come with the flows that name them, and go with the last of those.
func TestGroupsAndMeters(t *testing.T) {
	s := start(t, southbound(t, 0).OVSDB())
	s.WaitSynced()
	m, err := flow.NewMeter(6, flow.MeterPktps, flow.Band{Type: flow.BandDrop, Rate: 100})
	if err != nil {
		t.Fatal(err)
	}
	s.tell(nil,
		Operation{ID: someID, Flows: flowsFrom(100, 1, flow.ToGroup(5)), Groups: []flow.Group{group5(t)}},
		Operation{ID: otherID, Flows: flowsFrom(101, 1, flow.ToMeter(6)), Meters: []flow.Meter{m}})
	s.untilFlows(1, 3, 100, 101)
	if s.Groups() == "" || s.Meters() == "" {
		t.Errorf("groups %q, meters %q", s.Groups(), s.Meters())
	}
	s.tell(nil, Operation{ID: otherID, RemoveMeters: []flow.MeterID{6}},
		Operation{ID: someID, Keep: true, Remove: []flow.Key{key(100)}, RemoveGroups: []flow.GroupID{5}})
	s.untilFlows(1, 3)
	s.WaitSettled()
	if s.Groups() != "" || s.Meters() != "" {
		t.Errorf("groups %q, meters %q are left", s.Groups(), s.Meters())
	}
}

// A group that the flows of the session before may still name goes after SyncDone. The host would refuse to remove it before.
func TestGroupRetires(t *testing.T) {
	missing := ""
	s := &site{t: t, vswitch: chassis(t, southbound(t, 0).OVSDB()), missing: func() string { return missing }}
	s.run()
	s.WaitSynced()
	s.tell(nil, Operation{ID: someID, Flows: flowsFrom(100, 1, flow.ToGroup(5)), Groups: []flow.Group{group5(t)}})
	s.untilFlows(1, 3, 100)

	s.ask(func(*rows) { missing = "waiting for Godot" })
	s.Restart()
	s.untilStatus(false, missing)
	s.tell(nil, Operation{Keep: true, Groups: []flow.Group{group5(t)}}, Operation{Keep: true, RemoveGroups: []flow.GroupID{5}})
	s.untilFlows(1, 3, 100)
	s.ask(func(*rows) { missing = "" })
	s.untilFlows(1, 3)
	ovstest.Eventually(t, 20*time.Second, func() error { // the host is told of it after SyncDone, and it lingers
		if s.Groups() != "" {
			return fmt.Errorf("groups %q are left", s.Groups())
		}
		return nil
	})
}

// A UUID may have more flows than a transaction.
func TestLargeOperation(t *testing.T) {
	s := start(t, southbound(t, 0).OVSDB())
	s.WaitSynced()
	many := append(flowsFrom(100, 40000), flowsFrom(100, 40000)...)
	for i := range many[40000:] {
		many[i].Table = 9
	}
	s.tell(nil, Operation{ID: someID, Flows: many})
	s.ask(func(*rows) {})
	s.WaitSettled()
	if n := strings.Count(s.Flows(), "\n"); n != len(many)+2 {
		t.Errorf("the switch has %d flows, want %d", n, len(many)+2)
	}
}

// Many rows are told in transactions of a bounded size, and so are many marks.
func TestManyRowsAndMarks(t *testing.T) {
	s := start(t, southbound(t, 0).OVSDB())
	s.WaitSynced()
	var operations []Operation
	var marks []Mark
	for id := range ids(2*batch + 3) {
		operations = append(operations, Operation{ID: id, Flows: flowsFrom(100+len(operations), 1)})
		marks = append(marks, Mark{Name: "port/" + id.String(), Value: "1"})
	}
	s.tell(marks, operations...)
	s.WaitMark(marks[len(marks)-1].Name, "1")
	s.WaitSettled()
	if n := len(s.priorities()); n != len(operations)+2 {
		t.Errorf("the switch has %d flows", n)
	}
}
