package parity

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/flowhost/flowhost/e2e/dump"
)

// lastTable is the last table that OVN 23.03 uses.
const lastTable = 78

// A Key is what a switch treats as one flow, with the numbers that are free named by what they stand for.
type Key struct {
	Table    int
	Priority int
	Match    string
}

// A Flow is what a switch holds for a key.
type Flow struct {
	Key
	Actions string
	Cookie  string // "0x…"
}

func (f Flow) String() string {
	return fmt.Sprintf("table=%d, priority=%d, %s actions=%s cookie=%s", f.Table, f.Priority, f.Match, f.Actions, f.Cookie)
}

// A Side is what one switch holds.
type Side struct {
	Flows map[Key]Flow // with their numbers named; those of tables 0 to 78
	names *names
}

// Read reads one more flow, with the side's names.
func (s *Side) Read(line string) (Flow, error) {
	f, err := parseFlow(line)
	return s.names.rename(f), err
}

// ReadSide reads what a switch has. The error names the line that is not understood, or two flows that became one by naming: then the
// names say too little.
func ReadSide(has dump.Switch) (*Side, error) {
	var raw []Flow
	for _, line := range has.Flows {
		f, err := parseFlow(line)
		if err != nil {
			return nil, err
		}
		raw = append(raw, f)
	}
	raw = slices.DeleteFunc(raw, learnedIn(raw))
	s := &Side{Flows: make(map[Key]Flow), names: newNames(raw, has.Groups, has.Meters)}
	for _, f := range raw {
		if f.Table > lastTable {
			continue
		}
		f = s.names.rename(f)
		if other, taken := s.Flows[f.Key]; taken {
			return nil, fmt.Errorf("two flows have one name:\n%v\n%v", f, other)
		}
		s.Flows[f.Key] = f
	}
	return s, nil
}

var flowLine = regexp.MustCompile(`^(?:cookie=(0x[0-9a-f]+), )?(?:table=(\d+), ?)?(.*?) ?actions=(.*)$`)

var priorityTerm = regexp.MustCompile(`^priority=(\d+)(?:,|$)`)

// parseFlow reads one line. A priority that is not printed is 32768, and a table 0 (ovs-ofctl(8)).
func parseFlow(line string) (Flow, error) {
	m := flowLine.FindStringSubmatch(line)
	if m == nil {
		return Flow{}, fmt.Errorf("not a flow: %q", line)
	}
	f := Flow{Cookie: m[1], Actions: m[4], Key: Key{Priority: 32768, Match: m[3]}}
	if f.Cookie == "" {
		f.Cookie = "0x0"
	}
	if m[2] != "" {
		fmt.Sscan(m[2], &f.Table)
	}
	if p := priorityTerm.FindStringSubmatch(f.Match); p != nil {
		fmt.Sscan(p[1], &f.Priority)
		f.Match = f.Match[len(p[0]):]
	}
	return f, nil
}

var learnAction = regexp.MustCompile(`learn\(([^()]*(?:\([^()]*\)[^()]*)*)\)`)

// learnedIn says which flows fit a learn action that one of them has: the switch makes those, and no controller.
func learnedIn(flows []Flow) func(Flow) bool {
	type target struct {
		table, priority int
		cookie          string
	}
	targets := make(map[target]bool)
	for _, f := range flows {
		for _, l := range learnAction.FindAllStringSubmatch(f.Actions, -1) {
			t := target{priority: 32768, cookie: "0x0"}
			for _, term := range strings.Split(l[1], ",") {
				name, value, _ := strings.Cut(term, "=")
				switch name {
				case "table":
					fmt.Sscan(value, &t.table)
				case "priority":
					fmt.Sscan(value, &t.priority)
				case "cookie":
					t.cookie = value
				}
			}
			targets[t] = true
		}
	}
	return func(f Flow) bool { return targets[target{f.Table, f.Priority, f.Cookie}] }
}
