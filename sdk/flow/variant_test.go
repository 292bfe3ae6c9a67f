package flow_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// TestVariantsAreOne writes each drawn flow in other ways that mean the same: all must end as the same bytes.
func TestVariantsAreOne(t *testing.T) {
	batches := rapid.Custom(drawFlows)
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		for _, f := range batches.Draw(rt, "flows") {
			wire := flow.MatchVariant(f.Match, r)
			if m, err := flow.CanonicalMatch(wire); err != nil || m != f.Match {
				rt.Errorf("match %s: %v\n- written as %x\n- want       %x\n-  got       %x", f.Match, err, wire, []byte(f.Match), []byte(m))
			}
			wire = flow.ActionsVariant(f.Actions, r)
			if a, err := flow.CanonicalActions(wire); err != nil || a != f.Actions {
				rt.Errorf("actions %s: %v\n- written as %x\n- want       %x\n-  got       %x", f.Actions, err, wire, []byte(f.Actions), []byte(a))
			}
			terms := slices.Collect(f.Match.Terms())
			r.Shuffle(len(terms), func(i, j int) { terms[i], terms[j] = terms[j], terms[i] })
			if m, err := flow.NewMatch(terms...); err != nil || m != f.Match {
				rt.Errorf("terms of %s: %v, %s", f.Match, err, m)
			}
		}
	})
}
