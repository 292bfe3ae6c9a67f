package parity

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Scenario is a list of commands from a file, one a line:
//
//	nb ARGS…    ovn-nbctl
//	sb ARGS…    ovn-sbctl; what no one else makes: a second chassis, say
//	vs ARGS…    ovs-vsctl on the node; ports are added this way, of type internal or dummy
//	trace FLOW [--ct-next STATE]…   have the next step trace this packet, too: FLOW and options are those of ofproto/trace
//	            (ovs-vswitchd(8)), and ports are numbers or names of interfaces
//	step NAME   wait until both are settled, compare, and trace packets
//
// with the quoting of a shell. Empty lines, and lines that begin with #, are nothing. The end is a step named end.
type Scenario struct {
	Name     string // of the file, without its folder and ending
	Commands []Command
}

// A Command is one line.
type Command struct {
	Line int
	Tool string // nb, sb, vs, trace or step
	Args []string
}

// Read reads a scenario from a file.
func Read(path string) (*Scenario, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	s.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return s, nil
}

// ReadAll reads a file, or all *.nb files below a folder, in the order of their names.
func ReadAll(path string) ([]*Scenario, error) {
	paths := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		if paths, err = filepath.Glob(filepath.Join(path, "*.nb")); err != nil {
			return nil, err
		}
		slices.Sort(paths)
	}
	var all []*Scenario
	for _, p := range paths {
		s, err := Read(p)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no scenario", path)
	}
	return all, nil
}

func parse(text string) (*Scenario, error) {
	s := new(Scenario)
	n := 0
	for line := range strings.Lines(text) {
		n++
		words, err := split(line)
		if err != nil {
			return nil, fmt.Errorf("%d: %w", n, err)
		}
		if len(words) == 0 {
			continue
		}
		c := Command{Line: n, Tool: words[0], Args: words[1:]}
		switch {
		case !slices.Contains([]string{"nb", "sb", "vs", "trace", "step"}, c.Tool):
			return nil, fmt.Errorf("%d: %q; a line begins with nb, sb, vs, trace or step", n, c.Tool)
		case len(c.Args) == 0 || c.Tool == "step" && len(c.Args) != 1:
			return nil, fmt.Errorf("%d: %s of what", n, c.Tool)
		}
		s.Commands = append(s.Commands, c)
	}
	s.Commands = append(s.Commands, Command{Line: n, Tool: "step", Args: []string{"end"}})
	return s, nil
}

// split splits a line into words as a shell does: blanks part them, single quotes keep everything, double quotes and a backslash
// keep what follows. A # at the begin of a word ends the line.
func split(line string) (words []string, err error) {
	var word strings.Builder
	inWord, quote := false, rune(0)
	escaped := false
	for _, c := range strings.TrimRight(line, "\n") {
		switch {
		case escaped:
			if quote == '"' && c != '"' && c != '\\' && c != '$' && c != '`' {
				word.WriteRune('\\')
			}
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ' || c == '\t' || c == '\r':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		case c == '#' && !inWord:
			return words, nil
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if quote != 0 || escaped {
		return nil, fmt.Errorf("a quote has no end")
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
