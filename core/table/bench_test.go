package table

import (
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// BenchmarkLoad adds recorded flows to a table and takes the changes: with and without the check that they are canonical.
func BenchmarkLoad(b *testing.B) {
	for _, prepared := range []bool{false, true} {
		b.Run(map[bool]string{false: "checked", true: "prepared"}[prepared], func(b *testing.B) {
			const batch = 1000
			crop := newCrop(b)
			table, a := cropTable(b, crop)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += batch {
				b.StopTimer()
				txn := &Txn{Owner: a, Ops: crop.take(b, batch)}
				if prepared {
					if err := table.Prepare(txn); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				if _, err := table.Commit(txn, start); err != nil {
					b.Fatal(err)
				}
				table.Diff(batch)
			}
		})
	}
}

// BenchmarkSetUnchanged sets 16 flows that are there already.
func BenchmarkSetUnchanged(b *testing.B) {
	table, a, _ := adoptedTable(b)
	txn := &Txn{Owner: a, Ops: []Op{{Kind: OpSet, UUID: id(1)}}}
	for i := range 16 {
		txn.Ops[0].Flows = append(txn.Ops[0].Flows, single(uint64(i)))
	}
	install(b, table, a, txn.Ops)
	b.ReportAllocs()
	for b.Loop() {
		txn.prepared = false
		if _, err := table.Commit(txn, start); err != nil {
			b.Fatal(err)
		}
		table.events = table.events[:0]
	}
}

// BenchmarkCrowdedKey adds a clause to a key that thousands share, and removes it.
func BenchmarkCrowdedKey(b *testing.B) {
	table, a, _ := adoptedTable(b)
	f := parse(b, "table=8,in_port=1,actions=conjunction(1,1/2)")
	var ops []Op
	for i := range 3500 {
		ops = append(ops, Op{Kind: OpAdd, UUID: uuid.UUID{byte(i >> 8), byte(i)}, Flows: []flow.Flow{f}})
	}
	install(b, table, a, ops)
	more := []Op{{Kind: OpAdd, UUID: id(0xff), Flows: []flow.Flow{f}}}
	less := []Op{{Kind: OpRemove, UUID: id(0xff)}}
	for b.Loop() {
		install(b, table, a, more)
		install(b, table, a, less)
	}
}
