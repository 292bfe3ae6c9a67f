package ovstest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// Eventually calls check until it returns nil, and ends the test with check's last error when that takes longer than timeout.
// What is waited for belongs into the error: "3 of 5 flows are there". Check runs in the caller's goroutine, at least once.
func Eventually(t testing.TB, timeout time.Duration, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	start := time.Now()
	if err := Poll(ctx, check); err != nil {
		t.Fatalf("not so after %v: %v", time.Since(start).Round(time.Millisecond), err)
	}
}

// giveUp wraps an error of a check that no waiting will mend.
type giveUp struct{ error }

func (g giveUp) Unwrap() error { return g.error }

// Poll calls check, in growing pauses, until it returns nil or an error that no waiting will mend; when ctx ends first,
// Poll returns check's last error, and ctx's.
func Poll(ctx context.Context, check func() error) error {
	const shortest, longest = 2 * time.Millisecond, 100 * time.Millisecond
	for pause := shortest; ; pause = min(pause*3/2, longest) {
		err := check()
		if err == nil {
			return nil
		}
		if final := (giveUp{}); errors.As(err, &final) {
			return final.error
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", err, ctx.Err())
		case <-time.After(pause):
		}
	}
}
