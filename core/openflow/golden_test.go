package openflow

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the expected output in testdata; look at the difference before you commit it")

// A golden is one block of a golden file: a line "# title", the message in hexadecimal, and the expected lines, each
// after "> ".
type golden struct {
	title string
	msg   []byte
	want  []string
}

func readGolden(t testing.TB, path string) []golden {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []golden
	for n, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		g := &golden{}
		if len(blocks) > 0 {
			g = &blocks[len(blocks)-1]
		}
		switch {
		case strings.HasPrefix(line, "# "):
			blocks = append(blocks, golden{title: line[2:]})
		case strings.HasPrefix(line, "> "):
			g.want = append(g.want, line[2:])
		case line != "":
			b, err := hex.DecodeString(line)
			if err != nil {
				t.Fatalf("%s:%d: %v", path, n+1, err)
			}
			g.msg = append(g.msg, b...)
		}
	}
	return blocks
}

func writeGolden(t testing.TB, path string, blocks []golden) {
	t.Helper()
	var b strings.Builder
	for i, g := range blocks {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "# %s\n", g.title)
		for msg := g.msg; len(msg) > 0; {
			n := min(len(msg), 64)
			fmt.Fprintf(&b, "%x\n", msg[:n])
			msg = msg[n:]
		}
		for _, line := range g.want {
			fmt.Fprintf(&b, "> %s\n", line)
		}
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkGolden compares what describe says of each message in a golden file with what the file says.
func checkGolden(t *testing.T, path string, describe func([]byte) string) {
	t.Helper()
	blocks := readGolden(t, path)
	if len(blocks) == 0 {
		t.Fatalf("%s is empty", path)
	}
	for i, g := range blocks {
		got := strings.Split(strings.TrimSuffix(describe(g.msg), "\n"), "\n")
		if !*rewrite && strings.Join(got, "\n") != strings.Join(g.want, "\n") {
			t.Errorf("%s: %s:\n- want:\n%s\n- got:\n%s", path, g.title, strings.Join(g.want, "\n"), strings.Join(got, "\n"))
		}
		blocks[i].want = got
	}
	if *rewrite {
		writeGolden(t, path, blocks)
	}
}
