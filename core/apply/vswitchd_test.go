package apply

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

// These tests are about a real ovs-vswitchd: what it does to flows behind a controller's back, and how it tells.

// realLoop is a loop on a real switch in which alice has flows 1 to n and all owners have synced; bob has no session any more.
func realLoop(t *testing.T, n int, options ...func(*Config)) (*ovstest.Sandbox, *Loop, *client) {
	t.Helper()
	s := ovstest.Start(t, ovstest.Options{})
	l, _ := startLoop(t, nil, append(options, func(c *Config) {
		c.Switch = swconn.Config{Target: s.Mgmt(ovstest.Bridge), BackoffMin: 10 * time.Millisecond}
	})...)
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	alice.awaitInstalled(alice.add(upTo(n)...))
	alice.syncDone()
	bob.syncDone()
	bob.Detach()
	awaitFlows(t, s, n)
	return s, l, alice
}

// flowsOf returns the flows of the switch, sorted.
func flowsOf(s *ovstest.Sandbox) ([]string, error) {
	out, err := s.Run("ovs-ofctl", "-O", "OpenFlow15", "--no-stats", "--no-names", "dump-flows", ovstest.Bridge)
	var flows []string
	for line := range strings.Lines(out) {
		flows = append(flows, strings.TrimSpace(line))
	}
	slices.Sort(flows)
	return flows, err
}

// awaitFlows waits until the switch has n flows, and returns them.
func awaitFlows(t *testing.T, s *ovstest.Sandbox, n int) (flows []string) {
	t.Helper()
	ovstest.Eventually(t, patience, func() (err error) {
		if flows, err = flowsOf(s); err == nil && len(flows) != n {
			err = fmt.Errorf("%d flows in the switch, want %d", len(flows), n)
		}
		return err
	})
	return flows
}

// awaitLike waits until the switch has these flows again.
func awaitLike(t *testing.T, s *ovstest.Sandbox, want []string) {
	t.Helper()
	ovstest.Eventually(t, patience, func() error {
		got, err := flowsOf(s)
		if err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("flows in the switch:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		return err
	})
}

func TestVswitchdDrift(t *testing.T) {
	ofctl := func(args ...string) func(*testing.T, *ovstest.Sandbox) {
		return func(t *testing.T, s *ovstest.Sandbox) { s.Ofctl(t, args...) }
	}
	vsctl := func(args ...string) func(*testing.T, *ovstest.Sandbox) {
		return func(t *testing.T, s *ovstest.Sandbox) { s.Vsctl(t, args...) }
	}
	// A key that is put back five times in a minute is contested, so each few have a switch of their own.
	for _, group := range [][]struct {
		name string
		do   func(*testing.T, *ovstest.Sandbox)
	}{
		{
			{"all flows deleted", ofctl("del-flows", ovstest.Bridge)},
			{"flows changed", ofctl("mod-flows", ovstest.Bridge, "table=10,actions=drop")},
			{"a flow replaced by one with another cookie", ofctl("add-flow", ovstest.Bridge, "cookie=7,table=10,priority=100,reg0=3,actions=drop")},
			{"a flow replaced by one with a timeout", ofctl("add-flow", ovstest.Bridge,
				"cookie=0x100000000000004,hard_timeout=600,table=10,priority=100,reg0=4,actions=set_field:4->reg1")},
			{"flows of nobody added", ofctl("add-flow", ovstest.Bridge, "table=11,reg0=1,actions=drop")},
		},
		{
			{"fail-mode changed", vsctl("set-fail-mode", ovstest.Bridge, "standalone")},
			{"fail-mode changed back", vsctl("set-fail-mode", ovstest.Bridge, "secure")},
			{"a controller set", vsctl("set-controller", ovstest.Bridge, "tcp:127.0.0.1:1")},
			{"the controller removed", vsctl("del-controller", ovstest.Bridge)},
		},
	} {
		s, _, _ := realLoop(t, 20)
		want := awaitFlows(t, s, 20)
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				c.do(t, s)
				awaitLike(t, s, want)
			})
		}
	}
}

func TestVswitchdRestarts(t *testing.T) {
	s, l, _ := realLoop(t, 20)
	want := awaitFlows(t, s, 20)
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"killed", func() { s.Kill(t, ovstest.Vswitchd); s.Start(t, ovstest.Vswitchd) }},
		{"bridge made again", func() {
			s.Vsctl(t, "del-br", ovstest.Bridge)
			eventually(t, "disconnected", func() bool { return status(t, l).Phase == Disconnected })
			s.Vsctl(t, "add-br", ovstest.Bridge, "--", "set-fail-mode", ovstest.Bridge, "secure", "--", "set", "bridge", ovstest.Bridge, "datapath_type=dummy")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.do()
			awaitLike(t, s, want)
		})
	}
}

func TestVswitchdWithoutOpenFlow15(t *testing.T) {
	s, l, alice := realLoop(t, 3)
	s.Vsctl(t, "set", "bridge", ovstest.Bridge, "protocols=OpenFlow13")
	eventually(t, "told what is wrong", func() bool {
		return strings.Contains(status(t, l).LastError, "add OpenFlow15 to the protocols of the Bridge")
	})
	s.Vsctl(t, "clear", "bridge", ovstest.Bridge, "protocols")
	alice.awaitInstalled(alice.add(4))
	awaitFlows(t, s, 4)
}

func TestVswitchdAdoptsGroupsAndMeters(t *testing.T) {
	s, first, alice := realLoop(t, 1)
	group := parsedGroup(t, "group_id=7,type=select,selection_method=hash,fields(ip_src),bucket=weight:5,actions=set_field:1->reg0,output:1,bucket=weight:3,actions=output:2")
	meter, err := flow.ParseMeter("meter=8,kbps,stats,bands=type=drop,rate=1000")
	if err != nil {
		t.Fatal(err)
	}
	ops := []table.Op{
		addFlow(1, numbered(1)),
		addFlow(2, toGroup(t, 2, 7)),
		{Kind: table.OpSetGroup, ID: 7, Body: group},
		{Kind: table.OpSetMeter, ID: 8, Body: MeterBody(meter)},
	}
	alice.awaitInstalled(alice.mustCommit(ops...))
	alice.Detach()

	// The same again from nothing: all that is there is adopted, and nothing waits to be sent.
	before := s.Ofctl(t, "dump-group-stats", ovstest.Bridge)
	second, _ := startLoop(t, nil, func(c *Config) { c.Switch = swconn.Config{Target: s.Mgmt(ovstest.Bridge)} })
	again, bob := attach(t, second, "alice"), attach(t, second, "bob")
	bob.syncDone()
	again.awaitInstalled(again.mustCommit(ops...))
	again.syncDone()
	eventually(t, "steady", func() bool { return status(t, second).Phase == Steady })
	duration := regexp.MustCompile(`duration=[0-9.]+s`)
	after := s.Ofctl(t, "dump-group-stats", ovstest.Bridge)
	if before, after := duration.ReplaceAllString(before, ""), duration.ReplaceAllString(after, ""); before != after {
		t.Errorf("groups before:\n%s\nafter:\n%s", before, after)
	}
	if st := status(t, first); st.Foreign != 0 {
		t.Errorf("the second loop changed %d flows of the first", st.Foreign)
	}
}

// parsedGroup is the body of a group as ovs-ofctl writes it.
func parsedGroup(t *testing.T, text string) table.Body {
	t.Helper()
	g, err := flow.ParseGroup(text)
	if err != nil {
		t.Fatal(err)
	}
	return GroupBody(g)
}

// withActions is flow n with these instructions.
func withActions(n int, instructions string) flow.Flow {
	f := numbered(n)
	f.Actions = flow.Actions(instructions)
	return f
}
