package flow

import (
	"bufio"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// capture is one flow of a real switch: what ovs-ofctl printed of it, and the bytes it sent.
type capture struct {
	text                string
	match, instructions []byte
}

func captures(t testing.TB) []capture {
	t.Helper()
	file, err := os.Open("testdata/captured.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var list []capture
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := lines.Text()
		switch what, value, _ := strings.Cut(strings.TrimPrefix(line, "\t"), " "); {
		case strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, "\t"):
			list = append(list, capture{text: line})
		case what == "match":
			list[len(list)-1].match = unhex(t, value)
		default:
			list[len(list)-1].instructions = unhex(t, value)
		}
	}
	if len(list) == 0 {
		t.Fatal("no captures")
	}
	return list
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// split takes the match and the actions out of a line of ovs-ofctl.
func (c capture) split() (match, actions string) {
	match, actions, _ = strings.Cut(c.text, "actions=")
	match = strings.TrimSuffix(match, " ")
	if i := strings.LastIndex(match, " "); i >= 0 {
		match = match[i+1:]
	}
	if rest, ok := strings.CutPrefix(match, "priority="); ok {
		_, match, _ = strings.Cut(rest, ",")
	}
	return match, actions
}

func TestCapturesPrintAsTheSwitchPrints(t *testing.T) {
	for _, c := range captures(t) {
		match, actions := c.split()
		m, err := CanonicalMatch(c.match)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if m.String() != match {
			t.Errorf("%s\n- want %s\n-  got %s", c.text, match, m)
		}
		a, err := CanonicalActions(c.instructions)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if a.String() != actions {
			t.Errorf("%s\n- want %s\n-  got %s", c.text, actions, a)
		}
	}
}

func TestCanonicalIsAFixedPoint(t *testing.T) {
	for _, c := range captures(t) {
		m, _ := CanonicalMatch(c.match)
		a, _ := CanonicalActions(c.instructions)
		if !m.IsCanonical() || !a.IsCanonical() {
			t.Errorf("%s: canonical match %t, actions %t", c.text, m.IsCanonical(), a.IsCanonical())
		}
		if n := testing.AllocsPerRun(10, func() {
			if !m.IsCanonical() || !a.IsCanonical() {
				t.Error("not canonical")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", c.text, n)
		}
	}
}
