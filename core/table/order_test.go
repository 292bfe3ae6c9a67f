package table

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestOrderFree lets three owners do the same operations in two interleavings, with changes sent at different times: both end
// in the same table and the same switch.
func TestOrderFree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		work := make(map[string][]command)
		for _, owner := range []string{"a", "b", "c"} {
			for _, ops := range rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(drawOp), 1, 4), 0, 12).Draw(rt, owner) {
				c := command{line: "txn " + owner + " 1"}
				for _, lines := range ops {
					c.body = append(c.body, lines...)
				}
				work[owner] = append(work[owner], c)
			}
		}
		first, second := interleaved(rt, work), interleaved(rt, work)
		if first != second {
			rt.Fatalf("one order ends in\n%s\nthe other in\n%s", first, second)
		}
	})
}

// interleaved does every owner's work in its order, the owners in any, and returns what comes of it.
func interleaved(rt *rapid.T, work map[string][]command) string {
	m := newModel(rt)
	m.do(command{line: "connect"})
	left := maps.Clone(work)
	for {
		var owners []string
		for _, owner := range []string{"a", "b", "c"} {
			if len(left[owner]) > 0 {
				owners = append(owners, owner)
			}
		}
		if len(owners) == 0 {
			break
		}
		owner := rapid.SampledFrom(owners).Draw(rt, "next")
		m.do(left[owner][0])
		left[owner] = left[owner][1:]
		if send := rapid.SampledFrom([]string{"", "", "", "", "diff 2", "diff-small 2"}).Draw(rt, "send"); send != "" {
			m.do(command{line: send})
			m.do(command{line: "answer"})
		}
	}
	m.finish()
	var out strings.Builder
	for v := range m.table.Entries {
		out.WriteString(describeEntry(v))
	}
	for _, f := range m.sw.dump() {
		fmt.Fprintln(&out, f.Flow)
	}
	return out.String()
}

// TestAdoptionInAnyOrder restarts the host under twenty clauses on one key and two owners on another. The sources come back in
// every order, one flow at a time, and no change is ever sent.
func TestAdoptionInAnyOrder(t *testing.T) {
	setup := []command{{line: "owner a slot=1 conjunctions=0-9"}, {line: "owner b slot=2 conjunctions=10-14"}, {line: "owner c slot=3 conjunctions=15-19"}}
	work := make(map[string][]string)
	for i := range 20 {
		owner := map[bool]string{true: "a", false: map[bool]string{true: "b", false: "c"}[i < 15]}[i < 10]
		work[owner] = append(work[owner], fmt.Sprintf("add %02x table=8,priority=50,ip,nw_src=10.0.0.1 actions=conjunction(%d,1/2)", i, i))
	}
	for i, owner := range []string{"c", "b"} {
		work[owner] = append(work[owner], fmt.Sprintf("add %02x table=8,priority=1,in_port=1 actions=resubmit(,%d)", 80+i, i))
	}
	for _, order := range [][]string{{"a", "b", "c"}, {"a", "c", "b"}, {"b", "a", "c"}, {"b", "c", "a"}, {"c", "a", "b"}, {"c", "b", "a"}} {
		t.Run(strings.Join(order, ""), func(t *testing.T) {
			s := newStage()
			for _, c := range setup {
				must(t, s, c)
			}
			must(t, s, command{line: "connect"})
			for _, owner := range order {
				must(t, s, command{line: "txn " + owner + " 1", body: work[owner]})
				must(t, s, command{line: "sync-done " + owner})
			}
			must(t, s, command{line: "send"})
			if n := len(s.sw.flows); n != 2 {
				t.Fatalf("%d flows in the switch, want 2", n)
			}
			must(t, s, command{line: "restart-host"})
			must(t, s, command{line: "connect"})
			for _, owner := range slices.Backward(order) {
				must(t, s, command{line: "sync-begin " + owner})
				for _, line := range work[owner] {
					must(t, s, command{line: "txn " + owner + " 1", body: []string{line}})
					mustSendNothing(t, s)
				}
				must(t, s, command{line: "sync-done " + owner})
				mustSendNothing(t, s)
			}
			if st := s.table.Stats(); st.Held+st.Orphans+st.Pending != 0 || st.Installed != 2 {
				t.Errorf("in the end: %+v", st)
			}
		})
	}
}

func must(t *testing.T, s *stage, c command) string {
	t.Helper()
	printed, err := s.run(c)
	if err != nil {
		t.Fatalf("%s: %v", c.line, err)
	}
	mustBeValid(t, s.table)
	return printed
}

func mustSendNothing(t *testing.T, s *stage) {
	t.Helper()
	if changes := s.table.Diff(100); len(changes) > 0 {
		t.Fatalf("sent: %s", describeChange(changes[0]))
	}
}
