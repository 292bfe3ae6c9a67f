package fault

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/flowhost/flowhost/e2e/cloud"
)

// stream is how long a TCP connection is filled, and interval what is looked at of it.
const stream, interval = 3 * time.Second, 500 * time.Millisecond

// packets sends a stream of TCP within flowhost's node and to another one, and has the host killed meanwhile: no stream may stand still.
func (s *scene) packets(t *testing.T) {
	for _, c := range []struct {
		name   string
		server *cloud.Workload
	}{{"within a node", s.own.b}, {"to another node", s.outside}} {
		c.server.Run(t, "iperf3 --server --one-off --daemon")
		ended := make(chan string, 1)
		go func() {
			ended <- s.own.a.Run(t, fmt.Sprintf("iperf3 --json --client %s --time %.0f --interval %.1f",
				address(c.server), stream.Seconds(), interval.Seconds()))
		}()
		time.Sleep(stream / 3)
		s.own.Restart(t, cloud.Flowhost)
		s.own.AwaitFlowhost(t, s.own.flows)
		checkStream(t, c.name, <-ended)
	}
}

// checkStream reads what iperf3 prints.
func checkStream(t *testing.T, name, report string) {
	t.Helper()
	type rate struct {
		BitsPerSecond float64 `json:"bits_per_second"`
	}
	var r struct {
		Intervals []struct{ Sum rate }
		End       struct {
			Received rate `json:"sum_received"`
		}
	}
	if err := json.Unmarshal([]byte(report), &r); err != nil {
		t.Fatalf("iperf3: %v in %q", err, report)
	}
	fmt.Printf("packets TCP %s, host killed meanwhile: %.0f Mbit/s\n", name, r.End.Received.BitsPerSecond/1e6)
	if len(r.Intervals) < int(stream/interval) {
		t.Errorf("%s: %d intervals", name, len(r.Intervals))
	}
	for i, in := range r.Intervals {
		if in.Sum.BitsPerSecond == 0 {
			t.Errorf("%s: nothing was sent for %v, in interval %d", name, interval, i)
		}
	}
}
