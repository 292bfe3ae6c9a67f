package source

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/go-hclog"
)

// byHand starts a script as an author does, and returns the first lines that it writes to standard error.
func byHand(t *testing.T, script string, lines int, args ...string) (*exec.Cmd, []string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "PLAY_BY_HAND="+script, "FLOWS=5")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	var said []string
	for scanner := bufio.NewScanner(stderr); len(said) < lines && scanner.Scan(); {
		said = append(said, scanner.Text())
	}
	return cmd, said
}

func TestAttachToAProcessThatIsDebugged(t *testing.T) {
	cmd, said := byHand(t, "good", 2, "-debug")
	_, socket, ok := strings.Cut(said[len(said)-1], "--attach ")
	if !ok {
		t.Fatalf("it says %q", said)
	}
	loop, err := newFakeLoop("test")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the process outlives its sessions
		r := &running{t: t, loop: loop, log: &logBuffer{}}
		r.Source = New(Config{
			Plugin: Plugin{Name: "test"}, Connect: Dial(socket), Attach: loop.attach, Version: "test",
			Logger: hclog.New(&hclog.LoggerOptions{Output: r.log, Level: hclog.Debug}),
		})
		r.timing = hasty
		r.run()
		if st := r.synced(); st.PID != 0 || st.Version != "good 1" || loop.installed() != 5 {
			t.Errorf("%d flows, state %+v", loop.installed(), st)
		}
		r.stop()
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("interrupted, it ends with %v", err)
	}
	if _, err := os.Stat(filepath.Dir(socket)); !os.IsNotExist(err) {
		t.Errorf("its folder: %v", err)
	}
}

func TestStartedByHandWithoutDebug(t *testing.T) {
	cmd, said := byHand(t, "good", 1)
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 2 || !strings.Contains(said[0], "flowhost dev -- ") {
		t.Errorf("%v, it says %q", err, said)
	}
}
