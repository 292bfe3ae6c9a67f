package vectors

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/sdk/flow"
)

// TestActionBars prints the bars of actions as TestBars does those of matches: go test -run '^TestActionBars$' -count=1 -v -bars
func TestActionBars(t *testing.T) {
	if !*bars {
		t.Skip("only with -bars")
	}
	ballast := make([]byte, 64<<20) // as in TestBars
	for _, v := range []string{"23.03", "head"} {
		texts, compile := northdActions(t, v)
		took, calibration := measure(300, func() {
			for _, text := range texts {
				compile(text)
			}
		})
		speed := float64(len(texts)) / took.Seconds()
		bar(t, "lflow.action-speed-"+v, speed, "lists/s", "≥ 300000", speed >= 300_000, calibration)
		n := medianAllocations(texts, compile)
		bar(t, "lflow.action-allocations-"+v, n, "in the median", "≤ 20", n <= 20, 1)
	}
	runtime.KeepAlive(ballast)
}

// northdActions are the lists of northd_actions, and what compiles one down to its bytes.
func northdActions(tb testing.TB, name string) (texts []string, compile func(text string)) {
	dir := filepath.Join(vectorsDir(), name)
	if found, _ := filepath.Glob(filepath.Join(dir, "northd_actions.jsonl")); found == nil {
		tb.Skipf("NO VECTORS: no northd_actions.jsonl in %s", dir)
	}
	v := readVersion(tb, dir).withNorthd()
	type context struct {
		place   action.Place
		options *action.Options
	}
	groups := make(map[string]flow.GroupID)
	contexts := make(map[string]context)
	for _, line := range lines(tb, filepath.Join(dir, "northd_actions.jsonl")) {
		var c actionCase
		must(json.Unmarshal(line, &c))
		o := v.options()
		o.Group = func(text string) (flow.GroupID, bool) {
			id, ok := groups[text]
			if !ok {
				id = flow.GroupID(len(groups) + 1)
				groups[text] = id
			}
			return id, true
		}
		o.Meter = func(string) (flow.MeterID, bool) { return 1, true }
		contexts[c.Input] = context{v.place(&c.Ctx, o), o}
		texts = append(texts, c.Input)
	}
	env := v.actionEnv()
	var list action.List
	return texts, func(text string) {
		c := contexts[text]
		must(list.Parse(text, env, c.place))
		_, err := list.Encode(c.options)
		must(err)
	}
}

func BenchmarkNorthdActions(b *testing.B) {
	texts, compile := northdActions(b, "23.03")
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range texts {
			compile(text)
		}
	}
	b.ReportMetric(float64(len(texts))*float64(b.N)/b.Elapsed().Seconds(), "lists/s")
}
