package apply

import (
	"slices"
	"time"

	"github.com/flowhost/flowhost/core/table"
)

const (
	// shareTime is which part of a processor's time a session may have for its transactions in the long run while others commit, too:
	// nearly a quarter million flows a second, more than a switch takes. What it does not use it may have at a time later, up to
	// shareBurst, so that this is about floods and not about loads.
	shareTime  = 0.25
	shareBurst = 400 * time.Millisecond
	// txnTime and flowTime are what a transaction and each of its operations or flows cost this process besides the loop's time.
	txnTime  = 50 * time.Microsecond
	flowTime = time.Microsecond
	// lately is how long ago a session must have committed to be one of the others.
	lately = time.Second
	// paceTick is how often an overdrawn session's turn comes.
	paceTick = time.Millisecond
)

// allowance is how much time a session may still have; below 0 it is overdrawn. It is the loop's.
type allowance struct {
	left time.Duration
	at   time.Time // as of
	last time.Time // when it committed last
}

func (a *allowance) overdrawn(now time.Time) bool {
	a.left = min(a.left+time.Duration(shareTime*float64(now.Sub(a.at))), shareBurst)
	a.at = now
	return a.left < 0
}

// big is a transaction, or the end of a sync, that would hold up others: it is done in slices, and between two of them the loop serves
// whoever comes. One is under way at a time.
type big struct {
	session  *Session
	cost     time.Duration // besides the loop's time
	begin    func(*table.Table) *table.Sliced
	sliced   *table.Sliced // nil: it waits for its turn
	done     chan struct{} // closed when revision and err are what came of it
	revision table.Revision
	err      error
}

// later has what begin begins done in its turn. It must be called in the loop.
func (s *Session) later(cost time.Duration, begin func(*table.Table) *table.Sliced) *big {
	b := &big{session: s, cost: cost, begin: begin, done: make(chan struct{})}
	s.loop.bigs = append(s.loop.bigs, b)
	return b
}

// result waits until it is done, however long the caller's context lasts: what was begun is done as a whole.
func (b *big) result() (table.Revision, error) {
	select {
	case <-b.done:
		return b.revision, b.err
	case <-b.session.loop.stopped:
		return 0, ErrStopped
	}
}

// mustWait says whether a session has to leave the loop to others now.
func (l *Loop) mustWait(s *Session, now time.Time) bool {
	if !s.allowed.overdrawn(now) {
		return false
	}
	for _, other := range l.sessions {
		if other != s && now.Sub(other.allowed.last) < lately {
			return true
		}
	}
	return false
}

// spend notes what a session's transaction has cost.
func (s *Session) spend(began time.Time, more time.Duration) {
	now := s.loop.now()
	s.allowed.last = now
	s.allowed.left -= now.Sub(began) + more
}

// costOf is what a transaction costs besides the loop's time.
func costOf(txn *table.Txn) time.Duration {
	n := len(txn.Ops)
	for i := range txn.Ops {
		n += len(txn.Ops[i].Flows)
	}
	return txnTime + time.Duration(n)*flowTime
}

// nextBig moves to the front what is to be gone on with, and says whether there is anything. Whoever has to wait does only while nobody
// else waits for it: what is under way cannot be put aside.
func (l *Loop) nextBig() bool {
	if len(l.bigs) == 0 {
		return false
	}
	now := l.now()
	if l.bigs[0].sliced != nil {
		return len(l.bigs) > 1 || !l.mustWait(l.bigs[0].session, now)
	}
	i := slices.IndexFunc(l.bigs, func(b *big) bool { return !l.mustWait(b.session, now) })
	if i > 0 {
		b := l.bigs[i]
		l.bigs = slices.Insert(slices.Delete(l.bigs, i, i+1), 0, b)
	}
	return i >= 0
}

// slice does one slice of the big at the front.
func (l *Loop) slice() {
	b := l.bigs[0]
	began := l.now()
	switch {
	case l.sessions[b.session.owner.id] != b.session:
		b.err = ErrSessionEnded
	case b.sliced == nil:
		b.sliced = b.begin(l.table)
		b.session.spend(began, b.cost)
		fallthrough
	default:
		l.going = b.sliced.Next()
		b.session.spend(began, 0)
		if l.going {
			return
		}
		b.revision, b.err = b.sliced.Result()
	}
	l.bigs = l.bigs[1:]
	close(b.done)
}
