package table

import (
	"fmt"
	"testing"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Somebody else empties the switch while what was found in it is still waiting for the owner, who then says that nothing more comes.
func TestAdoptedFlowsAllGone(t *testing.T) {
	s := newStage()
	must(t, s, command{line: "owner a slot=1"})
	s.table.AdoptBegin()
	const flows = 3 * pageSize
	var found []Dumped
	for n := range flows {
		f, err := flow.ParseFlow(fmt.Sprintf("table=8,priority=1,metadata=%d actions=drop", n))
		if err != nil {
			t.Fatal(err)
		}
		f.Cookie = flow.Cookie(1<<56 | n) // of the slot
		found = append(found, Dumped{Flow: f})
	}
	s.table.AdoptFlows(found)
	s.table.AdoptDone(s.now)
	if !s.table.Adopting() {
		t.Fatal("nothing was adopted")
	}
	for _, f := range found {
		s.table.ObservedGone(f.Key, s.now)
	}
	if changes := s.table.Diff(flows); len(changes) > 0 {
		t.Fatalf("sent: %s", describeChange(changes[0]))
	}
	mustBeValid(t, s.table)
	must(t, s, command{line: "sync-done a"})
	if st := s.table.Stats(); st.Held+st.Orphans+st.Pending+st.Installed != 0 || s.table.Adopting() {
		t.Errorf("in the end: %+v", st)
	}
}
