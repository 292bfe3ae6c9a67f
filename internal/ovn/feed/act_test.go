package feed

import (
	"context"
	"slices"
	"testing"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/sdk"
)

// A Maker that writes is called again when it wants to be. What it has written has been taken in when the batch of that number has.
func TestActs(t *testing.T) {
	s := &site{t: t, vswitch: chassis(t, southbound(t, 0).OVSDB())}
	written, done := make(chan uint64, 1), make(chan string, 1)
	began, made := false, uint64(0)
	s.act = func(known bool, vswitch, southbound Side) time.Time {
		switch {
		case !known:
			return time.Time{}
		case !began:
			began = true
			go write(t, vswitch.Client, written)
		case made > 0 && vswitch.Taken >= made:
			done <- s.now.local.Setting("x")
			return time.Time{}
		case made == 0 && len(written) > 0:
			made = <-written
		}
		return time.Now().Add(10 * time.Millisecond)
	}
	s.run()
	select {
	case got := <-done:
		if got != "y" {
			t.Errorf("with the batch of that number, external_ids:x is %q", got)
		}
	case <-time.After(patience):
		t.Error("not called again")
	}
}

func write(t *testing.T, to *ovsdb.Client, made chan<- uint64) {
	_, err := to.Transact(context.Background(), ovsdb.Operation{Op: "mutate", Table: "Open_vSwitch",
		Where:     []ovsdb.Condition{libovsdb.NewCondition("next_cfg", ">=", 0)},
		Mutations: []libovsdb.Mutation{{Column: "external_ids", Mutator: "insert", Value: libovsdb.OvsMap{GoMap: map[any]any{"x": "y"}}}}})
	if err != nil {
		t.Error(err)
	}
	made <- to.Made()
}

// The marks that a source watches reach it, and its operations flush zones.
func TestMarkedAndFlushed(t *testing.T) {
	s := &site{t: t, vswitch: chassis(t, southbound(t, 0).OVSDB()), watched: make(chan sdk.MarkInstalled, 10)}
	s.run()
	if m := <-s.watched; m.Name != "nb_cfg" || m.Value != "17" {
		t.Errorf("marked %+v", m)
	}
	s.WaitSynced()
	s.tell([]Mark{{Name: "zone/x", Value: "9"}}, Operation{Keep: true, Flush: []uint16{9}})
	if m := <-s.watched; m.Name != "zone/x" || m.Value != "9" {
		t.Errorf("marked %+v", m)
	}
	if got := s.FlushedZones(); !slices.Equal(got, []uint16{9}) {
		t.Errorf("flushed %v", got)
	}
	s.untilFlows(1, 3)
}
