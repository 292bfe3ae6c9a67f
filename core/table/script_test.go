package table

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "write what the scripts in testdata print into them")

// TestScripts runs the stories in testdata/*.txt: what is behind a ">" is done, what follows is what must come of it, told
// with the words and the flow text that operators see. After each command the table must be valid.
//
// Run with -rewrite and read the difference: commit it only when you understand what caused it.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(text))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("%s", difference(string(text), got))
			}
		})
	}
}

// difference shows the first line that is not as it should be, and what stands around it.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(w) && i < len(g) && w[i] == g[i] {
		i++
	}
	around := func(lines []string) string {
		return strings.Join(lines[min(max(i-6, 0), len(lines)):min(i+6, len(lines))], "\n")
	}
	return fmt.Sprintf("differs at line %d\n--- want ---\n%s\n--- got ---\n%s", i+1, around(w), around(g))
}

// runScript does the commands of a script and returns the script with what they print.
func runScript(t *testing.T, text string) string {
	s := newStage()
	var out strings.Builder
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); {
		line := lines[i]
		i++
		if strings.HasPrefix(line, "#") {
			fmt.Fprintln(&out, line)
			continue
		}
		if !strings.HasPrefix(line, "> ") {
			if line == "" {
				fmt.Fprintln(&out)
			}
			continue // what the command before printed the last time
		}
		c := command{line: strings.TrimPrefix(line, "> ")}
		for i < len(lines) && strings.HasPrefix(lines[i], ">   ") {
			c.body = append(c.body, strings.TrimPrefix(lines[i], ">   "))
			i++
		}
		printed, err := s.run(c)
		if err != nil {
			t.Fatalf("line %d: %s: %v", i, c.line, err)
		}
		mustBeValid(t, s.table)
		fmt.Fprint(&out, c, printed)
	}
	return out.String()
}

// command is one step of a script: a line and, of a transaction, its operations.
type command struct {
	line string
	body []string
}

func (c command) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "> %s\n", c.line)
	for _, l := range c.body {
		fmt.Fprintf(&b, ">   %s\n", l)
	}
	return b.String()
}

// stage is where scripts play: a host's table, a switch and a clock.
type stage struct {
	table   *Table
	options Options
	slice   int // the table's sliceEdits
	specs   []OwnerSpec
	owners  map[string]OwnerID
	sw      *switchModel
	flight  []Change
	sliced  *Sliced // under way
	now     time.Time
	refuse  []refusal
}

// refusal makes the switch refuse flows that contain a text.
type refusal struct{ text, err string }

func newStage() *stage {
	s := &stage{table: New(Options{}), owners: make(map[string]OwnerID), sw: newSwitchModel(), now: start, slice: 1}
	s.sw.refuse = func(c Change) *SwitchError {
		for _, r := range s.refuse {
			if strings.Contains(describeChange(c), r.text) {
				return &SwitchError{Text: r.err}
			}
		}
		return nil
	}
	s.startHost()
	return s
}

// startHost starts a host that knows nothing but its configuration.
func (s *stage) startHost() {
	s.table.Finish() // it leaves nothing running
	s.table = New(s.options)
	s.table.sliceEdits = s.slice
	s.flight, s.sliced = nil, nil
	for _, spec := range s.specs {
		s.owners[spec.Name], _ = s.table.AddOwner(spec)
	}
}

// name returns an owner's name.
func (s *stage) name(id OwnerID) string { return s.table.owner(id).Name }
