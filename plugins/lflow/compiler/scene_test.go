package compiler

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
)

// sets is a network of sets, whose ports p0 to p11 have the keys 1 to 12.
type sets struct {
	network
	addresses map[string]*expr.ConstantSet
	groups    map[string]*expr.ConstantSet // by name without key: all datapaths have the same
	unknown   map[string]bool              // ports that no datapath has
	unrelated map[string]bool
}

func (n *sets) AddressSet(name string) *expr.ConstantSet { return n.addresses[name] }

func (n *sets) PortGroup(name string) *expr.ConstantSet {
	_, name, _ = strings.Cut(name, "_")
	return n.groups[name]
}

func (n *sets) Port(_ uuid.UUID, name string) (key uint32, ok bool) {
	if n.unknown[name] {
		return 0, false
	}
	if _, err := fmt.Sscanf(name, "p%d", &key); err != nil {
		return 0, false
	}
	return key + 1, true
}

func (n *sets) Related(port string) bool { return !n.unrelated[port] }

// newDeltaCompiler gives conjunctions ids that depend on how many there are, so that a wrong number of them shows in the flows.
func newDeltaCompiler(d *language, n Network, limit int) *Compiler {
	c := New(d.Dialect, d.symtab, d.actions, n)
	c.match.Limit, c.part.Limit = limit, limit
	c.Conjunctions = func(_, datapath uuid.UUID, count int) (uint32, bool) {
		return uint32(1000*count) + 100*uint32(datapath[15]), true
	}
	return c
}

// language is a dialect and what is made of it once.
type language struct {
	*dialect.Dialect
	symtab  *expr.Symtab
	actions *action.Env
}

var languages = func() (list []*language) {
	for _, d := range []*dialect.Dialect{dialect.OVN2303(), dialect.Default(), dialect.OVN2603()} {
		symtab := expr.LogicalFields(d)
		actions, err := action.New(d, symtab, action.OptionTables{})
		if err != nil {
			panic(err)
		}
		list = append(list, &language{d, symtab, actions})
	}
	return list
}()

var onDatapaths = []Datapath{
	{ID: uuid.UUID{15: 1}, Key: 3, Switch: true}, {ID: uuid.UUID{15: 2}, Key: 4, Switch: true}, {ID: uuid.UUID{15: 3}, Key: 5},
}

// addresses4 and the others are few, so that members are often in other sets and in the text too.
var (
	addresses4 = []string{"10.0.0.0/30", "10.0.0.0/31", "10.0.0.1", "10.0.0.1/32", "10.0.0.2", "10.0.0.3", "10.0.1.0/24", "10.0.1.1", "11.0.0.0/8",
		"11.0.0.1", "0.0.0.0/0", "10.0.0.0/255.0.255.0", "1.2.3.4", "1.2.3.5", "1.2.3.6", "1.2.3.7", "1.2.3.8", "1.2.3.9"}
	addresses6 = []string{"fd00::1", "fd00::2", "fd00::/64", "fd00::1/128", "::/0", "fd00:1::/32", "fe80::1", "fe80::2", "fe80::3"}
	macs       = []string{"00:00:00:00:00:01", "00:00:00:00:00:02", "00:00:00:00:00:04", "00:00:00:00:00:05", "00:00:00:00:00:03", "00:00:00:00:00:00/01:00:00:00:00:00"}
	ports      = []string{"p10", "p11", "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"}
)

// universe is what may be in a set, by its name.
func universe(name string) []string {
	switch name[0] {
	case 's':
		return addresses6
	case 'm':
		return macs
	case 'p':
		return ports
	}
	return addresses4
}

func drawMembers(t *rapid.T, name string) []string {
	minimum := rapid.SampledFrom([]int{0, 3, 3}).Draw(t, "at least")
	return rapid.SliceOfNDistinct(rapid.SampledFrom(universe(name)), minimum, 8, rapid.ID[string]).Draw(t, "members of "+name)
}

func drawOther(t *rapid.T, name string, members []string) []string {
	other := slices.Clone(members)
	for range rapid.IntRange(1, 2).Draw(t, "changes") {
		m := rapid.SampledFrom(universe(name)).Draw(t, "changed")
		if i := slices.Index(other, m); i >= 0 {
			other = slices.Delete(other, i, i+1)
		} else {
			other = append(other, m)
		}
	}
	return other
}

func setOf(d *dialect.Dialect, name string, members []string) *expr.ConstantSet {
	if name[0] == 'p' {
		return expr.NewPortGroup(members)
	}
	set, _ := expr.NewAddressSet(name, members, d)
	return set
}

// drawMatch is a random match that names sets: a and b of IPv4, s and s2 of IPv6, m of Ethernet, p and p2 of ports.
func drawMatch(t *rapid.T, depth int) string {
	if depth > 0 && rapid.IntRange(0, 9).Draw(t, "nest") < 7 {
		var list []string
		for range rapid.IntRange(2, 3).Draw(t, "operands") {
			list = append(list, drawMatch(t, depth-1))
		}
		not := rapid.SampledFrom([]string{"", "", "", "", "", "", "", "", "", "", "", "!"}).Draw(t, "not")
		return not + "(" + strings.Join(list, rapid.SampledFrom([]string{" && ", " && ", " || "}).Draw(t, "operator")) + ")"
	}
	sample := func(list ...string) string { return rapid.SampledFrom(list).Draw(t, "atom") }
	op := sample(" == ", " == ", " == ", " == ", " == ", " == ", " == ", " == ", " != ")
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0, 1, 2:
		return sample("ip4.src", "ip4.dst", "arp.spa", "ip4.src[0..7]") + op + drawConstants(t, "$a", "$b", addresses4)
	case 3:
		return sample("ip6.src", "ip6.dst") + op + drawConstants(t, "$s", "$s2", addresses6)
	case 4, 5:
		return sample("inport", "outport") + " == " + drawConstants(t, "@p", "@p2", quoted(ports))
	case 6:
		return sample("eth.src", "eth.dst") + op + drawConstants(t, "$m", "$m", macs)
	case 7:
		return sample("tcp.dst == 80", "tcp.dst == {80, 81}", "udp.src == {1, 2, 3}", "tcp", "ip.proto == {6, 17}", "tcp.dst > 5")
	case 8:
		return sample("ip4", "ip6", "ip", "1", "0", `is_chassis_resident("here")`, `is_chassis_resident("there")`, "vlan.pcp == 3")
	}
	return sample("reg0 == {1, 2}", "reg0[3]", "ct.new && !ct.est", "ip.dscp == 3", "icmp4.type == {3, 8}", "ip.ttl == {1, 2}")
}

// drawPlain is a match as people write them: one or two terms, of which each says one thing of a field.
func drawPlain(t *rapid.T) string {
	atoms := []string{
		"ip4.src == $a", "ip4.src == $a", "ip4.dst == $a", "ip4.dst == $b", "ip4.src == {$a, $b}", "ip4.src == {$a, 1.2.3.4, 11.0.0.1}", "(ip4.src == $a || ip4.src == $b)",
		"ip6.src == $s", "ip6.dst == {$s, $s2}", "inport == @p", "outport == @p", "outport == {@p, @p2}", `inport == {@p, "p1"}`, "outport == @p2",
		"eth.src == $m", "(ip4.src == $a || ip6.src == $s)", "(ip4.src == $a || ip4.dst == $a)", "(inport == @p || ip4.src == $b)", "(inport == @p && ip4.dst == $a || tcp.dst == 5)",
		`inport == "p1"`, "ip4", "ip4", "ip6", "tcp.dst == 80", "tcp.dst == {80, 81}", "udp.src == {1, 2, 3}", "reg0 == {1, 2}", "ct.new && !ct.est",
		"(tcp.dst == 80 || udp.dst == {1, 2})", `is_chassis_resident("here")`, "ip.ttl == {1, 2}", "ip4.dst == 10.0.0.0/24", "ip4.src != 10.0.0.2",
	}
	var terms []string
	for range rapid.SampledFrom([]int{1, 1, 2}).Draw(t, "terms") {
		term := rapid.SliceOfNDistinct(rapid.SampledFrom(atoms), 1, 4, rapid.ID[string]).Draw(t, "term")
		for i, text := range term {
			if strings.Contains(text, "&&") && strings.Contains(text, "||") {
				term[i] = strings.Replace(strings.Replace(text, "(", "((", 1), " ||", ") ||", 1)
			}
		}
		terms = append(terms, "("+strings.Join(term, " && ")+")")
	}
	return strings.Join(terms, " || ")
}

// namesIn are the sets that a match names, and if it names none, one that it does not.
func namesIn(match string) (names []string) {
	for _, name := range []string{"$a", "$b", "$s", "$s2", "$m", "@p", "@p2"} {
		if strings.Contains(match+" ", name+" ") || strings.Contains(match, name+",") || strings.Contains(match, name+"}") || strings.Contains(match, name+")") {
			names = append(names, name[1:])
		}
	}
	if names == nil {
		return []string{"a"}
	}
	return names
}

func quoted(list []string) (texts []string) {
	for _, s := range list {
		texts = append(texts, `"`+s+`"`)
	}
	return texts
}

func drawConstants(t *rapid.T, first, second string, literals []string) string {
	list := rapid.SliceOfN(rapid.SampledFrom(append([]string{first, first, first, second}, literals...)), 1, 3).Draw(t, "constants")
	if rapid.IntRange(0, 3).Draw(t, "one") > 0 {
		list = []string{first}
	}
	if len(list) == 1 {
		return list[0]
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// scene is a row, and a set that changes.
type scene struct {
	dialect       *language
	row           Row
	datapath      Datapath
	limit         int
	before, after *sets
	change        *Change
}

// drawScene is a random scene with a match. The sets have at least the usual members, if there are any, and nothing odd then.
func drawScene(t *rapid.T, match string, usual map[string][]string) *scene {
	s := &scene{
		dialect:  languages[rapid.IntRange(0, len(languages)-1).Draw(t, "dialect")],
		datapath: rapid.SampledFrom(onDatapaths).Draw(t, "datapath"),
		row:      Row{ID: rowID, Table: 3, Match: match, Actions: rapid.SampledFrom([]string{"drop;", "next;", "ct_next;", "icmp4 { output; };"}).Draw(t, "actions")},
	}
	if usual == nil {
		s.limit = rapid.SampledFrom([]int{0, 0, 0, 0, 0, 5, 10, 20, 50}).Draw(t, "limit")
	}
	if rapid.Bool().Draw(t, "egress") {
		s.row.Pipeline = action.Egress
	}
	s.before = &sets{network{s.dialect.Dialect}, map[string]*expr.ConstantSet{}, map[string]*expr.ConstantSet{}, map[string]bool{}, map[string]bool{}}
	for _, p := range rapid.SliceOfN(rapid.SampledFrom(ports), 0, 4).Draw(t, "unknown") {
		s.before.unknown[p] = usual == nil
	}
	for _, p := range rapid.SliceOfN(rapid.SampledFrom(ports), 0, 4).Draw(t, "unrelated") {
		s.before.unrelated[p] = usual == nil
	}
	members := map[string][]string{}
	for _, name := range []string{"a", "b", "s", "s2", "m", "p", "p2"} {
		members[name] = drawMembers(t, name)
		if usual != nil && name == "b" { // not all of one set is in the other
			members[name] = usual[name]
		} else if usual != nil {
			members[name] = append(slices.DeleteFunc(members[name], isUnusual), usual[name]...)
		}
		s.before.put(s.dialect.Dialect, name, members[name])
	}
	for name, list := range usual {
		if members[name] == nil {
			s.before.put(s.dialect.Dialect, name, list)
		}
	}
	after := *s.before
	after.addresses, after.groups, after.unknown, after.unrelated = clone(after.addresses), clone(after.groups), clone(after.unknown), clone(after.unrelated)
	s.after = &after
	name := rapid.SampledFrom(namesIn(match)).Draw(t, "changed set")
	now := drawOther(t, name, members[name])
	if usual != nil {
		now = append(slices.DeleteFunc(now, isUnusual), usual[name]...)
	}
	s.after.put(s.dialect.Dialect, name, now)
	if name[0] == 'p' {
		s.change = NewChange(PortGroup, fmt.Sprintf("%d_%s", s.datapath.Key, name), s.before.groups[name], s.after.groups[name])
		if rapid.Bool().Draw(t, "ports go") {
			s.change.Port = s.before.Port
			for _, p := range members[name] {
				if !slices.Contains(now, p) {
					s.after.unknown[p], s.after.unrelated[p] = true, true
					delete(s.before.unrelated, p)
				}
			}
		}
	} else {
		s.change = NewChange(AddressSet, name, s.before.addresses[name], s.after.addresses[name])
	}
	return s
}

// isUnusual says whether a member is all that others are: 0.0.0.0/0, or 10.0.0.0/255.0.255.0.
func isUnusual(member string) bool {
	_, mask, masked := strings.Cut(member, "/")
	return masked && (mask == "0" || len(mask) > 3)
}

func clone[V any](m map[string]V) map[string]V {
	c := make(map[string]V, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

func (n *sets) put(d *dialect.Dialect, name string, members []string) {
	if name[0] == 'p' {
		n.groups[name] = setOf(d, name, members)
	} else {
		n.addresses[name] = setOf(d, name, members)
	}
}
