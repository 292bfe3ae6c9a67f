package vectors

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// An exhaustive case is a command line of OVN's test program, which makes all expressions of a size over a few small variables,
// and what the program prints in the end: how many there were. Here they are made too, as text, each with its truth table, and
// what flowhost makes of the text has to have the same truth table.

// exhaustive is what a command line asks for.
type exhaustive struct {
	operation    string // convert, simplify, normalize or flow: how far to go
	terminals    int
	nvars, svars int // numeric and string variables
	bits         int // of each numeric one
	relops       []string
}

func checkExhaustive(v *version) check {
	return func(line []byte) error {
		var c struct{ Command, Expected string }
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		x, err := parseCommand(c.Command)
		if err != nil {
			return err
		}
		tested, err := x.run(v)
		if err != nil {
			return err
		}
		return differs("result", x.report(tested), c.Expected)
	}
}

func parseCommand(command string) (x exhaustive, err error) {
	x = exhaustive{operation: "flow", nvars: 2, svars: 2, bits: 3, relops: []string{"==", "!=", "<", "<=", ">", ">="}}
	for _, word := range strings.Fields(command)[2:] {
		name, value, isOption := strings.Cut(word, "=")
		value = strings.Trim(value, "'")
		switch {
		case !isOption:
			x.terminals, err = strconv.Atoi(word)
		case name == "--operation":
			x.operation = value
		case name == "--nvars":
			x.nvars, err = strconv.Atoi(value)
		case name == "--svars":
			x.svars, err = strconv.Atoi(value)
		case name == "--bits":
			x.bits, err = strconv.Atoi(value)
		case name == "--relops":
			x.relops = strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ',' })
		default:
			err = fmt.Errorf("option %s is not known", word)
		}
		if err != nil {
			return x, err
		}
	}
	if x.ways() > maxWays {
		return x, fmt.Errorf("%d ways to give the variables values, and there is room for %d", x.ways(), maxWays)
	}
	return x, nil
}

// report is what the program prints.
func (x *exhaustive) report(tested int) string {
	verb := map[string]string{"convert": "converting", "simplify": "simplifying", "normalize": "normalizing", "flow": "converting to flows"}
	text := "Tested " + verb[x.operation]
	if tested > 0 {
		text += fmt.Sprintf(" %d expressions of %d terminals", tested, x.terminals)
	} else {
		text += fmt.Sprintf(" all %d-terminal expressions", x.terminals)
	}
	switch {
	case x.nvars > 0:
		text += fmt.Sprintf(" with %d numeric vars (each %d bits) in terms of operators %s", x.nvars, x.bits, strings.Join(x.relops, " "))
		if x.svars > 0 {
			text += fmt.Sprintf(" and %d string vars", x.svars)
		}
	case x.svars > 0:
		text += fmt.Sprintf(" with %d string vars", x.svars)
	default:
		text += " in terms of Boolean constants only"
	}
	return text + "."
}

// run makes the expressions and tests them. As the program does, it leaves the first terminal as it is, and begins with the
// second choice of the others.
func (x *exhaustive) run(v *version) (tested int, err error) {
	t := x.tester(v)
	terminals := x.allTerminals()
	choice := make([]int, x.terminals)
	chosen := make([]*terminal, x.terminals)
	for _, base := range []operator{and, or} {
		for _, s := range shapes(x.terminals) {
			clear(choice)
			for next(choice, len(terminals)) {
				for i, c := range choice {
					chosen[i] = &terminals[c]
				}
				b := builder{leaves: chosen, text: t.text[:0], words: (x.ways() + 63) / 64}
				want := b.build(s, base)
				t.text = b.text
				if tested++; tested%everyNth != 0 {
					continue
				}
				if err := t.test(string(b.text), &want); err != nil {
					return tested, err
				}
			}
		}
	}
	return tested, nil
}

// next counts all but the first digit up, and is false when it is at the end.
func next(digits []int, base int) bool {
	for i := len(digits) - 1; i > 0; i-- {
		if digits[i]++; digits[i] < base {
			return true
		}
		digits[i] = 0
	}
	return false
}

// shape is a tree with leaves: none of its own children for a leaf, two or more otherwise. Operators alternate from level to
// level.
type shape struct{ children []*shape }

// shapes are all trees with n leaves.
func shapes(n int) (all []*shape) {
	if n == 1 {
		return []*shape{{}}
	}
	for _, children := range forests(n) {
		if len(children) > 1 {
			all = append(all, &shape{children})
		}
	}
	return all
}

// forests are all lists of trees with n leaves together; those of one tree only for n == 1.
func forests(n int) (all [][]*shape) {
	if n == 0 {
		return [][]*shape{nil}
	}
	if n == 1 {
		return [][]*shape{{{}}}
	}
	for first := 1; first < n; first++ {
		for _, tree := range shapes(first) {
			for _, rest := range restForests(n - first) {
				all = append(all, append([]*shape{tree}, rest...))
			}
		}
	}
	return all
}

// restForests are all lists of at least one tree with n leaves together.
func restForests(n int) (all [][]*shape) {
	for _, tree := range shapes(n) {
		all = append(all, []*shape{tree})
	}
	if n > 1 {
		all = append(all, forests(n)...)
	}
	return all
}

// terminal is a leaf: a comparison or a constant, as text and as its truth table.
type terminal struct {
	text string
	truth
}

// truth is a truth table: bit i of it all is the value for the i-th way to give the variables values.
type truth [maxWays / 64]uint64

// maxWays is the most ways that there is room for: four variables of three bits, or what is as large.
const maxWays = 4096

func (t *truth) holds(way int) bool { return t[way/64]>>(way%64)&1 != 0 }

func (x *exhaustive) ways() int { return 1 << (x.bits*x.nvars + x.svars) }

// value is the value of a variable, numeric ones first, in the i-th way.
func (x *exhaustive) value(variable, way int) uint64 {
	if variable < x.nvars {
		return uint64(way>>(variable*x.bits)) & (1<<x.bits - 1)
	}
	return uint64(way>>(x.nvars*x.bits+variable-x.nvars)) & 1
}

func (x *exhaustive) truth(holds func(way int) bool) (t truth) {
	for way := range x.ways() {
		if holds(way) {
			t[way/64] |= 1 << (way % 64)
		}
	}
	return t
}

// allTerminals are all comparisons of each variable, and both constants, in the order of the program.
func (x *exhaustive) allTerminals() (all []terminal) {
	for n := range x.nvars {
		for _, op := range x.relops {
			all = append(all, x.comparisons(n, op)...)
		}
	}
	for s := range x.svars {
		for v := range uint64(2) {
			holds := func(way int) bool { return x.value(x.nvars+s, way) == v }
			all = append(all, terminal{fmt.Sprintf("s%d == \"%d\"", s, v), x.truth(holds)})
		}
	}
	all = append(all, terminal{"0", x.truth(func(int) bool { return false })})
	return append(all, terminal{"1", x.truth(func(int) bool { return true })})
}

// comparisons are a variable compared with each value under each mask; an order only under masks with all ones in a row.
func (x *exhaustive) comparisons(n int, op string) (all []terminal) {
	for mask := range uint64(1) << x.bits {
		low := mask & -mask
		row := mask != 0 && (mask+low)&mask == 0
		for value := range uint64(1) << x.bits {
			if value&^mask != 0 || !row && op != "==" && op != "!=" {
				continue
			}
			holds := func(way int) bool { return compare(x.value(n, way)&mask, op, value) }
			all = append(all, terminal{comparisonText(fmt.Sprintf("n%d", n), op, value, mask, row), x.truth(holds)})
		}
	}
	return all
}

func compare(a uint64, op string, b uint64) bool {
	switch op {
	case "==":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	}
	return a >= b
}

// comparisonText writes bits in a row as a part of the field, and others with a mask.
func comparisonText(name, op string, value, mask uint64, row bool) string {
	if !row {
		return fmt.Sprintf("%s %s %#x/%#x", name, op, value, mask)
	}
	first := 0
	for mask>>first&1 == 0 {
		first++
	}
	last := first
	for mask>>last&1 == 1 {
		last++
	}
	return fmt.Sprintf("%s[%d..%d] %s %#x", name, first, last-1, op, value>>first)
}

// operator is a logical operator, as text.
type operator string

const (
	and operator = " && "
	or  operator = " || "
)

// builder makes the text of an expression from its leaves.
type builder struct {
	leaves []*terminal // those not used yet
	text   []byte
	words  int // of the truth tables that are used
}

// build appends the text of a shape and returns its truth table.
func (b *builder) build(s *shape, o operator) truth {
	if s.children == nil {
		t := b.leaves[0]
		b.leaves = b.leaves[1:]
		b.text = append(b.text, t.text...)
		return t.truth
	}
	other := and
	if o == and {
		other = or
	}
	var all truth
	for i, child := range s.children {
		if i > 0 {
			b.text = append(b.text, o...)
		}
		t := b.operand(child, other)
		for w := range b.words {
			switch {
			case i == 0:
				all[w] = t[w]
			case o == and:
				all[w] &= t[w]
			default:
				all[w] |= t[w]
			}
		}
	}
	return all
}

func (b *builder) operand(s *shape, o operator) truth {
	if s.children == nil {
		return b.build(s, o)
	}
	b.text = append(b.text, '(')
	t := b.build(s, o)
	b.text = append(b.text, ')')
	return t
}

// tester compares what flowhost makes of an expression with its truth table.
type tester struct {
	x       *exhaustive
	version *version
	env     *expr.Env
	packets []expr.Packet // one for each way to give the variables values
	e       expr.Expr
	text    []byte // memory
}

func (x *exhaustive) tester(v *version) *tester {
	symtab := expr.NewSymtab()
	for i := range x.nvars {
		must(symtab.AddField(fmt.Sprintf("n%d", i), fmt.Sprintf("NXM_NX_REG%d", i), expr.FieldOptions{}))
	}
	for i := range x.svars {
		must(symtab.AddString(fmt.Sprintf("s%d", i), fmt.Sprintf("NXM_NX_REG%d", x.nvars+i), expr.FieldOptions{}))
	}
	t := &tester{x: x, version: v, env: &expr.Env{Symtab: symtab}, packets: make([]expr.Packet, x.ways())}
	for way := range t.packets {
		for i := range x.nvars + x.svars {
			t.packets[way].Set(flow.Reg[i], lex.Uint(x.value(i, way)))
		}
	}
	return t
}

func port(name string) (uint32, bool) {
	number, err := strconv.Atoi(name)
	return uint32(number), err == nil
}

// test runs one expression up to the stage of the operation.
func (t *tester) test(text string, want *truth) error {
	if err := t.reach(text); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	for way := range t.packets {
		if got := t.e.Evaluate(&t.packets[way], port); got != want.holds(way) {
			return fmt.Errorf("%s became %s, which is %v for way %d", text, &t.e, got, way)
		}
	}
	if t.x.operation != "flow" {
		return nil
	}
	matches, err := t.e.Matches(t.version.dialect, &expr.MatchOptions{Port: port})
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	for way := range t.packets {
		if got := expr.Hit(matches, &t.packets[way]); got != want.holds(way) {
			return fmt.Errorf("%s became flows of which %v holds for way %d: %v", text, got, way, matches)
		}
	}
	return nil
}

// reach makes t.e the expression at the stage of the operation. To convert is to print and read again.
func (t *tester) reach(text string) error {
	if err := t.e.Parse(text, t.env); err != nil {
		return err
	}
	if t.x.operation == "convert" {
		return t.e.Parse(t.e.String(), t.env)
	}
	t.e.Simplify(t.version.dialect.Negation)
	if t.x.operation == "simplify" {
		return nil
	}
	return t.e.Normalize(t.version.dialect, 0)
}
