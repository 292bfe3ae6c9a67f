// Package dump reads what a bridge has, as ovs-ofctl prints it.
package dump

import (
	"slices"
	"strings"
)

// A Switch is what one bridge has: each flow, group and meter is a line that ovs-ofctl's add-flow, add-group or add-meter reads. Flows
// are without statistics and names of ports. Lines are sorted.
type Switch struct{ Flows, Groups, Meters []string }

// Run runs a program and returns what it prints.
type Run func(program string, args ...string) (string, error)

// Read reads what a bridge has.
func Read(run Run, bridge string) (Switch, error) {
	var texts []string
	for _, args := range [][]string{{"--no-stats", "dump-flows"}, {"dump-groups"}, {"dump-meters"}} {
		out, err := run("ovs-ofctl", append(append([]string{"-O", "OpenFlow15", "--no-names"}, args...), bridge)...)
		if err != nil {
			return Switch{}, err
		}
		texts = append(texts, out)
	}
	return Parse(texts[0], texts[1], texts[2]), nil
}

// Parse reads what ovs-ofctl's dump-flows, dump-groups and dump-meters print. Of a meter, that is a line, and one more for each band.
func Parse(flows, groups, meters string) Switch {
	s := Switch{Flows: lines(flows), Groups: lines(groups)}
	for _, line := range lines(meters) {
		if strings.HasPrefix(line, "meter=") {
			s.Meters = append(s.Meters, line)
		} else if last := len(s.Meters) - 1; last >= 0 {
			s.Meters[last] += " " + line
		}
	}
	slices.Sort(s.Flows)
	slices.Sort(s.Groups)
	slices.Sort(s.Meters)
	return s
}

// lines are those of a text that are not empty, without headings.
func lines(text string) (all []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "OFPST") {
			all = append(all, line)
		}
	}
	return all
}

// Lines are all of it.
func (s Switch) Lines() []string { return slices.Concat(s.Flows, s.Groups, s.Meters) }

// Equal says whether both have the same.
func (s Switch) Equal(other Switch) bool { return slices.Equal(s.Lines(), other.Lines()) }
