package apply

import (
	"context"
	"fmt"
	"strings"

	"github.com/flowhost/flowhost/core/table"
)

// maxWatches is how many marks a session may watch.
const maxWatches = 65536

// watches are which sessions want to hear of which marks, by the owner that makes them.
type watches map[table.OwnerID]map[*Session]*watched

// watched are the names of an owner's marks that a session wants to hear of, and what names begin with.
type watched struct {
	owner    string
	names    map[string]bool
	prefixes []string
}

func newWatched(owner string) *watched { return &watched{owner: owner, names: make(map[string]bool)} }

func (w *watched) add(name string) {
	if prefix, all := strings.CutSuffix(name, "*"); all {
		w.prefixes = append(w.prefixes, prefix)
	} else {
		w.names[name] = true
	}
}

func (w *watched) has(name string) bool {
	if w.names[name] {
		return true
	}
	for _, p := range w.prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// Watch makes the session hear of a mark of an owner, its own or another: as an EventMarked now if it is installed, and again each
// time it is. A name that ends in * means all marks whose names begin with what is before it. Errors: ErrUnknownOwner,
// table.ErrQuota, ErrSessionEnded, ErrStopped.
func (s *Session) Watch(ctx context.Context, owner, name string) error {
	o, ok := s.loop.owners.get(owner)
	if !ok {
		return fmt.Errorf("%w: %q", ErrUnknownOwner, owner)
	}
	_, err := s.do(ctx, func(t *table.Table) (table.Revision, error) {
		if s.watching++; s.watching > maxWatches {
			return 0, fmt.Errorf("%w: over %d marks watched", table.ErrQuota, maxWatches)
		}
		w, added := s.loop.watches.of(o, s), newWatched(owner)
		w.add(name)
		added.add(name)
		for name, m := range t.Marks(o.id) {
			s.tellMark(added, table.Mark{Name: name, Value: m.Value}, m.Quarantined)
		}
		return 0, nil
	})
	return err
}

// of is what a session watches of an owner.
func (all watches) of(o owner, s *Session) *watched {
	if all[o.id] == nil {
		all[o.id] = make(map[*Session]*watched)
	}
	if all[o.id][s] == nil {
		all[o.id][s] = newWatched(o.spec.Name)
	}
	return all[o.id][s]
}

// forget ends what a session watches.
func (all watches) forget(s *Session) {
	for _, sessions := range all {
		delete(sessions, s)
	}
}

// tellMark tells the session of a mark if that is one of those.
func (s *Session) tellMark(w *watched, m table.Mark, quarantined int) {
	if w.has(m.Name) {
		s.sink.Events([]table.Event{{
			Kind: table.EventMarked, Owner: s.owner.id, Other: w.owner, Marks: []table.Mark{m}, Quarantined: quarantined,
		}})
	}
}

// tellMarks tells the sessions that watch them of the marks in an EventInstalled.
func (l *Loop) tellMarks(e *table.Event) {
	for s, w := range l.watches[e.Owner] {
		for _, m := range e.Marks {
			s.tellMark(w, m, e.Quarantined)
		}
	}
}
