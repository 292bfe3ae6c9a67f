package main

import (
	"fmt"
	"testing"

	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// acls are logical flows as ovn-northd makes them of ACLs.
func (n *node) acls(count int) {
	for i := range count {
		datapath := text("datapath", 0)
		n.set(id("flow", i), &sb.LogicalFlow{LogicalDatapath: &datapath, Pipeline: "egress", TableID: 4, Priority: 2000 + i,
			Match:   fmt.Sprintf("(reg0[7] == 1) && outport == @pg && ip4.src == $s && tcp.dst == %d", 80+i),
			Actions: "reg0[1] = 1; next;"})
	}
}

// A member of a set costs its own flows, whatever the size of the set and however often it is named.
func TestMembersCostTheirFlows(t *testing.T) {
	n := newNode(20, 1000)
	n.acls(10)
	if got, want := n.told(), 10*(20+1000+1); got != want {
		t.Fatalf("told of %d flows at first, want %d", got, want)
	}
	for _, step := range []struct {
		what   string
		change func()
		want   int
	}{
		{"an address more", func() { n.setAddresses(1001) }, 10},
		{"an address less", func() { n.setAddresses(1000) }, 10},
		{"a port gone", func() { n.plug(7, false) }, 10},
		{"and back", func() { n.plug(7, true) }, 10},
	} {
		step.change()
		if got := n.told(); got != step.want {
			t.Errorf("%s: told of %d flows, want %d", step.what, got, step.want)
		}
	}
	want := newTestSource(1)
	load(want, n.rows, 1)
	host := newHeld()
	host.hear(want, 1000)
	if fmt.Sprint(host.Flows) != fmt.Sprint(n.host.Flows) {
		t.Error("afterwards the host has other flows than of the rows from nothing")
	}
}

func BenchmarkAddress(b *testing.B) {
	n := newNode(20, 10_000)
	n.acls(10)
	n.told()
	for i := 0; b.Loop(); i++ {
		n.setAddresses(10_000 + i%2)
		n.Settle()
		n.Take(1000)
	}
}

func BenchmarkMember(b *testing.B) {
	n := newNode(500, 100)
	n.acls(50)
	n.told()
	for i := 0; b.Loop(); i++ {
		n.plug(7, i%2 == 0)
		n.Settle()
		n.Take(1000)
	}
}
