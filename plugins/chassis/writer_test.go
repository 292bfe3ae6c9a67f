package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// planner is a duty that plans what a test wants, and writes down what comes of it.
type planner struct {
	plans []duty.Write
	told  []string
}

func (p *planner) Change(string, ovsdb.Change) {}
func (p *planner) Changed(local.Fact)          {}
func (p *planner) Lost(db duty.Database)       { p.told = append(p.told, "lost "+db.String()) }

func (p *planner) Plan(_ time.Time, max int) ([]duty.Write, time.Time) {
	n := min(max, len(p.plans))
	planned := p.plans[:n]
	p.plans = p.plans[n:]
	return planned, time.Time{}
}

// want has a Write planned, of so many operations on a table that is called like it.
func (p *planner) want(db duty.Database, what string, operations int) {
	w := duty.Write{What: what, Database: db, Done: func(err error) {
		if p.told = append(p.told, what); err != nil {
			p.told[len(p.told)-1] += " refused"
		}
	}}
	for range operations {
		w.Operations = append(w.Operations, ovsdb.Operation{Op: "insert", Table: what})
	}
	p.plans = append(p.plans, w)
}

// server refuses operations on tables of some names, at commit or when it comes to them, or has no connection.
type server struct {
	bad   map[string]bool
	late  bool
	err   error
	heard [][]string // tables of each transaction
	made  uint64
}

func (s *server) Made() uint64 { return s.made }

func (s *server) Transact(_ context.Context, operations ...ovsdb.Operation) ([]ovsdb.OperationResult, error) {
	var tables []string
	refused := -1
	for i, o := range operations {
		tables = append(tables, o.Table)
		if s.bad[o.Table] && refused < 0 {
			refused = i
		}
	}
	s.heard = append(s.heard, slices.Compact(tables))
	if s.err != nil {
		return nil, s.err
	}
	if refused >= 0 {
		if s.late {
			refused = len(operations)
		}
		return nil, &ovsdb.TransactionError{Index: refused, Name: "constraint violation"}
	}
	s.made++
	return nil, nil
}

// rig is a writer with a duty and two servers.
type rig struct {
	*writer
	planner
	t       *testing.T
	servers [2]server
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t}
	r.writer = newWriter([]duty.Duty{&r.planner}, hclog.NewNullLogger(), make(feed.Asks))
	for i := range r.servers {
		r.servers[i].bad = map[string]bool{}
	}
	return r
}

// step lets the writer act once, with all or nothing of what was written taken in, and waits for an outcome if one is on its way.
func (r *rig) step(taken uint64) {
	r.act(r.t.Context(), time.Unix(0, 0), true, [2]database{&r.servers[0], &r.servers[1]}, [2]uint64{taken, taken})
}

func (r *rig) outcome() {
	r.t.Helper()
	select {
	case f := <-r.asks:
		f(nil)
	case <-time.After(patience):
		r.t.Fatal("no outcome")
	}
}

// settle acts until nothing is under way.
func (r *rig) settle() {
	r.step(1 << 60)
	for !r.lanes[0].idle() || !r.lanes[1].idle() {
		r.outcome()
		r.step(1 << 60)
	}
}

func (r *rig) check(db duty.Database, told string, heard ...string) {
	r.t.Helper()
	if got := strings.Join(r.told, ", "); got != told {
		r.t.Errorf("told %q, want %q", got, told)
	}
	var got []string
	for _, tables := range r.servers[db].heard {
		got = append(got, strings.Join(tables, " "))
	}
	if !slices.Equal(got, heard) {
		r.t.Errorf("%v heard %q, want %q", db, got, heard)
	}
}

// Writes go together, and one that is refused harms no other. Where the server says which operation it is, it takes one attempt more.
func TestGuiltyAlone(t *testing.T) {
	for name, c := range map[string]struct {
		late  bool
		heard []string
	}{
		"at once":   {false, []string{"a b c d", "c", "a b d"}},
		"at commit": {true, []string{"a b c d", "a b", "c d", "c", "d"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.servers[1].bad["c"], r.servers[1].late = true, c.late
			for i, what := range []string{"a", "b", "c", "d"} {
				r.want(duty.Southbound, what, i+1)
			}
			r.settle()
			slices.Sort(r.told)
			r.check(duty.Southbound, "a, b, c refused, d", c.heard...)
			if got := r.refused(time.Unix(0, 0)); len(got) != 1 || got["c"].times != 1 {
				t.Errorf("refused: %v", got)
			}
			r.servers[1].bad["c"] = false
			r.want(duty.Southbound, "c", 1)
			r.settle()
			if got := r.refused(time.Unix(0, 0)); len(got) != 0 {
				t.Errorf("refused: %v", got)
			}
		})
	}
}

// Done is told once what was written has been taken in, and nothing more is written meanwhile.
func TestDoneAfterRows(t *testing.T) {
	r := newRig(t)
	r.want(duty.Vswitch, "a", 1)
	r.step(0)
	r.outcome()
	r.want(duty.Vswitch, "b", 1)
	r.step(0)
	r.check(duty.Vswitch, "", "a")
	r.step(1)
	r.outcome()
	r.check(duty.Vswitch, "a", "a", "b")
	r.step(2)
	r.check(duty.Vswitch, "a, b", "a", "b")
	r.running.Wait()
}

// The databases do not wait for each other.
func TestLanes(t *testing.T) {
	r := newRig(t)
	r.want(duty.Southbound, "slow", 1)
	r.step(0)
	r.outcome() // and its row does not come
	r.want(duty.Vswitch, "quick", 1)
	r.want(duty.Southbound, "next", 1)
	r.step(0)
	r.outcome()
	r.step(0) // quick's row is not needed for slow's
	r.act(t.Context(), time.Unix(0, 0), true, [2]database{&r.servers[0], &r.servers[1]}, [2]uint64{1, 0})
	r.check(duty.Southbound, "quick", "slow")
	r.settle()
	r.check(duty.Southbound, "quick, slow, next", "slow", "next")
}

// What waits for a slow database goes together.
func TestWaitingGoTogether(t *testing.T) {
	r := newRig(t)
	for _, what := range []string{"a", "b", "c", "d"} {
		r.want(duty.Southbound, what, 1)
		r.step(0) // only a is under way, and the other database idle
	}
	r.settle()
	r.check(duty.Southbound, "a, b, c, d", "a", "b c d")
}

// With the connection, all that was to be written is lost.
func TestLost(t *testing.T) {
	for _, err := range []error{ovsdb.ErrConnectionLost, ovsdb.ErrNotConnected} {
		r := newRig(t)
		r.servers[1].err = fmt.Errorf("broken: %w", err)
		r.want(duty.Southbound, "a", 1)
		r.step(0)
		r.want(duty.Southbound, "b", 1)
		r.step(0) // b is planned, for the other lane is idle, and waits
		r.settle()
		r.check(duty.Southbound, "lost OVN_Southbound", "a")
	}
}

// Nothing is planned or sent before everything is known.
func TestWaitsForRows(t *testing.T) {
	r := newRig(t)
	r.want(duty.Vswitch, "a", 1)
	r.act(t.Context(), time.Unix(0, 0), false, [2]database{}, [2]uint64{})
	if len(r.plans) != 1 || len(r.servers[0].heard) != 0 {
		t.Error("planned")
	}
}

// A transaction has a bounded number of Writes.
func TestBounded(t *testing.T) {
	r := newRig(t)
	for i := range 3*maxWrites - 1 {
		r.want(duty.Vswitch, fmt.Sprint(i), 1)
	}
	r.settle()
	if n := len(r.servers[0].heard); n != 3 || len(r.told) != 3*maxWrites-1 {
		t.Errorf("%d transactions, %d told", n, len(r.told))
	}
}

func TestSources(t *testing.T) {
	for text, want := range map[string]string{"": "lflow physical neighbor", "--sources=a,b": "a b", "--sources=": ""} {
		got, err := sourcesOf(strings.Fields(text))
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	if _, err := sourcesOf([]string{"x"}); !errors.Is(err, errArgument) {
		t.Errorf("x: %v", err)
	}
}
