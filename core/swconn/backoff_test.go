package swconn

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	b := backoff{min: 10 * time.Millisecond, max: 2 * time.Second}
	for i, step := range []struct{ lasted, longest time.Duration }{
		{0, 10 * time.Millisecond},
		{0, 20 * time.Millisecond},
		{50 * time.Millisecond, 40 * time.Millisecond},  // dropped at once
		{time.Second, 10 * time.Millisecond},            // a good one
		{99 * time.Millisecond, 20 * time.Millisecond},  // hardly ten times as long as the pause before it
		{201 * time.Millisecond, 10 * time.Millisecond}, // more
	} {
		if got := b.next(step.lasted); got > step.longest || got < step.longest*3/4 {
			t.Errorf("pause %d, after %v: %v, want up to a quarter less than %v", i, step.lasted, got, step.longest)
		}
	}
	b.last = 2 * time.Second
	if got := b.next(1999 * time.Millisecond); got < 1500*time.Millisecond {
		t.Errorf("after a session shorter than the longest pause: %v", got)
	}
}
