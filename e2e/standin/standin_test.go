package standin

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowhost/flowhost/e2e/dump"
)

func TestEachTableIsOfOne(t *testing.T) {
	for table := range 79 {
		var whose []string
		for _, name := range Sources {
			if Has([]string{name}, table) {
				whose = append(whose, name)
			}
		}
		// Tables 1 to 7 are not used.
		if used := table == 0 || table > 7; used != (len(whose) == 1) || len(whose) > 1 {
			t.Errorf("table %d is of %v", table, whose)
		}
	}
	if Has(Sources, versionTable) {
		t.Errorf("table %d is a source's", versionTable)
	}
}

var has = dump.Parse(`
 cookie=0x1, priority=100,in_port=1 actions=resubmit(,8)
 cookie=0x2, table=8, priority=50 actions=learn(table=65,priority=7)
 cookie=0x3, table=65, priority=50 actions=output:1
 cookie=0x4, table=66, priority=50 actions=drop`, "group_id=1,type=all", "meter=1 pktps bands=\ntype=drop rate=1")

func TestFile(t *testing.T) {
	const ids = "meter=1 pktps bands= type=drop rate=1\ngroup_id=1,type=all\n"
	for want, stand := range map[string][]string{
		ids + has.Flows[1] + "\n": {"lflow"},
		ids + has.Flows[0] + "\n" + has.Flows[2] + "\n" + has.Flows[3] + "\n": {"neighbor", "physical"},
	} {
		if diff := cmp.Diff(want, File(has, stand, 0)); diff != "" {
			t.Error(diff)
		}
	}
	text := File(has, Sources, 7)
	if got := Version(dump.Parse("cookie=0x5, table=253, priority=7 actions=drop\n", "", "")); got != 7 || Version(has) != 0 {
		t.Errorf("version %d of\n%s", got, text)
	}
}

func TestLackingHaveAStandIn(t *testing.T) {
	programs := t.TempDir()
	if err := os.WriteFile(filepath.Join(programs, "flowhost-plugin-neighbor"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	lacking := Lacking(programs, Sources)
	if want := []string{"lflow", "physical"}; !slices.Equal(lacking, want) {
		t.Errorf("lacking %v, want %v", lacking, want)
	}
	var names []any
	for _, p := range Plugins(programs, Others(lacking), lacking, "/flows") {
		names = append(names, p.(map[string]any)["name"])
	}
	if diff := cmp.Diff([]any{"neighbor", Name}, names); diff != "" {
		t.Error(diff)
	}
	if plugins := Plugins(programs, Sources, nil, ""); len(plugins) != len(Sources) {
		t.Errorf("%d plugins without a stand-in", len(plugins))
	}
}
