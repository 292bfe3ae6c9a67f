package ovstest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestEveryDaemonComesBack(t *testing.T) {
	s := Start(t, Options{OVN: true})
	s.StartController(t)
	s.Nbctl(t, "--wait=sb", "ls-add", "ls0")
	s.Ofctl(t, "add-flow", Bridge, "table=66,priority=100,actions=drop")

	for _, name := range []string{OVSDB, Vswitchd, Northbound, Southbound, Northd, Controller} {
		for how, end := range map[string]func(testing.TB, string){"stop": s.Stop, "kill": s.Kill} {
			old := s.Pid(name)
			end(t, name)
			if pid := s.Pid(name); pid != 0 || syscall.Kill(old, 0) == nil {
				t.Errorf("%s: after %s it runs as %d, formerly %d", name, how, pid, old)
			}
			end(t, name) // ended already: nothing happens
			s.Start(t, name)
			if pid := s.Pid(name); pid == 0 || pid == old {
				t.Errorf("%s: after %s and start its pid is %d, formerly %d", name, how, pid, old)
			}
		}
	}
	if got := s.Nbctl(t, "--bare", "--columns=name", "list", "Logical_Switch"); strings.TrimSpace(got) != "ls0" {
		t.Errorf("logical switches after all restarts: %q, want ls0", got)
	}
	if got := strings.TrimSpace(s.Vsctl(t, "list-br")); got != Bridge {
		t.Errorf("bridges after all restarts: %q, want %s", got, Bridge)
	}
}

func TestPause(t *testing.T) {
	s := Start(t, Options{})
	before := s.Pid(Vswitchd)
	s.Pause(t, Vswitchd)
	if state := processState(before); state != "T" {
		t.Errorf("paused process is in state %q, want T", state)
	}
	s.Continue(t, Vswitchd)
	s.Appctl(t, Vswitchd, "version")
	s.Pause(t, Vswitchd)
	s.Stop(t, Vswitchd) // a paused daemon can be stopped
	if pid := s.Pid(Vswitchd); pid != 0 {
		t.Errorf("stopped daemon still runs as %d", pid)
	}
	if err := s.processes[1].pause(); !errors.Is(err, ErrNotRunning) {
		t.Errorf("signal to nobody: %v, want ErrNotRunning", err)
	}
}

func TestLoneServer(t *testing.T) {
	s := StartServer(t, SouthboundSchema)
	insert := `["OVN_Southbound",{"op":"insert","table":"Address_Set","row":{"name":"as9"}}]`
	if out, err := s.Run("ovsdb-client", "transact", s.OVSDB(), insert); err != nil || !strings.Contains(out, "uuid") || strings.Contains(out, "error") {
		t.Fatalf("insert: %s, %v", out, err)
	}
	s.Kill(t, OVSDB)
	s.Start(t, OVSDB)
	out, err := s.Run("ovsdb-client", "dump", s.OVSDB(), "OVN_Southbound", "Address_Set", "name")
	if err != nil || !strings.Contains(out, "as9") {
		t.Errorf("the row after a restart: %s, %v", out, err)
	}
}

func TestDaemonThatFails(t *testing.T) {
	s := &Sandbox{Dir: tempDir(t)}
	if err := s.makeDirs(); err != nil {
		t.Fatal(err)
	}
	lacking := errors.New("the cat is out")
	for _, c := range []struct {
		daemon Daemon
		want   error
		text   string
	}{
		{Daemon{Name: "absent", Program: "no-such-program"}, exec.ErrNotFound, "no-such-program"},
		{Daemon{Name: "quits", Program: "ovsdb-server", Args: []string{"--no-such-flag"}}, ErrExited, "no-such-flag"},
		{Daemon{Name: "unprepared", Program: "ovsdb-server", Prepare: func() error { return lacking }}, lacking, "start unprepared"},
		{Daemon{Name: "never", Program: "ovsdb-server", Args: []string{"--no-db", "-vconsole:off"},
			Ready: func() error { return lacking }}, ErrNotReady, lacking.Error()},
	} {
		s.Add(c.daemon)
		p := s.processes[len(s.processes)-1]
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := p.start(ctx)
		cancel()
		if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.text) {
			t.Errorf("%s: %v\nwant %v, with %q", c.daemon.Name, err, c.want, c.text)
		}
		if err := p.stop(syscall.SIGTERM); err != nil || p.pid() != 0 {
			t.Errorf("%s: stop: %v, pid %d", c.daemon.Name, err, p.pid())
		}
	}
	if err := s.Up(t.Context(), "unheard-of"); !errors.Is(err, ErrUnknownDaemon) {
		t.Errorf("start of an unknown daemon: %v", err)
	}
}

// TestDaemonsDieWithTheTest runs this test binary again, kills it, and looks for what it started.
func TestDaemonsDieWithTheTest(t *testing.T) {
	const variable = "OVSTEST_DIR"
	if dir := os.Getenv(variable); dir != "" {
		s := newSandbox(dir, Options{}, false)
		fmt.Println(s.startAll(t.Context()))
		select {} // until killed
	}
	s := newSandbox(tempDir(t), Options{}, false)
	cmd := exec.Command(os.Args[0], "-test.run=^TestDaemonsDieWithTheTest$")
	cmd.Env = append(os.Environ(), variable+"="+s.Dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pids := []int{s.Pid(OVSDB), s.Pid(Vswitchd)}
	cmd.Process.Kill()
	cmd.Wait()
	if line != "<nil>\n" || err != nil || slices.Contains(pids, 0) {
		t.Fatalf("the other test started its daemons as %v and says %q, %v", pids, line, err)
	}
	Eventually(t, 10*time.Second, func() error {
		for _, pid := range pids {
			if isAlive(pid) {
				return fmt.Errorf("process %d outlives its test", pid)
			}
		}
		return nil
	})
}
