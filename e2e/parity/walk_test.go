package parity

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// A walk takes minutes: make parity-walk.
var (
	walkSteps = flag.Int("walk.steps", 0, "steps of a random walk; 0 is none")
	walkSeed  = flag.Uint64("walk.seed", 1, "the seed of the random walk")
	walkEvery = flag.Int("walk.recompute", 5, "have both compute their flows anew at every so many steps of the walk")
	walkSeeds = flag.Int("walk.seeds", 1, "how many walks are tried on databases alone")
	walkTries = flag.Duration("walk.shrink", 10*time.Minute, "how long a walk that failed is shrunk")
)

// TestWalk walks on a pair, and prints what is left of a walk that fails as a scenario.
func TestWalk(t *testing.T) {
	if *walkSteps == 0 {
		t.Skip("a random walk takes minutes: make parity-walk")
	}
	folder := programs.Folder(t)
	known := knownDifferences(t)
	tally := newTally()
	try := func(commands []Command, every int, tally *Tally) (fault *Fault) {
		t.Run("walk", func(t *testing.T) { fault = StartPair(t, folder).walk(commands, every, known, tally) })
		return fault
	}
	commands := newWalker(*walkSeed).commands(*walkSteps)
	began := time.Now()
	fault := try(commands, *walkEvery, tally)
	tally.Report(os.Stdout)
	if fault == nil {
		fmt.Printf("walk: seed %d, %d steps in %v, no difference\n", *walkSeed, *walkSteps, time.Since(began).Round(time.Second))
		return
	}
	t.Errorf("walk: seed %d, after %v: %v", *walkSeed, time.Since(began).Round(time.Second), fault)
	if fault.Kind == "command" {
		return // the walk's own mistake
	}
	commands = upTo(commands, fault)
	fewest := shrink(commands, time.Now().Add(*walkTries), func(some []Command) bool {
		again := try(some, 1, newTally())
		return again != nil && again.Kind == fault.Kind
	})
	fmt.Printf("walk: seed %d: %d of %d commands are enough for a difference:\n%s", *walkSeed, len(fewest), len(commands), script(fewest))
}

// upTo are the commands up to the step at which a walk failed; all when it was at none.
func upTo(commands []Command, fault *Fault) []Command {
	for i, c := range commands {
		if c.Tool == "step" && c.Args[0] == fault.Step {
			return commands[:i+1]
		}
	}
	return commands
}

func TestWalkIsItsSeeds(t *testing.T) {
	one, again, other := newWalker(7).commands(300), newWalker(7).commands(300), newWalker(8).commands(300)
	if diff := cmp.Diff(one, again); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(one, other) {
		t.Error("another seed walks the same way")
	}
}

// Every walk is a scenario that can be read back, and every kind of step comes up.
func TestWalkIsAScenario(t *testing.T) {
	for seed := range uint64(20) {
		commands := newWalker(seed).commands(500)
		s, err := parse(script(commands))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i := range s.Commands {
			s.Commands[i].Line = 0
		}
		want := append(slices.Clone(commands), Command{Tool: "step", Args: []string{"end"}})
		if diff := cmp.Diff(want, s.Commands); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
	w := newWalker(1)
	w.commands(500)
	for _, k := range kinds {
		possible := false
		for range 2000 {
			if possible = k.make(w) != nil; possible {
				break
			}
			w.change()
		}
		if !possible {
			t.Errorf("never: %s", k.name)
		}
	}
}

// No walk says what the databases refuse.
func TestWalkIsPossible(t *testing.T) {
	for n := range *walkSeeds {
		seed := *walkSeed + uint64(n)
		pair := &Pair{t: t, ovn: ovstest.Start(t, ovstest.Options{OVN: true})}
		for _, c := range newWalker(seed).commands(max(200, *walkSteps)) {
			if c.Tool == "step" {
				continue
			}
			if err := pair.do(c); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}

func TestScriptQuotes(t *testing.T) {
	want := []Command{{Line: 1, Tool: "nb", Args: []string{"a b", `it's "x" && $y`, "", `\`, "#"}}}
	s, err := parse(script(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.Commands[:1]); diff != "" {
		t.Error(diff)
	}
}

// What fails because of three commands in their order, and the step at the end, is shrunk to those.
func TestShrink(t *testing.T) {
	for seed := range uint64(10) {
		commands := newWalker(seed).commands(100)
		rng := rand.New(rand.NewPCG(seed, 1))
		at := []int{rng.IntN(100), 100 + rng.IntN(50), 150 + rng.IntN(40)}
		for i, n := range at {
			commands[n] = Command{Tool: "nb", Args: []string{fmt.Sprint("culprit ", i)}}
		}
		tries := 0
		fails := func(some []Command) bool {
			tries++
			found := 0
			for _, c := range some {
				if found < len(at) && c.Args[0] == fmt.Sprint("culprit ", found) {
					found++
				}
			}
			return found == len(at) && some[len(some)-1].Tool == "step"
		}
		if left := shrink(commands, time.Now().Add(time.Minute), fails); len(left) != len(at)+1 {
			t.Errorf("seed %d: %d commands are left after %d tries", seed, len(left), tries)
		}
	}
	all := newWalker(1).commands(5)
	if left := shrink(all, time.Now().Add(-time.Second), func([]Command) bool { return false }); !cmp.Equal(left, all) {
		t.Error("something that did not fail is left out")
	}
}

// A walk forgives what is meant, and where the same flow wins.
func TestBadDifferences(t *testing.T) {
	var all []Difference
	for outcome := range Known + 1 {
		for _, table := range []int{8, 65} {
			all = append(all, Difference{Key: Key{Table: table}, Outcome: outcome})
		}
	}
	var got []string
	for _, d := range (&Result{Differences: all}).bad() {
		got = append(got, fmt.Sprint(d.Outcome, " ", d.Table))
	}
	if diff := cmp.Diff([]string{"only ours 8", "only ours 65", "only theirs 8", "only theirs 65", "differ 8", "differ 65"}, got); diff != "" {
		t.Error(diff)
	}
}
