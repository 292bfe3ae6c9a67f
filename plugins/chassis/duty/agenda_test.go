package duty

import (
	"errors"
	"slices"
	"testing"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

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

// What has to be written again and again is written at once so often only, and then after pauses that double.
func TestAgendaPatience(t *testing.T) {
	p := &planner{wrong: map[string]bool{"a": true}, agenda: Agenda[string]{Patience: 2}}
	now := time.Now()
	p.agenda.Mark("a")
	for _, pause := range []time.Duration{0, 0, time.Second, 2 * time.Second} {
		now = now.Add(pause)
		writes, _, again := p.plan(now, 9)
		expect(t, "planned", names(writes), "a")
		if !again.IsZero() {
			t.Errorf("again at %v while it is on its way", again)
		}
		writes[0].Done(nil)
	}
	writes, looked, again := p.plan(now, 9)
	if expect(t, "looked at at once", looked); len(writes) > 0 || again.Sub(now) != 4*time.Second || p.agenda.Undone(now) != 1 {
		t.Errorf("planned %q, again after %v, undone %d", names(writes), again.Sub(now), p.agenda.Undone(now))
	}
	p.wrong = nil
	now = again
	if writes, _, again = p.plan(now, 9); len(writes) > 0 || !again.IsZero() {
		t.Errorf("planned %q, again at %v, when all is well", names(writes), again)
	}
	now = now.Add(calm + time.Second)
	if n := p.agenda.Undone(now); n != 0 || len(p.agenda.spent) != 0 {
		t.Errorf("%d are undone, and %d are remembered, after a time of calm", n, len(p.agenda.spent))
	}
	p.wrong = map[string]bool{"a": true}
	p.agenda.Mark("a")
	writes, _, _ = p.plan(now, 9)
	expect(t, "planned after a time of calm", names(writes), "a")
}

// Who writes something else each time does not lose patience.
func TestAgendaChanges(t *testing.T) {
	a, now := Agenda[string]{Patience: 2}, time.Now()
	for i := range 9 {
		a.Mark("a")
		writes, _ := a.Plan(now, 9, func(string) Write {
			return Write{Operations: []ovsdb.Operation{Insert("Port", "p", libovsdb.Row{"name": i % 2})}}
		})
		if len(writes) != 1 {
			t.Fatalf("the change number %d is not written", i)
		}
		writes[0].Done(nil)
	}
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
