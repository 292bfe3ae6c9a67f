package source

import (
	"errors"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFlowsArrive(t *testing.T) {
	r := startSource(t, "good", "FLOWS=1000")
	st := r.synced()
	if n := r.loop.installed(); n != 1000 {
		t.Errorf("%d flows installed, want 1000", n)
	}
	if st.PID == 0 || !st.Ready || st.Text != "all is well" || st.Version != "good 1" || st.Restarts != 0 {
		t.Errorf("state = %+v", st)
	}
	r.wantLog("[INFO]", "pushing", "plugin=test", "flows=1000")
	r.stop()
	gone(t, st.PID)
	if st := r.State(); st.Phase != Stopped || st.LastError != "" {
		t.Errorf("stopped: %+v", st)
	}
	if n := r.loop.installed(); n != 1000 {
		t.Errorf("%d flows installed after the stop, want 1000", n)
	}
}

func TestRejectedTransactionIsNoEnd(t *testing.T) {
	r := startSource(t, "rejected", "FLOWS=5")
	r.synced()
	if n := r.loop.installed(); n != 5 {
		t.Errorf("%d flows installed, want 5", n)
	}
	r.wantLog("request rejected", "RULE_FENCED", "table 99", "plugin=test")
}

func TestEventsReachTheSource(t *testing.T) {
	r := startSource(t, "events")
	r.until("told", func(st State) bool {
		return strings.Contains(st.Text, "sdk.Lost") && strings.Contains(st.Text, "sdk.Duplicate") &&
			strings.Contains(st.Text, "sdk.Installed")
	})
}

func TestProcessThatEndsIsStartedAgain(t *testing.T) {
	for script, want := range map[string]string{
		"fail":   "source failed: no database (exit status 1)",
		"exit":   "process died (exit status 3)",
		"panic":  `process died (exit status 2); it said "panic: out of luck"`,
		"abort":  `process died (exit status 2); it said "SIGABRT: abort"`,
		"stdout": `printed "hello world": ` + ErrStdout.Error(),
		"early":  `no handshake (exit status 4); it said "no such file: config"`,
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			r := startSource(t, script)
			if got := r.failed(); !strings.Contains(got, want) {
				t.Errorf("last error = %s\nwant %s", got, want)
			}
			st := r.until("in a crash loop", func(st State) bool { return st.Phase == CrashLoop })
			if st.Restarts < crashLoop {
				t.Errorf("%d restarts, want %d", st.Restarts, crashLoop)
			}
			r.wantLog("[ERROR]", "plugin ended", "plugin=test", strings.Split(want, `"`)[0])
		})
	}
}

func TestMissingPlugin(t *testing.T) {
	r := startSource(t, "good")
	r.stop()
	r.Source.Plugin.Path = "/nonexistent/plugin"
	if _, err := r.start(t.Context()); err == nil || !strings.Contains(err.Error(), "/nonexistent/plugin: no such file") {
		t.Errorf("err = %v", err)
	}
	r.Source.RunDir = "/tmp/" + strings.Repeat("x", 90)
	if _, err := r.start(t.Context()); err == nil || !strings.Contains(err.Error(), ErrSocketPath.Error()) {
		t.Errorf("err = %v", err)
	}
}

func TestFlowsStayWhileThePluginIsKilled(t *testing.T) {
	r := startSource(t, "good", "FLOWS=100")
	first := r.synced()
	if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := r.failed(); !strings.Contains(got, "process died (signal: killed)") {
		t.Errorf("last error = %s", got)
	}
	if n := r.loop.installed(); n != 100 {
		t.Errorf("%d flows installed, want 100", n)
	}
	again := r.until("synced again", func(st State) bool { return st.Phase == Synced && st.PID != first.PID })
	if again.Restarts != 1 || r.loop.installed() != 100 {
		t.Errorf("state %+v, %d flows", again, r.loop.installed())
	}
}

func TestResync(t *testing.T) {
	r := startSource(t, "good", "FLOWS=10")
	r.Resync("too early to matter")
	pid := r.synced().PID
	r.Resync("test")
	if got := r.failed(); !strings.Contains(got, "say everything again") {
		t.Errorf("last error = %s", got)
	}
	r.until("synced again", func(st State) bool { return st.Phase == Synced && st.PID != pid })
}

func TestRestart(t *testing.T) {
	r := startSource(t, "good", "FLOWS=10")
	pid := r.synced().PID
	r.Restart()
	st := r.until("synced again", func(st State) bool { return st.Phase == Synced && st.PID != pid })
	if st.LastError != errRestart.Error() || st.Restarts != 1 {
		t.Errorf("state = %+v", st)
	}
	gone(t, pid)
}

func TestRestartOutOfAPause(t *testing.T) {
	long := hasty
	long.backoffMin, long.backoffMax = time.Hour, time.Hour
	r := startSourceOn(t, nil, "early", long)
	r.until("pausing", func(st State) bool { return st.Phase == Backoff })
	r.Restart()
	r.until("tried again", func(st State) bool { return st.Restarts == 2 })
}

func TestHungProcessIsKilled(t *testing.T) {
	loop := mustLoop(t)
	r := startSourceOn(t, loop.attach, "good", watchful, "FLOWS=10")
	pid := r.synced().PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if got := r.failed(); !strings.Contains(got, ErrHung.Error()) {
		t.Errorf("last error = %s", got)
	}
	if n := loop.installed(); n != 10 {
		t.Errorf("%d flows installed, want 10", n)
	}
	gone(t, pid)
	r.until("synced again", func(st State) bool { return st.Phase == Synced && st.PID != pid })
}

func TestStopOfAHungProcess(t *testing.T) {
	r := startSource(t, "good", "FLOWS=10")
	pid := r.synced().PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r.stop()
	if took := time.Since(began); took > hasty.shutdown+hasty.reap {
		t.Errorf("stop took %v", took)
	}
	gone(t, pid)
}

func TestStopOfAStubbornProcess(t *testing.T) {
	r := startSource(t, "stubborn")
	pid := r.until("connected", func(st State) bool { return st.Phase == Syncing }).PID
	r.stop()
	gone(t, pid)
	if !errors.Is(r.ended, ErrDeadline) {
		t.Errorf("Run returned %v", r.ended)
	}
	r.wantLog("plugin killed", ErrDeadline.Error())
}

func TestStopDuringTheStart(t *testing.T) {
	r := startSource(t, "silent")
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	r.stop()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("stop took %v", took)
	}
}

func TestDeafSourceIsCutOff(t *testing.T) {
	r := startSource(t, "deaf")
	if got := r.failed(); !strings.Contains(got, ErrSlowReader.Error()) {
		t.Errorf("last error = %s", got)
	}
}

func TestWhatIsPrintedIsLogged(t *testing.T) {
	r := startSource(t, "chatty", "FLOWS=1", "LINES=100000")
	r.synced()
	r.wantLog("to standard output", "plugin=test")
	r.wantLog("to standard error", "plugin=test")
	r.wantLog("line: ", "n=", "plugin=test") // not each: what waits when too much comes is dropped, the oldest first
	r.wantLog("the plugin dropped lines of its log")
	if n := len(r.log.String()); n > 1<<20 {
		t.Errorf("100000 lines became %d bytes of log", n)
	}
}

func TestChildrenDieWithThePlugin(t *testing.T) {
	r := startSource(t, "orphans")
	st := r.until("told", func(st State) bool { return st.Text != "" })
	child, err := strconv.Atoi(st.Text)
	if err != nil || !alive(child) {
		t.Fatalf("child %q, %v", st.Text, err)
	}
	if err := syscall.Kill(st.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, child)
}
