package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/core/swconn/swtest"
)

// daemon is `flowhost run` in a process of its own, with two plugins on a switch in memory.
type daemon struct {
	*admin.Client
	t   *testing.T
	sw  *swtest.Switch
	cmd *exec.Cmd
	dir string
	log *screen
}

func startDaemon(t *testing.T) *daemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "fh") // t.TempDir is too long for a unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &daemon{Client: admin.NewClient(filepath.Join(dir, "s")), t: t, sw: swtest.New(), dir: dir}
	listenAs(t, d.sw, filepath.Join(dir, "switch"))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("SELF", self, "DIR", dir).Replace(`
switch: unix:DIR/switch
ovsdb: unix:DIR/no-database
socket: DIR/s
pidfile: DIR/pid
state-dir: DIR/state
plugins:
  - {name: a, path: SELF, env: [TABLE=1], tables: [1]}
  - {name: b, path: SELF, env: [TABLE=2], tables: [2]}
`)
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	d.start()
	return d
}

// listenAs has a switch in memory listen on a unix socket until the test ends.
func listenAs(t *testing.T, sw *swtest.Switch, path string) {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		listener.Close()
		sw.Close()
	})
	go func() {
		for {
			here, err := listener.Accept()
			if err != nil {
				return
			}
			there, err := sw.Dial(context.Background())
			if err != nil {
				here.Close()
				continue
			}
			for _, way := range [][2]net.Conn{{here, there}, {there, here}} {
				go func() {
					_, _ = io.Copy(way[0], way[1])
					way[0].Close()
					way[1].Close()
				}()
			}
		}
	}()
}

// start starts the process; it is ended with the test.
func (d *daemon) start() {
	d.t.Helper()
	self, err := os.Executable()
	if err != nil {
		d.t.Fatal(err)
	}
	d.log = new(screen)
	d.cmd = exec.Command(self)
	d.cmd.Args = []string{"flowhost", "run", "--config", filepath.Join(d.dir, "config.yaml")} // see testscript.Main
	d.cmd.Stderr = d.log
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	cmd := d.cmd
	d.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// ready waits until the host is, and returns its plugins' processes.
func (d *daemon) ready() (pids []int) {
	d.t.Helper()
	var status admin.Status
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if status, err = d.Status(d.t.Context()); err == nil && status.Ready && status.Flows.Installed == 2 {
			for _, p := range status.Plugins {
				pids = append(pids, p.PID)
			}
			return pids
		}
	}
	d.t.Fatalf("not ready: %+v, %v\n%s", status, err, d.log)
	return nil
}

// gone waits for the end of processes.
func (d *daemon) gone(pids []int) {
	d.t.Helper()
	for _, pid := range pids {
		end := time.Now().Add(20 * time.Second)
		for !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) && !zombie(pid) {
			if time.Now().After(end) {
				d.t.Errorf("process %d is still there", pid)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// zombie says whether a process has ended and nobody has asked how: where the tests run, there may be no init that does.
func zombie(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", orDash(pid), "stat"))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestTermLeavesFlowsAndNoProcess(t *testing.T) {
	d := startDaemon(t)
	pids := d.ready()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("SIGTERM: %v\n%s", err, d.log)
	}
	d.gone(pids)
	if n := len(d.sw.Flows()); n != 2 {
		t.Errorf("%d flows in the switch, want 2", n)
	}
	for _, file := range []string{"pid", "s"} {
		if _, err := os.Stat(filepath.Join(d.dir, file)); err == nil {
			t.Errorf("%s is left behind", file)
		}
	}
	if log := d.log.String(); strings.Contains(log, "[ERROR]") || !strings.Contains(log, "stopped; the flows stay in the switch") {
		t.Errorf("log:\n%s", log)
	}
}

func TestKilledHostComesBackToTheSame(t *testing.T) {
	d := startDaemon(t)
	pids := d.ready()
	before := d.sw.Log()
	if err := d.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = d.cmd.Wait()
	d.gone(pids)
	if n := len(d.sw.Flows()); n != 2 {
		t.Errorf("%d flows in the switch while there is no host, want 2", n)
	}
	d.start()
	d.ready()
	if after := d.sw.Log(); after.FlowMods() != before.FlowMods() {
		t.Errorf("%d flow mods were sent for what is the same", after.FlowMods()-before.FlowMods())
	}
}
