package feed

import (
	"iter"
	"slices"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
)

// Each compares a column with each of these ids: Any of that wants the rows that name one of them. In what order they come does not matter.
//
//	ovsdb.Any(feed.Each(ovsdb.Equal, "datapath", state.Datapaths())...)
func Each(compare func(column string, value any) ovsdb.Condition, column string, ids iter.Seq[uuid.UUID]) []ovsdb.Condition {
	// The same conditions in another order would be others to the client, and cost the server a look at all rows.
	sorted := slices.SortedFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	conditions := make([]ovsdb.Condition, len(sorted))
	for i, id := range sorted {
		conditions[i] = compare(column, id)
	}
	return conditions
}
