package controller

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/sdk/flow"
)

var (
	cases = flag.Int("cases", 150, "how many matches")
	seed  = flag.Uint64("seed", 1, "where the random cases begin")
)

const (
	tableID   = 5   // logical
	firstOne  = 8   // OpenFlow table of the first logical one
	most      = 200 // flows of one match
	sentinel  = 30000
	batchSize = 10
)

// logicalFlow is one case. Its priority is its name: that of all flows it becomes, which drop.
type logicalFlow struct {
	priority int
	match    string
	err      error    // ours
	flows    []string // ours
}

// TestRandom has ovn-controller and the language of matches translate the same random logical flows.
func TestRandom(t *testing.T) {
	s := start(t)
	ours := newOurs(t, s)
	r := random{rand.New(rand.NewPCG(*seed, 10))}
	var list []*logicalFlow
	refused := 0
	for len(list) < *cases {
		f := &logicalFlow{priority: 1 + len(list), match: r.match(1)}
		ours.translate(f)
		switch {
		case errors.Is(f.err, expr.ErrLimit), f.err != nil && refused > len(list)/4:
			continue
		case f.err != nil:
			refused++
		}
		list = append(list, f)
	}
	list = install(t, s, ours.datapath, list)
	if len(list) < *cases*9/10 {
		t.Errorf("ovn-controller survived %d matches of %d", len(list), *cases)
	}
	theirs := dump(t, s)
	log, err := os.ReadFile(s.Log(ovstest.Controller))
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for _, f := range list {
		if f.err != nil {
			if !strings.Contains(string(log), fmt.Sprintf("error parsing match \"%s\": %s\n", f.match, f.err)) {
				t.Errorf("%s: ovn-controller does not say %q", f.match, f.err)
			}
		}
		got, want := strings.Join(f.flows, "\n\t"), strings.Join(theirs[f.priority], "\n\t")
		if got != want {
			if wrong++; wrong <= 20 {
				t.Errorf("%s (%v) becomes\n\t%s\nand ovn-controller's is\n\t%s", f.match, f.err, got, want)
			}
		}
	}
	t.Logf("%d logical flows, of which %d are refused; %d differ", len(list), refused, wrong)
}

// start starts an OVN with a switch whose ports a and b are here, and without ovn-northd, which would remove our logical flows.
func start(t *testing.T) *ovstest.Sandbox {
	s := ovstest.Start(t, ovstest.Options{OVN: true})
	s.Nbctl(t, "ls-add", "sw", "--", "lsp-add", "sw", "a", "--", "lsp-add", "sw", "b", "--", "lsp-add", "sw", "c",
		"--", "pg-add", "both", "a", "b",
		"--", "create", "Address_Set", "name=few", `addresses="10.0.0.1","10.0.0.2","10.0.0.3"`,
		"--", "create", "Address_Set", "name=nets", `addresses="10.0.0.0/24","10.0.0.5","10.0.2.0/23"`,
		"--", "create", "Address_Set", "name=mixed", `addresses="fd00::1","10.0.0.4"`,
		"--", "create", "Address_Set", "name=none")
	s.Nbctl(t, "--wait=sb", "sync")
	for _, port := range []string{"a", "b"} {
		s.Vsctl(t, "add-port", ovstest.Bridge, port, "--", "set", "Interface", port, "external_ids:iface-id="+port)
	}
	s.StartController(t)
	ovstest.Eventually(t, 20*time.Second, func() error {
		bound := s.Sbctl(t, "--bare", "--columns=logical_port", "find", "Port_Binding", "up=true")
		if len(strings.Fields(bound)) < 2 {
			return fmt.Errorf("bound ports: %q", bound)
		}
		return nil
	})
	s.Appctl(t, ovstest.Controller, "vlog/disable-rate-limit")
	s.Stop(t, ovstest.Northd)
	return s
}

// ours translates with package expr, in the dialect of the ovn-controller that is installed.
type ours struct {
	datapath string // UUID
	compiler expr.Compiler
	matches  expr.MatchOptions
}

func newOurs(t *testing.T, s *ovstest.Sandbox) *ours {
	d := dialect.OVN2303()
	keys := make(map[string]uint32)
	for _, row := range strings.Split(s.Sbctl(t, "--format=csv", "--no-headings", "--columns=logical_port,tunnel_key", "list", "Port_Binding"), "\n") {
		if name, key, ok := strings.Cut(row, ","); ok {
			n, _ := strconv.ParseUint(key, 10, 32)
			keys[name] = uint32(n)
		}
	}
	port := func(name string) (uint32, bool) { key, ok := keys[name]; return key, ok }
	resident := func(name string) bool { return name == "a" || name == "b" }
	sets := make(map[string]*expr.ConstantSet)
	for name, addresses := range map[string][]string{
		"few": {"10.0.0.1", "10.0.0.2", "10.0.0.3"}, "nets": {"10.0.0.0/24", "10.0.0.5", "10.0.2.0/23"}, "mixed": {"fd00::1", "10.0.0.4"}, "none": nil,
	} {
		sets[name], _ = expr.NewAddressSet(name, addresses, d)
	}
	groups := map[string]*expr.ConstantSet{"both": expr.NewPortGroup([]string{"a", "b"})}
	row := strings.Split(strings.TrimSpace(s.Sbctl(t, "--format=csv", "--no-headings", "--columns=_uuid,tunnel_key", "list", "Datapath_Binding")), ",")
	key, err := strconv.ParseUint(row[1], 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	o := &ours{datapath: row[0]}
	o.compiler = expr.Compiler{Dialect: d, Resident: resident, Limit: most, Env: expr.Env{
		Symtab:     expr.LogicalFields(d),
		AddressSet: func(name string) *expr.ConstantSet { return sets[name] },
		PortGroup:  func(name string) *expr.ConstantSet { return groups[name] },
	}}
	o.matches = expr.MatchOptions{Port: port, Metadata: key, Limit: most}
	return o
}

// translate fills in our flows, or our error.
func (o *ours) translate(f *logicalFlow) {
	e, err := o.compiler.Compile(f.match, nil)
	if f.err = err; err != nil {
		return
	}
	matches, err := e.Matches(o.compiler.Dialect, &o.matches)
	if f.err = err; err != nil {
		return
	}
	var flows []flow.Flow
	for _, m := range matches {
		var f flow.Flow
		f.Match = m.Match
		if len(m.Conjunctions) > 0 {
			if f.Actions, err = flow.NewConjunctions(m.Conjunctions); err != nil {
				panic(err)
			}
		}
		flows = append(flows, f)
	}
	f.flows = lines(flows)
}

// install has ovn-controller translate the logical flows, some at a time, and returns those that it survived. Some matches crash it,
// such as any on icmp4.frag_mtu; they are found by giving it the batch again one by one.
func install(t *testing.T, s *ovstest.Sandbox, datapath string, list []*logicalFlow) (translated []*logicalFlow) {
	s.Sbctl(t, "--", "--all", "destroy", "Logical_Flow")
	for batch := range slices.Chunk(list, batchSize) {
		if insert(t, s, datapath, batch) {
			translated = append(translated, batch...)
			continue
		}
		for _, f := range batch {
			if insert(t, s, datapath, []*logicalFlow{f}) {
				translated = append(translated, f)
			} else {
				t.Logf("crashes ovn-controller: %s", f.match)
			}
		}
	}
	return translated
}

// insert adds logical flows and waits until ovn-controller has made flows of the last. If it crashes, it is started again without them.
func insert(t *testing.T, s *ovstest.Sandbox, datapath string, list []*logicalFlow) bool {
	last := &logicalFlow{priority: sentinel + list[0].priority, match: "1"}
	var args []string
	for _, f := range append(slices.Clone(list), last) {
		args = append(args, "--", "create", "Logical_Flow", "pipeline=ingress", "logical_datapath="+datapath, fmt.Sprint("table_id=", tableID),
			fmt.Sprint("priority=", f.priority), "match="+quote(f.match), "actions=drop;")
	}
	rows := strings.Fields(s.Sbctl(t, args...))
	alive := true
	ovstest.Eventually(t, 20*time.Second, func() error {
		if _, err := s.Run("ovs-appctl", "-t", ovstest.Controller, "version"); err != nil {
			alive = false
			return nil
		}
		flows := s.Flows(t, ovstest.Bridge, fmt.Sprint("table=", firstOne+tableID))
		if !slices.ContainsFunc(flows, func(f string) bool { return strings.Contains(f, fmt.Sprintf("priority=%d,", last.priority)) }) {
			return fmt.Errorf("%d flows", len(flows))
		}
		return nil
	})
	if !alive {
		args := []string{}
		for _, row := range rows {
			args = append(args, "--", "destroy", "Logical_Flow", row)
		}
		s.Sbctl(t, args...)
		s.Start(t, ovstest.Controller)
		s.Appctl(t, ovstest.Controller, "vlog/disable-rate-limit")
	}
	return alive
}

// quote writes a string as OVSDB's tools read it.
func quote(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// dump is ovn-controller's flows, by priority.
func dump(t *testing.T, s *ovstest.Sandbox) map[int][]string {
	byPriority := make(map[int][]flow.Flow)
	for _, line := range s.Flows(t, ovstest.Bridge, fmt.Sprint("table=", firstOne+tableID)) {
		f, err := flow.ParseFlow(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		byPriority[int(f.Priority)] = append(byPriority[int(f.Priority)], f)
	}
	all := make(map[int][]string)
	for priority, flows := range byPriority {
		all[priority] = lines(flows)
	}
	return all
}

// lines is flows as text, sorted, with the first of their conjunction ids 1: which ids there are depends on history. Each is there
// once: where a dialect loses what cannot be sent, two may become the same.
func lines(flows []flow.Flow) (texts []string) {
	first := ^uint32(0)
	for _, f := range flows {
		for _, c := range f.Actions.Conjunctions() {
			first = min(first, c.ID)
		}
	}
	for _, f := range flows {
		match, actions := f.Match.String(), f.Actions.String()
		if list := f.Actions.Conjunctions(); len(list) > 0 {
			for i := range list {
				list[i].ID -= first - 1
			}
			slices.SortFunc(list, func(a, b flow.Conj) int { return int(a.ID) - int(b.ID) })
			actions = fmt.Sprint(list)
		}
		if rest, ok := strings.CutPrefix(match, "conj_id="); ok {
			id, rest, _ := strings.Cut(rest, ",")
			n, _ := strconv.ParseUint(id, 0, 32)
			match = fmt.Sprintf("conj_id=%d,%s", uint32(n)-first+1, rest)
		}
		texts = append(texts, match+" actions="+actions)
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}
