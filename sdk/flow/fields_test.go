package flow

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the documents that are made of tables anew")

// TestFieldsDocument holds FIELDS.md against the table of fields: go test -run '^TestFieldsDocument$' -rewrite ./sdk/flow
func TestFieldsDocument(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Fields\n\nThe table of fields (`fields.go`), in the order of a canonical match; ovs-fields(7) says what each one is. The last ones\n" +
		"are views: a match that names them is folded to others.\n\n" +
		"| name | on the wire | bits | mask | written by actions | a match needs |\n|---|---|---|---|---|---|\n")
	for _, f := range Fields() {
		name := f.name
		if f.alias != "" {
			name += " (" + f.alias + ")"
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s |\n", name, f.wire, f.bits, yes(f.Maskable()), yes(f.Writable()), f.Needs())
	}
	if *rewrite {
		if err := os.WriteFile("FIELDS.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile("FIELDS.md"); err != nil || string(got) != b.String() {
		t.Errorf("FIELDS.md is not what the table says (%v): run this test with -rewrite", err)
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
