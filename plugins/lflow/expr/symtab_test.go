package expr

import (
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// TestLogicalFields sees that every symbol of both releases can be used.
func TestLogicalFields(t *testing.T) {
	for _, d := range []*dialect.Dialect{dialect.OVN2303(), dialect.OVN2603()} {
		symtab, n := LogicalFields(d), 0
		for s := range symtab.All() {
			n++
			text := s.Name
			switch {
			case s.IsString():
				text += ` == "a"`
			case s.Width > 1:
				text += " == 0"
			}
			e, err := Parse(text, &Env{Symtab: symtab})
			if err != nil {
				t.Errorf("%s in %s: %v", text, d.Name, err)
				continue
			}
			if err := e.Annotate(symtab); (err != nil) != s.Pseudo {
				t.Errorf("%s in %s: %v", text, d.Name, err)
			}
			if s.Pseudo {
				continue
			}
			e.Simplify(d.Negation)
			if err := e.Normalize(d, 0); err != nil {
				t.Error(err)
			}
			matches, err := e.Matches(d, &MatchOptions{Port: scriptPort})
			if err != nil || len(matches) == 0 || !matches[0].IsCanonical() {
				t.Errorf("%s in %s: %v, %v", text, d.Name, matches, err)
			}
		}
		if want := map[dialect.Release]int{dialect.Release2303: 125, dialect.Release2603: 146}[d.Release]; n != want {
			t.Errorf("%s has %d symbols instead of %d", d.Name, n, want)
		}
	}
}

func TestDefinition(t *testing.T) {
	symtab := LogicalFields(dialect.Default())
	for name, want := range map[string]string{
		"reg0": "reg0 = xxreg0[96..127]", "ct.trk": "ct.trk = ct_state[5]", "ip4": "ip4 = eth.type == 0x800", "inport": "inport = NXM_NX_REG14",
		"ip.ttl": "ip.ttl = NXM_NX_IP_TTL", "icmp4.frag_mtu": "icmp4.frag_mtu = icmp4.frag_mtu", "xreg4": "xreg4 = OXM_OF_PKT_REG4",
	} {
		if got := symtab.Lookup(name).Definition(); got != want {
			t.Errorf("%s instead of %s", got, want)
		}
	}
}

func TestBadSymbols(t *testing.T) {
	symtab := LogicalFields(dialect.Default())
	for want, err := range map[string]error{
		"is there already":               symtab.AddField("ip4", "NXM_NX_REG0", FieldOptions{}),
		"no field OXM_OF_NOTHING":        symtab.AddField("a", "OXM_OF_NOTHING", FieldOptions{}),
		"not a field that logical flows": symtab.AddString("a", "OXM_OF_MPLS_LABEL", FieldOptions{}),
		"Cannot select bits":             symtab.AddSubfield("a", "reg0[30..40]", FieldOptions{}),
		"expecting end of input":         symtab.AddSubfield("a", "reg0 == 1", FieldOptions{}),
		"expecting relational operator":  symtab.AddPredicate("a", "inport"),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v instead of %s", err, want)
		}
	}
}

// parsePart runs one of the parsers of parts.go.
func parsePart[T any](text string, parse func(*lex.Lexer) (T, bool)) (T, string) {
	l := lex.New(text)
	v, ok := parse(l)
	if err := l.Err(); err != nil {
		return v, err.Error()
	} else if !ok {
		return v, "false without an error"
	}
	return v, l.Source() + l.Rest()
}

func TestParseField(t *testing.T) {
	symtab := LogicalFields(dialect.Default())
	for _, c := range []struct {
		text, field, rest, prereqs string
		at                         Subfield
	}{
		{"reg0[0..15] = 1;", "reg0[0..15]", "= 1;", "", Subfield{flow.XXReg[0], 96, 16}},
		{"tcp.dst;", "tcp.dst", ";", "ip.proto == 0x6 && (eth.type == 0x800 || eth.type == 0x86dd)", Subfield{flow.TCPDst, 0, 16}},
		{"ct.est", "ct.est", "", "ct_state[5]", Subfield{flow.CTState, 1, 1}},
		{"vlan.pcp[2]", "vlan.pcp[2]", "", "vlan.tci[12]", Subfield{flow.VLANTCI, 15, 1}},
		{"outport", "outport", "", "", Subfield{flow.Reg[15], 0, 32}},
		{"icmp4.frag_mtu", "icmp4.frag_mtu", "", "", Subfield{nil, 0, 16}},
		{"nd.target[1]", "nd.target[1]", "", "(icmp6.type == 0x87 || icmp6.type == 0x88) && eth.type == 0x86dd && ip.proto == 0x3a && " +
			"(eth.type == 0x800 || eth.type == 0x86dd) && icmp6.code == 0 && eth.type == 0x86dd && ip.proto == 0x3a && " +
			"(eth.type == 0x800 || eth.type == 0x86dd) && ip.ttl == 0xff && (eth.type == 0x800 || eth.type == 0x86dd)", Subfield{flow.NDTarget, 1, 1}},
	} {
		var prereqs Expr
		f, rest := parsePart(c.text, func(l *lex.Lexer) (Field, bool) { return ParseField(l, symtab, &prereqs) })
		if rest != c.rest || f.String() != c.field || prereqs.String() != c.prereqs || f.Resolve() != c.at {
			t.Errorf("%s: field %s at %v, prerequisites %s, rest %s", c.text, f, f.Resolve(), &prereqs, rest)
		}
	}
	for text, want := range map[string]string{
		"ip4":          "Predicate symbol ip4 used where lvalue required.",
		"nothing":      "Syntax error at `nothing' expecting field name.",
		"inport[0]":    "Cannot select subfield of string field inport.",
		"1":            "Syntax error at `1' expecting field name.",
		"ip.proto[0]":  "Cannot select subfield of nominal field ip.proto.",
		"reg0[0..99x]": "Invalid numeric constant.", // the lexer's error goes first
	} {
		if _, err := parsePart(text, func(l *lex.Lexer) (Field, bool) { return ParseField(l, symtab, new(Expr)) }); err != want {
			t.Errorf("%s: %s instead of %s", text, err, want)
		}
	}
}

func TestFieldCheck(t *testing.T) {
	symtab := LogicalFields(dialect.Default())
	field := func(text string) Field {
		f, _ := parsePart(text, func(l *lex.Lexer) (Field, bool) { return ParseField(l, symtab, new(Expr)) })
		return f
	}
	for _, c := range []struct {
		field string
		bits  int
		write Scope
		want  string
	}{
		{"reg0", 32, WriteDefault, ""},
		{"inport", 0, WriteDefault, ""},
		{"ct_mark[3]", 1, WriteCTCommit, ""},
		{"reg0[3..5]", 32, 0, "Cannot use 3-bit field reg0[3..5] where 32-bit field is required."},
		{"reg0", 0, 0, "Cannot use numeric field reg0 where string field is required."},
		{"inport", 32, 0, "Cannot use string field inport where numeric field is required."},
		{"ct_state", 32, WriteDefault, "Field ct_state is not modifiable."},
		{"ct_mark", 32, WriteDefault, "Field ct_mark is not modifiable."},
		{"eth.type", 16, WriteDefault | WriteCTCommit, "Field eth.type is not modifiable."},
		{"tcp.flags", 12, WriteDefault, "Field tcp.flags is not modifiable."},
	} {
		got := ""
		if err := field(c.field).Check(c.bits, c.write); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q instead of %q", c.field, got, c.want)
		}
	}
}

func TestParseConstant(t *testing.T) {
	symtab := LogicalFields(dialect.Default())
	for _, c := range []struct{ field, text, want string }{
		{"ip4.src", "10.0.0.1;", "10.0.0.1"},
		{"ip4.src", "10.0.0.0/8", "10.0.0.0/8"},
		{"tcp.dst", "80", "80"},
		{"inport", `"p1"`, `"p1"`},
		{"tcp.dst", "0x10000", "17-bit constant is not compatible with 16-bit field tcp.dst."},
		{"tcp.dst", `"80"`, "Integer field tcp.dst is not compatible with string constant."},
		{"inport", "1", "String field inport is not compatible with integer constant."},
		{"tcp.dst", "$set", "Syntax error at `$set' expecting address set name."},
		{"inport", "@group", "Syntax error at `@group' expecting port group name."},
		{"inport", "^v", "Unexpanded template."},
		{"inport", ";", "Syntax error at `;' expecting constant."},
	} {
		f := Field{symtab.Lookup(c.field), 0, symtab.Lookup(c.field).Width}
		l := lex.New(c.text)
		v, ok := ParseConstant(l, f)
		kind := Integer
		if f.Symbol.IsString() {
			kind = String
		}
		got := string(v.Append(nil, kind))
		if err := l.Err(); err != nil {
			got = err.Error()
		}
		if got != c.want || ok != (l.Err() == nil) {
			t.Errorf("%s = %s: %s instead of %s", c.field, c.text, got, c.want)
		}
	}
}

func TestParseConstantSet(t *testing.T) {
	for text, want := range map[string]string{
		"{1,2 3 , 0x4}":  "{1, 2, 3, 0x4}",
		"1.2.3.4":        "1.2.3.4",
		"{::1}":          "{::1}",
		`{"a", "b\"c"}`:  `{"a", "b\"c"}`,
		"{1, 2":          "Syntax error at end of input expecting constant.",
		`{1, "a"}`:       "Syntax error at `\"a\"' expecting integer.",
		`{"a", 1}`:       "Syntax error at `1' expecting string.",
		"{}":             "Syntax error at `}' expecting constant.",
		"10.0.0.0/8 x":   "10.0.0.0/8",
		"{1.2.3.4/24, }": "{1.2.3.0/24}", // a comma in the end is no error
	} {
		l := lex.New(text)
		set, ok := ParseConstantSet(l)
		got := string(set.Append(nil))
		if err := l.Err(); err != nil {
			got = err.Error()
		}
		if got != want || ok != (l.Err() == nil) {
			t.Errorf("%s: %s instead of %s", text, got, want)
		}
	}
}

func TestPrereqs(t *testing.T) {
	symtab := LogicalFields(dialect.Default())
	var prereqs Expr
	for _, text := range []string{"ip4", "ip", "tcp && ip.ttl == 1"} {
		if err := ParsePrereqs(text, symtab, &prereqs); err != nil {
			t.Fatal(err)
		}
	}
	if got := prereqs.String(); got != "ip4 && ip && tcp && ip.ttl == 0x1" {
		t.Error(got)
	}
	if err := ParsePrereqs("ip5", symtab, &prereqs); err == nil {
		t.Error("ip5 is no prerequisite")
	}
	match, err := Parse("tcp.dst == 80 || udp", &Env{Symtab: symtab})
	if err != nil {
		t.Fatal(err)
	}
	match.And(&prereqs)
	match.And(nil)
	match.And(new(Expr))
	if got := match.String(); got != "(tcp.dst == 0x50 || udp) && ip4 && ip && tcp && ip.ttl == 0x1" {
		t.Error(got)
	}
}
