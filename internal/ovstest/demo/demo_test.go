package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

func TestCommands(t *testing.T) {
	got := commands([]string{"ls-add a", `lsp-set-addresses b 0a:00:00:00:00:01\ 10.0.0.1`, "--if-exists  ls-del c"})
	want := []string{"ls-add", "a", "--", "lsp-set-addresses", "b", "0a:00:00:00:00:01 10.0.0.1", "--", "--if-exists", "ls-del", "c"}
	if !slices.Equal(got, want) {
		t.Errorf("commands: %q\nwant %q", got, want)
	}
}

func TestQuote(t *testing.T) {
	const text = `it's a "$HOME" \ of its own`
	out, err := exec.Command("sh", "-c", "printf %s "+quote(text)).Output()
	if err != nil || string(out) != text {
		t.Errorf("the shell reads %s, %v; want %s", out, err, text)
	}
}

// TestDemo does what README.md tells a newcomer to do, with what can go wrong in between.
func TestDemo(t *testing.T) {
	ovstest.Need(t)
	d := built{t.TempDir()}
	d.build(t, "")
	t.Cleanup(func() { d.run(t, "stop") })

	first := d.run(t, "start")
	d.checkShown(t, first)
	d.build(t, "")
	if again := d.run(t, "start"); !strings.Contains(again, "runs already") {
		t.Errorf("the second start does not keep the host that runs:\n%s", again)
	}
	d.build(t, "-X main.release=v1.2.3")
	if newer := d.run(t, "start"); !strings.Contains(newer, "older build") {
		t.Errorf("the start after another build keeps the old host:\n%s", newer)
	}

	d.shell(t, "kill -9 $(cat $FLOWHOST_PIDFILE)")
	d.checkShown(t, d.run(t, "start"))

	d.shell(t, "kill -STOP $(cat $OVS_RUNDIR/ovsdb-server.pid)"+
		"; for pid in $(cat $FLOWHOST_PIDFILE $OVS_RUNDIR/ovs-vswitchd.pid $OVN_RUNDIR/ovnsb_db.pid); do "+
		"kill -9 $pid; while [ -e /proc/$pid/exe ]; do sleep 0.02; done; done")
	d.checkShown(t, d.run(t, "start"))

	d.shell(t, "kill -9 $(cat $FLOWHOST_PIDFILE)")
	if out := d.run(t, "host"); !strings.Contains(out, "started") {
		t.Errorf("demo host: %s", out)
	}
	if out := d.shell(t, "flowhost status && ovs-vsctl list-br && ovn-sbctl --bare --columns=name list Chassis && ovn-nbctl ls-list && ovs-ofctl dump-flows br-int"); !strings.Contains(out, learned[0].mac) {
		t.Errorf("the tools in the demo's environment:\n%s", out)
	}

	if out := d.run(t, "stop"); !strings.Contains(out, "removed") {
		t.Errorf("demo stop: %s", out)
	}
	if out := d.run(t, "stop"); !strings.Contains(out, "no demo was running") {
		t.Errorf("second demo stop: %s", out)
	}
}

// built is a demo whose programs were built for the test, and whose sandbox is therefore its own.
type built struct{ bin string }

// build builds the demo's programs, so that the linker's flags are the only thing that changes from build to build.
func (d built) build(t *testing.T, ldflags string) {
	t.Helper()
	const module = "github.com/flowhost/flowhost/"
	ovstest.Build(t, d.bin, map[string]string{
		"flowhost": module + "cmd/host", "flowhost-demo": module + "internal/ovstest/demo",
		"flowhost-plugin-lflow": module + "plugins/lflow", "flowhost-plugin-physical": module + "plugins/physical",
		"flowhost-plugin-neighbor": module + "plugins/neighbor", "flowhost-plugin-chassis": module + "plugins/chassis",
	}, "-ldflags="+ldflags)
}

// run runs the demo with a subcommand and returns what it prints.
func (d built) run(t *testing.T, subcommand string) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(d.bin, "flowhost-demo"), subcommand).CombinedOutput()
	if err != nil {
		t.Fatalf("demo %s: %v\n%s", subcommand, err, out)
	}
	return string(out)
}

// shell runs a script with the exports of `demo env`.
func (d built) shell(t *testing.T, script string) string {
	t.Helper()
	cmd := exec.Command("sh", "-ec", `eval "$("$0" env)"; `+script, filepath.Join(d.bin, "flowhost-demo"))
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "OV") || strings.HasPrefix(v, "FLOWHOST_") })
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

// checkShown checks that flowhost and Open vSwitch both tell a flow of each neighbour, and that it is the same one.
func (d built) checkShown(t *testing.T, out string) {
	t.Helper()
	done, told, _ := strings.Cut(out, "$ flowhost flows")
	for _, e := range echoes {
		if way := fmt.Sprintf("%s to %s (ICMP type %d) came out of %s", e.src, e.dst, e.icmp, e.to); !strings.Contains(done, way) {
			t.Errorf("not among what was done: %s", way)
		}
	}
	told, dumped, _ := strings.Cut(told, "$ ovs-ofctl")
	flows := 0
	for line := range strings.Lines(dumped) {
		flow := strings.TrimSpace(line)
		if !strings.HasPrefix(flow, "cookie=") {
			continue
		}
		flows++
		if !strings.Contains(told, flow) {
			t.Errorf("flowhost flows does not tell %s", flow)
		}
	}
	for _, mac := range []string{learned[0].mac, learned[1].mac, static.mac, fdbMAC} {
		if !strings.Contains(dumped, mac) {
			t.Errorf("no flow with %s", mac)
		}
	}
	if t.Failed() || flows == 0 || !strings.Contains(told, "neighbor") {
		t.Fatalf("%d flows; the demo shows:\n%s", flows, out)
	}
}
