package table

import (
	"testing"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

const (
	flowOfTwo  = "table=1,priority=5,in_port=1,actions=resubmit(,2)"
	flowOfFour = "table=1,priority=5,in_port=1,actions=resubmit(,4)"
)

func set(tb testing.TB, uuid byte, text string) Op {
	return Op{Kind: OpSet, UUID: id(uuid), Flows: []flow.Flow{parse(tb, text)}}
}

// confirmAll has the switch take all that the table wants.
func confirmAll(table *Table, now time.Time) (n int) {
	for {
		changes := table.Diff(100)
		if len(changes) == 0 {
			return n
		}
		for _, c := range changes {
			table.Confirm(c, now)
			n++
		}
	}
}

// atomicInFlight has a flow installed, and an atomic transaction on its way that changes it and adds another one.
func atomicInFlight(t *testing.T) (table *Table, a OwnerID, sent []Change) {
	t.Helper()
	table, a, _ = adoptedTable(t)
	commit(t, table, a, set(t, 1, flowOfTwo))
	confirmAll(table, start)
	txn := &Txn{Owner: a, Atomic: true, Ops: []Op{set(t, 1, flowOfFour), set(t, 2, "table=2,actions=drop")}}
	if _, err := table.Commit(txn, start); err != nil {
		t.Fatal(err)
	}
	if sent = table.DiffAtomic(a); len(sent) != 2 {
		t.Fatalf("changes: %v", sent)
	}
	return table, a, sent
}

// TestAtomicRefusedAfterDrift has somebody delete a flow while the switch refuses a change of it: what was there before comes back.
func TestAtomicRefusedAfterDrift(t *testing.T) {
	table, a, sent := atomicInFlight(t)
	table.ObservedGone(sent[0].Flow.Key, start)
	table.RejectAtomic(a, sent, []*SwitchError{nil, {Text: "no"}}, start)
	mustBeValid(t, table)
	changes := table.Diff(10)
	if len(changes) != 1 || changes[0].Kind != FlowAdd || changes[0].Flow.Actions != parse(t, flowOfTwo).Actions {
		t.Errorf("changes: %v, want the flow of before", changes)
	}
}

// TestAtomicTakenAfterDrift has somebody delete a flow while the switch takes a change of it: it is put back, and the owner may go on.
func TestAtomicTakenAfterDrift(t *testing.T) {
	table, a, sent := atomicInFlight(t)
	table.ObservedGone(sent[0].Flow.Key, start)
	table.Confirm(sent[0], start)
	table.Confirm(sent[1], start)
	table.AtomicTaken(a)
	mustBeValid(t, table)
	if n := confirmAll(table, start); n != 1 {
		t.Errorf("%d changes, want the flow once more", n)
	}
	commit(t, table, a, set(t, 1, flowOfTwo))
}

// TestAtomicRefusedAfterItsGroupCame has a flow wait for a group that was refused, an atomic transaction take the flow away and be
// refused, and the group recover meanwhile: the flow does not wait any more.
func TestAtomicRefusedAfterItsGroupCame(t *testing.T) {
	table, a := groupTable(t)
	commit(t, table, a, Op{Kind: OpSetGroup, ID: 1, Body: "1"}, set(t, 1, "table=1,in_port=1,actions=group:1"))
	changes := table.Diff(10)
	table.Reject(changes[0], SwitchError{Text: "no"}, start)
	table.Withdraw(changes[1])
	table.ObservedObject(Object{Group, 1}, false, "", start)
	confirmAll(table, start)
	if _, err := table.Commit(&Txn{Owner: a, Atomic: true, Ops: []Op{set(t, 1, flowOfFour)}}, start); err != nil {
		t.Fatal(err)
	}
	sent := table.DiffAtomic(a)
	if len(sent) != 1 {
		t.Fatalf("changes: %v", sent)
	}
	later := start.Add(2 * time.Second)
	table.Tick(later)
	if n := confirmAll(table, later); n != 1 {
		t.Fatalf("%d changes, want the group", n)
	}
	table.RejectAtomic(a, sent, []*SwitchError{{Text: "no"}}, later)
	mustBeValid(t, table)
	if changes := table.Diff(10); len(changes) != 1 || changes[0].Kind != FlowAdd {
		t.Errorf("changes: %v, want the flow that names the group", changes)
	}
}

// TestAtomicRefusedAfterLosing has a stale flow mentioned by an atomic transaction that is refused when another owner has won its key.
func TestAtomicRefusedAfterLosing(t *testing.T) {
	table, a, b := adoptedTable(t)
	commit(t, table, a, set(t, 2, flowOfTwo))
	confirmAll(table, start)
	table.SyncBegin(a, start)
	txn := &Txn{Owner: a, Atomic: true, Ops: []Op{set(t, 2, flowOfTwo), set(t, 3, "table=2,actions=drop")}}
	if _, err := table.Commit(txn, start); err != nil {
		t.Fatal(err)
	}
	sent := table.DiffAtomic(a)
	commit(t, table, b, set(t, 1, flowOfFour))
	table.RejectAtomic(a, sent, []*SwitchError{{Text: "no"}}, start)
	mustBeValid(t, table)
	commit(t, table, a, Op{Kind: OpRemove, UUID: id(2)})
}

// groupTable is an adoptedTable whose first owner may have groups.
func groupTable(t *testing.T) (table *Table, a OwnerID) {
	t.Helper()
	table = New(Options{})
	spec := everything("a", 1)
	spec.Groups = []Range[uint32]{{1, 100}}
	a, err := table.AddOwner(spec)
	if err != nil {
		t.Fatal(err)
	}
	table.AdoptBegin()
	table.AdoptDone(start)
	return table, a
}
