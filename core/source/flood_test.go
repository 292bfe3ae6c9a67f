package source

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/table"
)

// discard is an owner whose transactions take a while and go nowhere, so that all memory is the session's.
type discard struct {
	*fakeLoop
	delay time.Duration
}

func (d discard) Commit(context.Context, *table.Txn) (table.Revision, error) {
	time.Sleep(d.delay)
	return 1, nil
}

// floodPeak lets a source push to owners that keep nothing, so that all memory is the session's, and returns the most of it that was in
// use, in bytes, and what was before.
func floodPeak(t testing.TB, script, flows string, delay time.Duration) (peak, before uint64) {
	t.Helper()
	loop, err := newFakeLoop("test")
	if err != nil {
		t.Fatal(err)
	}
	attach := func(ctx context.Context, owner string, sink apply.Sink) (Owner, error) {
		if _, err := loop.attach(ctx, owner, sink); err != nil {
			return nil, err
		}
		return discard{loop, delay}, nil
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before = m.HeapAlloc
	r := startSourceOn(t, attach, script, patient, flows)
	for r.State().Phase != Synced && r.State().LastError == "" {
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
		time.Sleep(5 * time.Millisecond)
	}
	if st := r.State(); st.LastError != "" {
		t.Fatal(st.LastError)
	}
	return peak, before
}

// TestFloodIsBounded lets a source push as fast as it can, to a loop that keeps up and to one that does not.
func TestFloodIsBounded(t *testing.T) {
	const limit = 64 << 20
	for name, c := range map[string]struct {
		script string
		flows  string
		delay  time.Duration
	}{
		"fast loop":                  {"flood", "FLOWS=300000", 0},
		"slow loop":                  {"flood", "FLOWS=200000", 10 * time.Millisecond},
		"several transactions ahead": {"replace", "FLOWS=200000", 10 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			peak, before := floodPeak(t, c.script, c.flows, c.delay)
			if peak > before+limit {
				t.Errorf("peak of %d MiB above the %d MiB before, want at most %d", (peak-before)>>20, before>>20, limit>>20)
			}
			t.Logf("peak of %d KiB above %d KiB", int64(peak-before)>>10, before>>10)
		})
	}
}

func TestLongMessageEndsTheSession(t *testing.T) {
	r := startSource(t, "long message")
	if got := r.failed(); !strings.Contains(got, ErrProtocol.Error()) || !strings.Contains(got, "larger than max") {
		t.Errorf("last error = %s", got)
	}
}

func TestProtocolViolationsEndTheSession(t *testing.T) {
	for script, want := range map[string]string{
		"no hello":         "the source's first message is not its Hello",
		"second hello":     "a second Hello",
		"same id":          "request 5 after 5",
		"sync inside txn":  "request 2 begins inside transaction 1",
		"other txn inside": "transaction 2 begins inside 1",
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			r := startSource(t, script)
			if got := r.failed(); !strings.Contains(got, ErrProtocol.Error()+": "+want) {
				t.Errorf("last error = %s\nwant %s", got, want)
			}
		})
	}
}
