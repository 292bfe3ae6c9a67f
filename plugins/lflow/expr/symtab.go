package expr

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Symtab is a table of symbols. Once its symbols are in, it is not changed any more and may be used by any number of goroutines.
type Symtab struct {
	symbols map[string]*Symbol
}

// NewSymtab is an empty table. LogicalFields makes the one of OVN.
func NewSymtab() *Symtab { return &Symtab{symbols: make(map[string]*Symbol)} }

// Lookup finds a symbol, nil when there is none of that name.
func (t *Symtab) Lookup(name string) *Symbol { return t.symbols[name] }

// All is all symbols in the order of their names.
func (t *Symtab) All() iter.Seq[*Symbol] {
	return func(yield func(*Symbol) bool) {
		for _, name := range slices.Sorted(maps.Keys(t.symbols)) {
			if !yield(t.symbols[name]) {
				return
			}
		}
	}
}

func (t *Symtab) add(s *Symbol) error {
	if t.symbols[s.Name] != nil {
		return fmt.Errorf("symbol %s is there already", s.Name)
	}
	t.symbols[s.Name] = s
	return nil
}

// FieldOptions is what may be said of a new symbol beside its name.
type FieldOptions struct {
	Prereqs      string
	CrossProduct bool
	Write        Scope // taken only when OpenFlow lets the field be written
}

// AddField adds an OpenFlow field, named as on the wire, such as "OXM_OF_TCP_DST".
func (t *Symtab) AddField(name, oxm string, o FieldOptions) error {
	s, err := newSymbol(name, oxm, o)
	if err != nil {
		return err
	}
	s.Width = s.Field.Bits()
	if s.Field.Maskable() {
		s.Level = Ordinal
	}
	return t.add(s)
}

// AddString adds a field whose values are names of logical ports, and numbers in OpenFlow.
func (t *Symtab) AddString(name, oxm string, o FieldOptions) error {
	s, err := newSymbol(name, oxm, o)
	if err != nil {
		return err
	}
	return t.add(s)
}

func newSymbol(name, oxm string, o FieldOptions) (*Symbol, error) {
	f, ok := flow.FieldByName(oxm)
	if !ok {
		return nil, fmt.Errorf("symbol %s: no field %s", name, oxm)
	}
	v, ok := viewOf(f)
	if !ok {
		return nil, fmt.Errorf("symbol %s: %s is not a field that logical flows match", name, oxm)
	}
	s := &Symbol{Name: name, Field: f, OXM: oxm, Prereqs: o.Prereqs, CrossProduct: o.CrossProduct, view: v}
	if f.Writable() {
		s.Write = o.Write
	}
	return s, nil
}

// AddSubfield adds bits of an ordinal symbol, such as "xxreg0[96..127]".
func (t *Symtab) AddSubfield(name, of string, o FieldOptions) error {
	p := parser{lexer: lex.New(of), symtab: t}
	f, _ := p.field()
	p.lexer.ForceEnd()
	if err := p.lexer.Err(); err != nil {
		return fmt.Errorf("symbol %s: %s: %w", name, of, err)
	}
	s := &Symbol{Name: name, Parent: f.Symbol, ParentOffset: f.Offset, Width: f.Bits, Level: f.Symbol.Level, Prereqs: o.Prereqs}
	if f.Symbol.Write != 0 {
		s.Write = o.Write
	}
	return t.add(s)
}

// AddPredicate adds a name for an expression. The symbols it is made of must be there.
func (t *Symtab) AddPredicate(name, expression string) error {
	e, err := Parse(expression, &Env{Symtab: t})
	if err != nil {
		return fmt.Errorf("symbol %s: %s: %w", name, expression, err)
	}
	return t.add(&Symbol{Name: name, Width: 1, Level: e.level(e.root), Predicate: expression})
}

// AddPseudo adds a field that only actions know.
func (t *Symtab) AddPseudo(name string, width int) error {
	return t.add(&Symbol{Name: name, Width: width, Pseudo: true, Write: WriteDefault | WriteCTCommit})
}
