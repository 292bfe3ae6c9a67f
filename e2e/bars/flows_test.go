package main

import (
	"testing"

	"github.com/flowhost/flowhost/sdk/flow"
)

// TestFlowsAreAsOVNs: what is loaded are as many flows as said, and about as long as those of a real node.
func TestFlowsAreAsOVNs(t *testing.T) {
	const n = 12_000
	keys, actions := make(map[flow.Key]bool), 0
	matches := 0
	for i := range n {
		f := numbered(i)
		if keys[f.Key] {
			t.Fatalf("flow %d is there already: %v", i, f)
		}
		keys[f.Key] = true
		matches += len(f.Match)
		actions += len(f.Actions)
		if r := revised(i, 1); r.Key != f.Key || r.Actions == f.Actions {
			t.Fatalf("revised flow %d is %v, was %v", i, r, f)
		}
	}
	t.Logf("mean lengths: match %d, actions %d bytes", matches/n, actions/n)
	if m, a := matches/n, actions/n; m < 40 || m > 60 || a < 40 || a > 60 {
		t.Errorf("mean lengths: match %d, actions %d bytes", m, a)
	}
}

// TestEachFlowIsLoadedOnce: the flows of all UUIDs together are all flows.
func TestEachFlowIsLoadedOnce(t *testing.T) {
	s := Source{flows: make([]flow.Flow, 1234)}
	seen := make(map[int]bool)
	for n := range s.flows {
		for _, k := range s.siblings(n) {
			if seen[k] || id(k) != id(n) {
				t.Fatalf("flow %d comes with %d; seen before: %v", k, n, seen[k])
			}
			seen[k] = true
		}
	}
	if len(seen) != len(s.flows) {
		t.Errorf("%d flows are loaded, want %d", len(seen), len(s.flows))
	}
}
