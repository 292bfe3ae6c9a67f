package source

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/sdk"
)

// hurried commits one transaction after the other until one is refused.
func hurried(ctx context.Context, h *sdk.Host) error {
	for n := 1; ; n++ {
		txn := h.Begin()
		txn.Set(testUUID(n), testFlow(n))
		switch _, err := txn.Commit(ctx); {
		case errors.Is(err, sdk.ErrQuota):
			h.Status(true, fmt.Sprintf("%d: %v", n, err))
			return nil
		case err != nil:
			return err
		}
	}
}

func TestRateIsAQuota(t *testing.T) {
	loop, err := newFakeLoop("test")
	if err != nil {
		t.Fatal(err)
	}
	loop.spec.Rate = 3
	r := startPlugin(t, loop.attach, hasty, plugged(t, "hurried"))
	n, text, _ := strings.Cut(r.says(), ": ")
	if count, err := strconv.Atoi(n); err != nil || count < 4 || !strings.Contains(text, "3 transactions a second are allowed") {
		t.Errorf("transaction %s was refused: %s; want the fourth or, on a slow machine, a later one", n, text)
	}
	if count, _ := strconv.Atoi(n); loop.installed() != count-1 {
		t.Errorf("%d flows installed, want those of the %s before", loop.installed(), n)
	}
}

func TestRate(t *testing.T) {
	var r rate
	now := time.Unix(1000, 0)
	for step, want := range []bool{true, true, false} {
		if got := r.allows(2, now); got != want {
			t.Errorf("transaction %d at once: %v, want %v", step, got, want)
		}
	}
	if now = now.Add(500 * time.Millisecond); !r.allows(2, now) || r.allows(2, now) {
		t.Error("half a second brings one")
	}
	now = now.Add(time.Hour)
	for step, want := range []bool{true, true, false} {
		if got := r.allows(2, now); got != want {
			t.Errorf("transaction %d an hour later: %v, want %v", step, got, want)
		}
	}
	if !r.allows(0, now) {
		t.Error("0 is no limit")
	}
}
