package expr

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

func TestAddressSet(t *testing.T) {
	addresses := []string{"10.1.2.3", "no address", "10.1.0.0/16", "9.9.9.9/32", "10.1.0.0/24", "9.9.9.9", "::1", "00:00:00:00:00:07", "10.1.2.3", ""}
	for d, want := range map[*dialect.Dialect]string{
		dialect.OVN2303(): "{::1, 00:00:00:00:00:07, 9.9.9.9/32, 9.9.9.9, 10.1.0.0/16, 10.1.0.0/24, 10.1.2.3}",
		dialect.OVN2603(): "{::1, 00:00:00:00:00:07, 9.9.9.9/32, 10.1.0.0/16}",
		dialect.Default(): "{::1, 00:00:00:00:00:07, 9.9.9.9/32, 10.1.0.0/16}",
	} {
		set, bad := NewAddressSet("s", addresses, d)
		if got := string(set.Append(nil)); got != want {
			t.Errorf("%s: %s instead of %s", d.Name, got, want)
		}
		if !slices.Equal(bad, []string{"no address", ""}) {
			t.Errorf("%s: bad are %q", d.Name, bad)
		}
	}
}

// TestAddresses is about knowing which flow is there for which address.
func TestAddresses(t *testing.T) {
	d := dialect.Default()
	env := scriptEnv(d)
	for text, want := range map[string]string{
		"ip4.src == $few":                                      "few:a000001 few:a000002",
		"ip4.src == {$few, 1.1.1.1}":                           "- few:a000001 few:a000002",
		"ip4.src == {$few, 10.0.0.1}":                          "- few:a000002",
		"ip4.src == $few && tcp.dst == {1, 2}":                 "- - - few:a000001 few:a000002",
		"ip4.src == $few || ip4.src == 10.0.0.2":               "- few:a000001",
		"ip4.src == $few && ip4.src == 10.0.0.0/31":            "-",
		"ip4.src == $few && ip4.src == {10.0.0.0/30, 1.1.1.1}": "- -",
		"ip4.src != $few && ip4.src == 10.0.0.0/31":            "-",
	} {
		e, err := (&Compiler{Env: *env, Dialect: d}).Compile(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		matches, err := e.Matches(d, &MatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range matches {
			if m.Address == nil {
				got = append(got, "-")
			} else {
				got = append(got, fmt.Sprintf("%s:%x", m.Address.Set, m.Address.Value.Lo))
			}
		}
		slices.Sort(got)
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s instead of %s", text, s, want)
		}
	}
}

func TestNamesAskedFor(t *testing.T) {
	env := scriptEnv(dialect.Default())
	var e Expr
	if err := e.Parse("ip4.src == {$few, $net} && ip4.dst == $few && inport == @ab", env); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(e.AddressSets, e.PortGroups); got != "[few net few] [ab]" {
		t.Error(got)
	}
	if err := e.Parse("ip4.src == $gone && inport == @ab", env); err == nil {
		t.Fatal("$gone is there")
	}
	if got := fmt.Sprint(e.AddressSets, e.PortGroups, e.Empty()); got != "[gone] [] true" {
		t.Error(got)
	}
	var ports []string
	if err := e.Parse(`is_chassis_resident("a") && (ip4 || !is_chassis_resident("b"))`, env); err != nil {
		t.Fatal(err)
	}
	e.Conditions(func(port string) { ports = append(ports, port) })
	if fmt.Sprint(ports) != "[a b]" {
		t.Error(ports)
	}
}

// TestSetsStayAsTheyAre sees that compiling does not change a set that it borrows.
func TestSetsStayAsTheyAre(t *testing.T) {
	d := dialect.Default()
	set, _ := NewAddressSet("s", []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}, d)
	before := slices.Clone(set.Values)
	c := Compiler{Env: Env{Symtab: LogicalFields(d), AddressSet: func(string) *ConstantSet { return set }}, Dialect: d}
	for _, text := range []string{"ip4.src == $s", "ip4.src == {$s, 1.1.1.1, $s}", "tcp.dst == {1, 2, 3, 4}", "1.1.1.1 <= ip4.src < 2.2.2.2", "ip4.src != $s"} {
		if _, err := c.Compile(text, nil); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(set.Values, before) {
			t.Fatalf("%s has changed the set", text)
		}
	}
}

func TestConjunctions(t *testing.T) {
	d := dialect.Default()
	env := scriptEnv(d)
	c := Compiler{Env: *env, Dialect: d}
	e, err := c.Compile("(ip4.src == $few && ip4.dst == {1.1.1.1, 2.2.2.2}) || (ip4.src == $few && tcp.dst == {1, 2})", nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := e.ConjunctionCount(nil); n != 2 {
		t.Errorf("%d conjunctions", n)
	}
	matches, err := e.Matches(d, &MatchOptions{Metadata: 9, FirstConjunction: 40})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range matches {
		got = append(got, matches[i].Text())
	}
	slices.Sort(got)
	want := []string{
		"conj_id=40,ip,metadata=0x9", "conj_id=41,tcp,metadata=0x9",
		"ip,metadata=0x9,nw_dst=1.1.1.1: conjunction(40, 0/2)", "ip,metadata=0x9,nw_dst=2.2.2.2: conjunction(40, 0/2)",
		"ip,metadata=0x9,nw_src=10.0.0.1: conjunction(40, 1/2)", "ip,metadata=0x9,nw_src=10.0.0.2: conjunction(40, 1/2)",
		"tcp,metadata=0x9,nw_src=10.0.0.1: conjunction(41, 0/2)", "tcp,metadata=0x9,nw_src=10.0.0.2: conjunction(41, 0/2)",
		"tcp,metadata=0x9,tp_dst=1: conjunction(41, 1/2)", "tcp,metadata=0x9,tp_dst=2: conjunction(41, 1/2)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

func TestMicroflow(t *testing.T) {
	d := dialect.Default()
	env := scriptEnv(d)
	p, err := ParseMicroflow(`inport == "b" && ip4 && tcp.src == 80 && ip.ttl == 64 && vlan.vid == 7 && reg0[4..7] == 5 && eth.src == 00:00:00:00:00:09`, env, d, scriptPort)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]uint64{"inport": 2, "eth.type": 0x800, "ip.proto": 6, "tcp.src": 80, "ip.ttl": 64, "vlan.tci": 0x1007, "eth.src": 9, "tcp.dst": 0} {
		if got := p.Get(env.Symtab.Lookup(name).Field); got != lex.Uint(want) {
			t.Errorf("%s is %x instead of %x", name, got, want)
		}
	}
	for text, want := range map[string]bool{
		"reg0[4..7] == 5 && reg0[0..3] == 0": true, "vlan.present": true, "ip4 && !ct.trk": true, "udp": false,
		`inport == "a"`: false, "64 == ip.ttl": true,
	} {
		e, err := Parse(text, env)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Annotate(env.Symtab); err != nil {
			t.Fatal(err)
		}
		if got := e.Evaluate(p, scriptPort); got != want {
			t.Errorf("%s is %v", text, got)
		}
	}
	for text, want := range map[string]string{
		"ip4 && ip6":                 "Constraints are contradictory.",
		"tcp.src == 80":              "Constraints are ambiguous: tcp.src == 0x50 && ip.proto == 0x6 && (eth.type == 0x800 || eth.type == 0x86dd).",
		"ip4 && tcp.src == {80, 81}": "Constraints are ambiguous: eth.type == 0x800 && (tcp.src == 0x50 || tcp.src == 0x51) && ip.proto == 0x6 && (eth.type == 0x800 || eth.type == 0x86dd).",
		"ip4 &&":                     "Syntax error at end of input expecting constant.",
	} {
		if _, err := ParseMicroflow(text, env, d, scriptPort); err == nil || err.Error() != want {
			t.Errorf("%s: %v instead of %s", text, err, want)
		}
	}
}
