package flow

import (
	"errors"
	"strings"
)

var (
	errNoAction = errors.New("no such action")
	errArrow    = errors.New("-> is missing")
	errDrop     = errors.New("drop stands alone")
)

// actionWords are the names of actions in text.
var actionWords = wordsOf()

func wordsOf() map[string]actionKind {
	words := map[string]actionKind{"CONTROLLER": kindController, "strip_vlan": kindPopVLAN}
	for k := kindCount - 1; k > kindUnknown; k-- {
		words[k.String()] = k // the first of several with one name stays
	}
	return words
}

// actionParser reads actions as ovs-ofctl takes them.
type actionParser struct {
	seen         context // what the flow matches: some names mean what fits that
	actions      []Action
	instructions []Instruction
	drop         bool
}

// parseActions reads actions and instructions. offset is where text begins in the whole text.
func parseActions(text string, offset int, seen context) (Actions, error) {
	p := actionParser{seen: seen}
	for l := (lexer{text: text, base: offset}); ; {
		arg, ok, err := l.next()
		if err != nil {
			return "", err
		}
		if !ok {
			break
		}
		i, ok, err := p.instruction(arg)
		switch {
		case err != nil:
		case ok:
			p.instructions = append(p.instructions, i)
		default:
			err = p.action(arg)
		}
		if err != nil {
			return "", syntaxError(arg.key, arg.offset, err)
		}
	}
	if p.drop && len(p.actions)+len(p.instructions) > 0 {
		return "", syntaxError("drop", offset, errDrop)
	}
	list, err := NewInstructions(append(p.instructions, ApplyActions(p.actions...))...)
	if err != nil {
		return "", syntaxError("", offset, err)
	}
	return list, nil
}

// list reads actions, without instructions.
func (p *actionParser) list(text string, offset int) error {
	for l := (lexer{text: text, base: offset}); ; {
		arg, ok, err := l.next()
		if err != nil || !ok {
			return err
		}
		if err := p.action(arg); err != nil {
			return syntaxError(arg.key, arg.offset, err)
		}
	}
}

// parseActionList reads actions that are nested in one.
func parseActionList(text string, offset int) ([]Action, error) {
	var p actionParser
	err := p.list(text, offset)
	return p.actions, err
}

// action reads one action. A port alone is an output.
func (p *actionParser) action(arg argument) error {
	if arg.key == "drop" && arg.sep == 0 {
		p.drop = true
		return nil
	}
	list, ok, err := p.alias(arg)
	if !ok {
		var a Action
		a, err = parseAction(arg)
		list = []Action{a}
	}
	for _, a := range list {
		err = errors.Join(err, a.err)
	}
	if err != nil {
		return err
	}
	switch arg.key {
	case "push_vlan":
		p.seen.vlan = true
	case "pop_vlan", "strip_vlan":
		p.seen.vlan = false
	}
	p.actions = append(p.actions, list...)
	return nil
}

func parseAction(arg argument) (Action, error) {
	if kind, ok := actionWords[arg.key]; ok {
		return kind.parse(arg)
	}
	if port, err := parsePort(arg.key); err == nil && arg.sep == 0 {
		return output(Port(port), 0), nil // no max_len, unlike behind "output:"
	}
	return Action{}, errNoAction
}

// instruction reads an instruction; ok is false when it is an action.
func (p *actionParser) instruction(arg argument) (i Instruction, ok bool, err error) {
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
		q := actionParser{seen: p.seen}
		err := q.list(arg.value, arg.inside())
		return WriteActions(q.actions...), true, err
	}
	return Instruction{}, false, nil
}
