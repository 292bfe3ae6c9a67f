package duty

import "time"

// A Write that the server has refused is said again after a pause, which doubles.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// Agenda is what a Duty has to look at, thing by thing. It keeps what Duty.Plan promises: one Write for a thing is on its way at most, and
// one that was refused is not said again at once. The zero Agenda is empty.
type Agenda[K comparable] struct {
	// Patience is how often in a row the same is written of a thing at once. Then come pauses: it seems that somebody else writes it, too, and wants
	// something else. 0: without end.
	Patience int

	queue   []K // Invariant: those with marked, each once.
	marked  map[K]bool
	flying  map[K]bool // a Write is on its way; looked at again when that is done. The value: marked meanwhile
	refused map[K]*refusal
	spent   map[K]patience
}

// refusal is that the last Write for a thing was refused.
type refusal struct {
	pause time.Duration
	again time.Time // when the pause is over; zero until the next Plan, which knows the time
}

// Mark makes the next Plan look at a thing.
func (a *Agenda[K]) Mark(k K) {
	if a.marked == nil {
		a.marked, a.flying, a.refused, a.spent = map[K]bool{}, map[K]bool{}, map[K]*refusal{}, map[K]patience{}
	}
	if !a.marked[k] {
		a.marked[k] = true
		a.queue = append(a.queue, k)
	}
}

// Len is the number of things that the next Plan looks at.
func (a *Agenda[K]) Len() int { return len(a.queue) }

// Plan is Duty.Plan: look says what to write for a thing, a Write without Operations for nothing.
func (a *Agenda[K]) Plan(now time.Time, max int, look func(K) Write) (writes []Write, again time.Time) {
	a.wake(now)
	for len(a.queue) > 0 && len(writes) < max {
		k := a.queue[0]
		a.queue = a.queue[1:]
		delete(a.marked, k)
		if _, flies := a.flying[k]; flies {
			a.flying[k] = true
			continue
		}
		if until := a.spent[k].until; until.After(now) {
			a.refused[k] = &refusal{pause: firstPause, again: until}
			continue
		}
		w := look(k)
		if len(w.Operations) == 0 {
			delete(a.refused, k)
			continue
		}
		a.flying[k] = false
		a.spend(k, w, now)
		writes = append(writes, a.track(k, w))
	}
	return writes, a.next()
}

// track lets the agenda hear what comes of a Write.
func (a *Agenda[K]) track(k K, w Write) Write {
	done := w.Done
	w.Done = func(err error) {
		changed := a.flying[k]
		delete(a.flying, k)
		if err == nil {
			delete(a.refused, k)
		} else {
			a.refuse(k)
		}
		if err == nil || changed { // somebody may have written meanwhile, which may be why it was refused
			a.Mark(k)
		}
		if done != nil {
			done(err)
		}
	}
	return w
}

func (a *Agenda[K]) refuse(k K) {
	pause := firstPause
	if before := a.refused[k]; before != nil {
		pause = min(2*before.pause, lastPause)
	}
	a.refused[k] = &refusal{pause: pause}
}

// wake marks what was refused long enough ago.
func (a *Agenda[K]) wake(now time.Time) {
	for k, r := range a.refused {
		if r.again.IsZero() {
			r.again = now.Add(r.pause)
		}
		if _, flies := a.flying[k]; !flies && !r.again.After(now) {
			a.Mark(k)
		}
	}
}

// next is when the next one of those is to be marked; zero for never.
func (a *Agenda[K]) next() (next time.Time) {
	for k, r := range a.refused {
		if _, flies := a.flying[k]; !flies && !a.marked[k] && (next.IsZero() || r.again.Before(next)) {
			next = r.again
		}
	}
	return next
}

// Lost is Duty.Lost, for the database that the Writes go to.
func (a *Agenda[K]) Lost() {
	for k := range a.flying {
		a.Mark(k)
	}
	clear(a.flying)
}
