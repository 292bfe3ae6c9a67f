package expr

import (
	"slices"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// Constant is one constant: a string, or an integer with an optional mask.
type Constant struct {
	Text        string // of a string; of an integer wider than any field, as lex.Token has it
	Value, Mask lex.Value
	Format      lex.Format
	Masked      bool
	// Set is the name of the address set that an integer comes from, "" if it stood in the text.
	Set string
}

// Type is what a constant is. A ConstantSet has constants of one type.
type Type uint8

const (
	Integer Type = iota
	String
)

func (t Type) String() string { return [...]string{"integer", "string"}[t] }

// Append appends the constant so that it can be read again.
func (c *Constant) Append(b []byte, t Type) []byte {
	if t == String {
		return lex.AppendQuoted(b, c.Text)
	}
	return c.token().Append(b)
}

// token is an integer as the lexer has it.
func (c *Constant) token() lex.Token {
	t := lex.Token{Kind: lex.Integer, Format: c.Format, Value: c.Value, Mask: c.Mask, Text: c.Text}
	if c.Masked {
		t.Kind = lex.MaskedInteger
	}
	return t
}

// width is the number of bits that a field needs to have for the constant.
func (c *Constant) width() int {
	if n := c.Format.Bits(); n != 0 && !c.Masked {
		return n
	}
	t := c.token()
	return t.Bits()
}

// compare orders integers by value, and of the same value those with a mask first.
func (c *Constant) compare(d *Constant) int {
	if n := c.Value.Compare(d.Value); n != 0 || !c.Masked && !d.Masked {
		return n
	}
	switch {
	case !d.Masked:
		return -1
	case !c.Masked:
		return 1
	}
	return c.Mask.Compare(d.Mask)
}

// ConstantSet is constants of one type: what stands between braces, an address set, or a port group.
type ConstantSet struct {
	Type     Type
	Values   []Constant // of an address set or a port group in order, each once
	InBraces bool

	widest int // of an address set: the index of a constant that needs as many bits as any
	whole  int // of a part of sets: how many constants all of them have; otherwise 0
}

// Append appends the set so that it can be read again.
func (s *ConstantSet) Append(b []byte) []byte {
	braces := s.InBraces || len(s.Values) != 1
	if braces {
		b = append(b, '{')
	}
	for i := range s.Values {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = s.Values[i].Append(b, s.Type)
	}
	if braces {
		b = append(b, '}')
	}
	return b
}

// NewAddressSet makes the set of an Address_Set (ovn-sb(5)): addresses as text, in any order. Those that are none are left out
// and returned. Duplicates are left out, and unless the dialect keeps subsets, addresses in a prefix that is there too. The name
// is that by which matches ask for the set.
func NewAddressSet(name string, addresses []string, d *dialect.Dialect) (set *ConstantSet, bad []string) {
	set = &ConstantSet{Type: Integer, Values: make([]Constant, 0, len(addresses)), InBraces: true}
	var l lex.Lexer
	for _, a := range addresses {
		l.Reset(a)
		t := &l.Token
		if t.Kind != lex.Integer && t.Kind != lex.MaskedInteger {
			bad = append(bad, a)
			continue
		}
		set.Values = append(set.Values, Constant{
			Text: t.Text, Value: t.Value, Mask: t.Mask, Format: t.Format, Masked: t.Kind == lex.MaskedInteger, Set: name,
		})
	}
	slices.SortFunc(set.Values, func(a, b Constant) int { return a.compare(&b) })
	n, width := 0, 0
	for _, c := range set.Values {
		if n > 0 && (c.compare(&set.Values[n-1]) == 0 || !d.KeepSubsets && set.Values[n-1].covers(&c)) {
			continue
		}
		set.Values[n] = c
		if w := c.width(); w > width {
			set.widest, width = n, w
		}
		n++
	}
	set.Values = set.Values[:n]
	return set, bad
}

// covers says whether the constant matches all that d does.
func (c *Constant) covers(d *Constant) bool {
	switch {
	case !c.Masked:
		return !d.Masked && c.Value == d.Value
	case d.Masked && !d.Mask.Contains(c.Mask):
		return false
	}
	return d.Value.And(c.Mask) == c.Value
}

// NewPortGroup makes the set of a Port_Group (ovn-sb(5)): names of logical ports, in any order. Ports that are not of interest here may
// be left out of it.
func NewPortGroup(ports []string) *ConstantSet {
	set := &ConstantSet{Type: String, Values: make([]Constant, len(ports)), InBraces: true}
	for i, p := range ports {
		set.Values[i].Text = p
	}
	set.sort()
	return set
}
