package bindings

import "time"

const (
	// threshold is how long a claim is left alone (binding.c, CLAIM_TIME_THRESHOLD_MS).
	threshold = 500 * time.Millisecond
	// memory is how long it is remembered (binding.c, cleanup_claimed_port_timestamps).
	memory = 5 * threshold
)

// history is what was written of some rows in the last memory. It holds back what would be written again and again, because somebody else
// wants something else.
type history struct {
	past  map[string]*past
	order []written            // of past, oldest first
	later map[string]time.Time // what is held back, until when
}

type written struct {
	id string
	at time.Time
}

// past is what has happened to one row.
type past struct {
	what    string    // was written last; "" if it did not take effect
	at      time.Time // when
	claimed time.Time // when it was last claimed for this chassis
	held    bool      // it was, and this chassis has not released it since
	rival   string    // the chassis that has taken it since
	taken   time.Time // when; zero until see, which knows the time
	stale   time.Time // since when a claim waits for flows of the one before; zero: none does
}

// move is what becomes of a claim.
type move int8

const (
	keep move = iota
	claim
	release
)

// intent is what is to be written of a row.
type intent struct {
	what string // as text
	move move
	from string // the chassis that has the row now; "" for none
	// stale: those who make its flows have those of an earlier claim, and are soon to notice that it is gone. What they say of flows until
	// then would be taken for the new claim's.
	stale bool
}

func newHistory() history {
	return history{past: map[string]*past{}, later: map[string]time.Time{}}
}

func (h *history) get(id string) *past {
	p := h.past[id]
	if p == nil {
		p = &past{}
		h.past[id] = p
	}
	return p
}

// take notes that a rival has taken a row.
func (h *history) take(id, rival string) {
	p := h.get(id)
	p.rival, p.taken = rival, time.Time{}
}

// see notes when it was, and whether this chassis wants to have the row still: else nobody has taken anything from it.
func (h *history) see(id string, wanted bool, now time.Time) {
	p := h.past[id]
	if p == nil {
		return
	}
	if !wanted {
		p.held, p.rival = false, ""
		h.forget(id, now) // of take alone, nothing is in order
	}
	if p.rival != "" && p.taken.IsZero() {
		p.taken = now
		h.order = append(h.order, written{id, now})
	}
}

// postpone says whether something must not be written yet, so that it is looked at again later: because it was just written, and was
// undone, or because of what became of the claim before.
func (h *history) postpone(id string, i intent, now time.Time) bool {
	p := h.get(id)
	if i.move == claim && i.stale && p.stale.IsZero() {
		p.stale = now
		h.order = append(h.order, written{id, now})
	}
	since := p.since(i)
	if until := since.Add(threshold); !since.IsZero() && now.Before(until) {
		h.later[id] = until
		return true
	}
	return false
}

// since is what the threshold counts from; zero: from nothing.
func (p *past) since(i intent) (since time.Time) {
	if p.what == i.what {
		since = p.at
	}
	if i.move != claim {
		return since
	}
	if p.held || i.from != "" {
		since = latest(since, p.claimed)
	}
	if i.from != "" {
		since = latest(since, p.taken)
	}
	if i.stale {
		since = latest(since, p.stale)
	}
	return since
}

// write notes that something is written, and says who has undone what was written before; "" if nobody has.
func (h *history) write(id string, i intent, now time.Time) (rival string) {
	p := h.get(id)
	switch {
	case i.move == claim && p.rival != "":
		rival = p.rival
	case p.what == i.what || i.move == claim && p.held:
		rival = "somebody else here"
	}
	p.what, p.at, p.stale = i.what, now, time.Time{}
	switch i.move {
	case claim:
		p.claimed, p.held, p.rival, p.taken = now, true, "", time.Time{}
	case release:
		p.held = false
	}
	h.order = append(h.order, written{id, now})
	return rival
}

// done takes in what came of a write.
func (h *history) done(id string, err error) {
	if p := h.past[id]; p != nil && err != nil {
		p.what, p.held = "", false
	}
}

// lost takes in that nobody knows what came of writes.
func (h *history) lost() {
	for _, p := range h.past {
		p.what, p.held = "", false
	}
}

// wake has what was held back looked at when its time has come, and forgets what was long ago.
func (h *history) wake(now time.Time, look func(id string)) {
	for id, until := range h.later {
		if !now.Before(until) {
			delete(h.later, id)
			look(id)
		}
	}
	for len(h.order) > 0 && now.Sub(h.order[0].at) >= memory {
		id := h.order[0].id
		h.order = h.order[1:]
		h.forget(id, now)
	}
}

// forget forgets a row with which nothing has happened for long.
func (h *history) forget(id string, now time.Time) {
	if p := h.past[id]; p != nil && now.Sub(latest(p.at, p.claimed, p.taken, p.stale)) >= memory {
		delete(h.past, id)
	}
}

// next is when to look again; zero for never.
func (h *history) next() (first time.Time) {
	for _, until := range h.later {
		first = earliest(first, until)
	}
	return first
}

func latest(times ...time.Time) (last time.Time) {
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}
