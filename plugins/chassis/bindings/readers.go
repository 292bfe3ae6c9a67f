package bindings

import "github.com/flowhost/flowhost/internal/ovn/local"

// readers are the Port_Bindings that were looked at with facts that State.Claim has read.
type readers struct {
	of    map[local.Fact]map[string]struct{} // Invariant: id is in of[f] if and only if f is in facts[id]; none is empty
	facts map[string][]local.Fact
}

func newReaders() readers {
	return readers{of: map[local.Fact]map[string]struct{}{}, facts: map[string][]local.Fact{}}
}

// begin forgets what a Port_Binding has read and returns what notes it anew.
func (r *readers) begin(id string) (read func(local.Fact)) {
	for _, f := range r.facts[id] {
		if delete(r.of[f], id); len(r.of[f]) == 0 {
			delete(r.of, f)
		}
	}
	delete(r.facts, id)
	return func(f local.Fact) {
		if r.of[f] == nil {
			r.of[f] = map[string]struct{}{}
		}
		r.of[f][id] = struct{}{}
		r.facts[id] = append(r.facts[id], f)
	}
}
