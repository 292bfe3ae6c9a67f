// Package golden runs the scripts of tests: text files with commands, and behind each, two blanks in front, what came of it.
package golden

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/sdk/flow"
)

var rewrite = flag.Bool("rewrite", false, "write the results in testdata anew")

// Command does the command of a line and writes what came of it: lines that begin with two blanks. Lines may be empty, or remarks.
type Command func(t *testing.T, out *strings.Builder, name, rest string)

// Test runs the scripts that a pattern names (filepath.Glob), each by a Command that begin makes for it, and holds the results against those
// in them. With -rewrite they are written there instead: look at the difference before you commit it.
func Test(t *testing.T, pattern string, begin func(t *testing.T) Command) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { test(t, file, begin(t)) })
	}
}

func test(t *testing.T, file string, do Command) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue // an old result
		}
		fmt.Fprintln(&out, line)
		name, rest, _ := strings.Cut(line, " ")
		do(t, &out, name, rest)
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := strings.Split(string(text), "\n")
	got := strings.Split(out.String(), "\n")
	for i, line := range got {
		if i >= len(want) || line != want[i] {
			t.Fatalf("%s:%d: %s", file, i+1, line)
		}
	}
	if len(got) < len(want) {
		t.Fatalf("%s has %d lines more than it should", file, len(want)-len(got))
	}
}

// Dialect is the dialect of this name.
func Dialect(t *testing.T, name string) *dialect.Dialect {
	d, ok := dialect.ByName(name)
	if !ok {
		t.Fatalf("no dialect %q", name)
	}
	return d
}

// Flows writes flows, sorted, and the error that they came with, if any.
func Flows(out *strings.Builder, flows []flow.Flow, err error) {
	lines := make([]string, len(flows))
	for i, f := range flows {
		lines[i] = "  " + f.String() + "\n"
	}
	slices.Sort(lines)
	out.WriteString(strings.Join(lines, ""))
	if err != nil {
		fmt.Fprintln(out, "  error: "+strings.ReplaceAll(err.Error(), "\n", "; "))
	}
}
