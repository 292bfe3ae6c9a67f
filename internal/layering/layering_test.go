// Package layering has no code: its test checks who imports whom, as ARCHITECTURE.md says.
package layering

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/flowhost/flowhost/"

// coreCommon is what every package of core may use.
var coreCommon = []string{"sdk/flow", "core/config"}

// allowed lists, for a folder and all below it that have no row of their own, which folders of the module it may import: "x" is
// x itself, "x/..." is x and all below. Tests are not held to it.
var allowed = map[string][]string{
	"sdk/flow":                      {},
	"sdk/proto":                     {},
	"sdk":                           {"sdk/flow", "sdk/proto/..."},
	"sdk/sdktest":                   {"sdk/...", "core/..."},
	"core/config":                   {"sdk/flow"},
	"core/openflow":                 coreCommon,
	"core/table":                    coreCommon,
	"core/swconn":                   with(coreCommon, "core/openflow"),
	"core/apply":                    with(coreCommon, "core/table", "core/swconn", "core/openflow"),
	"core/source":                   with(coreCommon, "core/apply", "core/table", "sdk/proto/..."),
	"core/admin":                    with(coreCommon, "core/apply", "core/source", "core/table"),
	"cmd/host":                      {"core/...", "sdk/flow"},
	"internal/ovn":                  {"internal/ovn/...", "sdk/flow"},
	"internal/ovn/feed":             {"internal/ovn/...", "sdk", "sdk/flow"},
	"internal/ovn/ovsdb/bars":       {"internal/ovn/...", "internal/ovstest", "e2e/bar"},
	"internal/ovstest":              {"internal/ovstest/..."},
	"plugins":                       {"sdk", "sdk/flow", "internal/ovn/..."},
	"plugins/chassis":               {"sdk", "sdk/flow", "internal/ovn/...", "plugins/chassis/..."},
	"plugins/chassis/duty/dutytest": {"internal/ovn/...", "internal/ovstest", "plugins/chassis/duty"},
	"plugins/lflow":                 {"sdk", "sdk/flow", "internal/ovn/...", "plugins/lflow/..."},
	"examples":                      {"sdk", "sdk/flow"},
}

// sdkDirect are the modules outside the standard library that package sdk itself may import: they become dependencies of
// every plugin.
var sdkDirect = []string{
	"github.com/google/uuid",
	"github.com/hashicorp/go-hclog",
	"github.com/hashicorp/go-plugin",
	"google.golang.org/grpc",
	"google.golang.org/protobuf",
}

func with(common []string, more ...string) []string { return append(slices.Clone(common), more...) }

func TestImports(t *testing.T) {
	checked := 0
	for file, imports := range sources(t, "../..") {
		dir := path.Dir(file)
		rule, ok := ruleFor(dir)
		if !ok {
			continue
		}
		checked++
		for _, imp := range imports {
			if ours, found := strings.CutPrefix(imp, module); found && !strings.HasPrefix(ours, rule.dir+"/internal/") && !permits(rule.may, ours) {
				t.Errorf("%s imports %s; %s may import of this module: %s", file, ours, rule.dir, strings.Join(rule.may, ", "))
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d files checked: is the test looking at the right folder?", checked)
	}
}

func TestSDKStaysSmall(t *testing.T) {
	for file, imports := range sources(t, "../../sdk") {
		if strings.HasPrefix(file, "sdktest/") {
			continue
		}
		for _, imp := range imports {
			first, _, _ := strings.Cut(imp, "/")
			outside := strings.Contains(first, ".") && !strings.HasPrefix(imp, module)
			known := slices.ContainsFunc(sdkDirect, func(m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") })
			if outside && !known {
				t.Errorf("sdk/%s imports %s, which every plugin would depend on", file, imp)
			}
			if outside && strings.HasPrefix(file, "flow/") {
				t.Errorf("sdk/%s imports %s; the vocabulary uses the standard library alone", file, imp)
			}
		}
	}
}

type rule struct {
	dir string
	may []string
}

// ruleFor finds the row of the nearest folder that has one.
func ruleFor(dir string) (rule, bool) {
	for d := dir; d != "."; d = path.Dir(d) {
		if may, ok := allowed[d]; ok {
			return rule{d, may}, true
		}
	}
	return rule{}, false
}

func permits(may []string, imp string) bool {
	return slices.ContainsFunc(may, func(m string) bool {
		below, all := strings.CutSuffix(m, "/...")
		return imp == below || all && strings.HasPrefix(imp, below+"/")
	})
}

// sources gives the imports of each Go file below root that is not a test, by its slash-separated path from root.
func sources(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		found[rel] = []string{}
		for _, imp := range f.Imports {
			name, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			found[rel] = append(found[rel], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
