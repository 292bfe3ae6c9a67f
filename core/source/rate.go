package source

import "time"

// rate is how many transactions a session may commit: a token bucket that holds what a second brings.
type rate struct {
	tokens float64
	at     time.Time // of the last look; zero: before the first, when the bucket is full
}

// allows takes one transaction, unless there were too many before it. 0 a second is no limit.
func (r *rate) allows(perSecond int, now time.Time) bool {
	if perSecond == 0 {
		return true
	}
	full := float64(perSecond)
	if r.at.IsZero() {
		r.tokens = full
	}
	r.tokens = min(full, r.tokens+now.Sub(r.at).Seconds()*full)
	r.at = now
	if r.tokens < 1 {
		return false
	}
	r.tokens--
	return true
}
