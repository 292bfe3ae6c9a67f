package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/sdk"
)

// questions answers what the operator asks, from other goroutines than the source's.
type questions struct{ feed.Subject[*source] }

func (q *questions) info() sdk.Info {
	return sdk.Info{
		Name: "chassis", Version: "0.1",
		Commands: map[string]func(context.Context, []string) (string, error){"problems": q.problems},
	}
}

// problems shows what is refused, what is waited for, and what is being written.
func (q *questions) problems(ctx context.Context, _ []string) (text string, err error) {
	err = q.Ask(ctx, func(s *source) error {
		text = s.problems(time.Now())
		return nil
	})
	return text, err
}

func (s *source) problems(now time.Time) string {
	var b strings.Builder
	if note := s.note(); note != "" {
		fmt.Fprintln(&b, note)
	}
	for _, d := range s.duties {
		if reporter, is := d.(interface{ Problems() []string }); is {
			for _, one := range reporter.Problems() {
				fmt.Fprintln(&b, one)
			}
		}
	}
	refused := s.writer.refused(now)
	for _, what := range slices.Sorted(maps.Keys(refused)) {
		r := refused[what]
		fmt.Fprintf(&b, "%s: refused %d times in %v: %v\n", what, r.times, now.Sub(r.since).Round(time.Second), r.err)
	}
	for db, l := range s.writer.lanes {
		for _, one := range l.flying {
			fmt.Fprintf(&b, "%s: on its way to %v\n", one.What, duty.Database(db))
		}
		for _, one := range append(slices.Concat(l.parts...), l.next...) {
			fmt.Fprintf(&b, "%s: the next for %v\n", one.What, duty.Database(db))
		}
	}
	return b.String()
}
