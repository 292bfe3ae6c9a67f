package flow

import (
	"errors"
	"fmt"
	"strings"
)

var (
	errNoAction = errors.New("no such action")
	errArrow    = errors.New("-> is missing")
	errSubfield = errors.New("not a field or part of one")
	errDrop     = errors.New("drop stands alone")
)

// parseActions reads actions and instructions as ovs-ofctl takes them. offset is where text begins in the whole text.
func parseActions(text string, offset int) (Actions, error) {
	var (
		apply        []Action
		instructions []Instruction
		drop         bool
	)
	for l := (lexer{text: text, base: offset}); ; {
		arg, ok, err := l.next()
		if err != nil {
			return "", err
		}
		if !ok {
			break
		}
		if arg.key == "drop" && arg.sep == 0 {
			drop = true
			continue
		}
		i, ok, err := parseInstruction(arg)
		if ok && err == nil {
			instructions = append(instructions, i)
			continue
		}
		if err == nil {
			var a Action
			a, err = parseAction(arg)
			err = errors.Join(err, a.err)
			apply = append(apply, a)
		}
		if err != nil {
			return "", syntaxError(arg.key, arg.offset, err)
		}
	}
	if drop && len(apply)+len(instructions) > 0 {
		return "", syntaxError("drop", offset, errDrop)
	}
	list, err := NewInstructions(append(instructions, ApplyActions(apply...))...)
	if err != nil {
		return "", syntaxError("", offset, err)
	}
	return list, nil
}

// parseInstruction reads an instruction; ok is false when it is an action.
func parseInstruction(arg argument) (i Instruction, ok bool, err error) {
	switch arg.key {
	case "goto_table":
		v, err := parseUint(arg.value, 8)
		return GotoTable(TableID(v)), true, err
	case "clear_actions":
		return ClearActions(), true, nil
	case "write_metadata":
		value, mask, masked := strings.Cut(arg.value, "/")
		v, err1 := parseUint(value, 64)
		m, err2 := ^uint64(0), error(nil)
		if masked {
			m, err2 = parseUint(mask, 64)
		}
		return WriteMetadata(v, m), true, errors.Join(err1, err2)
	case "write_actions":
		actions, err := parseActionList(arg.value, arg.offset+len(arg.key)+1)
		return WriteActions(actions...), true, err
	}
	return Instruction{}, false, nil
}

// parseActionList reads actions, without instructions.
func parseActionList(text string, offset int) ([]Action, error) {
	var actions []Action
	for l := (lexer{text: text, base: offset}); ; {
		arg, ok, err := l.next()
		if err != nil || !ok {
			return actions, err
		}
		a, err := parseAction(arg)
		if err = errors.Join(err, a.err); err != nil {
			return nil, syntaxError(arg.key, arg.offset, err)
		}
		actions = append(actions, a)
	}
}

// parseAction reads one action. A port alone is an output.
func parseAction(arg argument) (Action, error) {
	switch arg.key {
	case "output":
		return parseOutput(arg)
	case "set_field":
		return parseSetField(arg)
	case "load":
		return parseLoad(arg)
	case "resubmit":
		return parseResubmit(arg)
	case "conjunction":
		return parseConjunction(arg)
	case "CONTROLLER", "controller":
		return parseController(arg)
	}
	if port, err := parsePort(arg.key); err == nil && arg.sep == 0 {
		return Output(Port(port)), nil
	}
	return Action{}, errNoAction
}

func parseOutput(arg argument) (Action, error) {
	port, err := parsePort(arg.value)
	return Output(Port(port)), err
}

// parseController reads "CONTROLLER" and "CONTROLLER:max_len".
func parseController(arg argument) (Action, error) {
	if arg.sep == 0 {
		return Controller(wholePacket), nil
	}
	n, err := parseUint(arg.value, 16)
	return Controller(uint16(n)), err
}

// parseSetField reads "value/mask->field".
func parseSetField(arg argument) (Action, error) {
	value, name, ok := strings.Cut(arg.value, "->")
	if !ok {
		return Action{}, errArrow
	}
	f, ok := FieldByName(strings.TrimSuffix(name, "[]"))
	if !ok {
		return Action{}, errField
	}
	t, err := parseTerm(f, argument{value: value})
	return Set(t), err
}

// parseLoad reads "value->field[first..last]".
func parseLoad(arg argument) (Action, error) {
	value, dst, ok := strings.Cut(arg.value, "->")
	if !ok {
		return Action{}, errArrow
	}
	part, err := parsePart(dst)
	if err != nil {
		return Action{}, err
	}
	v, err := parseInteger(value, max(8, part.field.size))
	if err != nil {
		return Action{}, err
	}
	return part.load(v)
}

// parsePart reads "field", "field[]", "field[bit]" and "field[first..last]".
func parsePart(s string) (part, error) {
	name, bits, ok := strings.Cut(s, "[")
	f, known := FieldByName(name)
	if !known {
		return part{}, fmt.Errorf("%q: %w", s, errSubfield)
	}
	if !ok || bits == "]" {
		return part{field: f, n: f.bits}, nil
	}
	bits, ok = strings.CutSuffix(bits, "]")
	from, to, isRange := strings.Cut(bits, "..")
	if !isRange {
		to = from
	}
	first, err1 := parseUint(from, 16)
	last, err2 := parseUint(to, 16)
	if !ok || errors.Join(err1, err2) != nil || first > last || int(last) >= f.bits {
		return part{}, fmt.Errorf("%q: %w", s, errSubfield)
	}
	return part{field: f, first: int(first), n: int(last-first) + 1}, nil
}

func parseResubmit(arg argument) (Action, error) {
	if arg.sep != '(' {
		port, err := parsePort(arg.value)
		return ResubmitPort(Port(port), 255), err
	}
	p, t, _ := strings.Cut(arg.value, ",")
	port, table := uint32(PortInPort), uint64(255)
	var err1, err2 error
	if p != "" {
		port, err1 = parsePort(p)
	}
	if t != "" {
		table, err2 = parseUint(t, 8)
	}
	return ResubmitPort(Port(port), TableID(table)), errors.Join(err1, err2)
}

// parseConjunction reads "(id,clause/clauses)", with the clause counted from 1.
func parseConjunction(arg argument) (Action, error) {
	id, clauses, ok := strings.Cut(arg.value, ",")
	k, n, ok2 := strings.Cut(clauses, "/")
	if !ok || !ok2 {
		return Action{}, errClause
	}
	i, err1 := parseUint(id, 32)
	clause, err2 := parseUint(strings.TrimSpace(k), 8)
	of, err3 := parseUint(strings.TrimSpace(n), 8)
	if clause == 0 {
		return Action{}, errClause
	}
	return Conjunction(Conj{ID: uint32(i), Clause: uint8(clause - 1), Clauses: uint8(of)}), errors.Join(err1, err2, err3)
}
