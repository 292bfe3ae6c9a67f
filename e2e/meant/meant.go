// Package meant reads which differences between flowhost and ovn-controller are meant, and why.
package meant

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// outcomes are what a comparison says of a difference.
var outcomes = []string{"only ours", "only theirs", "differ"}

// Differences are differences that are meant.
type Differences []difference

type difference struct {
	outcome string
	table   string // "*" is any
	pattern *regexp.Regexp
	reason  string
}

// ReadFile reads a file as [Read] does.
func ReadFile(name string) (Differences, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all, err := Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}

// Read reads lines
//
//	OUTCOME TABLE PATTERN # REASON
//
// OUTCOME is only-ours, only-theirs or differ; TABLE is a table's number or name, or *; PATTERN is a regular expression that the text of
// the difference must match. Empty lines, and lines that begin with #, are nothing.
func Read(r io.Reader) (Differences, error) {
	var all Differences
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		d, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, d)
	}
	return all, lines.Err()
}

func parse(line string) (d difference, err error) {
	what, reason, ok := strings.Cut(line, " # ")
	fields := strings.SplitN(what, " ", 3)
	if !ok || len(fields) != 3 {
		return d, fmt.Errorf("write OUTCOME TABLE PATTERN # REASON")
	}
	d = difference{outcome: strings.ReplaceAll(fields[0], "-", " "), table: fields[1], reason: strings.TrimSpace(reason)}
	if !slices.Contains(outcomes, d.outcome) {
		return d, fmt.Errorf("outcome %q; it is only-ours, only-theirs or differ", fields[0])
	}
	d.pattern, err = regexp.Compile(strings.TrimSpace(fields[2]))
	return d, err
}

// Reason says why a difference is meant, and whether it is.
func (all Differences) Reason(outcome fmt.Stringer, table, text string) (reason string, is bool) {
	for _, d := range all {
		if d.outcome == outcome.String() && (d.table == "*" || d.table == table) && d.pattern.MatchString(text) {
			return d.reason, true
		}
	}
	return "", false
}
