package source

import "time"

// backoff is the pause between the end of a process and the start of the next.
type backoff struct {
	timing   timing
	failures int // processes in a row that did not live for timing.stable
}

// after returns the pause after a process that lived so long: the first one after a stable life is the shortest, then it doubles.
func (b *backoff) after(lived time.Duration) time.Duration {
	if lived >= b.timing.stable {
		b.failures = 0
	}
	b.failures++
	pause := b.timing.backoffMin
	for i := 1; i < b.failures && pause < b.timing.backoffMax; i++ {
		pause *= 2
	}
	return min(pause, b.timing.backoffMax)
}

func (b *backoff) phase() Phase {
	if b.failures >= crashLoop {
		return CrashLoop
	}
	return Backoff
}
