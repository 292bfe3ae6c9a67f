package apply

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// flowFile is a file of flows that ovs-ofctl adds.
func flowFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flows")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestVswitchdMonitorPauses changes more than the switch queues for a host that does not read, so that it pauses its reports: what
// was changed and not told is found afterwards.
func TestVswitchdMonitorPauses(t *testing.T) {
	var said lines
	s, l, alice := realLoop(t, 500, logged(&said))
	want, since := awaitFlows(t, s, 500), status(t, l).Since
	var foreign []string
	long := strings.Repeat(",set_field:1->reg1", 150)[1:]
	for n := range 2_500 { // 6 MB of reports, for swconn reads 4 MiB ahead
		foreign = append(foreign, fmt.Sprintf("cookie=0x900000000000000,table=11,priority=1,reg0=%d,actions=%s", n, long))
	}
	path := flowFile(t, foreign...)

	release := make(chan struct{})
	held := make(chan struct{})
	go func() { // the loop does nothing meanwhile, and soon nothing is read
		_ = l.do(t.Context(), func() { close(held); <-release })
	}()
	<-held
	s.Ofctl(t, "--bundle", "add-flows", ovstest.Bridge, path)
	// Replaced, then deleted while the reports pause: untold (see openflow.FlowPaused).
	s.Ofctl(t, "add-flow", ovstest.Bridge, "cookie=7,table=10,priority=100,reg0=7,actions=drop")
	s.Ofctl(t, "--strict", "del-flows", ovstest.Bridge, "table=10,priority=100,reg0=7")
	s.Ofctl(t, "mod-flows", ovstest.Bridge, "table=10,reg0=8,actions=drop")
	s.Ofctl(t, "--strict", "del-flows", ovstest.Bridge, "table=10,priority=100,reg0=9")
	close(release)
	awaitLike(t, s, want)
	for _, n := range []int{7, 8, 9} {
		alice.await("drifted", drifted(numbered(n).Key))
	}
	if !strings.Contains(said.String(), "the switch had to pause its reports") {
		t.Errorf("the switch did not pause its reports:\n%s", said.String())
	}
	if st := status(t, l); st.Phase != Steady || st.Since != since {
		t.Errorf("phase %v since %v, want steady since %v", st.Phase, st.Since, since)
	}
}

// TestVswitchdBigLoadMissesNothing has others change things while the monitor is off for a big load.
func TestVswitchdBigLoadMissesNothing(t *testing.T) {
	s, l, alice := realObjects(t)
	var numbers []int
	for n := 100; n < 100+laneLoad+1000; n++ {
		numbers = append(numbers, n)
	}
	alice.add(numbers...)
	eventually(t, "several lanes, or all is in", func() bool {
		st := status(t, l)
		return st.Lanes > 1 || st.Table.Pending == 0
	})
	s.Ofctl(t, "del-flows", ovstest.Bridge, "table=10,reg0=1")
	s.Ofctl(t, "add-flow", ovstest.Bridge, "table=11,reg0=1,actions=drop")
	s.Ofctl(t, "del-groups", ovstest.Bridge)
	s.Ofctl(t, "mod-meter", ovstest.Bridge, "meter=8,pktps,bands=type=drop,rate=7")
	alice.awaitInstalled(alice.txns)
	awaitFlows(t, s, 5+len(numbers))
	eventually(t, "steady, over one connection", func() bool { st := status(t, l); return st.Phase == Steady && st.Lanes == 1 })
	awaitFlows(t, s, 5+len(numbers))
	if out := s.Ofctl(t, "dump-meters", ovstest.Bridge); !strings.Contains(out, "rate=100") {
		t.Errorf("meter 8 is %s", out)
	}
	if out := s.Ofctl(t, "dump-flows", ovstest.Bridge, "table=11"); strings.Contains(out, "reg0") {
		t.Errorf("what was added to table 11 is still there: %s", out)
	}
}

// TestVswitchdRestartWithSavedFlows restarts ovs-vswitchd as ovs-ctl restart does: flows and groups are saved, and put back in pieces
// while flow-restore-wait is set, before, while and after the host is connected again. In the end all is as it was, and what was
// saved and is not wanted any more is gone.
func TestVswitchdRestartWithSavedFlows(t *testing.T) {
	s, l, alice := realObjects(t)
	alice.awaitInstalled(alice.add(upTo(300)[100:]...))
	gone := alice.add(1000)
	alice.awaitInstalled(gone)
	saved, err := flowsOf(s)
	if err != nil {
		t.Fatal(err)
	}
	groups := s.Ofctl(t, "dump-groups", ovstest.Bridge, "7")
	group := strings.TrimSpace(groups[strings.Index(groups, "group_id"):])
	alice.awaitInstalled(alice.mustCommit(table.Op{Kind: table.OpRemove, UUID: id(1000)}))
	want, err := everything(s)
	if err != nil {
		t.Fatal(err)
	}
	for n := range saved {
		saved[n] = strings.ReplaceAll(saved[n], " ", "")
	}
	third := len(saved) / 3

	s.Stop(t, ovstest.Vswitchd)
	s.Vsctl(t, "--no-wait", "set", "open_vswitch", ".", "other_config:flow-restore-wait=true")
	s.Start(t, ovstest.Vswitchd)
	// ovs-save adds groups, then flows, all in one bundle; here in pieces. Some of it is there already: both write the same.
	_, _ = s.Run("ovs-ofctl", "-O", "OpenFlow15", "add-group", ovstest.Bridge, group)
	_, _ = s.Run("ovs-ofctl", "-O", "OpenFlow15", "add-flows", ovstest.Bridge, flowFile(t, saved[:third]...))
	eventually(t, "connected again", func() bool { return status(t, l).Phase >= Adopting })
	s.Ofctl(t, "add-flows", ovstest.Bridge, flowFile(t, saved[third:2*third]...))
	alice.awaitInstalled(alice.add(2000))
	s.Ofctl(t, "add-flows", ovstest.Bridge, flowFile(t, saved[2*third:]...))
	s.Vsctl(t, "remove", "open_vswitch", ".", "other_config", "flow-restore-wait")
	alice.awaitInstalled(alice.mustCommit(table.Op{Kind: table.OpRemove, UUID: id(2000)}))
	awaitEverything(t, s, want)
	eventually(t, "steady", func() bool { return status(t, l).Phase == Steady })
}

// TestVswitchdTwoHosts runs a second host with other ideas on the same bridge.
func TestVswitchdTwoHosts(t *testing.T) {
	const keys = 50
	s, l, _ := realLoop(t, keys)
	other, _ := startLoop(t, nil, func(c *Config) { c.Switch = swconn.Config{Target: s.Mgmt(ovstest.Bridge)} })
	alice, bob := attach(t, other, "alice"), attach(t, other, "bob")
	var ops []table.Op
	for n := 1; n <= keys; n++ {
		f := numbered(n)
		f.Actions = ""
		ops = append(ops, addFlow(n, f), addFlow(1000+n, numbered(1000+n)))
	}
	alice.mustCommit(ops...)
	alice.syncDone()
	bob.syncDone()
	eventually(t, "each has found the other", func() bool { return status(t, l).Another && status(t, other).Another })
	time.Sleep(time.Second) // until all is fought over
	before := status(t, l).Foreign + status(t, other).Foreign
	time.Sleep(2 * time.Second)
	if after := status(t, l).Foreign + status(t, other).Foreign; after-before > 2*2*2*keys {
		t.Errorf("%d changes put right in two seconds, of %d keys on each side", after-before, 2*keys)
	}
}

// TestVswitchdOvnController starts ovn-controller on the host's bridge. It wipes what is there, writes its own flows, and looks no
// more: the host finds it, says so, puts its own flows back and removes the other's, and that is the end of it.
func TestVswitchdOvnController(t *testing.T) {
	s := ovstest.Start(t, ovstest.Options{OVN: true})
	var said lines
	l, _ := startLoop(t, nil, logged(&said), func(c *Config) {
		c.Switch = swconn.Config{Target: s.Mgmt(ovstest.Bridge), BackoffMin: 10 * time.Millisecond}
	})
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	alice.awaitInstalled(alice.add(upTo(200)...))
	alice.syncDone()
	bob.syncDone()
	want := awaitFlows(t, s, 200)

	s.StartController(t)
	s.Nbctl(t, "ls-add", "ls0")
	for n := range 20 {
		port := fmt.Sprintf("vm%d", n)
		s.Nbctl(t, "lsp-add", "ls0", port, "--", "lsp-set-addresses", port, fmt.Sprintf("0a:00:00:00:00:%02x 10.0.0.%d", n, n+1))
		s.Vsctl(t, "add-port", ovstest.Bridge, port, "--", "set", "interface", port, "type=dummy", "external_ids:iface-id="+port)
	}
	s.Nbctl(t, "--wait=hv", "sync")
	ovstest.Eventually(t, patience, func() error {
		if !status(t, l).Another {
			return fmt.Errorf("ovn-controller is not found: %+v", status(t, l))
		}
		return nil
	})
	if !strings.Contains(said.String(), "another program writes flows to this bridge") {
		t.Errorf("not told:\n%s", said.String())
	}
	awaitLike(t, s, want)
	before := status(t, l).Foreign
	time.Sleep(2 * time.Second)
	if now, err := flowsOf(s); err != nil || !slices.Equal(now, want) || status(t, l).Foreign-before > 20 {
		t.Errorf("%d changes put right in two seconds, %d flows, %v", status(t, l).Foreign-before, len(now), err)
	}
}
