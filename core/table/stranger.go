package table

import (
	"maps"
	"time"
)

// stranger looks at what is installed for a key that nobody wants: it is kept, or goes at once, or after a pause.
func (t *Table) stranger(h uint32, now time.Time) {
	e := t.entries.at(h)
	if e.installed != 0 && (t.isLearned(e) || t.options.Unclaimed == UnclaimedKeep) {
		e.flags |= keep
		return
	}
	key := e.key()
	if pause := t.comesBack(e.installed != 0, uint64(t.keyHash(&key)), now); pause > 0 {
		p := t.dampOf(h)
		p.until = now.Add(pause)
		e.flags |= damped
		t.retryAt(p.until)
	}
}

// comesBack notes that something is there which nobody wants, known by a hash: a flow, a group or a meter. It goes; but when it has
// come contestLimit times in contestWindow, somebody fights for it, and the pause is returned after which it goes: each is twice as
// long as the one before.
func (t *Table) comesBack(there bool, hash uint64, now time.Time) (pause time.Duration) {
	if !there {
		return 0
	}
	t.sweepStrangers(now)
	p := t.strangers[hash]
	if p == nil {
		p = new(fight)
		t.strangers[hash] = p
	}
	if p.backoff = max(2*p.backoff, minBackoff); !p.contested(now) {
		p.backoff = 0
	}
	p.backoff = min(p.backoff, maxBackoff)
	return p.backoff
}

// sweepStrangers forgets the fights that are over, once in a while.
func (t *Table) sweepStrangers(now time.Time) {
	if now.Sub(t.swept) < contestWindow {
		return
	}
	t.swept = now
	maps.DeleteFunc(t.strangers, func(_ uint64, p *fight) bool {
		return now.Sub(p.puts[len(p.puts)-1]) > contestWindow+p.backoff
	})
}
