package cloud

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Caller is the package of a program that machines need for Serve and calls, as "caller" in Programs.
const Caller = "github.com/flowhost/flowhost/e2e/cloud/caller"

// A workload's connections come from ports from firstPort on, no two from the same: a userspace conntrack of Open vSwitch 3.1 that knows a
// connection by the addresses and ports of a new one may end ovs-vswitchd (conn_update_state() asserts that it has not translated to them).
const firstPort, lastPort = 10_000, 60_000

// callMost is how many connections StartCalls makes at most: for half a minute.
const callMost = 3000

// callPace is the time between two of a caller's connections.
const callPace = 10 * time.Millisecond

// Serve answers TCP connections to a port with the workload's name and the address that the connection comes from.
func (w *Workload) Serve(t testing.TB, port int) {
	t.Helper()
	w.Run(t, fmt.Sprintf(`setsid %s/caller serve %d %s >>/run/log/caller.log 2>&1 </dev/null &
		for try in $(seq 100); do if ss -Hltn sport = :%[2]d | grep -q .; then exit; fi; sleep 0.05; done; exit 1`, Programs, port, w.Name))
}

// Calls are what came of TCP connections. Answers are how many were answered by whom, who says also from which address they came:
// "web1 10.0.0.1".
type Calls struct {
	Loss
	Answers map[string]int
}

// By is how many calls a workload has answered.
func (c Calls) By(w *Workload) (count int) {
	for answer, n := range c.Answers {
		if name, _, _ := strings.Cut(answer, " "); name == w.Name {
			count += n
		}
	}
	return count
}

// Calling are connections that are being made, one after the other.
type Calling struct {
	cmd  *exec.Cmd
	stop func()
	out  bytes.Buffer
}

// StartCalls starts to make TCP connections to ADDRESS:PORT, one each 10 ms, which the test stops.
func (w *Workload) StartCalls(t testing.TB, address string) *Calling {
	t.Helper()
	return w.startCalls(t, address, callMost)
}

func (w *Workload) startCalls(t testing.TB, address string, count int) *Calling {
	t.Helper()
	from := firstPort + w.calls
	if w.calls += count; from+count > lastPort {
		t.Fatalf("%s has no ports left to make connections from", w.Name)
	}
	c := &Calling{cmd: w.node.Command(context.Background(), "ip", "netns", "exec", w.Name, Programs+"/caller", "call", address,
		fmt.Sprint(from), fmt.Sprint(count))}
	in, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stop = func() { in.Close() }
	c.cmd.Stdout = &c.out
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// Stop makes no more connections, and counts.
func (c *Calling) Stop(t testing.TB) Calls {
	t.Helper()
	c.stop()
	return c.wait(t)
}

// wait waits for the last answer.
func (c *Calling) wait(t testing.TB) Calls {
	t.Helper()
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("caller: %v", err)
	}
	calls, answered := Calls{Answers: make(map[string]int)}, make(map[int]bool)
	for line := range strings.Lines(c.out.String()) {
		number, answer, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		var n int
		if _, err := fmt.Sscan(number, &n); err != nil {
			t.Fatalf("caller says %q", line)
		}
		calls.Sent = max(calls.Sent, n)
		if answer != "" {
			answered[n] = true
			calls.Answers[answer]++
		}
	}
	calls.Loss = loss(calls.Sent, answered, callPace)
	return calls
}

// Call makes so many TCP connections.
func (w *Workload) Call(t testing.TB, address string, count int) Calls {
	t.Helper()
	c := w.startCalls(t, address, count)
	defer c.stop()
	return c.wait(t)
}
