package feed

import (
	"iter"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// rows is a Maker: each Logical_Flow that it is told of is a flow in table 8 with that priority. It wants those that name a local
// datapath or a group with one, and learns of the groups by and by, as a source of logical flows does.
type rows struct {
	local  *local.State
	groups map[uuid.UUID]bool // of datapaths
	flows  map[uuid.UUID]*sb.LogicalFlow
	told   map[uuid.UUID]bool
	dirty  map[uuid.UUID]bool
	moved  bool // other groups than before
	// What a test wants to be said, too.
	operations []Operation
	marks      []Mark
}

func newRows() *rows {
	return &rows{local: local.New("br-int"), groups: map[uuid.UUID]bool{}, flows: map[uuid.UUID]*sb.LogicalFlow{},
		told: map[uuid.UUID]bool{}, dirty: map[uuid.UUID]bool{}}
}

// rowsTables are what rows is made of.
func rowsTables() []ovsdb.Table {
	return append(local.SouthboundTables(),
		ovsdb.Table{Name: sb.LogicalDPGroupTable, Columns: []string{"datapaths"}},
		ovsdb.Table{Name: sb.LogicalFlowTable, Columns: []string{"logical_datapath", "logical_dp_group", "priority"}})
}

func (r *rows) conditions() map[string]ovsdb.Where {
	flows := append(Each(ovsdb.Equal, "logical_datapath", r.local.Datapaths()), Each(ovsdb.Equal, "logical_dp_group", maps.Keys(r.groups))...)
	return map[string]ovsdb.Where{
		sb.LogicalDPGroupTable: ovsdb.Any(Each(ovsdb.Includes, "datapaths", r.local.Datapaths())...),
		sb.LogicalFlowTable:    ovsdb.Any(flows...),
	}
}

func (r *rows) Local() *local.State { return r.local }

func (r *rows) Change(table string, c ovsdb.Change) {
	switch table {
	case sb.LogicalDPGroupTable:
		if delete(r.groups, c.UUID); c.New != nil {
			r.groups[c.UUID] = true
		}
		r.moved = true
	case sb.LogicalFlowTable:
		if delete(r.flows, c.UUID); c.New != nil {
			r.flows[c.UUID] = c.New.(*sb.LogicalFlow)
		}
		r.dirty[c.UUID] = true
	default:
		r.local.Change(c)
	}
}

func (r *rows) Settle() bool {
	moved := r.moved || len(r.local.Settle().Datapaths) > 0
	r.moved = false
	return moved
}

func (r *rows) Take(max int) (operations []Operation, marks []Mark) {
	operations, r.operations = first(r.operations, max)
	for id := range r.dirty {
		if len(operations) == max {
			break
		}
		delete(r.dirty, id)
		o := Operation{ID: id}
		if row := r.flows[id]; row != nil {
			o.Flows = []flow.Flow{{Key: flow.Key{Table: 8, Priority: flow.Priority(row.Priority)}}}
		}
		if len(o.Flows) > 0 || r.told[id] {
			operations = append(operations, o)
		}
		r.told[id] = len(o.Flows) > 0
	}
	marks, r.marks = first(r.marks, max)
	return operations, marks
}

// first takes at most max elements off a list.
func first[T any](list []T, max int) (taken, rest []T) {
	n := min(max, len(list))
	return slices.Clone(list[:n]), list[n:]
}

func (r *rows) Restart() {
	clear(r.told)
	for id := range r.flows {
		r.dirty[id] = true
	}
}

// ids are n different ones.
func ids(n int) iter.Seq[uuid.UUID] {
	return func(yield func(uuid.UUID) bool) {
		for i := range n {
			if !yield(uuid.UUID{byte(i >> 8), byte(i), 1}) {
				return
			}
		}
	}
}
