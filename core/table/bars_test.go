package table

import (
	"flag"
	"fmt"
	"runtime"
	"syscall"
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
	crop := newCrop(t)
	empty := heap()
	table, owner := cropTable(t, crop)
	var matches, actions int
	for table.desired.live() < large {
		ops := crop.take(t, 10_000)
		for _, op := range ops {
			matches += len(op.Flows[0].Match)
			actions += len(op.Flows[0].Actions)
		}
		install(t, table, owner, ops)
	}
	size := float64(heap() - empty)
	n := table.desired.live()
	t.Logf("%d flows of %d UUIDs, %d bytes of match and %d of actions each, %d different lists of actions",
		n, table.origins.live(), matches/n, actions/n, table.actions.lists.live())
	bar(t, "table.memory", size/float64(n), "B/flow", 250)

	barSpeed(t, crop, table, owner)
	bar(t, "table.set-unchanged", allocsOfUnchangedSet(t), "allocations", 0)
	barLoad(t, crop)
	runtime.KeepAlive(crop)
}

// cropTable is an adopted table whose one owner has what the flows of a crop name.
func cropTable(tb testing.TB, c *crop) (*Table, OwnerID) {
	tb.Helper()
	t := New(Options{})
	spec := everything("lflow", 0)
	spec.Groups, spec.Meters = []Range[uint32]{{0, 1 << 31}}, []Range[uint32]{{0, 1 << 31}}
	owner, err := t.AddOwner(spec)
	if err != nil {
		tb.Fatal(err)
	}
	t.AdoptBegin()
	t.AdoptDone(start)
	var ops []Op
	for _, f := range c.seeds {
		for _, x := range referencesOf(f.Actions).objects {
			ops = append(ops, Op{Kind: map[ObjectKind]OpKind{Group: OpSetGroup, Meter: OpSetMeter}[x.Kind], ID: x.ID, Body: "recorded"})
		}
	}
	install(tb, t, owner, ops)
	return t, owner
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

// cpuTime is the processor time this process has used: unlike the wall clock it does not count what else the machine does.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
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
func barSpeed(t *testing.T, c *crop, big *Table, bigOwner OwnerID) {
	little, littleOwner := cropTable(t, c)
	install(t, little, littleOwner, c.take(t, small))
	for _, kind := range []OpKind{OpAdd, OpSet, OpRemove} {
		name := map[OpKind]string{OpAdd: "add", OpSet: "set", OpRemove: "remove"}[kind]
		inBig, inLittle := time.Hour, time.Hour
		for range 8 { // in turns, and the best of each: what else the machine does hits both
			inBig = min(inBig, timeOf(t, big, bigOwner, kind))
			inLittle = min(inLittle, timeOf(t, little, littleOwner, kind))
		}
		t.Logf("%s: %v in the large table, %v in the small one", name, inBig, inLittle)
		bar(t, "table."+name+"-1M-to-1k", float64(inBig)/float64(inLittle), "times as long", 1.5)
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
	began := cpuTime(t)
	for i := range ops {
		install(t, table, o, ops[i])
	}
	took := cpuTime(t) - began
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
func barLoad(t *testing.T, c *crop) {
	const flows, batch = 100_000, 1000
	var txns []*Txn
	for range flows / batch {
		txns = append(txns, &Txn{Ops: c.take(t, batch)})
	}
	best := time.Hour
	for range 5 {
		table, a := cropTable(t, c)
		runtime.GC()
		began := cpuTime(t)
		sent := 0
		for _, txn := range txns {
			txn.Owner, txn.prepared = a, false
			if _, err := table.Commit(txn, start); err != nil {
				t.Fatal(err)
			}
			sent += len(table.Diff(batch))
		}
		if best = min(best, cpuTime(t)-began); sent != flows {
			t.Fatalf("%d changes for %d flows", sent, flows)
		}
	}
	bar(t, "table.load", float64(best.Nanoseconds())/flows, "ns/flow", 1000)
}
