package action

import (
	"errors"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

func TestDepth(t *testing.T) {
	s := newScript(t, dialect.Default())
	nested := func(n int) string { return strings.Repeat("clone { ", n) + "next; " + strings.Repeat("}; ", n) }
	var list List
	must(t, list.Parse(nested(maxDepth-1), s.env, s.place))
	err := list.Parse(nested(maxDepth), s.env, s.place)
	if !errors.Is(err, lex.ErrSyntax) || err.Error() != "maximum depth of nested actions reached" {
		t.Error(err)
	}
	if !list.Empty() || !list.Prereqs().Empty() || list.String() != "drop;" {
		t.Errorf("after an error there is still %s", &list)
	}
}

// A list that was parsed before leaves nothing behind, however it was nested.
func TestParseAgain(t *testing.T) {
	s := newScript(t, dialect.Default())
	var list List
	for range 2 {
		must(t, list.Parse(`clone { ip4.src = 1.2.3.4; clone { tcp.src = 5; }; }; reject { ip.ttl--; };`, s.env, s.place))
		const want = "ip && ip.proto == 0x6 && (eth.type == 0x800 || eth.type == 0x86dd) && eth.type == 0x800"
		if got := list.Prereqs().String(); got != want {
			t.Errorf("needs %s", got)
		}
	}
}
