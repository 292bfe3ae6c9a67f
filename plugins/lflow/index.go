package main

import (
	"strconv"

	"github.com/flowhost/flowhost/plugins/lflow/compiler"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
)

// index knows which units were made of which answers of the network.
type index struct {
	network compiler.Network
	facts   map[compiler.Read]*fact
	// What is told to have changed by less than a whole Read. Invariant: subsets of facts.
	byPort map[string]map[*fact]struct{}        // those about ports
	byKind map[compiler.Kind]map[*fact]struct{} // those of the kinds for which isTold
}

// fact is an answer that something was made of.
type fact struct {
	compiler.Read
	answer answer
	// readers are the units that were made of it, and others that were once: those whose version is another now.
	readers []reader
	live    int // how many of readers are what they were made of
}

type reader struct {
	*unit
	version uint32
}

// answer is what the network says. Answers are the same if they are ==.
type answer struct {
	set    *expr.ConstantSet
	text   string
	number uint32
	ok     bool
}

func newIndex(network compiler.Network) index {
	return index{
		network: network,
		facts:   map[compiler.Read]*fact{},
		byPort:  map[string]map[*fact]struct{}{},
		byKind:  map[compiler.Kind]map[*fact]struct{}{},
	}
}

// ask asks the network.
func (x *index) ask(r compiler.Read) (a answer) {
	switch r.Kind {
	case compiler.AddressSet:
		a.set = x.network.AddressSet(r.Name)
	case compiler.PortGroup:
		a.set = x.network.PortGroup(r.Name)
	case compiler.Template:
		a.text, a.ok = x.network.Template(r.Name)
	case compiler.Port:
		a.number, a.ok = x.network.Port(r.Datapath, r.Name)
	case compiler.Related:
		a.ok = x.network.Related(r.Name)
	case compiler.Resident:
		a.ok = x.network.Resident(r.Name)
	case compiler.TunnelPort:
		port, ok := x.network.TunnelPort(r.Name)
		a.number, a.ok = uint32(port), ok
	case compiler.Meter:
		a.ok = x.network.Meter(r.Name)
	case compiler.Collector:
		id, _ := strconv.ParseUint(r.Name, 10, 32)
		a.ok = x.network.Collector(uint32(id))
	}
	return a
}

// again asks for a fact again, and says whether it may be another.
func (x *index) again(f *fact) bool {
	before := f.answer
	f.answer = x.ask(f.Read)
	return f.answer != before || f.Kind == compiler.OptionTables // of which there is no answer to compare
}

// isPort says whether a kind is about a logical port.
func isPort(k compiler.Kind) bool {
	return k == compiler.Port || k == compiler.Related || k == compiler.Resident || k == compiler.TunnelPort
}

// isTold says whether all answers of a kind may be told to have changed.
func isTold(k compiler.Kind) bool {
	switch k {
	case compiler.Template, compiler.Resident, compiler.TunnelPort, compiler.Collector:
		return true
	}
	return false
}

// depend writes down what a unit is made of, instead of what it was made of, or besides.
func (x *index) depend(u *unit, reads []compiler.Read, besides bool) {
	if !besides {
		for _, f := range u.facts {
			x.leave(f)
		}
		u.version++
		u.facts = make([]*fact, 0, len(reads))
	}
	for _, r := range reads {
		f := x.fact(r)
		if besides && f.isReadBy(u) {
			continue
		}
		u.facts = append(u.facts, f)
		f.live++
		f.readers = append(f.readers, reader{u, u.version})
		f.compact()
	}
}

func (f *fact) isReadBy(u *unit) bool {
	for _, g := range u.facts {
		if g == f {
			return true
		}
	}
	return false
}

// compact forgets readers of before once they are the most.
func (f *fact) compact() {
	if len(f.readers) <= 2*f.live+4 {
		return
	}
	live := f.readers[:0]
	for _, r := range f.readers {
		if r.version == r.unit.version {
			live = append(live, r)
		}
	}
	clear(f.readers[len(live):])
	f.readers = live
}

// fact finds what is known of an answer, or asks for it.
func (x *index) fact(r compiler.Read) *fact {
	f := x.facts[r]
	if f != nil {
		return f
	}
	f = &fact{Read: r, answer: x.ask(r)}
	x.facts[r] = f
	if isPort(r.Kind) {
		enter(x.byPort, r.Name, f)
	}
	if isTold(r.Kind) {
		enter(x.byKind, r.Kind, f)
	}
	return f
}

// leave takes note that one unit less depends on a fact.
func (x *index) leave(f *fact) {
	if f.live--; f.live > 0 {
		return
	}
	delete(x.facts, f.Read)
	if isPort(f.Kind) {
		remove(x.byPort, f.Name, f)
	}
	if isTold(f.Kind) {
		remove(x.byKind, f.Kind, f)
	}
}

// find gives the facts that a Read told by the network stands for.
func (x *index) find(r compiler.Read, yield func(*fact)) {
	f, is := x.facts[r]
	switch {
	case is:
		yield(f)
	case r.Name == "":
		for f := range x.byKind[r.Kind] {
			yield(f)
		}
	case r.Kind == compiler.Port:
		for f := range x.byPort[r.Name] {
			yield(f)
		}
	}
}

func enter[K, V comparable](sets map[K]map[V]struct{}, key K, value V) {
	if sets[key] == nil {
		sets[key] = map[V]struct{}{}
	}
	sets[key][value] = struct{}{}
}

func remove[K, V comparable](sets map[K]map[V]struct{}, key K, value V) {
	if delete(sets[key], value); len(sets[key]) == 0 {
		delete(sets, key)
	}
}
