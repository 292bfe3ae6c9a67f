package rows

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
	table   string
	pattern *regexp.Regexp
	reason  string
}

// ReadMeant reads a file of lines
//
//	OUTCOME TABLE PATTERN # REASON
//
// OUTCOME is only-ours, only-theirs or differ; PATTERN is a regular expression that "STEP: DIFFERENCE" must match: the step's name as reports
// have it, and the difference as [Difference.String] prints it. Empty lines, and lines that begin with #, are nothing.
func ReadMeant(r io.Reader) (Meant, error) {
	var all Meant
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m, err := parseMeant(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, m)
	}
	return all, lines.Err()
}

func parseMeant(line string) (m meant, err error) {
	what, reason, ok := strings.Cut(line, " # ")
	fields := strings.SplitN(what, " ", 3)
	if !ok || len(fields) != 3 {
		return m, fmt.Errorf("write OUTCOME TABLE PATTERN # REASON")
	}
	m = meant{table: fields[1], reason: strings.TrimSpace(reason)}
	for o := OnlyOurs; o <= Differ; o++ {
		if strings.ReplaceAll(o.String(), " ", "-") == fields[0] {
			m.outcome = o
		}
	}
	if m.outcome == Same {
		return m, fmt.Errorf("outcome %q; it is only-ours, only-theirs or differ", fields[0])
	}
	m.pattern, err = regexp.Compile(strings.TrimSpace(fields[2]))
	return m, err
}

// reason says why a difference at a step is meant, "" if it is not.
func (all Meant) reason(step string, d Difference) string {
	for _, m := range all {
		if m.outcome == d.Outcome && m.table == d.Table && m.pattern.MatchString(step+": "+d.String()) {
			return m.reason
		}
	}
	return ""
}
