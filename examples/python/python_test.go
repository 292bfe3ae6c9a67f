// Package python tests the source in Python as a host would run it.
package python

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// build puts the programs and what protoc makes for them into a folder of its own, and returns the path of blocklist.py.
func build(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("protoc", "-I", "../../sdk/proto/flowhost/v1", "--python_out="+dir, "flowhost.proto").CombinedOutput()
	if err != nil {
		t.Fatalf("protoc: %v\n%s", err, out)
	}
	for _, file := range []string{"blocklist.py", "testdata/violations.py", "testdata/throughput.py"} {
		program, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), program, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "blocklist.py")
}

func write(t *testing.T, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestConformance(t *testing.T) {
	sdktest.Conformance(t, sdktest.Plugin{
		Options: sdktest.Options{
			Owner: "python", Slot: 9, Tables: []sdk.Range{{First: 0, Last: 0}}, Priorities: []sdk.Range{{First: 900, Last: 900}},
			Patience: time.Minute,
		},
		Path: build(t), Env: []string{"BLOCKLIST=" + write(t, "192.0.2.7  # a scanner\n\n198.51.100.1\n")},
	})
}

// output is what a process wrote so far.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) has(t *testing.T, want string) {
	t.Helper()
	got := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		o.mu.Lock()
		got = o.buf.String()
		o.mu.Unlock()
		if strings.Contains(got, want) {
			return
		}
	}
	t.Fatalf("got\n%s\nwant\n%s", got, want)
}

// TestFlows runs it as its author does.
func TestFlows(t *testing.T) {
	program, list := build(t), write(t, "192.0.2.1\n198.51.100.7\n")
	flowhost := filepath.Join(t.TempDir(), "flowhost")
	if out, err := exec.Command("go", "build", "-o", flowhost, "../../cmd/host").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, flowhost, "dev", "--", program)
	cmd.Env = append(os.Environ(), "BLOCKLIST="+list)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	var out, log output
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		_ = cmd.Wait()
	}()
	out.has(t, `revision 1
+cookie=0x1000000bc7b085e, priority=900,ip,nw_src=192.0.2.1 actions=drop
+cookie=0x10000002e25daea, priority=900,ip,nw_src=198.51.100.7 actions=drop
synced: 2 flows
`)
	if err := os.WriteFile(list, []byte("192.0.2.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out.has(t, "\n-cookie=0x10000002e25daea, priority=900,ip,nw_src=198.51.100.7 actions=drop\nsynced: 1 flows\n")
	if err := os.WriteFile(list, []byte("example.org\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log.has(t, "Expected 4 octets in 'example.org'")
	log.has(t, "plugin ended; its flows stay, and it is started again")
}
