package cloud

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pace is the time between two packets of a Pinger.
const pace = 5 * time.Millisecond

// Try pings an address once a second until it answers, for at most the given time.
func (w *Workload) Try(address string, within time.Duration) error {
	_, err := w.node.Try(fmt.Sprintf("ip netns exec %s ping -q -c 1 -w %d %s", w.Name, int(within.Seconds()), address))
	return err
}

// Ping is Try in a test.
func (w *Workload) Ping(t testing.TB, address string, within time.Duration) {
	t.Helper()
	if err := w.Try(address, within); err != nil {
		t.Fatal(err)
	}
}

// RTT is how long a packet and its answer take, at least, of some.
func (w *Workload) RTT(t testing.TB, address string) time.Duration {
	t.Helper()
	out := w.Run(t, "ping -q -c 5 -i 0.1 -W 2 "+address)
	_, after, _ := strings.Cut(out, "min/avg/max/mdev = ")
	least, _, _ := strings.Cut(after, "/")
	rtt, err := time.ParseDuration(least + "ms")
	if err != nil {
		t.Fatalf("ping says %q", out)
	}
	return rtt
}

// A Loss is what a Pinger counted. Hole is the longest time without an answer.
type Loss struct {
	Sent, Lost int
	Hole       time.Duration
}

func (l Loss) String() string {
	if l.Lost == 0 {
		return fmt.Sprintf("lost 0 of %d", l.Sent)
	}
	return fmt.Sprintf("lost %d of %d (%v at a time)", l.Lost, l.Sent, l.Hole)
}

// A Pinger pings an address every 5 ms.
type Pinger struct {
	cmd  *exec.Cmd
	stop func()
	out  bytes.Buffer
}

// StartPing starts a pinger, which the test stops.
func (w *Workload) StartPing(t testing.TB, address string) *Pinger {
	t.Helper()
	p := &Pinger{cmd: w.node.Command(context.Background(), "bash", "-c", fmt.Sprintf(
		"ip netns exec %s ping -n -i %.3f %s & read -r; kill -INT $!; wait $!", w.Name, pace.Seconds(), address))}
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stop = func() { in.Close() }
	p.cmd.Stdout = &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

var answerOf = regexp.MustCompile(`icmp_seq=(\d+) ttl`)

// Stop stops the pinger and counts up to the last packet that was answered: what is on its way then is not lost. So it is called when all
// is well again.
func (p *Pinger) Stop(t testing.TB) Loss {
	t.Helper()
	p.stop()
	_ = p.cmd.Wait() // ping exits with 1 when nothing was answered
	sent, answered := 0, make(map[int]bool)
	for _, a := range answerOf.FindAllStringSubmatch(p.out.String(), -1) {
		n, _ := strconv.Atoi(a[1])
		answered[n] = true
		sent = max(sent, n)
	}
	if sent == 0 {
		t.Fatalf("nothing was answered; ping says %q", p.out.String())
	}
	return loss(sent, answered, pace)
}

// loss counts which of so many packets, one each pace, were not answered.
func loss(sent int, answered map[int]bool, pace time.Duration) Loss {
	l := Loss{Sent: sent, Lost: sent - len(answered)}
	hole := 0
	for n := 1; n <= sent; n++ {
		if hole++; answered[n] {
			hole = 0
		}
		l.Hole = max(l.Hole, time.Duration(hole)*pace)
	}
	return l
}

// During pings while do runs, which ends when all is well again.
func (w *Workload) During(t testing.TB, address string, do func()) Loss {
	t.Helper()
	p := w.StartPing(t, address)
	time.Sleep(200 * time.Millisecond)
	do()
	return p.Stop(t)
}
