package feed

import (
	"context"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Operation says which flows a UUID has, and what becomes of the groups and meters that flows name.
//
// Groups and meters belong to no UUID: flows of several may name one. So it is for the Maker to know when no flow names one any more,
// and to set it before the first that does, or in the same operation.
//
// An operation is told as a whole, unless it has more flows or bytes than a transaction of partFlows and partBytes: then its parts follow
// each other, and for that moment flows are missing that were there and will be. With Keep, only those that change can be.
type Operation struct {
	ID uuid.UUID
	// Flows are what ID has from now on; none: it has none. With Keep, they come beside those that it has.
	Flows []flow.Flow
	// Keep leaves ID the flows that it has, but for those of Remove, which go before Flows come: a flow with other actions is in both.
	// The first time that ID is told of after the start or a Restart, Keep with all its flows is as good as without: what the host
	// has of before goes at SyncDone.
	Keep   bool
	Remove []flow.Key // only with Keep

	Flush        []uint16     // conntrack zones whose connections the switch is to forget, before the flows come
	Groups       []flow.Group // new or changed
	Meters       []flow.Meter
	RemoveGroups []flow.GroupID // that no flow names after this operation
	RemoveMeters []flow.MeterID
}

// Session is a host as Run needs it.
type Session struct{ *sdk.Host }

// Commit sends everything as one transaction and waits until the host has it.
func (s Session) Commit(ctx context.Context, operations []Operation, marks []Mark) (sdk.Revision, error) {
	txn := s.Begin()
	for i := range operations {
		operations[i].add(txn)
	}
	for _, m := range marks {
		txn.Mark(m.Name, m.Value)
	}
	return txn.Commit(ctx)
}

// add appends the operation to a transaction.
func (o *Operation) add(txn *sdk.Txn) {
	for _, zone := range o.Flush {
		txn.FlushCT(zone)
	}
	for _, g := range o.Groups {
		txn.SetGroup(g)
	}
	for _, m := range o.Meters {
		txn.SetMeter(m)
	}
	if !o.Keep {
		txn.Set(o.ID, o.Flows...)
	} else {
		for _, key := range o.Remove {
			txn.RemoveFlow(o.ID, key)
		}
		if len(o.Flows) > 0 {
			txn.Add(o.ID, o.Flows...)
		}
	}
	for _, id := range o.RemoveGroups {
		txn.RemoveGroup(id)
	}
	for _, id := range o.RemoveMeters {
		txn.RemoveMeter(id)
	}
}
