package source

import (
	"cmp"
	"time"
)

// backoff is the pause between the end of a process and the start of the next.
type backoff struct {
	timing   timing
	failures int // processes in a row that did not live for timing.stable
}

// after returns the pause after a process that lived so long: the first one after a stable life is the shortest, then it doubles,
// up to longest (0: as usual).
func (b *backoff) after(lived, longest time.Duration) time.Duration {
	longest = cmp.Or(longest, b.timing.backoffMax)
	if lived >= b.timing.stable {
		b.failures = 0
	}
	b.failures++
	pause := b.timing.backoffMin
	for i := 1; i < b.failures && pause < longest; i++ {
		pause *= 2
	}
	return min(pause, longest)
}

func (b *backoff) phase() Phase {
	if b.failures >= crashLoop {
		return CrashLoop
	}
	return Backoff
}
