package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

const namesHelp = `What names mean is said by --name, any number of times, or by the lines of a file, --names:

  port NAME KEY [here]          a logical port or multicast group, and its tunnel key; "here" makes it resident on this chassis
  address-set NAME ADDRESS…     what $NAME stands for
  port-group NAME PORT…         what @NAME stands for
  template NAME VALUE           what ^NAME stands for; the value goes to the end of the line

Blank lines and lines that begin with # are skipped. A name that is said twice means the last.`

// names is what the texts of one run refer to.
type names struct {
	dialectName string
	file        string
	lines       []string

	dialect   *dialect.Dialect
	ports     map[string]uint32
	here      map[string]bool
	addresses map[string]*expr.ConstantSet
	groups    map[string]*expr.ConstantSet
	templates map[string]string
}

func (n *names) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&n.dialectName, "dialect", dialect.Default().Name, "default, ovn-23.03 or ovn-26.03: whose language it is, and how it is read")
	flags.StringVar(&n.file, "names", "", "`FILE` that says what names mean")
	flags.StringArrayVar(&n.lines, "name", nil, "a `LINE` as of such a file: --name 'address-set web 10.0.0.1 10.0.0.2'")
}

// read makes the maps of what the flags say.
func (n *names) read() error {
	var ok bool
	if n.dialect, ok = dialect.ByName(n.dialectName); !ok {
		return fmt.Errorf("--dialect %s: it is default, ovn-23.03 or ovn-26.03", n.dialectName)
	}
	n.ports, n.here, n.templates = make(map[string]uint32), make(map[string]bool), make(map[string]string)
	n.addresses, n.groups = make(map[string]*expr.ConstantSet), make(map[string]*expr.ConstantSet)
	if err := n.readFile(); err != nil {
		return err
	}
	for _, line := range n.lines {
		if err := n.add(line); err != nil {
			return fmt.Errorf("--name '%s': %w", line, err)
		}
	}
	return nil
}

func (n *names) readFile() error {
	if n.file == "" {
		return nil
	}
	f, err := os.Open(n.file)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxText)
	for i := 1; lines.Scan(); i++ {
		if err := n.add(lines.Text()); err != nil {
			return fmt.Errorf("%s:%d: %w", n.file, i, err)
		}
	}
	return lines.Err()
}

// add reads one line.
func (n *names) add(line string) error {
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	if len(words) < 2 {
		return fmt.Errorf("%s without a name", words[0])
	}
	name, rest := words[1], words[2:]
	switch words[0] {
	case "port":
		return n.addPort(name, rest)
	case "address-set":
		set, bad := expr.NewAddressSet(name, rest, n.dialect)
		if len(bad) > 0 {
			return fmt.Errorf("%s is no address", bad[0])
		}
		n.addresses[name] = set
	case "port-group":
		n.groups[name] = expr.NewPortGroup(rest)
	case "template":
		n.templates[name] = strings.Join(rest, " ")
	default:
		return fmt.Errorf("%s is none of port, address-set, port-group and template", words[0])
	}
	return nil
}

func (n *names) addPort(name string, rest []string) error {
	if len(rest) < 1 || len(rest) > 2 || len(rest) == 2 && rest[1] != "here" {
		return fmt.Errorf("write port NAME KEY, or port NAME KEY here")
	}
	key, err := strconv.ParseUint(rest[0], 0, 32)
	if err != nil {
		return fmt.Errorf("%s is no tunnel key", rest[0])
	}
	n.ports[name], n.here[name] = uint32(key), len(rest) == 2
	return nil
}

func (n *names) port(name string) (uint32, bool) {
	key, ok := n.ports[name]
	return key, ok
}

func (n *names) resident(port string) bool { return n.here[port] }

// expand replaces template variables.
func (n *names) expand(text string) string {
	return lex.ExpandTemplates(text, func(name string) (string, bool) {
		value, ok := n.templates[name]
		return value, ok
	})
}

// env is what names mean in matches.
func (n *names) env() expr.Env {
	return expr.Env{
		Symtab:     expr.LogicalFields(n.dialect),
		AddressSet: func(name string) *expr.ConstantSet { return n.addresses[name] },
		PortGroup:  func(name string) *expr.ConstantSet { return n.groups[name] },
	}
}
