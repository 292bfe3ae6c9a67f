package parity

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What ofproto/trace of Open vSwitch 3.1 prints of a packet that is tracked, metered, told to a controller, and forwarded.
const traced = `Flow: tcp,in_port=p0,vlan_tci=0x0000,dl_src=0a:00:00:00:00:01,dl_dst=0a:00:00:00:00:02

bridge("br-int")
----------------
 0. in_port=1, priority 100, cookie 0x3a7aaa58
    resubmit(,8)
 8. metadata=0x1, priority 50, cookie 0xb9d41c37
    ct(table=14,zone=NXM_NX_REG11[0..15],nat)

Final flow: unchanged
Megaflow: recirc_id=0,eth,tcp,in_port=p0
Datapath actions: ct(zone=2,nat),recirc(0x1)

===============================================================================
recirc(0x1) - resume conntrack with default ct_state=trk|new (use --ct-next to customize)
===============================================================================

Flow: recirc_id=0x1,ct_state=new|trk,ct_zone=2,eth,tcp

bridge("br-int")
----------------
    thaw
        Resuming from table 14
14. tcp,metadata=0x1, priority 1, cookie 0x1
    meter:3
    controller(userdata=00.00.00.02,meter_id=7,pause)
    resubmit(,78)
    78. No match.
            drop

Final flow: unchanged
Megaflow: recirc_id=0x1,eth,tcp,in_port=p0
Datapath actions: meter(5),userspace(pid=7,controller(reason=1,recirc_id=2,rule_cookie=0xb9,controller_id=0)),meter(5),meter(6),p1
`

func TestReadTrace(t *testing.T) {
	got, err := readTrace(traced)
	if err != nil {
		t.Fatal(err)
	}
	want := Trace{
		Actions: []string{"ct(zone=2,nat),recirc(#1)", "controller(userdata=00.00.00.02,meter_id=*,pause)",
			"meter(#2),userspace(pid=*,controller(reason=1,recirc_id=#3,rule_cookie=*,controller_id=0)),meter(#2),meter(#4),p1"},
		Path: []string{"0. in_port=1, priority 100", "8. metadata=0x1, priority 50", "14. tcp,metadata=0x1, priority 1", "78. No match."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := readTrace("Flow: tcp\n"); err == nil {
		t.Error("a trace without datapath actions is taken")
	}
}

// Numbers that a switch chooses are free; all else is not.
func TestTracesDiffer(t *testing.T) {
	before, err := readTrace(traced)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		old, new string
		same     bool
	}{
		{"recirc(0x1)", "recirc(0x77)", true}, {"pid=7", "pid=8", true}, {"rule_cookie=0xb9", "rule_cookie=0x1", true}, {"meter(5)", "meter(0)", true},
		{"meter(6)", "meter(5)", false}, {"recirc_id=2", "recirc_id=1", false}, {",p1", "", false}, {",p1", ",p2", false},
		{"zone=2,nat", "zone=3,nat", false}, {"reason=1", "reason=0", false}, {"00.02,", "00.03,", false}, {"meter_id=7", "meter_id=1", true}, {"    meter:3\n", "", true},
	} {
		text := strings.ReplaceAll(traced, c.old, c.new)
		if c.old == "recirc(0x1)" {
			text = strings.ReplaceAll(text, "recirc_id=0x1", "recirc_id=0x77")
		}
		after, err := readTrace(text)
		if err != nil || text == traced {
			t.Fatal(c.old, err)
		}
		if same := slices.Equal(before.Actions, after.Actions); same != c.same {
			t.Errorf("%s for %s: same %v", c.new, c.old, same)
		}
	}
}

func TestVerdict(t *testing.T) {
	for actions, want := range map[string]Verdict{
		"drop":                                 Dropped,
		"ct(commit,zone=1,nat(src))":           Dropped,
		"ct_clear":                             Dropped,
		"controller(userdata=00,pause)":        Controlled,
		"userspace(pid=0,controller())":        Controlled,
		"p0":                                   Forwarded,
		"set(eth(src=0a:00:00:00:00:01)),3":    Forwarded,
		"push_vlan(vid=1,pcp=0),pop_vlan,drop": Dropped,
		"userspace(pid=0,controller(x)),p0":    Forwarded,
		"clone(ct_clear,set(ipv4(ttl=1)),p0)":  Forwarded,
		"check_pkt_len(size=1300,gt(userspace(pid=0)),le(drop))": Controlled,
		"check_pkt_len(size=1300,gt(drop),le(p0))":               Forwarded,
		"tnl_push(tnl_port(6081),header(size=58,geneve(crit,vni=0x1,options({class=0x102,type=0x80,len=4,0x10002}))),out_port(underlay)),phys0": Forwarded,
	} {
		if got := (Trace{Actions: []string{actions}}).Verdict(); got != want {
			t.Errorf("%s: %s, want %s", actions, got, want)
		}
	}
}

// A flow that is altered behind flowhost's back is seen in the traces.
func TestTracesSeeAnAlteredFlow(t *testing.T) {
	folder := programs.Folder(t)
	s, err := Read("testdata/packets.nb")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(sourcesVariable, "ofctl")
	p := StartPair(t, folder)
	for _, c := range s.Commands[:slices.IndexFunc(s.Commands, func(c Command) bool { return c.Tool == "step" })] {
		if err := p.do(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.rest(); err != nil {
		t.Fatal(err)
	}
	packets, err := p.packets("")
	if err != nil {
		t.Fatal(err)
	}
	before, err := p.traces("", nil, new(Result))
	if err != nil || len(before.Differences) > 0 || before.Verdicts[Forwarded] == 0 {
		t.Fatal(before, err)
	}
	to := "output:" + strings.TrimSpace(p.own.Vsctl(t, "get", "Interface", "p0", "ofport"))
	at := slices.IndexFunc(p.theirs.Flows, func(f string) bool { return strings.Contains(f, " table=65,") && strings.HasSuffix(f, to) })
	flow, err := parseFlow(p.theirs.Flows[at])
	if err != nil {
		t.Fatal(err)
	}
	p.own.Pause(t, hostName) // else it puts the flow back
	p.own.Ofctl(t, "--strict", "mod-flows", "br-int", fmt.Sprintf("table=65,priority=%d,%s,actions=drop", flow.Priority, flow.Match))
	after, err := p.trace(packets)
	if err != nil {
		t.Fatal(err)
	}
	seen := slices.ContainsFunc(after.Differences, func(d TraceDifference) bool {
		theirs, ours := strings.Join(d.Theirs.Actions, ";"), strings.Join(d.Ours.Actions, ";")
		return strings.Contains(theirs, "p0") && !strings.Contains(ours, "p0")
	})
	if !seen || after.Same() == 0 || after.Total() != len(packets) {
		t.Errorf("before: %v, after: %v", before, after)
	}
}

// A packet may fare differently where it meets a flow whose actions are meant to differ, or are another contender's, and nowhere else.
func TestExcuse(t *testing.T) {
	key := Key{Table: 8, Priority: 100, Match: "reg14=0x1,metadata=0x1"}
	met := Trace{Path: []string{"0. in_port=1, priority 100", "8. reg14=0x1,metadata=0x1, priority 100", "9. conj_id=3,ip, priority 100"}}
	named := Key{Table: 9, Priority: 100, Match: "conj_id=some,ip"}
	for name, c := range map[string]struct {
		flow Difference
		path Trace
		want int
	}{
		"meant":              {Difference{Key: key, Outcome: Known, Ours: &Flow{Actions: "a"}, Theirs: &Flow{Actions: "b"}}, met, 1},
		"other flows":        {Difference{Key: key, Outcome: Known, Ours: &Flow{Actions: "a"}, Theirs: &Flow{Actions: "b"}}, Trace{Path: met.Path[:1]}, 0},
		"another cookie":     {Difference{Key: key, Outcome: Known, Ours: &Flow{Actions: "a"}, Theirs: &Flow{Actions: "a"}}, met, 0},
		"not meant":          {Difference{Key: key, Outcome: Differ, Ours: &Flow{Actions: "a"}, Theirs: &Flow{Actions: "b"}}, met, 0},
		"another contender":  {Difference{Key: key, Outcome: Contested, Ours: &Flow{Actions: "a"}, Theirs: &Flow{Actions: "b"}}, met, 1},
		"meant to be theirs": {Difference{Key: key, Outcome: Known, Theirs: &Flow{Actions: "b"}}, met, 1},
		"a conjunction":      {Difference{Key: named, Outcome: Contested, Ours: &Flow{Actions: "a"}, Theirs: &Flow{Actions: "b"}}, met, 1},
	} {
		traced := &Traced{Differences: []TraceDifference{{Theirs: c.path}}}
		theirs := &names{conjunctions: map[string]string{"3": "some"}}
		traced.excuse(&Result{Differences: []Difference{c.flow}, ours: new(names), theirs: theirs})
		if traced.Known != c.want || len(traced.Differences) != 1-c.want || traced.Total() != 1 {
			t.Errorf("%s: %+v", name, traced)
		}
	}
}
