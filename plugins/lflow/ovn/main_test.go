package main

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var rewrite = flag.Bool("rewrite", false, "write the results in testdata anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ovn": main})
}

// TestScripts runs testdata/*.txtar: what one types, and what comes back. Look at the difference before you commit what -rewrite wrote.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", UpdateScripts: *rewrite})
}
