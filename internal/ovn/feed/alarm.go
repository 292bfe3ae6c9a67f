package feed

import "time"

// alarm rings once, at the time it was set to last.
type alarm struct{ timer *time.Timer } // nil: it was never set

// set lets it ring at another time; zero: not at all.
func (a *alarm) set(at time.Time) {
	switch {
	case a.timer == nil && at.IsZero():
	case a.timer == nil:
		a.timer = time.NewTimer(time.Until(at))
	case at.IsZero():
		a.timer.Stop()
	default:
		a.timer.Reset(time.Until(at))
	}
}

func (a *alarm) rings() <-chan time.Time {
	if a.timer == nil {
		return nil
	}
	return a.timer.C
}
