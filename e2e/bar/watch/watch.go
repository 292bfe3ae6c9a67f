// Package watch says when a bridge's flows change, and when they have come to rest after that.
package watch

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// patience is how long a change may take to be in the switch.
const patience = 30 * time.Second

// Quiet is how long nothing must have happened for a change to be over.
const Quiet = 250 * time.Millisecond

// Monitor is a switch's flow monitor: what changes, and when it was said.
type Monitor struct {
	events chan time.Time
	cmd    *exec.Cmd
	read   chan struct{}
}

// Start starts the flow monitor of a sandbox's bridge. ovs-ofctl makes a control socket in the sandbox's folder.
func Start(ctx context.Context, s *ovstest.Sandbox) (*Monitor, error) {
	cmd := exec.CommandContext(ctx, "ovs-ofctl", "-O", "OpenFlow14", "monitor", s.Mgmt(ovstest.Bridge), "watch:!initial")
	cmd.Env = s.Env()
	out, err := cmd.StderrPipe() // where it prints them
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	m := &Monitor{events: make(chan time.Time, 1<<20), cmd: cmd, read: make(chan struct{})}
	go func() { defer close(m.read); m.follow(out) }()
	time.Sleep(500 * time.Millisecond) // until it has said what it wants
	for len(m.events) > 0 {
		<-m.events
	}
	return m, nil
}

func (m *Monitor) follow(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(strings.TrimSpace(lines.Text()), "event=") {
			m.events <- time.Now()
		}
	}
}

// Stop ends the monitor.
func (m *Monitor) Stop() {
	_ = m.cmd.Process.Kill()
	<-m.read
	_ = m.cmd.Wait()
}

// Settle waits until something has changed since a moment, and then nothing for a while, and says when the last change was.
func (m *Monitor) Settle(since time.Time) (last time.Time, err error) {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	over := make(<-chan time.Time) // not yet
	for {
		select {
		case at := <-m.events:
			if at.After(since) {
				last, over = at, time.After(Quiet)
			}
		case <-over:
			return last, nil
		case <-limit.C:
			return last, fmt.Errorf("nothing has changed in the switch in %v", patience)
		}
	}
}
