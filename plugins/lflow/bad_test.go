package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	gocmp "github.com/google/go-cmp/cmp"
)

// wary is a node that writes down what it is warned of.
type wary struct {
	*node
	warned []string
}

func newWary(t *testing.T, r ranges) *wary {
	w := new(wary)
	s, err := newSource("br-int", dialect.OVN2303(), r, 2, func(what string, problem error) {
		w.warned = append(w.warned, what+": "+problem.Error())
	})
	if err != nil {
		t.Fatal(err)
	}
	w.node = &node{source: s}
	w.fill(2, 0)
	w.node.told()
	return w
}

var plenty = ranges{groups: []sdk.Range{{First: 1, Last: 99}}, meters: []sdk.Range{{First: 1, Last: 99}}, conjunctions: []sdk.Range{{First: 1, Last: 999}}}

// A bad row is told of once, by its name, and everything else has its flows.
func TestBadRows(t *testing.T) {
	b := newWary(t, plenty)
	b.flow(1, "ip4", "drop;")
	b.flow(2, "no such thing", "drop;")
	b.flow(3, "ip4", "bad;")
	b.flow(4, "ip4", "next;", func(r *sb.LogicalFlow) { *r.LogicalDatapath = text("datapath", 9) }) // not here: no problem
	b.flow(5, "ip4", "next;", func(r *sb.LogicalFlow) { *r.LogicalDatapath = "nonsense" })
	b.flow(6, "ip4", "next;", func(r *sb.LogicalFlow) { r.Pipeline = "sideways" })
	b.flow(7, "ip4", "next;", func(r *sb.LogicalFlow) { r.TableID = 29 })
	b.flow(8, "ip4", "next;", func(r *sb.LogicalFlow) { r.Pipeline, r.TableID = "egress", 22 })
	b.flow(9, "ip4", "next;", func(r *sb.LogicalFlow) { r.Priority = 65536 + 9 })
	b.flow(10, "ip4", "next;", func(r *sb.LogicalFlow) { r.Priority = -1 })
	b.flow(11, exploding(), "drop;")
	b.flow(12, "ip4", `log(verdict=allow, meter="none"); next;`) // has flows, which nothing limits
	b.flow(13, "ip4", "next;", func(r *sb.LogicalFlow) { r.Pipeline, r.TableID = "egress", 21 })
	b.flow(14, "ip4", "drop;", func(r *sb.LogicalFlow) { r.TableID = 28 })
	b.set(id("lb", 0), &sb.LoadBalancer{Datapaths: []string{text("datapath", 0)}, Vips: map[string]string{"10.9.0.1:80": "10.0.0.1:80"},
		Options: map[string]string{"hairpin_snat_ip": "nonsense"}})
	b.told()
	b.recompute()
	b.told()
	if want, got := []int{1, 12, 13, 14}, b.has(); !slices.Equal(got, want) {
		t.Errorf("flows of %v, want of %v", got, want)
	}
	want := []string{
		`Load_Balancer lb: bad hairpin_snat_ip "nonsense": bad IP address "nonsense"`,
		"Logical_Flow flow10 (ingress, table 0, priority -1, match ip4): priority -1 is out of range",
		"Logical_Flow flow11 (ingress, table 0, priority 11, match " + exploding()[:100] + "…): match: too many flows: up to 320000, and the limit is 100000: " +
			"alternatives of different fields multiply: 800 of (tcp.src, ip.proto, eth.type, tcp.dst) times 400 of (ip4.src, eth.type, ip4.dst)",
		"Logical_Flow flow2 (ingress, table 0, priority 2, match no such thing): match: Syntax error at `no' expecting field name.",
		"Logical_Flow flow3 (ingress, table 0, priority 3, match ip4): actions: Syntax error at `bad' expecting action.",
		`Logical_Flow flow6 (sideways, table 0, priority 6, match ip4): pipeline "sideways" is out of range`,
		"Logical_Flow flow7 (ingress, table 29, priority 7, match ip4): table 29 of ingress is out of range",
		"Logical_Flow flow8 (egress, table 22, priority 8, match ip4): table 22 of egress is out of range",
		"Logical_Flow flow9 (ingress, table 0, priority 65545, match ip4): priority 65545 is out of range",
	}
	if diff := gocmp.Diff(want, b.toldOf()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if want, got := fmt.Sprintf("%d rows lack flows (flowhost plugins command lflow problems)", len(want)), b.note(); got != want {
		t.Errorf("status %q, want %q", got, want)
	}
	for n := range 13 { // what is better, or gone, counts no more
		b.flow(n, "ip6", "drop;")
	}
	b.set(id("flow", 3), nil)
	b.set(id("lb", 0), nil)
	b.told()
	if got := b.note(); got != "" {
		t.Errorf("status %q", got)
	}
}

// toldOf is what was warned of, with numbers in place of UUIDs.
func (b *wary) toldOf() (list []string) {
	for _, one := range b.warned {
		one = strings.Replace(one, text("lb", 0), "lb", 1)
		for n := range 20 {
			one = strings.Replace(one, text("flow", n), fmt.Sprint("flow", n), 1)
		}
		list = append(list, one)
	}
	slices.Sort(list)
	return list
}

// exploding is a match that becomes more flows than anybody wants.
func exploding() string {
	either := func(a, b string) string {
		var values []string
		for i := range 200 {
			values = append(values, fmt.Sprint(2*i))
		}
		list := strings.Join(values, ", ")
		return fmt.Sprintf("(%s == {%s} || %s == {%s})", a, list, b, list)
	}
	return either("tcp.src", "tcp.dst") + " && " + either("ip4.src", "ip4.dst")
}

// A row that cannot be compiled costs its own flows alone, and is tried again when something that it is made of is another.
func TestPanic(t *testing.T) {
	b := newWary(t, plenty)
	broken := true
	for _, c := range b.compilers {
		ids := c.Options.Group
		c.Options.Group = func(text string) (flow.GroupID, bool) {
			if broken {
				panic("of a test")
			}
			return ids(text)
		}
	}
	b.set(id("set", 1), &sb.AddressSet{Name: "s0", Addresses: []string{"10.0.0.1"}})
	b.flow(1, "ip4", "drop;")
	b.flow(2, "ip4.src == $s0", "ct_lb_mark(backends=10.0.0.1:80,10.0.0.2:80);")
	b.told()
	if want, got := []int{1}, b.has(); !slices.Equal(got, want) {
		t.Errorf("flows of %v, want of %v", got, want)
	}
	if len(b.warned) != 1 || !strings.HasSuffix(b.warned[0], "compiling it fails: of a test") {
		t.Errorf("warned of %q", b.warned)
	}
	broken = false
	b.set(id("set", 1), &sb.AddressSet{Name: "s0", Addresses: []string{"10.0.0.2"}})
	b.told()
	if want, got := []int{1, 2}, b.has(); !slices.Equal(got, want) {
		t.Errorf("mended: flows of %v, want of %v", got, want)
	}
}

// An id is not used anew before the switch has confirmed that its last user is gone; who lacks one waits for that.
func TestIDsWaitForTheSwitch(t *testing.T) {
	one := []sdk.Range{{First: 5, Last: 5}}
	group := func(n int) string { return fmt.Sprintf("ct_lb_mark(backends=10.0.0.%d:80,10.0.0.99:80);", n) }
	meter := func(n int) string { return fmt.Sprintf("set_meter(%d00); next;", n) }
	for name, test := range map[string]struct {
		ranges ranges
		match  string
		action func(n int) string
	}{
		"group":        {ranges{groups: one}, "ip4", group},
		"meter":        {ranges{meters: one}, "ip4", meter},
		"conjunctions": {ranges{conjunctions: one}, "ip4.src == {10.0.0.1, 10.0.0.2} && ip4.dst == {10.0.0.1, 10.0.0.2}", func(int) string { return "drop;" }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newWary(t, test.ranges)
			b.flow(1, test.match, test.action(1))
			b.told()
			b.source.told()()
			b.flow(2, test.match, test.action(2))
			b.told()
			check := func(when, note string, want ...int) {
				t.Helper()
				b.told()
				if got := b.has(); !slices.Equal(got, want) {
					t.Errorf("%s: flows of %v, want of %v", when, got, want)
				}
				if got := b.note(); !strings.HasPrefix(got, note) || (got == "") != (note == "") {
					t.Errorf("%s: status %q", when, got)
				}
			}
			check("both want it", "1 row lacks flows", 1)
			before := b.source.told() // what is told before the first goes
			b.set(id("flow", 1), nil)
			check("the first is gone", "1 row lacks flows")
			before()
			check("what was told before is confirmed", "1 row lacks flows")
			b.source.told()()
			check("that is confirmed", "", 2)
			if len(b.warned) != 1 {
				t.Errorf("warned of %q", b.warned)
			}
		})
	}
}
