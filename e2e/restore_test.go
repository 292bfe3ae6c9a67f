package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// ovsSave is the script by which `ovs-ctl restart` saves flows: it prints a script that restores them.
const ovsSave = "/usr/share/openvswitch/scripts/ovs-save"

// A restart of ovs-vswitchd with flow-restore-wait, as `ovs-ctl restart` does it, ends with the same flows, and with packets that
// arrive: whether somebody restores flows and removes the setting, or leaves both to flowhost.
func TestVanillaRestart(t *testing.T) {
	tr := newTrio(t, 4000)
	tr.Start(t, hostName)
	tr.awaitQuiet(t)
	want := tr.contents(t)

	t.Run("flows saved and restored", func(t *testing.T) {
		restore := run(t, tr.Sandbox, ovsSave, "save-flows", ovstest.Bridge)
		tr.duringRestart(t, func() {
			ovstest.Eventually(t, settle, tr.toldToWait)
			run(t, tr.Sandbox, "sh", "-c", restore)
			tr.Vsctl(t, "remove", "Open_vSwitch", ".", "other_config", "flow-restore-wait")
		})
		tr.checkContents(t, want)
	})

	t.Run("left to flowhost", func(t *testing.T) {
		tr.Stop(t, hostName)
		tr.args(t, "flow-restore-wait: finish")
		tr.Start(t, hostName)
		tr.awaitQuiet(t)
		tr.duringRestart(t, func() {})
		tr.checkContents(t, want)
		if out := tr.Vsctl(t, "get", "Open_vSwitch", ".", "other_config"); strings.Contains(out, "flow-restore-wait") {
			t.Errorf("other_config is still %s", out)
		}
	})
}

// duringRestart restarts ovs-vswitchd while packets go between the workloads, has somebody do something, and waits until all is as
// it should be.
func (tr *trio) duringRestart(t *testing.T, do func()) {
	t.Helper()
	ping := startPing(t, tr.a, tr.b)
	tr.Stop(t, ovstest.Vswitchd)
	tr.Vsctl(t, "--no-wait", "set", "Open_vSwitch", ".", "other_config:flow-restore-wait=true")
	tr.Start(t, ovstest.Vswitchd)
	do()
	tr.awaitQuiet(t)
	restarted := ping.end(t)
	fmt.Printf("restart of ovs-vswitchd, %s: %v, in a hole of %v\n", t.Name(), restarted, restarted.hole)
	ping = startPing(t, tr.a, tr.b)
	time.Sleep(20 * pace)
	if after := ping.end(t); after.lost > 0 {
		t.Errorf("afterwards: %v", after)
	}
}

// toldToWait returns an error unless flowhost tells that Open vSwitch waits for flows.
func (tr *trio) toldToWait() error {
	s, err := tr.status()
	if err == nil && !strings.Contains(strings.Join(s.Reasons, ";"), "flow-restore-wait") {
		err = fmt.Errorf("flowhost does not tell that Open vSwitch waits: %+v", s)
	}
	return err
}

// contents are the flows, groups and meters of the switch.
func (tr *trio) contents(t testing.TB) []string {
	t.Helper()
	all := tr.Flows(t, ovstest.Bridge)
	for _, dump := range []string{"dump-groups", "dump-meters"} {
		all = append(all, strings.Split(tr.Ofctl(t, dump, ovstest.Bridge), "\n")[1:]...) // but for the heading
	}
	slices.Sort(all)
	return all
}

func (tr *trio) checkContents(t testing.TB, want []string) {
	t.Helper()
	if got := tr.contents(t); !slices.Equal(got, want) {
		t.Errorf("-before +after:\n%s", cmp.Diff(want, got))
	}
}

// run runs a program in a sandbox's environment.
func run(t testing.TB, s *ovstest.Sandbox, program string, args ...string) string {
	t.Helper()
	out, err := s.Run(program, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
