package parity

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// A Tally is what a walk came by on ovn-controller's side. A walk whose changes make no flow others says little.
type Tally struct {
	kinds   map[string]*bites // by kind of change, of steps of one change
	tables  map[int]int       // the most flows that a table had
	actions map[string]int    // the most flows that had an action; see actionNames
	stages  map[string]int    // the most flows that the logical flows of a stage had
	sources map[string]bool   // lines of ovn-northd whose logical flows had flows

	before map[Key]Flow
}

// bites is how often there was a change, and how often flows were others after it.
type bites struct{ steps, bit int }

func newTally() *Tally {
	return &Tally{kinds: make(map[string]*bites), tables: make(map[int]int), actions: make(map[string]int),
		stages: make(map[string]int), sources: make(map[string]bool)}
}

// step counts the flows after a step, whose name tells its kinds of changes.
func (t *Tally) step(name string, flows map[Key]Flow) {
	if _, kind, ok := strings.Cut(name, ", "); ok && !strings.Contains(kind, ", ") && t.before != nil {
		if t.kinds[kind] == nil {
			t.kinds[kind] = new(bites)
		}
		t.kinds[kind].steps++
		if !maps.Equal(t.before, flows) {
			t.kinds[kind].bit++
		}
	}
	t.before = flows
	tables, actions := make(map[int]int), make(map[string]int)
	for _, f := range flows {
		tables[f.Table]++
		for _, name := range actionNames(f.Actions) {
			actions[name]++
		}
	}
	most(t.tables, tables)
	most(t.actions, actions)
}

// most raises the counts that are higher now.
func most[K comparable](counts, now map[K]int) {
	for k, n := range now {
		counts[k] = max(counts[k], n)
	}
}

var (
	actionWord = regexp.MustCompile(`(?:^|[,(])([a-z][a-z_]+)(=?)`)
	userdata   = regexp.MustCompile(`userdata=00\.00\.00\.([0-9a-f]{2})`) // of OVN's controller actions: the opcode
	natAction  = regexp.MustCompile(`nat\((src|dst)`)
)

// actionNames are the names of actions in a text, each once; a controller action's with its opcode.
func actionNames(text string) (names []string) {
	for _, m := range actionWord.FindAllStringSubmatch(text, -1) {
		if m[2] == "" { // else it is an argument
			names = append(names, m[1])
		}
	}
	for _, m := range userdata.FindAllStringSubmatch(text, -1) {
		names = append(names, "controller "+m[1])
	}
	for _, m := range natAction.FindAllStringSubmatch(text, -1) {
		names = append(names, "nat "+m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

var logicalFlowLine = regexp.MustCompile(`^([0-9a-f]{8})-.*source=""([^"]*)"".*stage-name=([a-z0-9_]+)`)

// logical counts which stages' logical flows have flows.
func (t *Tally) logical(s *ovstest.Sandbox, flows map[Key]Flow) error {
	out, err := s.Run("ovn-sbctl", "--no-headings", "--format=csv", "--columns=_uuid,external_ids", "list", "Logical_Flow")
	if err != nil {
		return err
	}
	cookies, stages := make(map[string]int), make(map[string]int)
	for _, f := range flows {
		cookies[f.Cookie]++
	}
	for line := range strings.Lines(out) {
		m := logicalFlowLine.FindStringSubmatch(line)
		if m == nil {
			return fmt.Errorf("a logical flow is not understood: %s", line)
		}
		if n := cookies["0x"+strings.TrimLeft(m[1], "0")]; n > 0 {
			stages[m[3]] += n
			t.sources[m[2]] = true
		}
	}
	most(t.stages, stages)
	return nil
}

// Report prints the counts, and which kinds of changes never made flows others.
func (t *Tally) Report(out io.Writer) {
	var kinds, idle []string
	steps, bit := 0, 0
	for _, name := range slices.Sorted(maps.Keys(t.kinds)) {
		k := t.kinds[name]
		steps, bit = steps+k.steps, bit+k.bit
		if k.bit > 0 {
			kinds = append(kinds, fmt.Sprintf("%s %d/%d", name, k.bit, k.steps))
		} else {
			idle = append(idle, fmt.Sprintf("%s 0/%d", name, k.steps))
		}
	}
	fmt.Fprintf(out, "walk: of %d steps of one change, %d made ovn-controller's flows others: %s\n", steps, bit, strings.Join(kinds, ", "))
	fmt.Fprintf(out, "walk: and these did not: %s\n", strings.Join(idle, ", "))
	fmt.Fprintf(out, "walk: most flows by table: %s\n", counts(t.tables))
	fmt.Fprintf(out, "walk: most flows by action: %s\n", counts(t.actions))
	fmt.Fprintf(out, "walk: most flows by stage, %d stages of %d lines of ovn-northd: %s\n", len(t.stages), len(t.sources), counts(t.stages))
}

func counts[K int | string](of map[K]int) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(of)) {
		all = append(all, fmt.Sprintf("%v %d", k, of[k]))
	}
	return strings.Join(all, ", ")
}
