package table

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// refusalTest is an operation that must be refused, with which error, and what its text must say.
type refusalTest struct {
	name string
	op   Op
	want error
	says string
}

func refusalTests(t *testing.T) []refusalTest {
	t.Helper()
	good := parse(t, "table=8,priority=1,in_port=9,actions=resubmit(,9)")
	add := func(f flow.Flow) Op { return Op{Kind: OpAdd, UUID: id(2), Flows: []flow.Flow{f}} }
	text := func(s string) Op { return add(parse(t, s)) }
	raw := func(match, actions string) Op {
		return add(flow.Flow{Key: flow.Key{Table: 8, Priority: 1, Match: flow.Match(match)}, Actions: flow.Actions(actions)})
	}
	return []refusalTest{
		{"truncated match", raw("\x80\x00\x00\x04\x00", ""), ErrBadMatch, ""},
		{"unknown field", raw("\x12\x34\x00\x01\x00", ""), ErrBadMatch, ""},
		{"field twice", raw(inPort+"\x00\x00\x00\x01"+inPort+"\x00\x00\x00\x02", ""), ErrBadMatch, ""},
		{"contradicted prerequisite", raw("\x80\x00\x0a\x02\x08\x06"+"\x80\x00\x16\x04\x0a\x00\x00\x01", ""), ErrBadMatch, ""},
		{"bad match in a key", Op{Kind: OpRemoveFlow, UUID: id(2), Key: flow.Key{Match: "x"}}, ErrBadMatch, ""},
		{"unknown instruction", raw("", "\x00\x63\x00\x08\x00\x00\x00\x00"), ErrBadActions, ""},
		{"instruction length", raw("", "\x00\x04\x00\x09\x00\x00\x00\x00"), ErrBadActions, ""},
		{"unknown action", raw("", "\x00\x04\x00\x10\x00\x00\x00\x00\x7f\xff\x00\x08\x00\x00\x00\x00"), ErrBadActions, ""},
		{"fin_timeout", text("table=8,priority=1,tcp,actions=fin_timeout(idle_timeout=5),resubmit(,9)"), ErrBadActions, "fin_timeout"},
		{"fin_timeout in a clone", text("table=8,priority=1,tcp,actions=clone(fin_timeout(hard_timeout=5))"), ErrBadActions, "fin_timeout"},
		{"action length", raw("", "\x00\x04\x00\x10\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00"), ErrBadActions, ""},
		{"conjunction beside another", raw("", mixedConjunction(t)), ErrBadActions, ""},
		{"table 254", add(flow.Flow{Key: flow.Key{Table: 254}}), ErrBadTable, ""},
		{"table 255", add(flow.Flow{Key: flow.Key{Table: 255}}), ErrBadTable, ""},
		{"table outside", text("table=30,actions=drop"), ErrFenced, "table 30"},
		{"priority outside", text("table=8,priority=40000,actions=drop"), ErrFenced, "priority 40000"},
		{"conjunction outside", text("table=8,priority=1,actions=conjunction(200,1/2)"), ErrFenced, "conjunction id 200"},
		{"group outside", text("table=8,priority=1,actions=group:200"), ErrFenced, "group 200"},
		{"group in a clone outside", text("table=8,priority=1,actions=clone(group:200)"), ErrFenced, "group 200"},
		{"meter outside", text("table=8,priority=1,actions=meter:200"), ErrFenced, "meter 200"},
		{"learn table outside", text("table=8,priority=1,actions=learn(table=30,priority=1,cookie=0x100000000000000)"), ErrFenced, "learn into table 30"},
		{"learn priority outside", text("table=8,priority=1,actions=learn(table=8,priority=40000,cookie=0x100000000000000)"), ErrFenced, "priority 40000"},
		{"learn slot", text("table=8,priority=1,actions=learn(table=8,priority=1,cookie=0x5)"), ErrFenced, "slot 1"},
		{"group not set", text("table=8,priority=1,actions=group:2"), ErrUnset, "group 2"},
		{"meter not set", text("table=8,priority=1,actions=meter:2"), ErrUnset, "meter 2"},
		{"removed group named", Op{Kind: OpRemoveGroup, ID: 1}, ErrInUse, "group 1"},
		{"removed group outside", Op{Kind: OpRemoveGroup, ID: 200}, ErrFenced, "group 200"},
		{"set group outside", Op{Kind: OpSetGroup, ID: 200}, ErrFenced, "group 200"},
		{"group in a bucket outside", Op{Kind: OpSetGroup, ID: 2, Refs: []flow.Ref{{Kind: flow.RefGroup, ID: 200}}}, ErrFenced, "group 200"},
		{"set meter outside", Op{Kind: OpSetMeter, ID: 200}, ErrFenced, "meter 200"},
		{"zone outside", Op{Kind: OpFlushCT, Zone: 200}, ErrFenced, "zone 200"},
		{"tuple outside", Op{Kind: OpFlushCTTuple, Zone: 200}, ErrFenced, "zone 200"},
		{"big group", Op{Kind: OpSetGroup, ID: 2, Body: Body(strings.Repeat("x", 65000))}, ErrTooBig, ""},
		{"big flow", raw("", bigActions(t)), ErrTooBig, ""},
		{"unknown operation", Op{Kind: 99}, ErrBadOp, "99"},
		{"no operation", Op{}, ErrBadOp, ""},
		{"nothing to add", Op{Kind: OpAdd, UUID: id(2)}, ErrBadOp, ""},
		{"flows to remove", Op{Kind: OpRemove, UUID: id(1), Flows: []flow.Flow{good}}, ErrBadOp, ""},
		{"UUID to clear", Op{Kind: OpClear, UUID: id(1)}, ErrBadOp, ""},
		{"quota", Op{Kind: OpAdd, UUID: id(2), Flows: []flow.Flow{
			parse(t, "table=8,in_port=2,actions=drop"), parse(t, "table=8,in_port=3,actions=drop"), parse(t, "table=8,in_port=4,actions=drop"),
		}}, ErrQuota, "4 flows, 3 are allowed"},
	}
}

// TestRefusals commits every kind of bad transaction: it is refused with the right error, which names the operation, and
// nothing has changed.
func TestRefusals(t *testing.T) {
	for _, tt := range refusalTests(t) {
		t.Run(tt.name, func(t *testing.T) {
			table, owner := fencedTable(t)
			before := everythingOf(table)
			// A good operation before it must not happen either.
			first := Op{Kind: OpRemove, UUID: id(7)}
			_, err := table.Commit(&Txn{Owner: owner, Ops: []Op{first, tt.op}}, start)
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			op := (*OpError)(nil)
			if !errors.As(err, &op) || tt.want != ErrQuota && (op.Index != 1 || op.Op != tt.op.Kind || op.UUID != tt.op.UUID) {
				t.Errorf("error %+v does not name the operation", err)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q does not say %q", err, tt.says)
			}
			mustBeValid(t, table)
			if after := everythingOf(table); !slices.Equal(before, after) {
				t.Errorf("changed from %v to %v", before, after)
			}
			if events, changes := table.Events(), table.Diff(10); len(events)+len(changes) > 0 {
				t.Errorf("events %v, changes %v", events, changes)
			}
		})
	}
}

// fencedTable has an owner with a narrow fence who has installed two flows and a group that one of them names.
func fencedTable(t *testing.T) (*Table, OwnerID) {
	t.Helper()
	table := New(Options{})
	owner, err := table.AddOwner(OwnerSpec{
		Name: "acl", Slot: 1, MaxFlows: 3,
		Tables: []Range[flow.TableID]{{8, 9}, {200, 255}}, Priorities: []Range[flow.Priority]{{0, 32768}},
		Groups: []Range[uint32]{{1, 9}}, Meters: []Range[uint32]{{1, 9}}, Conjunctions: []Range[uint32]{{1, 9}}, Zones: []Range[uint16]{{1, 9}},
	})
	if err != nil {
		t.Fatal(err)
	}
	table.AdoptBegin()
	table.AdoptDone(start)
	install(t, table, owner, []Op{
		{Kind: OpSetGroup, ID: 1, Body: "type=all"},
		{Kind: OpAdd, UUID: id(1), Flows: []flow.Flow{parse(t, "table=8,priority=1,in_port=1,actions=group:1")}},
	})
	return table, owner
}

// everythingOf describes a table.
func everythingOf(t *Table) (all []string) {
	for v := range t.Entries {
		all = append(all, describeEntry(v))
	}
	for v := range t.Objects {
		all = append(all, v.Object.String(), string(v.Wanted), string(v.Installed))
	}
	return all
}

// inPort is the header of in_port in a match (OpenFlow 1.5 §7.2.3.8).
const inPort = "\x80\x00\x00\x04"

func mixedConjunction(t *testing.T) string {
	t.Helper()
	mixed := string(parse(t, "actions=conjunction(1,1/2)").Actions) + string(parse(t, "actions=resubmit(,9)").Actions[8:])
	b := []byte(mixed)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return string(b)
}

// bigActions are valid and make a message over MaxMessage.
func bigActions(t *testing.T) string {
	t.Helper()
	list := make([]flow.Action, 4070)
	for i := range list {
		list[i] = flow.SetField(flow.Reg[0], uint64(i))
	}
	actions, err := flow.NewActions(list...)
	if err != nil {
		t.Fatal(err)
	}
	return string(actions)
}

func TestTransactionLimits(t *testing.T) {
	table, a, _ := adoptedTable(t)
	f := parse(t, "table=8,in_port=1,actions=drop")
	many := make([]flow.Flow, MaxTxnFlows+1)
	for i := range many {
		many[i] = f
	}
	if _, err := table.Commit(&Txn{Owner: a, Ops: []Op{{Kind: OpAdd, UUID: id(1), Flows: many}}}, start); !errors.Is(err, ErrTooBig) {
		t.Errorf("%d flows: error %v, want %v", len(many), err, ErrTooBig)
	}
	f.Actions = flow.Actions(bigActions(t))
	if _, err := table.Commit(&Txn{Owner: a, Ops: []Op{{Kind: OpAdd, UUID: id(1), Flows: []flow.Flow{f}}}}, start); !errors.Is(err, ErrTooBig) {
		t.Errorf("a message of %d bytes: error %v, want %v", messageSize(f.Match, f.Actions), err, ErrTooBig)
	}
	f.Actions = f.Actions[:0]
	body := Body(strings.Repeat("x", 60000))
	var ops []Op
	for i := range MaxTxnBytes/len(body) + 1 {
		ops = append(ops, Op{Kind: OpFlushCTTuple, Zone: uint16(i), Body: body})
	}
	spec := everything("c", 3)
	spec.Zones = []Range[uint16]{{0, 65535}}
	c, err := table.AddOwner(spec)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.Commit(&Txn{Owner: c, Ops: ops}, start); !errors.Is(err, ErrTooBig) {
		t.Errorf("%d bytes: error %v, want %v", len(ops)*len(body), err, ErrTooBig)
	}
	mustBeValid(t, table)
}

func TestUnknownOwner(t *testing.T) {
	table, a, _ := adoptedTable(t)
	if _, err := table.AddOwner(everything("a", 1)); !errors.Is(err, ErrOwnerExists) {
		t.Errorf("error %v, want %v", err, ErrOwnerExists)
	}
	for _, o := range []OwnerID{0, 77} {
		if _, err := table.Commit(&Txn{Owner: o}, start); !errors.Is(err, ErrUnknownOwner) {
			t.Errorf("owner %d: error %v, want %v", o, err, ErrUnknownOwner)
		}
		table.SyncBegin(o, start)
		table.SyncDone(o, start)
		table.SessionEnded(o, start)
	}
	if _, err := table.Commit(&Txn{Owner: a}, start); err != nil {
		t.Errorf("an empty transaction: %v", err)
	}
	mustBeValid(t, table)
}

// TestMergedConjunctionThatDoesNotFit adds clauses to one key until the message is full: the one too many is in quarantine,
// the others stay, and it recovers when there is room.
func TestMergedConjunctionThatDoesNotFit(t *testing.T) {
	table, a, b := adoptedTable(t)
	clauses := func(first, n uint32) flow.Flow {
		var list []flow.Conj
		for i := range n {
			list = append(list, flow.Conj{ID: first + i, Clause: 0, Clauses: 2})
		}
		f := parse(t, "table=8,in_port=1,actions=drop")
		var err error
		if f.Actions, err = flow.NewConjunctions(list); err != nil {
			t.Fatal(err)
		}
		return f
	}
	install(t, table, a, []Op{{Kind: OpAdd, UUID: id(1), Flows: []flow.Flow{clauses(0, 2000)}}})
	install(t, table, b, []Op{{Kind: OpAdd, UUID: id(2), Flows: []flow.Flow{clauses(5000, 2000)}}})
	if _, err := table.Commit(&Txn{Owner: b, ID: 9, Ops: []Op{{Kind: OpAdd, UUID: id(3), Flows: []flow.Flow{clauses(9000, 100)}}}}, start); err != nil {
		t.Fatal(err)
	}
	mustBeValid(t, table)
	if changes := table.Diff(10); len(changes) != 0 {
		t.Errorf("changes: %d", len(changes))
	}
	events := table.Events()
	if len(events) != 2 || events[0].Kind != EventRefused || events[0].UUID != id(3) || len(events[1].Refused) != 1 {
		t.Fatalf("events: %+v", events)
	}
	if _, err := table.Commit(&Txn{Owner: a, Ops: []Op{{Kind: OpClear}}}, start); err != nil {
		t.Fatal(err)
	}
	mustBeValid(t, table)
	recovered := slices.ContainsFunc(table.Events(), func(e Event) bool { return e.Kind == EventRecovered && e.UUID == id(3) })
	changes := table.Diff(10)
	if !recovered || len(changes) != 1 || len(changes[0].Flow.Actions.Conjunctions()) != 2100 {
		t.Errorf("recovered %v, %d changes", recovered, len(changes))
	}
}

// TestNothingIsKept changes a transaction's memory after the commit.
func TestNothingIsKept(t *testing.T) {
	table, a, _ := adoptedTable(t)
	f := parse(t, "table=8,in_port=1,actions=drop")
	txn := &Txn{Owner: a, Ops: []Op{{Kind: OpAdd, UUID: id(1), Flows: []flow.Flow{f}}}, Marks: []Mark{{"x", "1"}}}
	if _, err := table.Commit(txn, start); err != nil {
		t.Fatal(err)
	}
	txn.Ops[0].Flows[0] = flow.Flow{}
	txn.Ops[0].UUID = uuid.UUID{}
	txn.Marks[0] = Mark{}
	for _, c := range table.Diff(1) {
		if c.Flow.Key != f.Key {
			t.Errorf("key %s, want %s", c.Flow.Key, f.Key)
		}
		table.Confirm(c, start)
	}
	if m, ok := table.Mark(a, "x"); !ok || m.Value != "1" {
		t.Errorf("mark %v %v", m, ok)
	}
}
