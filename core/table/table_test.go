package table

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// id is the UUID whose first byte is n.
func id(n byte) uuid.UUID { return uuid.UUID{n} }

func parse(tb testing.TB, text string) flow.Flow {
	tb.Helper()
	f, err := flow.ParseFlow(text)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return f
}

func everything(name string, slot uint8) OwnerSpec {
	return OwnerSpec{
		Name: name, Slot: slot, Expected: true,
		Tables:       []Range[flow.TableID]{{0, flow.MaxTable}},
		Priorities:   []Range[flow.Priority]{{0, 65535}},
		Conjunctions: []Range[uint32]{{0, 1<<32 - 1}},
		PacketIn:     AllPacketIns(),
	}
}

// adoptedTable has two owners who may do everything, and an empty switch.
func adoptedTable(tb testing.TB) (t *Table, a, b OwnerID) {
	tb.Helper()
	t = New(Options{})
	a, err := t.AddOwner(everything("a", 1))
	if err != nil {
		tb.Fatal(err)
	}
	b, err = t.AddOwner(everything("b", 2))
	if err != nil {
		tb.Fatal(err)
	}
	t.AdoptBegin()
	t.AdoptDone(start)
	return t, a, b
}

func commit(tb testing.TB, t *Table, o OwnerID, ops ...Op) Revision {
	tb.Helper()
	r, err := t.Commit(&Txn{Owner: o, ID: 7, Ops: ops}, start)
	if err != nil {
		tb.Fatal(err)
	}
	mustBeValid(tb, t)
	return r
}

func TestInstalledOnlyAfterConfirm(t *testing.T) {
	table, a, _ := adoptedTable(t)
	f := parse(t, "table=1,priority=5,in_port=1,actions=drop")
	r := commit(t, table, a, Op{Kind: OpAdd, UUID: id(1), Flows: []flow.Flow{f}})
	if events := table.Events(); len(events) != 0 {
		t.Fatalf("events before anything was sent: %v", events)
	}
	changes := table.Diff(10)
	if len(changes) != 1 || changes[0].Kind != FlowAdd {
		t.Fatalf("changes: %v", changes)
	}
	mustBeValid(t, table)
	table.Confirm(changes[0], start)
	mustBeValid(t, table)
	events := table.Events()
	if len(events) != 1 || events[0].Kind != EventInstalled || events[0].Revision != r || events[0].Txn != 7 {
		t.Fatalf("events: %v", events)
	}
	if got, want := changes[0].Flow.Cookie, flow.Cookie(0x01000000_01000000); got != want {
		t.Errorf("cookie %#x, want %#x", got, want)
	}
}

func TestQuotaRefusesWholeTransaction(t *testing.T) {
	table := New(Options{})
	spec := everything("a", 0)
	spec.MaxFlows = 2
	a, err := table.AddOwner(spec)
	if err != nil {
		t.Fatal(err)
	}
	one := parse(t, "table=1,in_port=1,actions=drop")
	two := parse(t, "table=1,in_port=2,actions=drop")
	three := parse(t, "table=1,in_port=3,actions=drop")
	commit(t, table, a, Op{Kind: OpAdd, UUID: id(1), Flows: []flow.Flow{one}})
	_, err = table.Commit(&Txn{Owner: a, Ops: []Op{
		{Kind: OpAdd, UUID: id(1), Flows: []flow.Flow{one}}, // a duplicate
		{Kind: OpRemove, UUID: id(1)},
		{Kind: OpAdd, UUID: id(2), Flows: []flow.Flow{one, two, three}},
	}}, start)
	if !errors.Is(err, ErrQuota) {
		t.Fatalf("error %v, want %v", err, ErrQuota)
	}
	mustBeValid(t, table)
	if events := table.Events(); len(events) != 0 {
		t.Errorf("events %v", events)
	}
	var left []EntryView
	table.Entries(func(v EntryView) bool { left = append(left, v); return true })
	if len(left) != 1 || left[0].Winner.UUID != id(1) || left[0].Key != one.Key {
		t.Errorf("left: %v", left)
	}
	commit(t, table, a, Op{Kind: OpSet, UUID: id(1), Flows: []flow.Flow{two, three}})
}
