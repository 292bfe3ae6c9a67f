package sdk

import (
	"os"
	"strings"
	"testing"
)

// TestTutorialIsTheExample holds the code in the package's documentation to the example, which is compiled and run.
func TestTutorialIsTheExample(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.ReplaceAll(string(doc), "\n//\t", "\n")
	from := strings.Index(string(example), "func blackhole(")
	to := strings.Index(string(example), "\n}\n") + len("\n}\n")
	if from < 0 || to < from || !strings.Contains(shown, string(example)[from:to]) {
		t.Error("doc.go does not show func blackhole as it is in example_test.go")
	}
}
