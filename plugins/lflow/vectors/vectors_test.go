// Package vectors holds the languages of logical flows against conformance vectors: cases with the results that OVN has for them.
// The vectors are not part of the project. TestVectors reads them from $FLOWHOST_VECTORS, or else from shared/vectors beside the
// project: a folder for each version of OVN, in it any of the files that checkers names, with one case a line.
package vectors

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
)

// checkers make the check of each file's cases for one version. A check says what is wrong with one case.
var checkers = map[string]func(*version) check{
	"lex.jsonl":         checkLex,
	"expr_parse.jsonl":  checkExprStage,
	"expr_flows.jsonl":  checkExprFlows,
	"expr_stages.jsonl": checkExprStages,
	"northd_expr.jsonl": checkExprStages,
	"symtab.jsonl":      checkSymtab,
	"exhaustive.jsonl":  checkExhaustive,

	"actions.jsonl":        checkActions,
	"northd_actions.jsonl": checkActions,
}

type check func(line []byte) error

// version is one folder of vectors.
type version struct {
	name    string
	dir     string
	dialect *dialect.Dialect
	context contextFile
	northd  contextFile // what files named northd_… have beside context
}

func TestVectors(t *testing.T) {
	root := vectorsDir()
	found, err := filepath.Glob(filepath.Join(root, "*", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 { // perhaps it is the folder of one version
		found, _ = filepath.Glob(filepath.Join(root, "*.jsonl"))
	}
	if len(found) == 0 {
		t.Skipf("NO VECTORS: there are none in %s; set FLOWHOST_VECTORS to the folder that has them", root)
	}
	versions := make(map[string]*version)
	for _, file := range found {
		dir, name := filepath.Split(file)
		makeCheck := checkers[name]
		if makeCheck == nil {
			continue
		}
		v := versions[dir]
		if v == nil {
			v = readVersion(t, filepath.Clean(dir))
			versions[dir] = v
		}
		runFile(t, v, file, makeCheck)
	}
}

// vectorsDir is where the vectors are.
func vectorsDir() string {
	if dir := os.Getenv("FLOWHOST_VECTORS"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "..", "..", "shared", "vectors")
}

// readVersion reads what the cases of one version have in common. A folder without its own context has that of the vectors
// beside the project.
func readVersion(t testing.TB, dir string) *version {
	v := &version{name: filepath.Base(dir), dir: dir, dialect: dialect.OVN2603()}
	if v.name == "23.03" {
		v.dialect = dialect.OVN2303()
	}
	v.read(t, "context.json", &v.context)
	v.read(t, "northd_context.json", &v.northd)
	return v
}

func (v *version) read(t testing.TB, name string, into any) {
	for _, dir := range []string{v.dir, filepath.Join("..", "..", "..", "..", "shared", "vectors", v.name)} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return
	}
	t.Logf("no %s for version %s", name, v.name)
}

// runFile runs all cases of one file and prints how many passed.
func runFile(t *testing.T, v *version, path string, makeCheck func(*version) check) {
	name := v.name + "/" + strings.TrimSuffix(filepath.Base(path), ".jsonl")
	passed, failed := 0, 0
	scope := v
	if strings.HasPrefix(filepath.Base(path), "northd_") {
		scope = v.withNorthd()
	}
	run := makeCheck(scope)
	for _, line := range lines(t, path) {
		var c struct{ ID string }
		err := json.Unmarshal(line, &c)
		if err == nil {
			err = run(line)
		}
		if err != nil {
			failed++
			t.Errorf("%s %s: %v", name, c.ID, err)
			continue
		}
		passed++
	}
	fmt.Printf("vectors %s: %d passed, %d failed\n", name, passed, failed)
}

func lines(t testing.TB, path string) (all [][]byte) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		if len(s.Bytes()) > 0 {
			all = append(all, append([]byte(nil), s.Bytes()...))
		}
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return all
}

// differs is the error for a result that is not what it should be, nil when it is.
func differs(what, got, want string) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%s is\n\t%s\nand should be\n\t%s", what, got, want)
}
