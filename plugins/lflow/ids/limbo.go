package ids

import "slices"

// limbo is what nobody uses any more, until the switch has confirmed that.
type limbo[T any] struct {
	present Generation // in which things come
	waiting []waiting[T]
}

type waiting[T any] struct {
	thing T
	since Generation // Invariant: never falls along limbo.waiting
}

// put takes in a thing, and returns since when it is there. It may be used again meanwhile: release has to see that.
func (l *limbo[T]) put(thing T) (since Generation) {
	l.waiting = append(l.waiting, waiting[T]{thing, l.present})
	return l.present
}

// told ends a generation and returns it.
func (l *limbo[T]) told() Generation {
	l.present++
	return l.present - 1
}

// confirmed calls release for what has come up to a generation. It returns whether release has said of any that it is free now.
func (l *limbo[T]) confirmed(generation Generation, release func(thing T, since Generation) bool) (any bool) {
	n := 0
	for ; n < len(l.waiting) && l.waiting[n].since <= generation; n++ {
		any = release(l.waiting[n].thing, l.waiting[n].since) || any
	}
	if l.waiting = slices.Delete(l.waiting, 0, n); len(l.waiting) == 0 {
		l.waiting = nil
	}
	return any
}
