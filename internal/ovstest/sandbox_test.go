package ovstest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTwoSandboxesAtOnce(t *testing.T) {
	a := Start(t, Options{OVN: true})
	b := Start(t, Options{SB: a.SB(), SystemID: a.Options.SystemID})
	a.Nbctl(t, "--wait=sb", "ls-add", "ls0", "--", "lsp-add", "ls0", "vif0")
	for _, s := range []*Sandbox{a, b} {
		s.Vsctl(t, "add-port", Bridge, "vif0", "--", "set", "Interface", "vif0", "external_ids:iface-id=vif0")
		if got := strings.TrimSpace(s.Vsctl(t, "get", "Interface", "vif0", "ofport")); got != "1" {
			t.Errorf("ofport of vif0 = %s, want 1", got)
		}
		if got := s.Flows(t, Bridge); len(got) != 0 {
			t.Errorf("a secure bridge starts with flows: %q", got)
		}
	}
	b.StartController(t)
	Eventually(t, 20*time.Second, func() error {
		if got := b.Sbctl(t, "--columns=up", "--bare", "find", "Port_Binding", "logical_port=vif0"); !strings.Contains(got, "true") {
			return fmt.Errorf("vif0 is not up: %q", got)
		}
		return nil
	})
	if got := a.Flows(t, Bridge); len(got) != 0 {
		t.Errorf("the other sandbox's controller wrote flows here: %q", got[:1])
	}
}

func TestLastingSandbox(t *testing.T) {
	dir := tempDir(t)
	t.Cleanup(func() {
		if err := StopDir(dir); err != nil {
			t.Error(err)
		}
	})
	first, err := StartIn(t.Context(), dir, Options{OVN: true})
	if err != nil {
		t.Fatal(err)
	}
	first.Nbctl(t, "--wait=sb", "ls-add", "ls0")
	first.Kill(t, Vswitchd)
	first.Kill(t, Southbound)

	second, err := StartIn(t.Context(), dir, Options{OVN: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range second.processes {
		was, is := first.Pid(p.Name), second.Pid(p.Name)
		if is != was || (is == 0) != (p.Name == Controller) {
			t.Errorf("%s: pid %d, seen through the first sandbox %d", p.Name, is, was)
		}
	}
	if got := second.Sbctl(t, "--bare", "--columns=external_ids", "list", "Datapath_Binding"); !strings.Contains(got, "name=ls0") {
		t.Errorf("datapaths after the second start: %q, want ls0", got)
	}
	if err := StopDir(dir); err != nil {
		t.Error(err)
	}
	for _, p := range second.processes {
		if pid := second.Pid(p.Name); pid != 0 {
			t.Errorf("%s still runs as %d", p.Name, pid)
		}
	}
	for _, p := range first.processes {
		p.child.reap()
	}
}

func TestFolderTooLong(t *testing.T) {
	if _, err := StartIn(t.Context(), "/tmp/"+strings.Repeat("x", MaxDir), Options{}); err == nil {
		t.Error("a folder whose sockets do not fit is accepted")
	}
	t.Run(strings.Repeat("long", 20), func(t *testing.T) {
		if dir := tempDir(t); len(dir) > MaxDir {
			t.Errorf("temporary folder %s is %d bytes long", dir, len(dir))
		}
	})
}
