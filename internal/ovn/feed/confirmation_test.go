package feed

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

// generations counts what a Maker is told of what it has said. It belongs to Run's goroutine.
type generations struct{ told, confirmed int }

func (g *generations) next() func() {
	g.told++
	n := g.told
	return func() { g.confirmed = n }
}

func (s *site) untilConfirmed(g *generations, told, confirmed int) {
	s.t.Helper()
	ovstest.Eventually(s.t, patience, func() (err error) {
		s.ask(func(*rows) {
			if *g != (generations{told, confirmed}) {
				err = fmt.Errorf("%+v, want told %d, confirmed %d", *g, told, confirmed)
			}
		})
		return err
	})
}

// stall makes the switch wait before it takes a flow, until resume is called.
func (s *site) stall() (resume func()) {
	until := make(chan struct{})
	s.Refuse(func(flow.Flow) bool {
		<-until
		return false
	})
	resume = sync.OnceFunc(func() { close(until) })
	s.t.Cleanup(resume)
	return resume
}

// A Maker knows what the switch has confirmed, and never before that. What it says while a generation is under way is of the next.
func TestConfirmed(t *testing.T) {
	var g generations
	s := &site{t: t, vswitch: chassis(t, southbound(t, 0).OVSDB()), confirming: g.next}
	s.run()
	s.WaitSynced()
	s.untilConfirmed(&g, 1, 1) // all of it with SyncDone

	resume := s.stall()
	for n := range 3 {
		s.tell(nil, Operation{ID: someID, Flows: flowsFrom(100+n, 1)})
		s.ask(func(*rows) {})
		s.untilConfirmed(&g, 2, 1)
	}
	resume()
	s.untilConfirmed(&g, 3, 3)
	s.untilFlows(1, 3, 102)

	// To have all said again is to forget what was under way.
	resume = s.stall()
	s.tell(nil, Operation{ID: someID, Flows: flowsFrom(200, 1)})
	s.untilConfirmed(&g, 4, 3)
	s.took()
	s.Resync()
	s.untilTold("sync begin", "flows", "nb_cfg=17", "sync done")
	s.untilConfirmed(&g, 5, 3)
	resume()
	s.untilConfirmed(&g, 5, 5)
}

// The status says what the Maker has to add.
func TestNote(t *testing.T) {
	note := "3 rows are odd"
	s := &site{t: t, vswitch: chassis(t, southbound(t, 0).OVSDB()), note: func() string { return note }}
	s.run()
	s.WaitSynced()
	s.untilStatus(true, "following the southbound database at unix:")
	if _, text := s.Status(); !strings.HasSuffix(text, "; "+note) {
		t.Errorf("status %q", text)
	}
}
