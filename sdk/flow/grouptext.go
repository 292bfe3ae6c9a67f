package flow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// String is the group as ovs-ofctl dump-groups prints it, such as
// "group_id=1,type=select,bucket=bucket_id:0,weight:5,actions=output:1". What is not canonical is printed in hexadecimal.
func (g Group) String() string {
	b := strconv.AppendUint([]byte("group_id="), uint64(g.ID), 10)
	if !g.IsCanonical() {
		b = strconv.AppendUint(append(b, ",type="...), uint64(g.Type), 10)
		b = appendLongHex(append(b, ",unknown("...), g.Buckets)
		return string(append(appendLongHex(append(b, ','), g.Properties), ')'))
	}
	b = append(append(b, ",type="...), groupTypeNames[g.Type]...)
	m, _ := readMethod(g.Properties)
	b = m.text(b)
	for off := 0; off < len(g.Buckets); {
		bucket, n, _ := readBucket(g.Buckets[off:], g.Type)
		b = bucket.text(append(b, ",bucket="...))
		off += n
	}
	return string(b)
}

func (m *wireMethod) text(b []byte) []byte {
	if m.name == "" {
		return b
	}
	b = append(append(b, ",selection_method="...), m.name...)
	if m.param != 0 {
		b = strconv.AppendUint(append(b, ",selection_method_param="...), m.param, 10)
	}
	if len(m.fields) == 0 {
		return b
	}
	if len(m.fields) == 1 {
		return m.fields[0].text(append(b, ",fields="...))
	}
	b = append(b, ",fields("...)
	for i, f := range m.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = f.text(b)
	}
	return append(b, ')')
}

func (f *wireHashField) text(b []byte) []byte {
	b = append(b, f.field.name...)
	if !allBytes(f.mask, 0xff) {
		b = f.field.appendValue(append(b, '='), f.mask, "")
	}
	return b
}

func (w *wireBucket) text(b []byte) []byte {
	b = strconv.AppendUint(append(b, "bucket_id:"...), uint64(w.id), 10)
	if w.weighted && w.weight != 1 {
		b = strconv.AppendUint(append(b, ",weight:"...), uint64(w.weight), 10)
	}
	if w.port != PortAny {
		b = appendPort(append(b, ",watch_port:"...), uint32(w.port))
	}
	if w.group != groupAny {
		b = strconv.AppendUint(append(b, ",watch_group:"...), uint64(w.group), 10)
	}
	b = append(b, ",actions="...)
	if w.actions == "" {
		return append(b, "drop"...)
	}
	return appendActions(b, w.actions)
}

var (
	errNoID   = errors.New("group_id= is missing")
	errNoType = errors.New("type= is missing")
)

// ParseGroup reads one group as ovs-ofctl add-group takes it and dump-groups prints it. Buckets that say no id get the lowest that
// is free. The error is an *Error that Is ErrSyntax, or ErrGroup.
func ParseGroup(text string) (Group, error) {
	head, buckets := cutBuckets(text)
	p := groupParser{taken: map[uint32]bool{}}
	for l := (lexer{text: head}); ; {
		arg, ok, err := l.next()
		if err != nil {
			return Group{}, err
		}
		if !ok {
			break
		}
		if err := p.head(arg); err != nil {
			return Group{}, syntaxError(arg.key, arg.offset, err)
		}
	}
	switch {
	case !p.hasID:
		return Group{}, syntaxError("", 0, errNoID)
	case !p.hasType:
		return Group{}, syntaxError("", 0, errNoType)
	}
	for _, b := range buckets {
		if err := p.bucket(b.text, b.offset); err != nil {
			return Group{}, syntaxError("bucket", b.offset, err)
		}
	}
	p.number()
	g, err := NewGroup(p.spec)
	if err != nil {
		return Group{}, syntaxError("", 0, err)
	}
	return g, nil
}

type bucketText struct {
	text   string
	offset int
}

// cutBuckets splits a group at its buckets.
func cutBuckets(text string) (head string, buckets []bucketText) {
	const word = "bucket="
	parts := strings.Split(text, word)
	at := len(parts[0])
	for _, p := range parts[1:] {
		at += len(word)
		buckets = append(buckets, bucketText{p, at})
		at += len(p)
	}
	return parts[0], buckets
}

type groupParser struct {
	spec           GroupSpec
	hasID, hasType bool
	unnumbered     []int           // buckets that say no id
	taken          map[uint32]bool // ids of buckets that say one
}

func (p *groupParser) head(arg argument) (err error) {
	var v uint64
	switch arg.key {
	case "group_id":
		v, err = parseUint(arg.value, 32)
		p.spec.ID, p.hasID = GroupID(v), true
	case "type":
		p.spec.Type, err = parseGroupType(arg.value)
		p.hasType = true
	case "selection_method":
		p.spec.Method.Name = arg.value
	case "selection_method_param":
		p.spec.Method.Param, err = parseUint(arg.value, 64)
	case "fields":
		inner := arg
		if arg.sep != '(' {
			f, err := parseHashField(argument{key: arg.value})
			p.spec.Method.Fields = append(p.spec.Method.Fields, f)
			return err
		}
		return inner.each(func(arg argument) error {
			f, err := parseHashField(arg)
			p.spec.Method.Fields = append(p.spec.Method.Fields, f)
			return err
		})
	default:
		err = errArgument
	}
	return err
}

// parseHashField reads "field" and "field=mask".
func parseHashField(arg argument) (Term, error) {
	name, mask, ok := strings.Cut(arg.key, "=")
	if arg.sep != 0 {
		mask, ok = arg.value, true
	}
	f, known := FieldByName(name)
	if !known {
		return Term{}, fmt.Errorf("%q: %w", name, errField)
	}
	t := Term{field: f, value: f.bytes(0), mask: string(ones(8*f.size, f.size))}
	if !ok {
		return t, nil
	}
	v, _, err := f.parseValue(mask)
	t.mask = v
	return t, err
}

func parseGroupType(s string) (GroupType, error) {
	if s == "fast_failover" {
		return GroupFastFailover, nil
	}
	i, err := nameIndex(s, groupTypeNames, errGroupType)
	return GroupType(i), err
}

// bucket reads "bucket_id:…,weight:…,watch_port:…,watch_group:…,actions=…", where "actions=" may be left out.
func (p *groupParser) bucket(text string, offset int) error {
	b := Bucket{}
	if p.spec.Type == GroupSelect {
		b.Weight = 1
	}
	numbered := false
	var actions actionParser
	l := lexer{text: text, base: offset}
	for {
		arg, ok, err := l.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if (arg.key == "actions" || arg.key == "action") && arg.sep != 0 {
			l.pos = arg.offset - offset + len(arg.key) + 1
			continue
		}
		var v uint64
		switch arg.key {
		case "bucket_id":
			v, err = parseUint(arg.value, 32)
			b.ID, numbered = uint32(v), true
		case "weight":
			v, err = parseUint(arg.value, 16)
			b.Weight = uint16(v)
		case "watch_port":
			var port uint32
			port, err = parsePort(arg.value)
			b.WatchPort = Port(port)
		case "watch_group":
			v, err = parseUint(arg.value, 32)
			b.WatchGroup, b.Watches = GroupID(v), true
		default:
			err = actions.action(arg)
		}
		if err != nil {
			return syntaxError(arg.key, arg.offset, err)
		}
	}
	b.Actions = actions.actions
	if numbered {
		p.taken[b.ID] = true
	} else {
		p.unnumbered = append(p.unnumbered, len(p.spec.Buckets))
	}
	p.spec.Buckets = append(p.spec.Buckets, b)
	return nil
}

// number gives ids to buckets that say none.
func (p *groupParser) number() {
	id := uint32(0)
	for _, i := range p.unnumbered {
		for p.taken[id] {
			id++
		}
		p.spec.Buckets[i].ID = id
		id++
	}
}
