package parity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// A walker makes the commands of a random walk. It keeps a model of what exists, so that each command is valid where it stands. The
// same seed makes the same commands. Names are never used twice.
type walker struct {
	rng       *rand.Rand
	names     int
	switches  []*walkSwitch
	routers   []string
	joints    []joint
	vifs      []*vif
	balancers []*balancer
	chassis   []string // but for hv1
	things    []thing
	undo      []undo
	disabled  string // the router that is disabled, if one is
	templates bool   // the chassis here has template variables
	all       bool   // it monitors all rows
}

// A thing is a row that others point to by its name, and of which no other model is kept.
type thing struct {
	kind, name string
	remove     Command
}

// undo is a command that takes away what was added, as long as what it was added to is there.
type undo struct {
	of      []string // names of what it was added to
	command Command
}

// A kind is a kind of changes. make returns nil where it is not possible.
type kind struct {
	name string
	make func(w *walker) []Command
}

// kinds are all kinds, each as often as it is there.
var kinds = slices.Concat(switchKinds, vifKinds, portKinds, routerKinds, routeKinds, natKinds, balancerKinds, aclKinds, meterKinds,
	serviceKinds, multicastKinds, chassisKinds, neighborKinds, globalKinds)

func newWalker(seed uint64) *walker { return &walker{rng: rand.New(rand.NewPCG(seed, 0))} }

// begin is what there is before the first step: two switches, a router between them, ports here and elsewhere.
func (w *walker) begin() []Command {
	all := []Command{vs("add-br br-ex -- add-br br-ey -- set Open_vSwitch . external_ids:ovn-bridge-mappings=phys:br-ex,other:br-ey")}
	for _, make := range []func(*walker) []Command{addSwitch, addSwitch, addRouter, join, join, addVIF, addVIF, addVIF, addChassis, addRemote} {
		all = append(all, make(w)...)
	}
	return all
}

// manyUndo is how much there is to take away for a change to take something away for certain.
const manyUndo = 250

// change is one change of a random kind that is possible now, or takes something away: the likelier, the more there is to take. A router
// is not disabled for long: what is added to it would be without effect.
func (w *walker) change() (name string, commands []Command) {
	if w.disabled != "" && w.in(4) {
		return "enable router", disableRouter(w)
	}
	if w.rng.IntN(manyUndo) < len(w.undo)+len(w.things) {
		return "take away", takeAway(w)
	}
	for {
		k := kinds[w.rng.IntN(len(kinds))]
		if commands := k.make(w); commands != nil {
			return k.name, commands
		}
	}
}

// commands are those of a walk of so many steps, each of one change or some, with a comparison behind it.
func (w *walker) commands(steps int) []Command {
	all := w.begin()
	for n := range steps {
		changes := 1
		if w.rng.IntN(4) == 0 {
			changes += 1 + w.rng.IntN(3)
		}
		name := fmt.Sprint(n + 1)
		for range changes {
			kind, commands := w.change()
			name += ", " + kind
			all = append(all, commands...)
		}
		all = append(all, Command{Tool: "step", Args: []string{name}})
	}
	return all
}

// takeAway deletes a thing with all that points to it, or what was added to something.
func takeAway(w *walker) []Command {
	n := w.rng.IntN(len(w.things) + len(w.undo))
	if n < len(w.things) {
		t := w.things[n]
		w.things = slices.Delete(w.things, n, n+1)
		return append(w.release(t.name), t.remove)
	}
	n -= len(w.things)
	u := w.undo[n]
	w.undo = slices.Delete(w.undo, n, n+1)
	return []Command{u.command}
}

// nb, sb and vs make a command of a format whose words blanks part. A value stays within its word, also one with blanks.
func nb(format string, values ...any) Command { return command("nb", format, values) }
func sb(format string, values ...any) Command { return command("sb", format, values) }
func vs(format string, values ...any) Command { return command("vs", format, values) }

func command(tool, format string, values []any) Command {
	words := strings.Fields(format)
	for i, word := range words {
		n := strings.Count(word, "%")
		words[i], values = fmt.Sprintf(word, values[:n]...), values[n:]
	}
	return Command{Tool: tool, Args: words}
}

func (w *walker) name(prefix string) string {
	w.names++
	return fmt.Sprint(prefix, w.names)
}

// uuid names a row that has no name.
func (w *walker) uuid() string {
	high, low := w.rng.Uint64(), w.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", high>>32, high>>16&0xffff, high&0xfff, low>>48&0xfff, low&0xffffffffffff)
}

// one draws one of some.
func one[E any](w *walker, some ...E) E { return some[w.rng.IntN(len(some))] }

// in says yes once in so many times.
func (w *walker) in(n int) bool { return w.rng.IntN(n) == 0 }

// pick draws one that is fit; the zero value when none is.
func pick[E any](w *walker, all []E, fit func(E) bool) (drawn E) {
	var some []E
	for _, e := range all {
		if fit == nil || fit(e) {
			some = append(some, e)
		}
	}
	if len(some) > 0 {
		drawn = one(w, some...)
	}
	return drawn
}

// remember notes a thing, and how to delete it.
func (w *walker) remember(kind, name string, remove Command) {
	w.things = append(w.things, thing{kind, name, remove})
}

// count is how many things of a kind there are.
func (w *walker) count(kind string) (n int) {
	for _, t := range w.things {
		if t.kind == kind {
			n++
		}
	}
	return n
}

// thing is the name of a thing of a kind; "" if there is none.
func (w *walker) thing(kind string) string {
	return pick(w, w.things, func(t thing) bool { return t.kind == kind }).name
}

// added notes how to take away what was added, once: what it was added to before, it is no more.
func (w *walker) added(command Command, of ...string) {
	w.undo = slices.DeleteFunc(w.undo, func(u undo) bool { return slices.Equal(u.command.Args, command.Args) })
	w.undo = append(w.undo, undo{of, command})
}

// has says whether there is something to take away from what has a name.
func (w *walker) has(name string) bool {
	return slices.ContainsFunc(w.undo, func(u undo) bool { return slices.Contains(u.of, name) })
}

// gone forgets how to take away what went with what it was added to.
func (w *walker) gone(name string) {
	w.undo = slices.DeleteFunc(w.undo, func(u undo) bool { return slices.Contains(u.of, name) })
}

// release takes away what was added to something, or points to it. It comes before what others point to goes: ovn-northd 23.03 does
// nothing any more once a static MAC binding outlives its port, say.
func (w *walker) release(name string) (commands []Command) {
	for _, u := range w.undo {
		if slices.Contains(u.of, name) {
			commands = append(commands, u.command)
		}
	}
	w.gone(name)
	return commands
}
