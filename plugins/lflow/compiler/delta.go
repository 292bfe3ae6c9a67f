package compiler

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Change is an address set or port group that has become another one. It does not change once it is made.
type Change struct {
	Kind          Kind
	Name          string // as in a Read
	Before, After *expr.ConstantSet
	// Port is what Network.Port has said, before, of ports that have left a port group; they are taken to have been Related. nil: the
	// Network says of them still what it said before.
	Port func(datapath uuid.UUID, name string) (key uint32, ok bool)

	added, removed []expr.Constant
}

// NewChange finds out in what two sets differ.
func NewChange(kind Kind, name string, before, after *expr.ConstantSet) *Change {
	c := &Change{Kind: kind, Name: name, Before: before, After: after}
	c.added, c.removed = before.Diff(after)
	return c
}

// isAbout says whether the change tells what was said of a port.
func (c *Change) isAbout(port string) bool {
	if c == nil || c.Port == nil {
		return false
	}
	_, is := slices.BinarySearchFunc(c.removed, port, func(gone expr.Constant, port string) int { return strings.Compare(gone.Text, port) })
	return is
}

// Delta is the flows that the row (see Read) gets and loses in a datapath because of a change, when nothing else changes: what Flows would
// make has all of added and none of removed, where it had none of added and all of removed before. It costs what the members that come
// and go cost, however large the set is. The Network has the set as it is after the change. A flow that has other actions now is removed
// and added. Reads are those of added, besides what the row has been made of already; Groups and Meters are no others than they were.
//
// ok is false when that cannot be told (package expr, ErrEntangled): all flows of the row have to be made anew then.
func (c *Compiler) Delta(datapath Datapath, change *Change) (added, removed []flow.Flow, ok bool) {
	c.datapath = &datapath
	if c.isTaggedElsewhere() {
		return nil, nil, true
	}
	d := delta{Compiler: c, change: change, text: lex.ExpandTemplates(c.row.Match, c.reader.template), sets: map[Read]*expr.ConstantSet{}}
	switch ok := d.find(); {
	case !ok || d.mentionsGone():
		return nil, nil, false
	case d.sets[d.changed()] == nil: // it is a port group of another datapath
		return nil, nil, true
	case !d.choose():
		return nil, nil, false
	}
	before, ok := d.before()
	if !ok {
		return nil, nil, false
	}
	after, ok := d.flows(change.After)
	if !ok || (len(before) == 0) != (len(after) == 0) { // what the actions were made of is read only when there are flows
		return nil, nil, false
	}
	return without(after, before), without(before, after), true
}

// without are the flows that others are not.
func without(flows, others []flow.Flow) (rest []flow.Flow) {
	known := make(map[flow.Flow]struct{}, len(others))
	for _, f := range others {
		known[f] = struct{}{}
	}
	for _, f := range flows {
		if _, is := known[f]; !is {
			rest = append(rest, f)
		}
	}
	return rest
}

// delta is one call of Delta.
type delta struct {
	*Compiler
	change *Change
	text   string                     // of the match
	sets   map[Read]*expr.ConstantSet // those that the text names
	// chosen are the members that parts of sets have, by their type, as far as the sets have them.
	chosen [2][]expr.Constant
}

func (d *delta) changed() Read { return Read{Kind: d.change.Kind, Name: d.change.Name} }

// find finds the sets that the match names.
func (d *delta) find() bool {
	var l lex.Lexer
	for l.Reset(d.text); l.Token.Kind != lex.End && l.Token.Kind != lex.Bad; l.Next() {
		var read Read
		switch l.Token.Kind {
		case lex.Macro:
			read = Read{Kind: AddressSet, Name: l.Token.Text}
		case lex.PortGroup:
			read = Read{Kind: PortGroup, Name: d.portGroupName(l.Token.Text)}
		default:
			continue
		}
		set := d.change.After
		switch {
		case read == d.changed():
		case read.Kind == AddressSet:
			set = d.reader.addressSet(read.Name)
		default:
			set = d.reader.portGroup(read.Name)
		}
		if set == nil {
			return false
		}
		d.sets[read] = set
	}
	return l.Token.Kind == lex.End
}

// mentionsGone says whether a port of which only the change knows what was said of it is known to the row by other ways too.
func (d *delta) mentionsGone() bool {
	if d.change.Port == nil {
		return false
	}
	for i := range d.change.removed {
		gone := &d.change.removed[i]
		quoted := string(lex.AppendQuoted(nil, gone.Text))
		for _, text := range []string{d.text, d.row.Actions} {
			if strings.Contains(text, quoted) || strings.ContainsAny(text, "\\^") { // there are other ways to write it
				return true
			}
		}
		for _, set := range d.sets {
			if set.Type == expr.String && set.Has(gone) {
				return true
			}
		}
	}
	return false
}

// few is how many members of a set stand for those that stay: they are alternatives, as any larger number is.
const few = 2

// choose chooses the members of parts.
func (d *delta) choose() bool {
	for read, set := range d.sets {
		var except []expr.Constant
		if read == d.changed() {
			except = d.change.added
			d.use(d.change.Before, d.change.removed)
			d.use(d.change.After, d.change.added)
		}
		stay, known := d.some(set, except)
		if read == d.changed() && (len(stay) < few || !known) {
			return false
		}
		d.use(set, stay)
	}
	return true
}

// use chooses members of a set, and those that it cannot do without.
func (d *delta) use(set *expr.ConstantSet, members []expr.Constant) {
	chosen := &d.chosen[set.Type]
	*chosen = append(*chosen, members...)
	if set.Type == expr.Integer && len(set.Values) > 0 {
		*chosen = append(*chosen, set.Decisive()...)
	}
}

// some are a few members of a set, except for some. If any is an address or a known port, so that it can match, one of these is.
func (d *delta) some(set *expr.ConstantSet, except []expr.Constant) (some []expr.Constant, known bool) {
	for _, m := range set.Values {
		if len(some) == few && known {
			break
		}
		if len(except) > 0 && except[0] == m {
			except = except[1:] // both are in the same order
			continue
		}
		is := set.Type == expr.Integer
		if is && len(some) > 0 && some[0].Value == m.Value { // maybe the same: 10.0.0.1 and 10.0.0.1/32
			continue
		}
		if !is {
			_, is = d.reader.port(d.datapath.ID, m.Text)
		}
		switch {
		case len(some) < few:
			some = append(some, m)
		case is:
			some[0] = m
		}
		known = known || is
	}
	return some, known
}

// before makes the flows of before, of which nobody needs to know what they were made of.
func (d *delta) before() ([]flow.Flow, bool) {
	reads, groups, meters := d.reader.reads, d.groups, d.meters
	d.reader.reads, d.reader.past = map[Read]struct{}{}, d.change
	defer func() { d.reader.reads, d.reader.past, d.groups, d.meters = reads, nil, groups, meters }()
	return d.flows(d.change.Before)
}

// flows makes flows of parts of sets. The one that changes is given.
func (d *delta) flows(changed *expr.ConstantSet) ([]flow.Flow, bool) {
	part := func(read Read) *expr.ConstantSet {
		set := d.sets[read]
		switch {
		case read == d.changed():
			set = changed
		case len(set.Values) <= few:
			return set
		}
		return set.Part(d.chosen[set.Type])
	}
	d.part.Env.AddressSet = func(name string) *expr.ConstantSet { return part(Read{Kind: AddressSet, Name: name}) }
	d.part.Env.PortGroup = func(name string) *expr.ConstantSet { return part(Read{Kind: PortGroup, Name: d.portGroupName(name)}) }
	e, err := d.part.Compile(d.text, d.list.Prereqs())
	if err != nil {
		return nil, false
	}
	flows, err := d.Compiler.flows(e)
	return flows, err == nil
}
