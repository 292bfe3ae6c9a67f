package flow_test

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

// flowCount is how many flows the real switch gets. FLOWHOST_FLOWS=20000 makes it the long run.
func flowCount(t *testing.T) int {
	if s := os.Getenv("FLOWHOST_FLOWS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("FLOWHOST_FLOWS: %v", err)
		}
		return n
	}
	return 500
}

// realSwitch is an ovs-vswitchd with what the generated flows name, and a connection to it.
type realSwitch struct {
	*ovstest.Sandbox
	t    *testing.T
	conn net.Conn
	xid  uint32
}

func startSwitch(t *testing.T) *realSwitch {
	s := &realSwitch{t: t, Sandbox: ovstest.Start(t, ovstest.Options{})}
	target := s.Mgmt(ovstest.Bridge)
	var options []string
	for i := range 64 {
		options = append(options, fmt.Sprintf("{class=0x102,type=%d,len=4}->tun_metadata%d", i, i))
	}
	s.Ofctl(t, "add-tlv-map", target, strings.Join(options, ","))
	s.Ofctl(t, "add-group", target, "group_id=7,type=all,bucket=output:1")
	s.Ofctl(t, "add-meter", target, "meter=3,kbps,band=type=drop,rate=100")
	var err error
	if s.conn, err = net.Dial("unix", strings.TrimPrefix(target, "unix:")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.conn.Close() })
	s.send(openflow.AppendHello(nil, 0))
	return s
}

func (s *realSwitch) send(msgs []byte) {
	s.t.Helper()
	if _, err := s.conn.Write(msgs); err != nil {
		s.t.Fatal(err)
	}
}

func (s *realSwitch) receive() (openflow.Header, []byte) {
	s.t.Helper()
	head := make([]byte, openflow.HeaderLen)
	_, err := io.ReadFull(s.conn, head)
	if err != nil {
		s.t.Fatal(err)
	}
	msg := make([]byte, binary.BigEndian.Uint16(head[2:]))
	copy(msg, head)
	if _, err := io.ReadFull(s.conn, msg[len(head):]); err != nil {
		s.t.Fatal(err)
	}
	h, err := openflow.ParseHeader(msg)
	if err != nil {
		s.t.Fatal(err)
	}
	return h, msg
}

// barrier waits until everything sent was done, and returns the errors by xid.
func (s *realSwitch) barrier() map[uint32]error {
	s.t.Helper()
	s.xid++
	s.send(openflow.AppendBarrierRequest(nil, s.xid))
	refused := make(map[uint32]error)
	for {
		h, msg := s.receive()
		switch h.Type {
		case openflow.TypeError:
			e, err := openflow.ParseError(msg)
			if err != nil {
				s.t.Fatal(err)
			}
			refused[h.XID] = &e
		case openflow.TypeBarrierReply:
			return refused
		}
	}
}

// add installs flows, each with a priority of its own, in table 0, and returns what was refused by priority.
func (s *realSwitch) add(flows []flow.Flow) map[flow.Priority]error {
	s.t.Helper()
	first := s.xid + 1
	for i := range flows {
		s.xid++
		s.send(openflow.AppendFlowAdd(nil, s.xid, &flows[i]))
	}
	refused := make(map[flow.Priority]error)
	for xid, err := range s.barrier() {
		refused[flows[xid-first].Priority] = err
	}
	return refused
}

// dump is what the switch has in table 0, by priority.
func (s *realSwitch) dump() map[flow.Priority]flow.Flow {
	s.t.Helper()
	flows := make(map[flow.Priority]flow.Flow)
	for _, f := range s.dumpTable(0) {
		flows[f.Priority] = f
	}
	return flows
}

// dumpTable is what the switch has in a table, canonical.
func (s *realSwitch) dumpTable(table uint8) (flows []flow.Flow) {
	s.t.Helper()
	s.xid++
	s.send(openflow.AppendFlowDescRequest(nil, s.xid, table))
	for {
		h, msg := s.receive()
		if h.Type != openflow.TypeMultipartReply {
			continue
		}
		for d, err := range openflow.FlowDescs(msg) {
			if err != nil {
				s.t.Fatal(err)
			}
			f := flow.Flow{Key: flow.Key{Table: d.Table, Priority: d.Priority}, Cookie: d.Cookie}
			var err1, err2 error
			f.Match, err1 = flow.CanonicalMatch(d.Match)
			f.Actions, err2 = flow.CanonicalActions(d.Instructions)
			if err := errors.Join(err1, err2); err != nil {
				s.t.Errorf("priority %d: %v\n  match %x\n  actions %x", d.Priority, err, d.Match, d.Instructions)
			}
			flows = append(flows, f)
		}
		if m, err := openflow.ParseMultipart(msg); err != nil {
			s.t.Fatal(err)
		} else if !m.More {
			return flows
		}
	}
}

// texts are the flows of table 0 as ovs-ofctl prints them, by priority.
func (s *realSwitch) texts() map[flow.Priority]string {
	s.t.Helper()
	texts := make(map[flow.Priority]string)
	for line := range strings.Lines(s.Ofctl(s.t, "--no-stats", "--no-names", "dump-flows", s.Mgmt(ovstest.Bridge), "table=0")) {
		line = strings.TrimSpace(line)
		_, rest, ok := strings.Cut(line, "priority=")
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(rest[:strings.IndexAny(rest, ", ")], 10, 16)
		if err != nil {
			s.t.Fatal(err)
		}
		texts[flow.Priority(n)] = line
	}
	return texts
}

func (s *realSwitch) clear() {
	s.t.Helper()
	s.Ofctl(s.t, "del-flows", s.Mgmt(ovstest.Bridge))
}

// refusals are what Open vSwitch may answer to a flow that is canonical, and why.
var refusals = map[string]string{
	"OFPBAC_MATCH_INCONSISTENT": "an action is for packets that the flow does not match, after those before it",
	"OFPBMC_BAD_PREREQ":         "the same, of a learn action's match",
}

// tally counts what came back from the switch as it was sent.
type tally struct{ rows, kinds, refused map[string]int }

func (n *tally) count(f *flow.Flow) {
	for term := range f.Match.Terms() {
		n.rows[term.Field().Name()]++
	}
	for _, kind := range flow.ActionKindsOf(f.Actions) {
		n.kinds[kind]++
	}
}

// report prints the counts, and fails for each zero.
func (n *tally) report(t *testing.T) {
	var rows, kinds []string
	for _, f := range flow.Fields() {
		if flow.IsView(f) {
			continue
		}
		if n.rows[f.Name()] == 0 {
			t.Errorf("field %s: no flow", f)
		}
		rows = append(rows, fmt.Sprintf("%s %d", f, n.rows[f.Name()]))
	}
	for _, k := range flow.ActionKinds() {
		if n.kinds[k] == 0 {
			t.Errorf("action %s: no flow", k)
		}
		kinds = append(kinds, fmt.Sprintf("%s %d", k, n.kinds[k]))
	}
	t.Logf("flows per field: %s", strings.Join(rows, ", "))
	t.Logf("flows per action: %s", strings.Join(kinds, ", "))
	for name, count := range n.refused {
		t.Logf("refused: %s %d (%s)", name, count, refusals[name])
	}
}

// batch is flows that are sent together. Rapid is not to print them all.
type batch []flow.Flow

func (b batch) GoString() string { return fmt.Sprintf("%d flows", len(b)) }

// drawFlows draws a flow for each row of the table of fields and for each kind of action.
func drawFlows(t *rapid.T) batch {
	var flows []flow.Flow
	for _, f := range flow.Fields() {
		flows = append(flows, flowOf(t, kindFor(t, f), f, flow.ApplyActions(flow.SetField(flow.Reg[0], uint64(len(flows))))))
	}
	for _, g := range actionGenerators {
		k := rapid.SampledFrom(kindsOfPacket[:2]).Draw(t, "kind")
		if g.kind != "" {
			k = kindNamed(g.kind)
		}
		actions := []flow.Action{flow.SetField(flow.Reg[5], 1), g.draw(t, k)}
		if g.name == "meter" {
			slices.Reverse(actions) // ovs-ofctl reads it in front only, though it prints it anywhere
		}
		flows = append(flows, flowOf(t, k, nil, flow.ApplyActions(actions...)))
	}
	k := kindNamed("any")
	flows = append(flows,
		flowOf(t, k, nil, flow.ApplyActions(flow.Conjunction(flow.Conj{ID: u32(t, "id"), Clauses: 3}), flow.Conjunction(flow.Conj{ID: u32(t, "id"), Clause: 63, Clauses: 64}))),
		flowOf(t, k, nil, flow.ApplyActions(flow.Output(1)), flow.ClearActions(), flow.WriteActions(drawSet(t, k), flow.Output(port(t)), flow.ToGroup(7)),
			flow.WriteMetadata(rapid.Uint64().Draw(t, "metadata"), rapid.Uint64().Draw(t, "mask")), flow.GotoTable(9)),
		flowOf(t, k, nil, flow.GotoTable(flow.TableID(rapid.IntRange(1, 253).Draw(t, "table")))),
		flowOf(t, k, nil))
	for i := range flows {
		flows[i].Priority = flow.Priority(i)
	}
	return flows
}

// TestRealSwitch sends flows over all fields and actions to ovs-vswitchd. Each must come back canonically equal, ovs-ofctl must
// print it as we do, and each must read the other's text.
func TestRealSwitch(t *testing.T) {
	s := startSwitch(t)
	n := tally{map[string]int{}, map[string]int{}, map[string]int{}}
	perCheck := len(flow.Fields()) + len(actionGenerators) + 4
	checks := (flowCount(t) + perCheck - 1) / perCheck
	setChecks(t, checks)
	total, batches := 0, rapid.Custom(drawFlows)
	rapid.Check(t, func(rt *rapid.T) {
		flows := batches.Draw(rt, "flows")
		checkRoundTrip(rt, s, flows, &n)
		total += len(flows)
	})
	t.Logf("%d flows sent", total)
	n.report(t)
}

// setChecks says how often rapid draws in this test.
func setChecks(t *testing.T, n int) {
	old := flag.Lookup("rapid.checks").Value.String()
	t.Cleanup(func() { flag.Set("rapid.checks", old) })
	if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	// The same flows each time, unless somebody looks for new ones.
	if seed := flag.Lookup("rapid.seed"); os.Getenv("FLOWHOST_RANDOM") == "" && seed.Value.String() == "0" {
		t.Cleanup(func() { flag.Set("rapid.seed", "0") })
		if err := flag.Set("rapid.seed", "1"); err != nil {
			t.Fatal(err)
		}
	}
}

func checkRoundTrip(t *rapid.T, s *realSwitch, flows []flow.Flow, n *tally) {
	s.clear()
	refused := s.add(flows)
	dumped, texts := s.dump(), s.texts()
	var lines []string
	kept := slices.DeleteFunc(slices.Clone(flows), func(f flow.Flow) bool { return refused[f.Priority] != nil })
	for p, err := range refused {
		if refusals[err.Error()] == "" {
			t.Errorf("refused: %v: %s", err, describe(&flows[p]))
		}
		n.refused[err.Error()]++
	}
	for _, f := range kept {
		if got := dumped[f.Priority]; got != f {
			t.Errorf("came back as something else\n  sent %s\n   got %s", describe(&f), describe(&got))
			continue
		}
		n.count(&f)
		text := f.String()
		if theirs := texts[f.Priority]; theirs != text {
			t.Errorf("text\n- ovs-ofctl %s\n-      ours %s", theirs, text)
		}
		if losesText(&f) {
			continue
		}
		if !cannotRead(&f) {
			lines = append(lines, text)
		}
		if back, err := flow.ParseFlow(text); err != nil || back != f {
			t.Errorf("does not read what it prints: %s: %v\n   got %s", describe(&f), err, describe(&back))
		}
	}
	checkTheyRead(t, s, lines)
}

// checkTheyRead has ovs-ofctl read our text and install it: it must end as the same flows.
func checkTheyRead(t *rapid.T, s *realSwitch, lines []string) {
	s.clear()
	path := filepath.Join(s.Dir, "flows.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run("ovs-ofctl", "-O", "OpenFlow15", "add-flows", s.Mgmt(ovstest.Bridge), path); err != nil {
		t.Fatalf("ovs-ofctl does not read what it prints: %v", err)
	}
	dumped := s.dump()
	for _, line := range lines {
		want, _ := flow.ParseFlow(line)
		if got := dumped[want.Priority]; got != want {
			t.Errorf("ovs-ofctl reads something else: %s\n   got %s", describe(&want), describe(&got))
		}
	}
}

var ipv6Fields = []*flow.Field{flow.IPv6Src, flow.IPv6Dst, flow.CTIPv6Src, flow.CTIPv6Dst, flow.TunIPv6Src, flow.TunIPv6Dst, flow.NDTarget}

// cannotRead says whether ovs-ofctl cannot read what it prints: masks of IPv6 addresses that are no prefix, GTP-U,
// and writing nothing.
func cannotRead(f *flow.Flow) bool {
	for term := range f.Match.Terms() {
		_, mask := term.Value()
		if term.Field() == flow.TunGTPUFlags || term.Field() == flow.TunGTPUMsgType {
			return true
		}
		if slices.Contains(ipv6Fields, term.Field()) && mask != "" && !isPrefix(mask) {
			return true
		}
	}
	return unreadable.MatchString(f.Actions.String())
}

// TestSameText has ovs-ofctl and us read the same texts, in all the forms that ovs-ofctl(8) has: both must end as the same flows.
func TestSameText(t *testing.T) {
	s := startSwitch(t)
	s.Ofctl(t, "add-flows", s.Mgmt(ovstest.Bridge), "testdata/texts.txt")
	theirs := make(map[flow.Key]flow.Flow)
	for table := range uint8(100) {
		for _, f := range s.dumpTable(table) {
			theirs[f.Key] = f
		}
	}
	b, err := os.ReadFile("testdata/texts.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		f, err := flow.ParseFlow(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if got, ok := theirs[f.Key]; !ok || got != f {
			t.Errorf("%s\n- theirs %s\n- ours   %s", line, got, f)
		}
	}
}

// isPrefix says whether a mask is that of a prefix, on the border of a byte: enough for what a test may leave out.
func isPrefix(mask string) bool {
	n := 0
	for n < len(mask) && mask[n] == 0xff {
		n++
	}
	return strings.Trim(mask[n:], "\x00") == ""
}

// unreadable are set_field actions that ovs-ofctl cannot read: of nothing, with an IPv6 mask that is no prefix, and with the mask of
// a field that cannot be masked in a match.
var unreadable = regexp.MustCompile(`set_field:(ANY->|[0-9a-fx:.]+/[0-9a-fx:.]+->(tun_ipv6_|ipv6_|nd_|vlan_pcp|mpls_|nw_|ip_dscp|arp_op|icmp|nsh_|in_port))`)

// losesText says whether Open vSwitch's text does not tell everything of the flow.
func losesText(f *flow.Flow) bool {
	nshContext := false
	for term := range f.Match.Terms() {
		value, mask := term.Value()
		switch term.Field() {
		case flow.IPFrag:
			if value == "\x02" && mask == "" || mask == "\x01" && value == "\x00" || mask == "\x02" && value == "\x02" {
				return true // Open vSwitch has no word for it, or the word of another one
			}
		case flow.NSHMDType:
			nshContext = value == "\x01"
		case flow.NSHC[0], flow.NSHC[1], flow.NSHC[2], flow.NSHC[3]:
			if !nshContext {
				return true // shown with metadata type 1 only
			}
		case flow.TunERSPANIdx, flow.TunERSPANDir, flow.TunERSPANHwID:
			return true // shown with the right version only
		case flow.TunGBPFlags, flow.TunERSPANVer, flow.TunGTPUFlags, flow.TunGTPUMsgType:
			if mask != "" {
				return true // masks are not shown
			}
		}
	}
	return false
}
