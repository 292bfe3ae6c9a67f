package apply

import (
	"slices"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/table"
)

const bundleFlags = openflow.BundleOrdered

// way is how the changes of a batch travel.
type way uint8

const (
	bundled way = iota // in an ordered bundle: open, changes, commit
	plain              // one by one, with a barrier behind them
	atomic             // in an ordered and atomic bundle that is asked by a barrier before it is committed, or discarded
)

// batch is a list of changes on its way.
//
// Invariant: its messages' xids are consecutive. changes[i] has first+1+i; first is the bundle's open, and its id; last, behind
// them, is what tells that the changes were taken or not: the commit, or the barrier of a plain batch. An atomic batch has its
// barrier at last-1.
type batch struct {
	way     way
	first   uint32
	changes []table.Change
	bytes   int                       // of its messages
	tries   int                       // commits that failed with these changes
	refused map[int]table.SwitchError // by index in changes: what the switch said no to so far
	broken  *table.SwitchError        // the switch would not open the bundle
	owner   table.OwnerID             // of an atomic batch
}

// messages is how many the batch has, and so how many xids.
func (b *batch) messages() int {
	n := len(b.changes) + 2
	if b.way == atomic {
		n++
	}
	return n
}

func (b *batch) last() uint32 { return b.first + uint32(b.messages()) - 1 }

// change is the position of the change that xid was sent for, or -1.
func (b *batch) change(xid uint32) int {
	if i := int(int32(xid - b.first - 1)); i >= 0 && i < len(b.changes) {
		return i
	}
	return -1
}

// holds says whether xid is one of the batch's.
func (b *batch) holds(xid uint32) bool { return xid-b.first < uint32(b.messages()) }

// adds says whether any of the batch's changes is not a deletion.
func (b *batch) adds() bool {
	return slices.ContainsFunc(b.changes, func(c table.Change) bool { return !deletes(c.Kind) })
}

// refuse notes what the switch said of a change.
func (b *batch) refuse(i int, e table.SwitchError) {
	if b.refused == nil {
		b.refused = make(map[int]table.SwitchError)
	}
	b.refused[i] = e
}

// append appends the messages of the batch; of an atomic one, those before its commit.
func (b *batch) append(buf []byte) []byte {
	switch b.way {
	case plain:
		for i := range b.changes {
			buf = appendChange(buf, b.first+1+uint32(i), &b.changes[i])
		}
		return openflow.AppendBarrierRequest(buf, b.last())
	case atomic:
		buf = b.appendAdds(buf, bundleFlags|openflow.BundleAtomic)
		return openflow.AppendBarrierRequest(buf, b.last()-1)
	default:
		buf = b.appendAdds(buf, bundleFlags)
		return openflow.AppendBundleCommit(buf, b.last(), b.first, bundleFlags)
	}
}

// appendAdds appends what opens and fills the batch's bundle.
func (b *batch) appendAdds(buf []byte, flags openflow.BundleFlags) []byte {
	buf = openflow.AppendBundleOpen(buf, b.first, b.first, flags)
	for i := range b.changes {
		var mark int
		xid := b.first + 1 + uint32(i)
		buf, mark = openflow.BeginBundleAdd(buf, xid, b.first, flags)
		buf = openflow.EndBundleAdd(appendChange(buf, xid, &b.changes[i]), mark)
	}
	return buf
}

// appendEnd appends what commits or discards an atomic batch's bundle.
func (b *batch) appendEnd(buf []byte, commit bool) []byte {
	flags := bundleFlags | openflow.BundleAtomic
	if commit {
		return openflow.AppendBundleCommit(buf, b.last(), b.first, flags)
	}
	return openflow.AppendBundleDiscard(buf, b.last(), b.first, flags)
}

func appendChange(buf []byte, xid uint32, c *table.Change) []byte {
	switch c.Kind {
	case table.FlowAdd:
		return openflow.AppendFlowAdd(buf, xid, &c.Flow)
	case table.FlowModify:
		return openflow.AppendFlowModifyStrict(buf, xid, &c.Flow)
	case table.FlowDelete:
		return openflow.AppendFlowDeleteStrict(buf, xid, &c.Flow.Key)
	default:
		return appendObject(buf, xid, c)
	}
}

// bundleable says whether a change goes into a bundle. Open vSwitch takes no meter mod, and no message of an experimenter, in
// one; and a deletion of a group in one that fails can end ovs-vswitchd (see openflow.AppendGroupDelete).
func bundleable(k table.ChangeKind) bool {
	switch k {
	case table.FlowAdd, table.FlowModify, table.FlowDelete, table.GroupAdd, table.GroupModify:
		return true
	}
	return false
}

// deletes says whether a change takes something away.
func deletes(k table.ChangeKind) bool {
	return k == table.FlowDelete || k == table.GroupDelete || k == table.MeterDelete
}

// prepares says whether what follows a change in the table's order may need it: a zone is flushed before the flows that use it
// anew, and a meter is there before what names it. Over several lanes this goes for groups, too.
func prepares(k table.ChangeKind, lanes int) bool {
	switch k {
	case table.FlushZone, table.MeterAdd, table.MeterModify:
		return true
	case table.GroupAdd, table.GroupModify:
		return lanes > 1
	}
	return false
}

// cut splits changes before the first for which is is not what it is for the one at the front.
func cut(changes []table.Change, is func(table.ChangeKind) bool) (front, rest []table.Change) {
	if len(changes) == 0 {
		return nil, nil
	}
	want := is(changes[0].Kind)
	n := slices.IndexFunc(changes, func(c table.Change) bool { return is(c.Kind) != want })
	if n < 0 {
		n = len(changes)
	}
	return changes[:n:n], changes[n:]
}
