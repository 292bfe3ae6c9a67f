package table

import (
	"sync"
	"testing"

	"github.com/flowhost/flowhost/sdk/flow"
)

// TestPrepareAnywhere prepares transactions in many goroutines while the table changes; the race detector watches.
func TestPrepareAnywhere(t *testing.T) {
	table, a, b := adoptedTable(t)
	var txns []*Txn
	for i := range 200 {
		txns = append(txns, &Txn{Owner: []OwnerID{a, b}[i%2], Ops: []Op{{Kind: OpAdd, UUID: id(byte(i)), Flows: []flow.Flow{single(uint64(i))}}}})
	}
	var all sync.WaitGroup
	for _, txn := range txns[100:] {
		all.Go(func() {
			if err := table.Prepare(txn); err != nil {
				t.Error(err)
			}
		})
	}
	for _, txn := range txns[:100] {
		install(t, table, txn.Owner, txn.Ops)
	}
	all.Wait()
	for _, txn := range txns[100:] {
		if _, err := table.Commit(txn, start); err != nil {
			t.Error(err)
		}
	}
	mustBeValid(t, table)
}

// TestCookies checks what becomes of the cookie that an author writes.
func TestCookies(t *testing.T) {
	o := &owner{OwnerSpec: everything("a", 5)}
	uuid := id(0x12)
	for _, tt := range []struct {
		author flow.Cookie
		class  flow.Class
		want   flow.Cookie
	}{
		{0, flow.ClassActs, 0x05000000_12000000},
		{flow.NoCookie, flow.ClassActs, 0x05000000_00000000},
		{7, flow.ClassDrops, 0x05000000_00000007},
		{flow.NoCookie | 7, flow.ClassActs, 0x05000000_00000007},
		{0xff000000_00000007, flow.ClassActs, 0x05000000_00000007},
		{7, flow.ClassConjunction, 0x05000000_00000000},
		{0, flow.ClassConjunction, 0x05000000_00000000},
	} {
		if got := o.cookie(tt.author, tt.class, &uuid); got != tt.want {
			t.Errorf("cookie(%#x, class %d) = %#x, want %#x", uint64(tt.author), tt.class, uint64(got), uint64(tt.want))
		}
	}
}
