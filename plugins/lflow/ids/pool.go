package ids

import (
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk"
)

// Pool gives ids to groups or to meters, by the text that says all of one, knows who uses which, and what of that the host has to be told.
// Whoever uses the same text shares the id. It is safe for use by several goroutines.
//
// Units are evaluated; that asks for IDs. What a unit has come to is then said with Use. An id that was asked for and is not used when
// Take comes to it is given up, so Take must not come between the two.
type Pool struct {
	space space
	size  uint64

	mu     sync.Mutex
	byText map[string]*entry
	byID   map[uint32]*entry // Invariant: has exactly the entries that byText has
	uses   map[uuid.UUID][]*entry
	dirty  []*entry      // that Take has to look at. Invariant: those with their mark, dirty, set, each once
	limbo  limbo[*entry] // may name entries that are used again
}

// Entry is a group or a meter.
type Entry struct {
	ID   uint32
	Text string
}

type entry struct {
	Entry
	users int  // units that use it
	told  bool // the host has it, or soon will
	again bool // it has to be told even so
	dirty bool
	freed Generation // 0: not in limbo
}

// NewPool makes a Pool of the ids in ranges, which do not overlap.
func NewPool(ranges []sdk.Range) *Pool {
	s := newSpace(ranges)
	return &Pool{
		space: s, size: s.size(), limbo: limbo[*entry]{present: 1},
		byText: map[string]*entry{}, byID: map[uint32]*entry{}, uses: map[uuid.UUID][]*entry{},
	}
}

// ID is the id of a text. It is false when none is left.
func (p *Pool) ID(text string) (id uint32, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entry(text)
	if e == nil {
		return 0, false
	}
	return e.ID, true
}

// Use says which texts a unit uses from now on; none: it uses nothing. A text that no id is left for is passed over.
func (p *Pool) Use(unit uuid.UUID, texts []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.uses[unit]
	if len(before)+len(texts) == 0 {
		return
	}
	var now []*entry
	for _, text := range texts {
		if e := p.entry(text); e != nil && !slices.Contains(now, e) {
			now = append(now, e)
			e.users++
		}
	}
	for _, e := range before {
		e.users--
		p.mark(e)
	}
	if p.uses[unit] = now; len(now) == 0 {
		delete(p.uses, unit)
	}
}

// Touch makes Take tell a text again, if it is used.
func (p *Pool) Touch(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.byText[text]; e != nil {
		e.again = true
		p.mark(e)
	}
}

// Take returns what the host has to be told next, at most max of both, and takes it for told; fewer: it knows everything. Those to be set
// are for before the flows that name them, the ids that are gone for after.
func (p *Pool) Take(max int) (set []Entry, gone []uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.dirty) > 0 && len(set)+len(gone) < max {
		e := p.dirty[len(p.dirty)-1]
		p.dirty = p.dirty[:len(p.dirty)-1]
		e.dirty = false
		switch {
		case e.users > 0 && (!e.told || e.again):
			e.told = true
			set = append(set, e.Entry)
		case e.users == 0 && e.freed == 0:
			if e.told {
				gone = append(gone, e.ID)
			}
			e.told, e.freed = false, p.limbo.put(e)
		}
		e.again = false
	}
	if len(p.dirty) == 0 {
		p.dirty = nil
	}
	return set, gone
}

// Restart makes Take say everything again, to a host that is taken to know nothing.
func (p *Pool) Restart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.byID {
		e.told = false
		p.mark(e)
	}
}

// Told ends a generation and returns it: all that Take has said so far has been told to the host.
func (p *Pool) Told() Generation {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limbo.told()
}

// Confirmed says that the switch has confirmed what was told up to a generation: the ids that were gone by then may be used anew.
// It returns whether there are any.
func (p *Pool) Confirmed(generation Generation) (any bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limbo.confirmed(generation, p.release)
}

// release gives up an entry, unless it is used again.
func (p *Pool) release(e *entry, since Generation) bool {
	if e.freed != since {
		return false
	}
	delete(p.byText, e.Text)
	delete(p.byID, e.ID)
	return true
}

// entry finds the entry of a text, or makes it, and takes it out of limbo; nil: no id is left.
func (p *Pool) entry(text string) *entry {
	e := p.byText[text]
	if e == nil {
		if uint64(len(p.byID)) >= p.size {
			return nil
		}
		id, index := p.space.at(hash([]byte(text)))
		for p.byID[id] != nil {
			id, index = p.space.next(id, index)
		}
		e = &entry{Entry: Entry{id, text}}
		p.byText[text], p.byID[id] = e, e
	}
	e.freed = 0
	if !e.told {
		p.mark(e)
	}
	return e
}

// mark makes Take look at an entry; one in limbo needs nothing.
func (p *Pool) mark(e *entry) {
	if !e.dirty && e.freed == 0 {
		e.dirty = true
		p.dirty = append(p.dirty, e)
	}
}
