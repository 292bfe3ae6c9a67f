package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// A measurement is in turns of perTurn rows, turns for each of the two.
const (
	perTurn = 10
	turns   = 5
)

// latencies times how long a new MAC_Binding takes to be a flow in the switch.
type latencies struct {
	b      testing.TB
	pair   *pair
	client *ovsdb.Client // of the southbound database
	port   libovsdb.Row  // columns that all rows have
	last   int           // number that an address was made from
}

// contestant is one of the two that are measured.
type contestant struct {
	name   string
	seen   *monitor
	pause  func()
	resume func()
	took   []time.Duration
}

// BenchmarkMACBindingLatency compares the time from a committed MAC_Binding to its flow with ovn-controller's. The two take turns;
// the one that is not measured is stopped. It runs once, whatever b.N:
//
//	go test -run '^$' -bench MACBindingLatency -benchtime 1x ./e2e
func BenchmarkMACBindingLatency(b *testing.B) {
	const limit = 1.0 // ovn-controller's
	l := newLatencies(b)
	first := l.insert()
	ovstest.Eventually(b, settle, func() error { // a switch's flow monitor may leave out what happens during a load
		if flows := l.pair.awaitEqual(b, neighborTables...); len(flows) == 0 {
			return fmt.Errorf("no flows of %s", first)
		}
		return nil
	})
	reference := &contestant{name: "ovn-controller", seen: watch(b, l.pair.Sandbox)}
	reference.pause = func() { l.pair.Pause(b, ovstest.Controller) }
	reference.resume = func() { l.pair.Continue(b, ovstest.Controller) }
	own := &contestant{name: "flowhost", seen: watch(b, l.pair.flowhost.Sandbox)}
	own.pause, own.resume = l.pauseFlowhost()
	for _, c := range []*contestant{reference, own} {
		c.seen.await(b, first)
	}
	for range turns {
		l.turn(reference, own)
		l.turn(own, reference)
	}
	was, is := median(reference.took), median(own.took)
	ratio := float64(is) / float64(was)
	b.Logf("medians of %d: ovn-controller %v, flowhost %v", perTurn*turns, was, is)
	verdict := "pass"
	if ratio > limit {
		verdict = "FAIL"
		b.Fail()
	}
	fmt.Printf("bar mac-binding-latency: %.2f ×, must be ≤ %.1f: %s\n", ratio, limit, verdict)
}

func newLatencies(b *testing.B) *latencies {
	p := startPair(b, network, []string{"vif0", "vif1"})
	model, err := sb.FullDatabaseModel()
	if err != nil {
		b.Fatal(err)
	}
	client, err := ovsdb.New(ovsdb.Config{Database: "OVN_Southbound", Endpoints: p.SB(), Model: model})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); client.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-ended })
	ovstest.Eventually(b, settle, func() error {
		if state := client.State(); state.Phase != ovsdb.Ready {
			return fmt.Errorf("southbound database: %v %v", state.Phase, state.Err)
		}
		return nil
	})
	datapath := strings.TrimSpace(p.Sbctl(b, "get", "Port_Binding", "lr0-ls0", "datapath"))
	return &latencies{b: b, pair: p, client: client,
		port: libovsdb.Row{"logical_port": "lr0-ls0", "datapath": libovsdb.UUID{GoUUID: datapath}}}
}

// pauseFlowhost gives what stops and continues flowhost and its plugin.
func (l *latencies) pauseFlowhost() (pause, resume func()) {
	plugin := l.pair.flowhost.awaitReady(l.b, "neighbor", 0)
	signal := func(s syscall.Signal) {
		if err := syscall.Kill(plugin, s); err != nil {
			l.b.Fatal(err)
		}
	}
	pause = func() { l.pair.flowhost.Pause(l.b, hostName); signal(syscall.SIGSTOP) }
	resume = func() { signal(syscall.SIGCONT); l.pair.flowhost.Continue(l.b, hostName) }
	return pause, resume
}

// turn measures one of the two while the other is stopped.
func (l *latencies) turn(c, other *contestant) {
	l.pair.awaitEqual(l.b, neighborTables...)
	other.pause()
	defer other.resume()
	for range perTurn {
		mac := l.insert()
		committed := time.Now() // the reply is here; on a busy machine it may be seen late, which flatters both
		c.took = append(c.took, c.seen.await(l.b, mac).Sub(committed))
		time.Sleep(20 * time.Millisecond)
	}
}

// insert commits a new MAC_Binding and returns its Ethernet address.
func (l *latencies) insert() (mac string) {
	l.last++
	mac = fmt.Sprintf("0e:00:00:00:%02x:%02x", l.last>>8, l.last&255)
	row := libovsdb.Row{"ip": fmt.Sprintf("10.77.%d.%d", l.last>>8, l.last&255), "mac": mac}
	for column, value := range l.port {
		row[column] = value
	}
	_, err := l.client.Transact(context.Background(), ovsdb.Operation{Op: "insert", Table: sb.MACBindingTable, Row: row})
	if err != nil {
		l.b.Fatal(err)
	}
	return mac
}

func median(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// monitor is the switch's flow monitor: what it says, with when it said it.
type monitor struct{ lines chan line }

type line struct {
	at   time.Time
	text string
}

// watch starts the flow monitor of a sandbox's bridge, through ovs-ofctl, until the test ends.
func watch(b testing.TB, s *ovstest.Sandbox) *monitor {
	cmd := exec.Command("stdbuf", "-oL", "ovs-ofctl", "-O", "OpenFlow14", "monitor", s.Mgmt(ovstest.Bridge), "watch:")
	cmd.Env = s.Env()
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	m := &monitor{lines: make(chan line, 1<<16)}
	read := make(chan struct{})
	go func() { defer close(read); m.read(out) }()
	b.Cleanup(func() { cmd.Process.Kill(); <-read; cmd.Wait() })
	return m
}

func (m *monitor) read(out io.Reader) {
	defer close(m.lines)
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		m.lines <- line{time.Now(), scanner.Text()}
	}
}

// await waits for a flow with an Ethernet address and says when it was there.
func (m *monitor) await(b testing.TB, mac string) time.Time {
	late := time.After(settle)
	for {
		select {
		case l, ok := <-m.lines:
			if !ok {
				b.Fatal("the flow monitor has ended")
			}
			if strings.Contains(l.text, mac) {
				return l.at
			}
		case <-late:
			b.Fatalf("no flow with %s after %v", mac, settle)
		}
	}
}
