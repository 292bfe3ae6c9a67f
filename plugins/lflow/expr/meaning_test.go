package expr

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// A match must mean the same at each stage and in each dialect, whatever the method of negation: the flows hit exactly the packets
// that the annotated expression holds of. Packets are made of the constants of the expression and their neighbors, where mistakes
// would be, and of arbitrary values.

// quiz is a random expression and what is interesting about it.
type quiz struct {
	text      strings.Builder
	constants map[string][]lex.Value // by symbol
}

// quizFields are the fields that expressions are made of, with the constants they may be compared with.
var quizFields = []struct {
	name  string
	width int
	spare int // upper bits that constants do not use, so that they come close to each other
}{
	{"ip4.src", 32, 20}, {"ip4.dst", 32, 24}, {"ip6.src", 128, 120}, {"tcp.dst", 16, 8}, {"udp.src", 16, 12}, {"reg0", 32, 26},
	{"reg1[3..9]", 7, 0}, {"xxreg1", 128, 122}, {"eth.src", 48, 40}, {"ct_label[60..70]", 11, 4}, {"vlan.pcp", 3, 0}, {"vlan.vid", 12, 6},
	{"ct_mark", 32, 28}, {"ip6.label", 20, 12}, {"flags[2..3]", 2, 0},
}

// expression writes operands with one operator between them.
func (q *quiz) expression(t *rapid.T, depth int) {
	operator := rapid.SampledFrom([]string{" && ", " || "}).Draw(t, "operator")
	for i := range rapid.IntRange(1, 3).Draw(t, "operands") {
		if i > 0 {
			q.text.WriteString(operator)
		}
		if depth > 0 && rapid.IntRange(0, 2).Draw(t, "nested") == 0 {
			q.text.WriteString(rapid.SampledFrom([]string{"(", "!("}).Draw(t, "open"))
			q.expression(t, depth-1)
			q.text.WriteByte(')')
		} else {
			q.comparison(t)
		}
	}
}

func (q *quiz) comparison(t *rapid.T) {
	f := rapid.SampledFrom(quizFields).Draw(t, "field")
	name, _, _ := strings.Cut(f.name, "[")
	constant := func() lex.Value {
		v := lex.Uint(rapid.Uint64Range(0, 1<<min(f.width-f.spare, 63)-1).Draw(t, "constant"))
		q.constants[name] = append(q.constants[name], v)
		return v
	}
	switch rapid.IntRange(0, 4).Draw(t, "form") {
	case 0, 1:
		op := rapid.SampledFrom([]string{"==", "!=", "!="}).Draw(t, "set operator")
		fmt.Fprintf(&q.text, "%s %s {", f.name, op)
		for range rapid.IntRange(1, 4).Draw(t, "members") {
			v := constant()
			if rapid.Bool().Draw(t, "masked") {
				mask := lex.Ones(f.width).AndNot(lex.Uint(rapid.Uint64Range(0, 15).Draw(t, "unmasked")))
				fmt.Fprintf(&q.text, "0x%x%016x/0x%x%016x ", v.And(mask).Hi, v.And(mask).Lo, mask.Hi, mask.Lo)
			} else {
				fmt.Fprintf(&q.text, "%#x ", v.Lo)
			}
		}
		q.text.WriteByte('}')
	case 2:
		fmt.Fprintf(&q.text, "%s %s %#x", f.name, rapid.SampledFrom([]string{"<", "<=", ">", ">=", "!=", "=="}).Draw(t, "op"), constant().Lo)
	case 3:
		fmt.Fprintf(&q.text, "%#x <= %s < %#x", constant().Lo, f.name, constant().Lo)
	default:
		fmt.Fprintf(&q.text, "inport == {\"a\", \"b\"}")
	}
}

// packet makes a packet whose fields are near the constants of the expression, or anywhere.
func (q *quiz) packet(t *rapid.T, symtab *Symtab) *Packet {
	p := new(Packet)
	p.Set(flow.EthType, lex.Uint(rapid.SampledFrom([]uint64{ethIPv4, ethIPv6, 0x1234}).Draw(t, "eth.type")))
	p.Set(flow.IPProto, lex.Uint(rapid.SampledFrom([]uint64{protoTCP, protoUDP}).Draw(t, "ip.proto")))
	p.Set(flow.Reg[14], lex.Uint(rapid.Uint64Range(0, 3).Draw(t, "inport")))
	for _, f := range quizFields {
		name, _, _ := strings.Cut(f.name, "[")
		s := symtab.Lookup(name)
		v := lex.Value{Hi: rapid.Uint64().Draw(t, name), Lo: rapid.Uint64().Draw(t, name)}
		if near := q.constants[name]; len(near) > 0 && rapid.IntRange(0, 5).Draw(t, "near") > 0 {
			v = rapid.SampledFrom(near).Draw(t, name)
			v.Lo += rapid.SampledFrom([]uint64{0, 0, 0, 1, ^uint64(0), 16}).Draw(t, "off by")
			v.Lo ^= rapid.SampledFrom([]uint64{0, 0, 1, 2, 4, 8, 1 << 7, 1 << 12}).Draw(t, "flipped")
		}
		q.place(p, s, f.name, v)
	}
	return p
}

// place puts a value where the bits of the field are.
func (q *quiz) place(p *Packet, s *Symbol, name string, v lex.Value) {
	parsed := parser{lexer: lex.New(name), symtab: quizSymtab}
	f, _ := parsed.field()
	at := f.Resolve()
	old := p.Get(at.Field).AndNot(lex.Ones(at.Bits).Shl(at.Offset))
	p.Set(at.Field, old.Or(v.And(lex.Ones(at.Bits)).Shl(at.Offset)))
	if s.Name == "vlan.vid" || s.Name == "vlan.pcp" {
		tci := p.Get(flow.VLANTCI)
		if !tci.Bit(12) { // a packet without a tag has nothing in its place
			p.Set(flow.VLANTCI, lex.Uint(v.Lo>>5&1*vlanPresent).Or(tci.And(lex.Uint(v.Lo>>5&1*0xffff))))
		}
	}
}

var quizSymtab = LogicalFields(dialect.OVN2603())

func TestMeaning(t *testing.T) {
	dialects := []*dialect.Dialect{dialect.Default(), dialect.OVN2303(), dialect.OVN2603()}
	skipped, compared := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		q := &quiz{constants: make(map[string][]lex.Value)}
		q.expression(t, 2)
		annotated, err := Parse(q.text.String(), &Env{Symtab: quizSymtab})
		if errors.Is(err, lex.ErrSyntax) {
			t.Skip("not an expression: ", err)
		}
		if err := annotated.Annotate(quizSymtab); err != nil {
			t.Fatal(err)
		}
		packets := make([]*Packet, 40)
		for i := range packets {
			packets[i] = q.packet(t, quizSymtab)
		}
		for _, d := range dialects {
			if !meansTheSame(t, annotated, d, packets) {
				skipped++
			}
			compared++
		}
	})
	if skipped*2 > compared {
		t.Errorf("%d of %d comparisons were skipped", skipped, compared)
	}
}

// meansTheSame compares the stages of an expression in one dialect; false when there was nothing to compare, because there would be
// too many flows.
func meansTheSame(t *rapid.T, annotated *Expr, d *dialect.Dialect, packets []*Packet) bool {
	simple := annotated.Clone()
	simple.Simplify(d.Negation)
	normal := simple.Clone()
	if err := normal.Normalize(d, 3000); errors.Is(err, ErrLimit) {
		return false
	} else if err != nil {
		t.Fatal(err)
	}
	matches, err := normal.Matches(d, &MatchOptions{Port: quizPort})
	if errors.Is(err, ErrLimit) || errors.Is(err, ErrNoMatch) {
		return false
	} else if err != nil {
		t.Fatal(err)
	}
	for i := range matches {
		if !matches[i].IsCanonical() {
			t.Fatalf("%s: %s is not canonical", d.Name, matches[i].Text())
		}
		if matches[i].asked != nil {
			return false // the dialect loses a part of it
		}
	}
	for _, p := range packets {
		want := annotated.Evaluate(p, quizPort)
		if got := simple.Evaluate(p, quizPort); got != want {
			t.Fatalf("%s: %s\nsimplified is %s\nand %v instead of %v", d.Name, annotated, simple, got, want)
		}
		if got := normal.Evaluate(p, quizPort); got != want {
			t.Fatalf("%s: %s\nnormalized is %s\nand %v instead of %v", d.Name, annotated, normal, got, want)
		}
		if got := Hit(matches, p); got != want {
			t.Fatalf("%s: %s\nhits %v instead of %v with %d flows", d.Name, annotated, got, want, len(matches))
		}
	}
	return true
}

func quizPort(name string) (uint32, bool) {
	switch name {
	case "a":
		return 1, true
	case "b":
		return 2, true
	}
	return 0, false
}
