package feed

import (
	"iter"

	"github.com/flowhost/flowhost/sdk/flow"
)

// What one transaction has at most, unless a single flow has more: half of what a host takes.
const (
	partFlows = 32768
	partBytes = 8 << 20
)

// weight is how much of a transaction something is.
type weight struct{ flows, bytes int }

func (w weight) plus(v weight) weight { return weight{w.flows + v.flows, w.bytes + v.bytes} }

func (w weight) fits() bool { return w.flows <= partFlows && w.bytes <= partBytes }

func weighFlow(f *flow.Flow) weight { return weight{1, len(f.Match) + len(f.Actions)} }

func weighKey(k *flow.Key) weight { return weight{1, len(k.Match)} }

func weighGroup(g *flow.Group) weight { return weight{0, len(g.Buckets) + len(g.Properties)} }

func weighMeter(m *flow.Meter) weight { return weight{0, len(m.Bands)} }

func weigh[T any](list []T, one func(*T) weight) (all weight) {
	for i := range list {
		all = all.plus(one(&list[i]))
	}
	return all
}

func (o *Operation) weight() weight {
	flows := weigh(o.Remove, weighKey).plus(weigh(o.Flows, weighFlow))
	return flows.plus(weigh(o.Groups, weighGroup)).plus(weigh(o.Meters, weighMeter))
}

// split makes transactions of operations, in their order.
func split(operations []Operation) (parts [][]Operation) {
	var part []Operation
	var has weight
	for i := range operations {
		for _, o := range operations[i].pieces() {
			w := o.weight()
			if len(part) > 0 && !has.plus(w).fits() {
				parts = append(parts, part)
				part, has = nil, weight{}
			}
			part, has = append(part, o), has.plus(w)
		}
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts
}

// pieces are operations that come to the same one after the other, none of them larger than a transaction.
func (o *Operation) pieces() (list []Operation) {
	if o.weight().fits() {
		return []Operation{*o}
	}
	if len(o.Flush) > 0 {
		list = append(list, Operation{Keep: true, Flush: o.Flush})
	}
	for groups := range chunks(o.Groups, weighGroup) {
		list = append(list, Operation{Keep: true, Groups: groups})
	}
	for meters := range chunks(o.Meters, weighMeter) {
		list = append(list, Operation{Keep: true, Meters: meters})
	}
	for keys := range chunks(o.Remove, weighKey) {
		list = append(list, Operation{ID: o.ID, Keep: true, Remove: keys})
	}
	keep := o.Keep
	for flows := range chunks(o.Flows, weighFlow) {
		list = append(list, Operation{ID: o.ID, Keep: keep, Flows: flows})
		keep = true
	}
	// What else there is to say: if there were no flows, that ID has none.
	return append(list, Operation{ID: o.ID, Keep: keep, RemoveGroups: o.RemoveGroups, RemoveMeters: o.RemoveMeters})
}

// chunks cuts a list into parts that fit into a transaction each. None is empty; one that has a single element may be too large.
func chunks[T any](list []T, one func(*T) weight) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		var has weight
		from := 0
		for i := range list {
			w := one(&list[i])
			if has = has.plus(w); !has.fits() && i > from {
				if !yield(list[from:i]) {
					return
				}
				from, has = i, w
			}
		}
		if from < len(list) {
			yield(list[from:])
		}
	}
}
