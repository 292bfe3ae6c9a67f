package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

// churnKeys is how many flows churn changes, again and again.
const churnKeys = 50_000

// churn changes flows as fast as it can, in transactions of TXN operations from four goroutines, and says how many operations it has done.
func churn(ctx context.Context, h *sdk.Host) error {
	drop := testFlow(0)
	output, err := flow.ParseFlow("actions=output:1")
	if err != nil {
		return err
	}
	var next, done atomic.Int64
	ended := make(chan error, 4)
	for range cap(ended) {
		go func() {
			for {
				first := int(next.Add(int64(number("TXN")))) - number("TXN")
				txn := h.Begin()
				for n := first; n < first+number("TXN"); n++ {
					f := testFlow(n % churnKeys)
					f.Table = 2
					f.Actions = drop.Actions
					if n/churnKeys%2 == 1 {
						f.Actions = output.Actions
					}
					txn.Set(testUUID(n%churnKeys), f)
				}
				if _, err := txn.Commit(ctx); err != nil {
					ended <- err
					return
				}
				h.Status(true, fmt.Sprint(done.Add(int64(number("TXN")))))
			}
		}()
	}
	return <-ended
}

// regular commits one flow every other millisecond, and writes how long each commit took into the file TIMES, as nanoseconds in 8 bytes.
func regular(ctx context.Context, h *sdk.Host) error {
	file, err := os.Create(os.Getenv("TIMES"))
	if err != nil {
		return err
	}
	defer file.Close()
	for {
		times := make([]time.Duration, 200)
		for n := range times {
			txn := h.Begin()
			txn.Set(testUUID(1), testFlow(n))
			began := time.Now()
			if _, err := txn.Commit(ctx); err != nil {
				return err
			}
			times[n] = time.Since(began)
			time.Sleep(2 * time.Millisecond)
		}
		if err := binary.Write(file, binary.NativeEndian, times); err != nil {
			return err
		}
		if _, err := h.SyncDone(ctx); err != nil {
			return err
		}
	}
}

// commits are how long a regular source's took so far, by the file it writes.
func commits(t *testing.T, file string) []time.Duration {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	times := make([]time.Duration, len(b)/8)
	_ = binary.Read(bytes.NewReader(b), binary.NativeEndian, times) // it is as long as it has to be
	return times
}

// quantiles are what half of the commits took at most, and 99 in a hundred.
func quantiles(times []time.Duration) (p50, p99 time.Duration) {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2], sorted[len(sorted)*99/100]
}

// TestFloodDelaysNobody has one source change flows as fast as it can, and another commit one flow now and then. With FLOWHOST_SOAK=1
// it is ten million operations each way, and the bar is printed: for a machine that does nothing else meanwhile.
//
// What is left of the delay is mostly the kernel's, which lets processes that work in bursts wait for each other: two that use 15 % of a
// processor in bursts of 9 ms give the commits a p99 of 4 ms, without any flood.
func TestFloodDelaysNobody(t *testing.T) {
	soak := os.Getenv("FLOWHOST_SOAK") != ""
	for _, c := range []struct {
		name string
		txn  int
		ops  int
	}{{"small", 10, 100_000}, {"large", 10_000, 500_000}} {
		if soak {
			c.ops = 10_000_000
		}
		t.Run(c.name, func(t *testing.T) {
			loop := startLoop(t, swtest.New(), "victim")
			p := plugged(t, "regular")
			p.Name = "victim"
			file := filepath.Join(t.TempDir(), "times")
			p.Env = append(p.Env, "TIMES="+file)
			victim := startPlugin(t, ToLoop(loop), patient, p)
			const warm, some = 400, 800 // the first flow, and all that is slow once; what is enough to tell 99 in a hundred
			for len(commits(t, file)) < warm+some {
				time.Sleep(10 * time.Millisecond)
			}

			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			before, peak := m.HeapAlloc, uint64(0)
			began := time.Now()
			rogue := startSourceOn(t, ToLoop(loop), "churn", patient, fmt.Sprint("TXN=", c.txn))
			rogue.until("at it", func(st State) bool { return st.Text != "" })
			from, ops := len(commits(t, file)), 0
			idle50, idle99 := quantiles(commits(t, file)[warm:from])
			for ops < c.ops || len(commits(t, file)) < from+some {
				time.Sleep(10 * time.Millisecond)
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
				st := rogue.State()
				if st.LastError != "" {
					t.Fatal(st.LastError)
				}
				ops, _ = strconv.Atoi(st.Text)
			}
			took := time.Since(began)
			flood50, flood99 := quantiles(commits(t, file)[from:])
			rogue.stop()
			t.Logf("%d operations in %v; %d commits of the other: p50 %v, p99 %v; before: p50 %v, p99 %v; peak %d MiB above %d MiB",
				ops, took, len(commits(t, file))-from, flood50, flood99, idle50, idle99, int64(peak-before)>>20, before>>20)
			if soak {
				bar("session.fairness-"+c.name, "the p99 without a flood", float64(flood99)/float64(idle99), "≤", 2)
			}
			// Other tests run at the same time.
			if limit := max(4*idle50, 5*time.Millisecond); flood50 > limit {
				t.Errorf("p50 of a commit under a flood is %v, want at most %v: before it %v", flood50, limit, idle50)
			}
			if limit := max(50*idle99, time.Second); flood99 > limit {
				t.Errorf("p99 of a commit under a flood is %v, want at most %v: before it %v", flood99, limit, idle99)
			}
			const memory = 128 << 20
			if peak > before+memory {
				t.Errorf("peak of %d MiB above %d MiB, want at most %d", (peak-before)>>20, before>>20, memory>>20)
			}
			if st := victim.State(); st.Restarts > 0 {
				t.Errorf("the other was restarted: %+v", st)
			}
		})
	}
}
