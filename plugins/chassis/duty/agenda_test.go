package duty

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
)

// planner plans a Write for each thing that is wrong.
type planner struct {
	agenda Agenda[string]
	wrong  map[string]bool
	looked []string
}

func (p *planner) look(k string) Write {
	p.looked = append(p.looked, k)
	if !p.wrong[k] {
		return Write{}
	}
	return Write{What: k, Operations: make([]ovsdb.Operation, 1)}
}

// plan returns what is planned and what was looked at for it.
func (p *planner) plan(now time.Time, max int) (writes []Write, looked []string, again time.Time) {
	p.looked = nil
	writes, again = p.agenda.Plan(now, max, p.look)
	return writes, p.looked, again
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func names(writes []Write) (list []string) {
	for _, w := range writes {
		list = append(list, w.What)
	}
	return list
}

// What was marked is looked at once, in that order; what is on its way is not until it is done.
func TestAgenda(t *testing.T) {
	p := &planner{wrong: map[string]bool{"a": true, "b": true}}
	for _, k := range []string{"a", "c", "b", "a"} {
		p.agenda.Mark(k)
	}
	now := time.Now()
	first, looked, _ := p.plan(now, 1)
	expect(t, "looked at", looked, "a")
	rest, looked, _ := p.plan(now, 9)
	expect(t, "looked at", looked, "c", "b")
	expect(t, "planned", names(rest), "b")
	p.agenda.Mark("a")
	_, looked, _ = p.plan(now, 9)
	expect(t, "looked at while on its way", looked)

	p.wrong = nil
	first[0].Done(nil)
	rest[0].Done(nil)
	writes, looked, again := p.plan(now, 9)
	expect(t, "looked at when done", looked, "a", "b")
	if len(writes) != 0 || !again.IsZero() || len(p.agenda.flying)+len(p.agenda.marked)+len(p.agenda.refused) != 0 {
		t.Errorf("planned %v, again at %v, remembered %+v when all is well", names(writes), again, p.agenda)
	}
}

// A refused Write is said again after a pause, which doubles, or when something has changed.
func TestAgendaRefused(t *testing.T) {
	p := &planner{wrong: map[string]bool{"a": true}}
	now := time.Now()
	p.agenda.Mark("a")
	for _, pause := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		writes, _, _ := p.plan(now, 9)
		expect(t, "planned after the pause", names(writes), "a")
		writes[0].Done(errors.New("refused"))
		writes, _, again := p.plan(now, 9)
		if expect(t, "planned at once", names(writes)); again.Sub(now) != pause {
			t.Errorf("again after %v, want %v", again.Sub(now), pause)
		}
		now = again
	}
	p.plan(now, 9)
	p.agenda.Lost()
	p.agenda.Mark("a")
	writes, _, _ := p.plan(now, 9)
	expect(t, "planned after a change", names(writes), "a")

	p.agenda.Mark("a")
	p.plan(now, 9)
	writes[0].Done(errors.New("refused"))
	writes, _, _ = p.plan(now, 9)
	expect(t, "planned after a change while it was on its way", names(writes), "a")
}

// What was on its way when the connection ended is planned anew.
func TestAgendaLost(t *testing.T) {
	p := &planner{wrong: map[string]bool{"a": true}}
	p.agenda.Mark("a")
	p.plan(time.Now(), 9)
	p.agenda.Lost()
	writes, _, _ := p.plan(time.Now(), 9)
	expect(t, "planned", names(writes), "a")
}
