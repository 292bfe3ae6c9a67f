package main

import (
	"errors"
	"fmt"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
)

// problems are what keeps units from having flows. What each one's is stands with it.
type problems struct {
	count int // of units that have one
	// starved are the units that lack an id. Invariant: they have a problem.
	starved map[*unit]struct{}
}

// settleProblem takes note of whether a unit has flows, and warns of one that has none anew, or for another reason.
func (s *source) settleProblem(u *unit, err error) {
	delete(s.problems.starved, u)
	if u.problem != "" {
		s.problems.count--
	}
	before := u.problem
	if u.problem = ""; err == nil {
		return
	}
	s.problems.count++
	if u.problem = err.Error(); u.problem != before {
		s.warn(u.title(), err)
	}
	if isStarved(err) {
		s.problems.starved[u] = struct{}{}
	}
}

// isStarved says whether a problem may be over once the switch has confirmed that ids are free.
func isStarved(err error) bool {
	return errors.Is(err, compiler.ErrNoConjunction) || errors.Is(err, action.ErrNoGroup) || errors.Is(err, action.ErrNoMeter)
}

// note is what the status says of problems.
func (s *source) note() string {
	const look = "(flowhost plugins command lflow problems)"
	switch n := s.problems.count; n {
	case 0:
		return ""
	case 1:
		return "1 row lacks flows " + look
	default:
		return fmt.Sprintf("%d rows lack flows %s", n, look)
	}
}

// told ends a generation of ids: the host knows who uses which. When the switch has confirmed that, those that nobody uses may be used
// anew, and whoever lacks one has another try.
func (s *source) told() (confirmed func()) {
	conjunctions, groups, meters := s.conjunctions.Told(), s.groups.Told(), s.meters.Told()
	return func() {
		any := s.conjunctions.Confirmed(conjunctions)
		any = s.groups.Confirmed(groups) || any
		any = s.meters.Confirmed(meters) || any
		if !any {
			return
		}
		for u := range s.problems.starved {
			s.mark(u)
		}
	}
}

// title names a unit in one line, with as much of what is long as tells it from others.
func (u *unit) title() string {
	switch row := u.row.(type) {
	case *sb.LogicalFlow:
		return fmt.Sprintf("Logical_Flow %v (%s, table %d, priority %d, match %s)", u.id, row.Pipeline, row.TableID, row.Priority, shorten(row.Match))
	case *sb.LoadBalancer:
		return fmt.Sprintf("Load_Balancer %v", u.id)
	case *sb.PortBinding:
		return fmt.Sprintf("Port_Binding %s (%v)", row.LogicalPort, u.id)
	}
	return u.id.String()
}

// shorten cuts a text that is too long for a line of a log.
func shorten(text string) string {
	const most = 100
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
