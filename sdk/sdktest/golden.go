package sdktest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// rewriteEnv is the environment variable that makes Golden write its file.
const rewriteEnv = "SDKTEST_REWRITE"

// Golden waits until the switch has what the source said, and compares Groups, Meters and Flows with the file. With SDKTEST_REWRITE=1 in the environment
// it writes the file instead: look at the difference before you commit it.
func (h *Host) Golden(file string) {
	h.t.Helper()
	h.WaitSettled()
	got := h.all()
	if os.Getenv(rewriteEnv) == "1" {
		if err := rewrite(file, got); err != nil {
			h.t.Fatalf("golden file: %v", err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		h.t.Fatalf("%v: run the test with %s=1 to write it", err, rewriteEnv)
	}
	if err != nil {
		h.t.Fatalf("golden file: %v", err)
	}
	if missing, extra := difference(string(want), got); missing+extra != "" {
		h.t.Errorf("the flows are not those of %s:\n%s%s", file, missing, extra)
	}
}

// all is what is in the switch.
func (h *Host) all() string { return h.Groups() + h.Meters() + h.Flows() }

func rewrite(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// difference returns the lines of want that got does not have, each with a "-", and those it has beyond, each with a "+".
func difference(want, got string) (missing, extra string) {
	return without("-", want, got), without("+", got, want)
}

// without returns the lines of a that are not in b, counting repeated ones, each after mark.
func without(mark, a, b string) string {
	count := make(map[string]int)
	for line := range strings.Lines(b) {
		count[line]++
	}
	var rest strings.Builder
	for line := range strings.Lines(a) {
		if count[line]--; count[line] < 0 {
			rest.WriteString(mark + line)
		}
	}
	return rest.String()
}
