package action

import (
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/sdk/flow"
)

// A list is its actions one behind the other, wherever ct_commit stands. OVN 23.03 writes over the nested actions of one that is not
// the first.
func TestCommitBehindOthers(t *testing.T) {
	const commit = `ct_commit { ct_mark.blocked = 1; ct_label = 5; };`
	for _, d := range []*dialect.Dialect{dialect.Default(), dialect.OVN2303(), dialect.OVN2603()} {
		s := newScript(t, d)
		encode := func(text string) flow.Actions {
			var list List
			must(t, list.Parse(text, s.env, s.place))
			actions, err := list.Encode(&s.options)
			must(t, err)
			return actions
		}
		for _, others := range []string{`reg0 = 1;`, `ip.ttl--; next;`, `push(xxreg0); reg1 = reg2;`, commit} {
			got, want := encode(others+" "+commit), encode(others)[instructionHead:]+encode(commit)[instructionHead:]
			if got[instructionHead:] != want {
				t.Errorf("%s: %s behind %s is %s", d.Name, commit, others, got)
			}
		}
	}
}
