package ovstest

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestPoll(t *testing.T) {
	not, never := errors.New("not yet"), errors.New("never")
	for name, c := range map[string]struct {
		answers []error // the last one again and again
		want    error
		calls   int // 0: some
	}{
		"at once":   {[]error{nil}, nil, 1},
		"at last":   {[]error{not, not, nil}, nil, 3},
		"too late":  {[]error{not}, not, 0},
		"no use":    {[]error{not, giveUp{never}, nil}, never, 2},
		"no use, 1": {[]error{giveUp{never}}, never, 1},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			calls := 0
			err := Poll(ctx, func() error {
				calls++
				return c.answers[min(calls, len(c.answers))-1]
			})
			if !errors.Is(err, c.want) {
				t.Errorf("poll: %v, want %v", err, c.want)
			}
			if calls != c.calls && c.calls != 0 {
				t.Errorf("%d calls, want %d", calls, c.calls)
			}
		})
	}
}
