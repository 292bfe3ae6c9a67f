package table

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

var bars = flag.Bool("bars", false, "measure size and speed and hold them against what must be reached")

const (
	large = 1_000_000
	small = 1_000
)

// TestBars prints a line for each bar: go test -run '^TestBars$' -count=1 -bars
func TestBars(t *testing.T) {
	if !*bars {
		t.Skip("only with -bars")
	}
	empty := heap()
	table, owner := New(Options{}), OwnerID(0)
	owner, _ = table.AddOwner(everything("lflow", 0))
	table.AdoptBegin()
	table.AdoptDone(start)
	crop := newCrop(t)
	var matches, actions int
	for table.desired.live() < large {
		ops := crop.take(t, 10_000)
		for _, op := range ops {
			matches += len(op.Flows[0].Match)
			actions += len(op.Flows[0].Actions)
		}
		install(t, table, owner, ops)
	}
	crop = nil
	n := table.desired.live()
	t.Logf("%d flows of %d UUIDs, %d bytes of match and %d of actions each, %d different lists of actions",
		n, table.origins.live(), matches/n, actions/n, table.actions.lists.live())
	bar(t, "table.memory", float64(heap()-empty)/float64(n), "B/flow", 250)

	barSpeed(t, table, owner)
	bar(t, "table.set-unchanged", allocsOfUnchangedSet(t), "allocations", 0)
	barLoad(t)
}

// bar prints what was measured and what must be reached.
func bar(t *testing.T, name string, figure float64, unit string, limit float64) {
	t.Helper()
	verdict := "pass"
	if figure > limit {
		verdict = "FAIL"
		t.Fail()
	}
	fmt.Printf("bar %s: %.2f %s, must be ≤ %g: %s\n", name, figure, unit, limit, verdict)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// install commits operations and lets the switch do what comes of them.
func install(tb testing.TB, t *Table, o OwnerID, ops []Op) {
	tb.Helper()
	if _, err := t.Commit(&Txn{Owner: o, Ops: ops}, start); err != nil {
		tb.Fatal(err)
	}
	for changes := t.Diff(1 << 20); len(changes) > 0; changes = t.Diff(1 << 20) {
		for _, c := range changes {
			t.Confirm(c, start)
		}
	}
	t.Events()
}

// single is a flow that no recorded flow is.
func single(i uint64) flow.Flow {
	m, _ := flow.NewMatch(flow.Metadata.Is(3), flow.Reg[14].Is(i))
	a, _ := flow.NewActions(flow.SetField(flow.Reg[0], i%100))
	return flow.Flow{Key: flow.Key{Table: 8, Priority: 1234, Match: m}, Actions: a}
}

// barSpeed compares one operation, with its change and the switch's answer, in the large table with a small one.
func barSpeed(t *testing.T, big *Table, bigOwner OwnerID) {
	little := New(Options{})
	littleOwner, _ := little.AddOwner(everything("lflow", 0))
	little.AdoptBegin()
	little.AdoptDone(start)
	install(t, little, littleOwner, newCrop(t).take(t, small))
	for _, kind := range []OpKind{OpAdd, OpSet, OpRemove} {
		name := map[OpKind]string{OpAdd: "add", OpSet: "set", OpRemove: "remove"}[kind]
		ratio := func() float64 {
			return float64(timeOf(t, big, bigOwner, kind)) / float64(timeOf(t, little, littleOwner, kind))
		}
		best := ratio()
		for range 4 {
			best = min(best, ratio())
		}
		bar(t, "table."+name+"-1M-to-1k", best, "times as long", 1.5)
	}
}

// timeOf returns how long an operation of one flow takes, from commit to the switch's answer. What it adds it takes away.
func timeOf(t *testing.T, table *Table, o OwnerID, kind OpKind) time.Duration {
	const rounds = 2000
	ops := make([][]Op, rounds)
	prepare := make([]Op, rounds)
	undo := make([]Op, rounds)
	for i := range rounds {
		id := uuid.UUID{byte(i), byte(i >> 8), 0xff}
		f := single(uint64(i))
		prepare[i] = Op{Kind: OpAdd, UUID: id, Flows: []flow.Flow{f}}
		undo[i] = Op{Kind: OpRemove, UUID: id}
		switch kind {
		case OpSet:
			f = single(uint64(i + 1))
			fallthrough
		case OpAdd:
			ops[i] = []Op{{Kind: kind, UUID: id, Flows: []flow.Flow{f}}}
		default:
			ops[i] = []Op{undo[i]}
		}
	}
	if kind != OpAdd {
		install(t, table, o, prepare)
	}
	began := time.Now()
	for i := range ops {
		install(t, table, o, ops[i])
	}
	took := time.Since(began)
	install(t, table, o, undo)
	return took / rounds
}

func allocsOfUnchangedSet(t *testing.T) float64 {
	table, a, _ := adoptedTable(t)
	var flows []flow.Flow
	for i := range 16 {
		flows = append(flows, single(uint64(i)))
	}
	txn := &Txn{Owner: a, Ops: []Op{{Kind: OpSet, UUID: id(1), Flows: flows}}}
	install(t, table, a, txn.Ops)
	return testing.AllocsPerRun(100, func() {
		txn.prepared = false
		for i := range flows {
			flows[i].Cookie = 0
		}
		if _, err := table.Commit(txn, start); err != nil {
			t.Fatal(err)
		}
		table.events = table.events[:0]
	})
}

// barLoad measures commit and difference of 100,000 new flows on one core, with the check that they are canonical.
func barLoad(t *testing.T) {
	const flows, batch = 100_000, 1000
	crop := newCrop(t)
	var txns []*Txn
	for range flows / batch {
		txns = append(txns, &Txn{Ops: crop.take(t, batch)})
	}
	best := time.Hour
	for range 5 {
		table, a, _ := adoptedTable(t)
		runtime.GC()
		began := time.Now()
		sent := 0
		for _, txn := range txns {
			txn.Owner, txn.prepared = a, false
			if _, err := table.Commit(txn, start); err != nil {
				t.Fatal(err)
			}
			sent += len(table.Diff(batch))
		}
		if best = min(best, time.Since(began)); sent != flows {
			t.Fatalf("%d changes for %d flows", sent, flows)
		}
	}
	bar(t, "table.load", float64(best.Nanoseconds())/flows, "ns/flow", 1000)
}
