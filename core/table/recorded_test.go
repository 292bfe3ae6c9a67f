package table

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// recordedFlow is a flow of dumpFile, canonical, with what it was made from: the cookie says which logical flow, and of
// a conjunction clause, whose cookie is 0, the conjunction's id does.
type recordedFlow struct {
	flow.Flow
	origin uint64
}

// TestRecordedFlows: whatever ovn-controller installs can be adopted, so all of it must have a canonical form.
func TestRecordedFlows(t *testing.T) {
	flows, refused := recordedFlows(t)
	if len(flows) < 30_000 {
		t.Errorf("%d flows, want those of a real node", len(flows))
	}
	for why, n := range refused {
		t.Errorf("%d recorded flows have no canonical form: %s", n, why)
	}
}

// recordedFlows are the flows of dumpFile, and why how many of them have no canonical form.
func recordedFlows(tb testing.TB) (flows []recordedFlow, refused map[string]int) {
	tb.Helper()
	file, err := os.Open(dumpFile)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	zip, err := gzip.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	r := bufio.NewReader(zip)
	refused = make(map[string]int)
	for {
		if _, err := r.Peek(1); errors.Is(err, io.EOF) {
			return flows, refused
		}
		for d, err := range openflow.FlowDescs(readMessage(tb, r)) {
			if err != nil {
				tb.Fatal(err)
			}
			if f, err := canonicalFlow(d); err != nil {
				refused[err.Error()]++
			} else {
				flows = append(flows, f)
			}
		}
	}
}

func canonicalFlow(d openflow.FlowDesc) (recordedFlow, error) {
	match, err := flow.CanonicalMatch(d.Match)
	if err != nil {
		return recordedFlow{}, err
	}
	actions, err := flow.CanonicalActions(d.Instructions)
	if err != nil {
		return recordedFlow{}, err
	}
	f := recordedFlow{flow.Flow{Key: flow.Key{Table: d.Table, Priority: d.Priority, Match: match}, Actions: actions, Cookie: d.Cookie}, uint64(d.Cookie)}
	if list := actions.Conjunctions(); len(list) > 0 {
		f.origin = 1<<32 | uint64(list[0].ID)
	}
	return f, nil
}

// crop grows recorded flows to any number with the same histograms: each copy has other matches, and where the flows of the
// record share actions or an origin, the flows of a copy share others. What makes them different also makes them as long
// as the flows of richer networks: about 90 bytes of key, 60 of actions.
type crop struct {
	seeds []recordedFlow
	next  int
	lists map[flow.Actions]flow.Actions // of the present copy
}

func newCrop(tb testing.TB) *crop {
	tb.Helper()
	flows, _ := recordedFlows(tb)
	return &crop{seeds: flows}
}

// take returns the next n flows as additions to the UUIDs they are made from.
func (c *crop) take(tb testing.TB, n int) []Op {
	tb.Helper()
	ops := make([]Op, 0, n)
	for range n {
		i, copy := c.next%len(c.seeds), c.next/len(c.seeds)
		if i == 0 {
			c.lists = make(map[flow.Actions]flow.Actions)
		}
		c.next++
		seed := &c.seeds[i]
		f := seed.Flow
		f.Cookie = 0
		f.Match = grownMatch(tb, f.Match, uint64(copy))
		list, ok := c.lists[f.Actions]
		if !ok {
			list = grownActions(tb, f.Actions, uint64(copy))
			c.lists[f.Actions] = list
		}
		f.Actions = list
		ops = append(ops, Op{Kind: OpAdd, UUID: grownID(seed.origin, uint64(copy)), Flows: []flow.Flow{f}})
	}
	return ops
}

// grownMatch adds fields that no recorded flow matches.
func grownMatch(tb testing.TB, m flow.Match, copy uint64) flow.Match {
	tb.Helper()
	extra, err := flow.NewMatch(flow.TunID.Is(copy), flow.TunIPv6Src.IsBytes(binary.BigEndian.AppendUint64(make([]byte, 8), copy)), flow.PktMark.Is(1))
	if err != nil {
		tb.Fatal(err)
	}
	grown, err := flow.CanonicalMatch([]byte(string(m) + string(extra)))
	if err != nil {
		tb.Fatal(err)
	}
	return grown
}

// grownActions makes other actions of the same class.
func grownActions(tb testing.TB, a flow.Actions, copy uint64) flow.Actions {
	tb.Helper()
	var grown flow.Actions
	var err error
	switch a.Class() {
	case flow.ClassDrops:
		return a
	case flow.ClassConjunction:
		list := a.Conjunctions()
		for i := range list {
			list[i].ID += uint32(copy) << 20
		}
		grown, err = flow.NewConjunctions(list)
	default:
		grown, err = flow.CanonicalActions(withSetField(a, copy))
	}
	if err != nil {
		tb.Fatal(fmt.Errorf("%s: %w", a, err))
	}
	return grown
}

// withSetField puts two set_field before the actions of an apply_actions.
func withSetField(a flow.Actions, copy uint64) []byte {
	first, err := flow.NewActions(flow.SetField(flow.Reg[8], copy), flow.SetField(flow.Reg[7], 1))
	if err != nil {
		panic(err)
	}
	if binary.BigEndian.Uint16([]byte(a)) != 4 { // OFPIT_APPLY_ACTIONS comes first, if at all
		return []byte(string(first) + string(a))
	}
	b := []byte(string(first) + string(a[8:]))
	binary.BigEndian.PutUint16(b[2:], uint16(len(first)-8)+binary.BigEndian.Uint16([]byte(a[2:])))
	return b
}

func grownID(origin, copy uint64) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:], origin*0x9e3779b97f4a7c15) // spread, as random ids are
	binary.BigEndian.PutUint64(id[8:], copy)
	return id
}
