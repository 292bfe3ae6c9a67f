package table

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/sdk/flow"
)

// TestFloodOfSmallTransactions: what one owner says in many small transactions is a load after a while, so that another's change
// does not wait for all of it.
func TestFloodOfSmallTransactions(t *testing.T) {
	table, a, b := adoptedTable(t)
	for i := range 3 * smallQueue {
		f := parse(t, fmt.Sprintf("table=1,priority=5,reg0=%d,actions=drop", i))
		if _, err := table.Commit(&Txn{Owner: a, Ops: []Op{{Kind: OpAdd, UUID: id(1), Flows: []flow.Flow{f}}}}, start); err != nil {
			t.Fatal(err)
		}
	}
	other := parse(t, "table=2,priority=5,in_port=1,actions=drop")
	commit(t, table, b, Op{Kind: OpAdd, UUID: id(2), Flows: []flow.Flow{other}})
	changes := table.DiffSmall(10 * smallQueue)
	mustBeValid(t, table)
	if len(changes) != smallQueue+1 || changes[smallQueue].Flow.Key != other.Key {
		t.Errorf("%d changes go first, want the other owner's and %d before it", len(changes), smallQueue)
	}
	if rest := table.Diff(10 * smallQueue); len(rest) != 2*smallQueue {
		t.Errorf("%d changes are left, want %d", len(rest), 2*smallQueue)
	}
	again := commit(t, table, a, Op{Kind: OpAdd, UUID: id(3), Flows: []flow.Flow{parse(t, "table=3,priority=5,in_port=1,actions=drop")}})
	if changes := table.DiffSmall(1); len(changes) != 1 {
		t.Errorf("after the flood revision %d is not small any more", again)
	}
}

// TestDiffIsBoundedInBytes: how many changes are given out depends on their size, too.
func TestDiffIsBoundedInBytes(t *testing.T) {
	table, a, _ := adoptedTable(t)
	const action = "\xff\xff\x00\x10\x00\x00\x23\x20\x00\x0e\xff\xf8\x02\x00\x00\x00" // resubmit(,2)
	list := strings.Repeat(action, 3000)
	long := parse(t, "table=1,priority=5,actions=drop")
	long.Actions = flow.Actions(binary.BigEndian.AppendUint16([]byte{0, 4}, uint16(8+len(list)))) + "\x00\x00\x00\x00" + flow.Actions(list)
	const flows = 40
	for i := range flows {
		long.Priority = flow.Priority(i)
		commit(t, table, a, Op{Kind: OpAdd, UUID: id(1), Flows: []flow.Flow{long}})
	}
	given := 0
	for changes := table.Diff(1000); len(changes) > 0; changes = table.Diff(1000) {
		size := 0
		for _, c := range changes {
			size += len(c.Flow.Match) + len(c.Flow.Actions)
		}
		if size > DiffBytes+len(long.Actions) {
			t.Errorf("%d changes of %d bytes", len(changes), size)
		}
		given += len(changes)
	}
	mustBeValid(t, table)
	if given != flows {
		t.Errorf("%d changes, want %d", given, flows)
	}
}
