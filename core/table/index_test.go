package table

import (
	"math/rand/v2"
	"testing"
)

// TestIndex inserts and removes handles of few hashes, so that chains are long and split often, and looks for all of them.
func TestIndex(t *testing.T) {
	for _, hashes := range []uint32{1, 7, 1000, 1 << 31} {
		rng := rand.New(rand.NewPCG(uint64(hashes), 1))
		var x index
		hashOf := make(map[uint32]uint32) // by handle that is in
		for step := range 20_000 {
			h := 1 + rng.Uint32N(3000)
			if _, in := hashOf[h]; in {
				x.remove(h)
				delete(hashOf, h)
			} else {
				hashOf[h] = rng.Uint32N(hashes) * 0x9e3779b1
				x.insert(h, hashOf[h])
			}
			if step%500 == 0 || len(hashOf) == 0 {
				checkIndex(t, &x, hashOf)
			}
		}
		for h := range hashOf {
			x.remove(h)
			delete(hashOf, h)
		}
		checkIndex(t, &x, hashOf)
		if x.first(0) != 0 || x.n != 0 {
			t.Errorf("%d hashes: something is left in an empty index", hashes)
		}
	}
}

func checkIndex(t *testing.T, x *index, hashOf map[uint32]uint32) {
	t.Helper()
	of := make(map[uint32]int) // handles by hash
	for _, hash := range hashOf {
		of[hash]++
	}
	for hash, want := range of {
		found := make(map[uint32]bool)
		for h := x.first(hash); h != 0; h = x.next(h) {
			if hashOf[h] != hash || found[h] {
				t.Fatalf("hash %x finds %d, which is of %x; found before: %v", hash, h, hashOf[h], found[h])
			}
			found[h] = true
		}
		if len(found) != want {
			t.Fatalf("hash %x finds %d handles, want %d", hash, len(found), want)
		}
	}
}
