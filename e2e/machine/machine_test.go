package machine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Two machines see each other and their programs, and not each other's /run.
func TestMachines(t *testing.T) {
	programs := t.TempDir()
	if err := os.WriteFile(filepath.Join(programs, "hello"), []byte("#!/bin/sh\necho hello"), 0o755); err != nil {
		t.Fatal(err)
	}
	n := Start(t, programs)
	a, b := n.Machine(t, "a"), n.Machine(t, "b")
	a.Run(t, "ping -c 1 -W 5 "+b.IP())
	if out := b.Run(t, "/opt/flowhost/hello"); strings.TrimSpace(out) != "hello" {
		t.Errorf("the program says %q", out)
	}
	a.Run(t, "touch /run/mine")
	b.Run(t, "test ! -e /run/mine")
	if out, err := a.Try("echo before; false; echo after"); err == nil || out != "before\n" {
		t.Errorf("a script that fails: %q, %v", out, err)
	}
	a.Run(t, "ip netns add w1; ip link add v type veth peer name e netns w1; ip netns exec w1 ip link set lo up")
	a.Run(t, "ip link set eth0 down")
	if _, err := b.Try("ping -c 1 -W 1 " + a.IP()); err == nil {
		t.Error("a machine that is cut off answers")
	}
	a.Run(t, "ip link set eth0 up")
	b.Run(t, "ping -c 1 -W 5 "+a.IP())
}
