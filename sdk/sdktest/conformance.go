package sdktest

import (
	"os"
	"syscall"
	"testing"

	"github.com/flowhost/flowhost/core/source"
)

// Plugin is a binary to be checked, and what the operator would configure with it.
type Plugin struct {
	Options
	Path string   // of the binary
	Args []string // without the program's name
	Env  []string // NAME=value; all it gets beside what every plugin gets
}

// Conformance runs a plugin as the daemon would, in a process of its own, and checks what a host relies on, each in a test of its
// own: that it starts (nothing on standard output before the handshake), says SyncDone, wants the same flows after it was killed
// and after a Resync without anything being sent anew, and exits when it is asked to. The plugin's inputs must stay as they are meanwhile.
func Conformance(t *testing.T, p Plugin) {
	p.Options = p.withDefaults()
	dir, err := os.MkdirTemp("", "sdktest") // t.TempDir is too long for a unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h := newHost(t, p.Options)
	h.run(source.Config{Plugin: source.Plugin{Name: p.Owner, Path: p.Path, Args: p.Args, Env: p.Env}, RunDir: dir})

	c := &conformance{Host: h}
	for _, check := range []struct {
		name string
		run  func()
	}{
		{"it starts and syncs", c.syncs},
		{"killed, it wants the same", c.killed},
		{"asked to resync, it wants the same", c.resyncs},
		{"without a switch for a moment, it wants the same", c.cut},
		{"asked to exit, it does", c.exits},
	} {
		ok := t.Run(check.name, func(t *testing.T) {
			c.t = t
			check.run()
		})
		c.t = t
		if !ok {
			t.FailNow() // what follows would only repeat it
		}
	}
}

// conformance is a run of the checks.
type conformance struct {
	*Host
	flows string // and groups and meters, after the first sync
	sent  int    // flow_mods until then
}

func (c *conformance) syncs() {
	c.t.Helper()
	c.WaitSynced()
	c.flows, c.sent = c.all(), c.Sent()
	if c.source.State().Restarts > 0 {
		c.t.Errorf("it took several starts: %s", c.source.State().LastError)
	}
}

// same checks that the flows are what they were, and were not touched.
func (c *conformance) same() {
	c.t.Helper()
	c.WaitSynced()
	if missing, extra := difference(c.flows, c.all()); missing+extra != "" {
		c.t.Errorf("the flows are others than before:\n%s%s", missing, extra)
	}
	if sent := c.Sent(); sent != c.sent {
		c.t.Errorf("%d flow_mods were sent for flows that are the same", sent-c.sent)
	}
}

func (c *conformance) killed() {
	c.t.Helper()
	before := c.source.State()
	if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
		c.t.Fatalf("kill: %v", err)
	}
	c.await("started again", func() bool { return c.source.State().Restarts > before.Restarts })
	c.same()
}

func (c *conformance) resyncs() {
	c.t.Helper()
	before := c.source.State()
	c.Resync()
	c.await("saying everything again", func() bool { return c.source.State().Since.After(before.Since) })
	c.same()
}

func (c *conformance) cut() {
	c.t.Helper()
	c.CutSwitch()
	c.same()
}

func (c *conformance) exits() {
	c.t.Helper()
	if err := c.end(); err != nil {
		c.t.Errorf("it had to be killed: %v", err)
	}
}
