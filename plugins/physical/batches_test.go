package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// taken says whether another row of this type has it.
func taken[T any](w world, at uuid.UUID, is func(*T) bool) bool {
	for other, row := range w {
		if typed, ok := row.(*T); ok && other != at && is(typed) {
			return true
		}
	}
	return false
}

// again draws what edit never does: names, and what rows belong to, pass from one row to another.
func (w world) again(t *rapid.T) (uuid.UUID, ovsdb.Model) {
	n := rapid.IntRange(0, things+1).Draw(t, "n")
	thing := pick(t, "open", "bridge", "port", "port", "interface", "interface", "chassis", "encap", "group", "member", "datapath",
		"binding", "binding", "binding", "binding", "multicast", "multicast")
	switch {
	case thing == "open":
		n = 0
	case thing == "bridge":
		n %= 2
	}
	at := id(thing, n)
	if rapid.IntRange(0, 5).Draw(t, "gone") == 0 {
		return at, nil
	}
	switch row := w.draw(t, thing, n%things).(type) {
	case *vswitch.OpenvSwitch:
		row.ExternalIDs["system-id"] = pick(t, "c0", "c0", "c1", "")
		row.ExternalIDs["ovn-monitor-all"] = pick(t, "", "", "true")
		return at, row
	case *vswitch.Bridge:
		if taken(w, at, func(*vswitch.Bridge) bool { return true }) {
			return at, nil
		}
		return at, row
	case *vswitch.Port:
		row.Interfaces = some(t, "interface", things)
		return at, row
	case *vswitch.Interface:
		row.ExternalIDs["iface-id-ver"] = pick(t, "", "1")
		if of := pick(t, 0, -1, n+1, n+11); of != 0 {
			row.Ofport = &of
		}
		return at, row
	case *sb.Chassis:
		row.UUID, row.Name = at.String(), fmt.Sprint("c", pick(t, 0, 1, 2))
		if taken(w, at, func(c *sb.Chassis) bool { return c.Name == row.Name }) {
			return at, nil
		}
		return at, row
	case *sb.HAChassis:
		row.Chassis = maybe(t, text("chassis", pick(t, 0, 1, 2, 3, 4)))
		return at, row
	case *sb.DatapathBinding:
		row.TunnelKey = pick(t, 1, 2, 3)
		if taken(w, at, func(d *sb.DatapathBinding) bool { return d.TunnelKey == row.TunnelKey }) {
			return at, nil
		}
		return at, row
	case *sb.PortBinding:
		row.UUID, row.LogicalPort = at.String(), pick(t, "p0", "p1", "p2", "p3")
		row.Datapath, row.TunnelKey = text("datapath", pick(t, 0, 1, 2)), pick(t, 1, 2, 3, 4)
		row.Options["iface-id-ver"] = pick(t, "", "", "1")
		if taken(w, at, func(p *sb.PortBinding) bool {
			return p.LogicalPort == row.LogicalPort || p.Datapath == row.Datapath && p.TunnelKey == row.TunnelKey
		}) {
			return at, nil
		}
		return at, row
	default:
		return at, row
	}
}

// batch draws edits and says what changes by them, in any order.
func (w world) batch(t *rapid.T) (changes []ovsdb.Change) {
	before := maps.Clone(w)
	for range rapid.IntRange(1, 8).Draw(t, "edits") {
		if at, row := w.again(t); row == nil {
			delete(w, at)
		} else {
			w[at] = row
		}
	}
	all := maps.Clone(before)
	maps.Copy(all, w)
	for _, at := range slices.SortedFunc(maps.Keys(all), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }) {
		if before[at] != w[at] {
			changes = append(changes, ovsdb.Change{UUID: at, Old: before[at], New: w[at]})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	return rapid.Permutation(changes).Draw(t, "order")
}

// Names, and what rows belong to, pass from row to row in one batch, in any order.
func TestBatchesInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newNetwork("br-int", pipeline.OVN2303(), func(string, error) {})
		w, host := world{}, newHeld()
		n.setGeneve(0)
		for range rapid.IntRange(1, 25).Draw(t, "batches") {
			for _, c := range w.batch(t) {
				n.Change("", c)
			}
			n.Settle()
			host.hear(n, pick(t, 1, 3, 1000))
			if diff := cmp.Diff(fresh(w), host); diff != "" {
				t.Fatalf("-from nothing +step by step\n%s", diff)
			}
		}
		for at, row := range w {
			n.Change("", ovsdb.Change{UUID: at, Old: row})
		}
		n.Settle()
		host.hear(n, 1000)
		checkNothing(t, n, host)
	})
}
