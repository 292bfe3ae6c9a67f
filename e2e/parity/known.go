package parity

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Meant are differences that are meant.
type Meant []meant

type meant struct {
	outcome Outcome
	table   string // "*" is any
	pattern *regexp.Regexp
	reason  string
}

// ReadMeant reads a file of lines
//
//	OUTCOME TABLE PATTERN # REASON
//
// OUTCOME is only-ours, only-theirs or differ; TABLE is a number or *; PATTERN is a regular expression that the flow (theirs, if
// there is one) must match as [Flow.String] prints it. Empty lines, and lines that begin with #, are nothing.
func ReadMeant(r io.Reader) (Meant, error) {
	var all Meant
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		what, reason, ok := strings.Cut(line, " # ")
		fields := strings.SplitN(what, " ", 3)
		if !ok || len(fields) != 3 {
			return nil, fmt.Errorf("line %d: write OUTCOME TABLE PATTERN # REASON", n)
		}
		m := meant{table: fields[1], reason: strings.TrimSpace(reason)}
		for o := OnlyOurs; o <= Differ; o++ {
			if strings.ReplaceAll(o.String(), " ", "-") == fields[0] {
				m.outcome = o
			}
		}
		if m.outcome == Same {
			return nil, fmt.Errorf("line %d: outcome %q; it is only-ours, only-theirs or differ", n, fields[0])
		}
		var err error
		if m.pattern, err = regexp.Compile(strings.TrimSpace(fields[2])); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, m)
	}
	return all, lines.Err()
}

// reason says whether a difference is meant, and why.
func (all Meant) reason(d *Difference) (string, bool) {
	flow := d.Theirs
	if flow == nil {
		flow = d.Ours
	}
	for _, m := range all {
		if m.outcome == d.Outcome && (m.table == "*" || m.table == fmt.Sprint(d.Table)) && m.pattern.MatchString(flow.String()) {
			return m.reason, true
		}
	}
	return "", false
}
