package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// patience is how long a test waits for what takes milliseconds on an idle machine.
const patience = 20 * time.Second

// logicalRows are the logical flows of the database southbound.
var logicalRows = []struct{ of, pipeline, match, actions string }{
	{"logical_datapath=@one", "ingress", "ip4.src == $s && inport == @pg", "drop;"},
	{"logical_dp_group=@both", "ingress", "eth.mcast", `outport = "_MC_flood"; next;`},
	{"logical_datapath=@two", "egress", "ip6", "next;"},
	{"logical_datapath=@one", "ingress", "ip4.dst == 10.9.0.1 && tcp.dst == 80", "ct_lb_mark(backends=10.0.0.1:80,10.0.0.2:80);"},
	{"logical_datapath=@one", "ingress", "ip4.src == {10.0.0.1, 10.0.0.2} && ip4.dst == {10.0.0.3, 10.0.0.4}", "drop;"},
	{"logical_datapath=@one", "ingress", "ip4", "set_meter(100); next;"},
	{"logical_datapath=@one", "ingress", "no such thing", "drop;"},
}

// site is a source that follows real databases and has a host in memory.
type site struct {
	*sdktest.Host
	t           *testing.T
	sb, vswitch *ovstest.Sandbox
	q           *questions
}

// start runs a source behind the fence that ships. Its southbound database is reached at remote, or as it is for "".
func start(t *testing.T, sb *ovstest.Sandbox, remote string) *site {
	return startWith(t, fence(), sb, cmp.Or(remote, sb.OVSDB()))
}

func startWith(t *testing.T, options sdktest.Options, sb *ovstest.Sandbox, remote string) *site {
	s := &site{t: t, sb: sb, vswitch: chassis(t, remote), q: new(questions)}
	options.Info, options.Patience = s.q.info(), patience
	s.Host = sdktest.Start(t, options, func(ctx context.Context, h *sdk.Host) error {
		r := h.Ranges()
		return run(ctx, feed.Session{Host: h}, s.q, config{
			ovsdb: s.vswitch.OVSDB(), bridge: "br-int", logger: h.Logger(), dialect: dialect.OVN2303(),
			ranges: ranges{groups: r.Groups, meters: r.Meters, conjunctions: r.Conjunctions},
		})
	})
	return s
}

// priorities are those of the flows of logical flows in the switch, each once, sorted.
func (s *site) priorities() (list []int) {
	for line := range strings.Lines(s.Flows()) {
		f, err := flow.ParseFlow(strings.TrimSpace(line))
		if err != nil {
			s.t.Fatal(err)
		}
		if f.Table == 8+3 || f.Table == 42+3 {
			list = append(list, int(f.Priority))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// until waits until there are flows of the logical flows of these priorities, and no others.
func (s *site) until(want ...int) {
	s.t.Helper()
	ovstest.Eventually(s.t, patience, func() error {
		if got := s.priorities(); !slices.Equal(got, want) {
			return fmt.Errorf("flows of priority %v, want %v", got, want)
		}
		return nil
	})
}

func (s *site) untilStatus(want string) {
	s.t.Helper()
	ovstest.Eventually(s.t, patience, func() error {
		if ready, got := s.Status(); !ready || got != want {
			return fmt.Errorf("ready %v, status %q; want %q", ready, got, want)
		}
		return nil
	})
}

// find is the UUID of the only row of a table that matches a condition.
func (s *site) find(table, condition string) string {
	s.t.Helper()
	return strings.TrimSpace(s.sb.Sbctl(s.t, "--bare", "--columns=_uuid", "find", table, condition))
}

func (s *site) command(name string, args ...string) string {
	s.t.Helper()
	text, err := s.Command(name, args...)
	if err != nil {
		s.t.Errorf("%s %v: %v", name, args, err)
	}
	return text
}

func quote(text string) string { return strconv.Quote(text) }

// Flows of real rows; a bad one is counted, and others unharmed; what people ask is answered; and nothing is sent twice.
func TestFollowsRows(t *testing.T) {
	s := start(t, southbound(t), "")
	s.WaitSynced()
	s.until(1, 2, 4, 5, 6)
	following := "following the southbound database at " + s.sb.OVSDB()
	s.untilStatus(following + "; 1 row lacks flows (flowhost plugins command lflow problems)")
	bad, good := s.find("Logical_Flow", "priority=7"), s.find("Logical_Flow", "priority=1")
	s.WaitLog("Logical_Flow " + bad)
	if got, want := s.command("problems"), "Logical_Flow "+bad+" (ingress, table 3, priority 7, match no such thing): match: "; !strings.HasPrefix(got, want) {
		t.Errorf("problems: %q, want %q", got, want)
	}
	if got := s.command("dependencies", good); !strings.Contains(got, "address set s\n") || !strings.Contains(got, "port group 1_pg\n") {
		t.Errorf("dependencies: %q", got)
	}
	s.describes(good, "Logical_Flow of one: ingress table=3 (ls_ingress_test), priority=1, match=(ip4.src == $s && inport == @pg), action=(drop;), "+
		"of northbound 12345678", sdk.Field{Name: "datapath", Value: "one"}, sdk.Field{Name: "stage-name", Value: "ls_ingress_test"})
	s.describes(s.find("Port_Binding", "logical_port=a"), "port security of a")
	s.describes(s.find("Load_Balancer", "name=lb"), "Load_Balancer 10.9.0.1:80")
	if _, err := s.Describe(uuid.New()); err == nil || !strings.Contains(err.Error(), errUnknown.Error()) {
		t.Errorf("something unknown: %v", err)
	}

	s.WaitSettled()
	sent := s.Sent()
	if got := s.command("recompute"); !strings.Contains(got, " rows are made anew") {
		t.Errorf("recompute: %q", got)
	}
	s.command("problems") // is answered after all has been made
	s.WaitSettled()
	s.Restart()
	s.WaitSynced()
	s.Resync()
	s.WaitSettled()
	if n := s.Sent() - sent; n != 0 {
		t.Errorf("%d flow_mods were sent for the same flows", n)
	}
	s.sb.Sbctl(t, "destroy", "Logical_Flow", bad)
	s.untilStatus(following)
}

// describes fails the test unless a UUID is described so, with these fields among others.
func (s *site) describes(id, want string, fields ...sdk.Field) {
	s.t.Helper()
	d, err := s.Describe(uuid.MustParse(id))
	if err != nil || d.Text != want {
		s.t.Errorf("described as %q, %v; want %q", d.Text, err, want)
	}
	for _, f := range fields {
		if !slices.Contains(d.Fields, f) {
			s.t.Errorf("%v is not among %v", f, d.Fields)
		}
	}
}

// SyncDone deletes: while an answer is on its way that may bring rows, whichever it is, everything stays that the switch has.
func TestNothingGoesBeforeAllHasCome(t *testing.T) {
	sb := southbound(t)
	g := ovstest.NewGate(t, sb.OVSDB())
	s := start(t, sb, g.Endpoint())
	s.WaitSynced()
	s.until(1, 2, 4, 5, 6)
	s.WaitSettled()
	sent := s.Sent()
	for _, method := range []string{"monitor_cond_since", "monitor_cond_change"} {
		g.Hold(1, method)
		s.Restart()
		g.Held()
		s.command("problems") // is answered after all that has come is worked off
		s.WaitSettled()
		if ready, text := s.Status(); ready {
			t.Errorf("%s: ready, %s", method, text)
		}
		if n := s.Sent() - sent; n != 0 {
			t.Errorf("%s: %d flow_mods were sent before everything was known", method, n)
		}
		g.Release()
		s.WaitSynced()
		s.until(1, 2, 4, 5, 6)
		if s.WaitSettled(); s.Sent() != sent {
			t.Errorf("%s: %d flow_mods were sent for the same flows", method, s.Sent()-sent)
		}
	}
}

// What comes to be local has its flows, and what is so no more has none: a datapath by a port of it, with the groups that it is in.
func TestFollowsDatapaths(t *testing.T) {
	s := start(t, southbound(t), "")
	s.WaitSynced()
	s.until(1, 2, 4, 5, 6)
	plug(t, s.vswitch, "c", 3)
	s.until(1, 2, 3, 4, 5, 6)
	s.vswitch.Vsctl(t, "del-port", "a", "--", "del-port", "b")
	s.until(2, 3)
	ovstest.Eventually(t, patience, func() error { // they go after the flows
		if got := s.Groups() + s.Meters(); got != "" {
			return fmt.Errorf("groups and meters that nothing names: %s", got)
		}
		return nil
	})
	s.vswitch.Vsctl(t, "del-port", "c")
	s.until()
	if got := s.Flows(); got != "" {
		t.Errorf("flows of nothing:\n%s", got)
	}
	plug(t, s.vswitch, "b", 2)
	s.until(1, 2, 4, 5, 6)
}

// A port is marked once its flows are there.
func TestMarks(t *testing.T) {
	s := start(t, southbound(t), "")
	s.WaitMark("port/"+s.find("Port_Binding", "logical_port=a"), "1")
	s.sb.Sbctl(t, "set", "SB_Global", ".", "nb_cfg=5")
	s.WaitMark("nb_cfg", "5")
}

// An id that the switch has confirmed to be free is used anew, by who waited for it.
func TestWaitsForID(t *testing.T) {
	options := fence()
	options.Groups = []sdk.Range{{First: 9, Last: 9}}
	sb := southbound(t)
	s := startWith(t, options, sb, sb.OVSDB())
	s.WaitSynced()
	s.until(1, 2, 4, 5, 6)
	of := "logical_datapath=" + s.find("Datapath_Binding", "tunnel_key=1")
	s.sb.Sbctl(t, "create", "Logical_Flow", of, "pipeline=ingress", "table_id=3", "priority=99", "match=ip6",
		`actions="ct_lb_mark(backends=[fd00::1]:80,[fd00::2]:80);"`)
	s.untilStatus("following the southbound database at " + sb.OVSDB() + "; 2 rows lack flows (flowhost plugins command lflow problems)")
	s.until(1, 2, 4, 5, 6)
	s.sb.Sbctl(t, "destroy", "Logical_Flow", s.find("Logical_Flow", "priority=4"))
	s.until(1, 2, 5, 6, 99)
	s.untilStatus("following the southbound database at " + sb.OVSDB() + "; 1 row lacks flows (flowhost plugins command lflow problems)")
}

// A group that no message holds costs the logical flow that it is of, and not the transaction.
func TestGroupTooLarge(t *testing.T) {
	var backends []string
	for i := range 1500 {
		backends = append(backends, fmt.Sprintf("10.0.%d.%d:80", i>>8, i&255))
	}
	s := start(t, southbound(t), "")
	s.WaitSynced()
	s.until(1, 2, 4, 5, 6)
	of := "logical_datapath=" + s.find("Datapath_Binding", "tunnel_key=1")
	s.sb.Sbctl(t, "create", "Logical_Flow", of, "pipeline=ingress", "table_id=3", "priority=98", "match=ip6",
		`actions="ct_lb_mark(backends=`+strings.Join(backends, ",")+`);"`, "--",
		"create", "Logical_Flow", of, "pipeline=ingress", "table_id=3", "priority=99", "match=ip6", "actions=drop;")
	s.until(1, 2, 4, 5, 6, 99)
}
