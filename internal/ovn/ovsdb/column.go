package ovsdb

import (
	"cmp"
	"maps"
	"slices"

	"github.com/google/uuid"
)

// codec reads the values of one column into the field that a model has for it, and compares such fields. There is one
// implementation for each of the shapes that modelgen makes: scalar T, optional *T, set []T, dict map[K]V.
//
// A field is given by its address, the pointer to it inside an any: *T, **T, *[]T, *map[K]V.
//
// Immutable: what a field holds is shared with older versions of the row; it is replaced, never changed.
type codec interface {
	// read replaces the field by the value that comes.
	read(p *parser, field any)
	// apply replaces the field by what an update2 "modify" makes of it (ovsdb-server(7) 4.1.14). Only for columns of more
	// than one value; for others the difference is the new value.
	apply(p *parser, field any)
	equal(a, b any) bool
}

// atom reads one value that is neither set nor map, RFC 7047 §5.1.
type atom[T any] struct {
	read func(p *parser) T
	// tagged reads on after ["uuid", for the one kind of atom that is written as a list; nil for others.
	tagged func(p *parser) T
	// pointer gives a value an address, which may be shared; nil: one of its own.
	pointer func(p *parser, value T) *T
}

var (
	stringAtom  = atom[string]{read: (*parser).text, pointer: sharedString}
	integerAtom = atom[int]{read: (*parser).integer}
	realAtom    = atom[float64]{read: (*parser).real}
	booleanAtom = atom[bool]{read: (*parser).boolean}
	uuidAtom    = atom[string]{read: readUUID, tagged: readTaggedUUID, pointer: sharedString}
)

func sharedString(p *parser, value string) *string { return p.strings.pointer(value) }

// readUUID reads ["uuid", "…"].
func readUUID(p *parser) string {
	p.enter('[')
	p.tag("uuid")
	return readTaggedUUID(p)
}

func readTaggedUUID(p *parser) string {
	p.item()
	text := p.str()
	if p.err == nil && len(text) != uuidLength {
		p.fail("%q where a uuid should be", text)
	}
	id := p.strings.intern(text)
	p.leave(']')
	return id
}

// uuid reads a string that is a uuid.
func (p *parser) uuid() uuid.UUID { return p.id(p.str()) }

// id reads a uuid from its text.
func (p *parser) id(text []byte) uuid.UUID {
	id, err := uuid.ParseBytes(text)
	if p.err == nil && (err != nil || len(text) != uuidLength) {
		p.fail("%q where a uuid should be", text)
	}
	return id
}

// tag reads the string at the start of a list that says what it stands for.
func (p *parser) tag(want string) {
	p.item()
	if got := p.str(); p.err == nil && string(got) != want {
		p.fail("%q where %q should be", got, want)
	}
}

// elements reads a set: ["set", […]], or its only element alone.
func (a atom[T]) elements(p *parser, list []T) []T {
	if p.peek() != '[' {
		return append(list, a.read(p))
	}
	p.enter('[')
	p.item()
	switch tag := p.str(); {
	case string(tag) == "set":
		p.item()
		for p.enter('['); p.more(']'); {
			list = append(list, a.read(p))
		}
		p.leave(']')
	case string(tag) == "uuid" && a.tagged != nil:
		list = append(list, a.tagged(p))
	default:
		p.fail("%q where a set should be", tag)
	}
	return list
}

type scalar[T comparable] struct{ atom atom[T] }

func (c scalar[T]) read(p *parser, field any) {
	var room [1]T
	list := c.atom.elements(p, room[:0])
	switch {
	case len(list) == 1:
		*field.(*T) = list[0]
	case len(list) == 0:
		*field.(*T) = *new(T)
	default:
		p.fail("%d values in a column of one", len(list))
	}
}

func (c scalar[T]) apply(p *parser, field any) { c.read(p, field) }

func (scalar[T]) equal(a, b any) bool { return *a.(*T) == *b.(*T) }

type optional[T comparable] struct{ atom atom[T] }

func (c optional[T]) read(p *parser, field any) {
	var room [1]T
	list := c.atom.elements(p, room[:0])
	switch {
	case len(list) == 1 && c.atom.pointer != nil:
		*field.(**T) = c.atom.pointer(p, list[0])
	case len(list) == 1:
		value := list[0]
		*field.(**T) = &value
	case len(list) == 0:
		*field.(**T) = nil
	default:
		p.fail("%d values in a column of at most one", len(list))
	}
}

func (c optional[T]) apply(p *parser, field any) { c.read(p, field) }

func (optional[T]) equal(a, b any) bool {
	x, y := *a.(**T), *b.(**T)
	return x == y || x != nil && y != nil && *x == *y
}

// set keeps its elements sorted, as the server does: so two equal sets are equal slices. An empty one is nil.
type set[T cmp.Ordered] struct{ atom atom[T] }

func (c set[T]) read(p *parser, field any) { *field.(*[]T) = c.sorted(p) }

func (c set[T]) sorted(p *parser) []T {
	list := c.atom.elements(p, nil)
	if !slices.IsSorted(list) {
		slices.Sort(list)
	}
	return slices.Clip(slices.Compact(list))
}

// apply keeps the elements that only one of the two has.
func (c set[T]) apply(p *parser, field any) {
	old, diff := *field.(*[]T), c.sorted(p)
	var result []T
	for len(old) > 0 && len(diff) > 0 {
		switch order := cmp.Compare(old[0], diff[0]); {
		case order < 0:
			result, old = append(result, old[0]), old[1:]
		case order > 0:
			result, diff = append(result, diff[0]), diff[1:]
		default:
			old, diff = old[1:], diff[1:]
		}
	}
	*field.(*[]T) = append(append(result, old...), diff...)
}

func (set[T]) equal(a, b any) bool { return slices.Equal(*a.(*[]T), *b.(*[]T)) }

// dict is a map column. An empty one is nil.
type dict[K, V comparable] struct {
	key   atom[K]
	value atom[V]
}

func (c dict[K, V]) read(p *parser, field any) {
	var result map[K]V
	c.pairs(p, func(key K, value V) {
		if result == nil {
			result = make(map[K]V)
		}
		result[key] = value
	})
	*field.(*map[K]V) = result
}

// pairs reads ["map", [[key, value], …]].
func (c dict[K, V]) pairs(p *parser, yield func(K, V)) {
	p.enter('[')
	p.tag("map")
	p.item()
	for p.enter('['); p.more(']'); {
		p.enter('[')
		p.item()
		key := c.key.read(p)
		p.item()
		value := c.value.read(p)
		p.leave(']')
		if p.err == nil {
			yield(key, value)
		}
	}
	p.leave(']')
}

// apply adds pairs whose key is new, takes away those that are there just so, and changes the others.
func (c dict[K, V]) apply(p *parser, field any) {
	result := maps.Clone(*field.(*map[K]V))
	if result == nil {
		result = make(map[K]V)
	}
	c.pairs(p, func(key K, value V) {
		if held, ok := result[key]; ok && held == value {
			delete(result, key)
		} else {
			result[key] = value
		}
	})
	if len(result) == 0 {
		result = nil
	}
	*field.(*map[K]V) = result
}

func (dict[K, V]) equal(a, b any) bool { return maps.Equal(*a.(*map[K]V), *b.(*map[K]V)) }
