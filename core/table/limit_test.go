package table

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// TestOwnersComeAndChange adds an owner to a table at work, and changes its limits.
func TestOwnersComeAndChange(t *testing.T) {
	now := time.Unix(1000, 0)
	tab := New(Options{})
	if _, err := tab.AddOwner(OwnerSpec{Name: "first"}); err != nil {
		t.Fatal(err)
	}
	tab.AdoptBegin()
	tab.AdoptDone(now)

	spec := OwnerSpec{
		Name: "late", Slot: 4, MaxFlows: 1,
		Tables: []Range[flow.TableID]{{First: 1, Last: 1}}, Priorities: []Range[flow.Priority]{{First: 0, Last: 9}},
	}
	late, err := tab.AddOwner(spec)
	if err != nil {
		t.Fatal(err)
	}
	tab.SyncBegin(late, now)
	add := func(priorities ...flow.Priority) error {
		txn := &Txn{Owner: late}
		for _, p := range priorities {
			op := Op{Kind: OpAdd, UUID: uuid.UUID{1}, Flows: []flow.Flow{{Key: flow.Key{Table: 1, Priority: p}}}}
			txn.Ops = append(txn.Ops, op)
		}
		_, err := tab.Commit(txn, now)
		return err
	}
	if err := add(1, 2); !errors.Is(err, ErrQuota) {
		t.Errorf("two flows where one is allowed: %v, want ErrQuota", err)
	}
	spec.MaxFlows, spec.Grace = 2, time.Minute
	tab.Limit(late, spec)
	if err := add(1, 2); err != nil {
		t.Errorf("two flows where two are allowed: %v", err)
	}
	tab.Diff(10)
	tab.SessionEnded(late, now)
	tab.Tick(now.Add(time.Minute))
	if n := tab.Stats().Desired; n != 0 {
		t.Errorf("%d flows after its grace", n)
	}
	if err := tab.validate(); err != nil {
		t.Error(err)
	}
}
