package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/sdk"
)

// questions answers what the operator asks, from other goroutines than the source's.
type questions struct{ feed.Subject[*source] }

func (q *questions) info() sdk.Info {
	return sdk.Info{
		Name: "lflow", Version: "0.1", Describe: q.describe,
		Commands: map[string]func(context.Context, []string) (string, error){
			"dependencies": q.dependencies,
			"problems":     q.problems,
			"recompute":    q.recompute,
		},
	}
}

var (
	errUnknown = errors.New("nothing that has flows is called so")
	errUsage   = errors.New("usage: dependencies UUID")
)

// dependencies shows what the flows of a row were made of.
func (q *questions) dependencies(ctx context.Context, args []string) (string, error) {
	if len(args) != 1 {
		return "", errUsage
	}
	id, err := uuid.Parse(args[0])
	if err != nil {
		return "", errUsage
	}
	var b strings.Builder
	err = q.Ask(ctx, func(s *source) error {
		u := s.units[id]
		if u == nil {
			return errUnknown
		}
		fmt.Fprintf(&b, "%v depends on\n", id)
		var lines []string
		for _, f := range u.facts {
			lines = append(lines, fmt.Sprintf("  %v\n", f.Read))
		}
		for _, id := range u.datapaths {
			lines = append(lines, fmt.Sprintf("  datapath %v\n", id))
		}
		slices.Sort(lines)
		b.WriteString(strings.Join(lines, ""))
		return nil
	})
	return b.String(), err
}

// problems shows the rows that lack flows, and why.
func (q *questions) problems(ctx context.Context, _ []string) (string, error) {
	var lines []string
	err := q.Ask(ctx, func(s *source) error {
		for _, u := range s.units {
			if u.problem != "" {
				lines = append(lines, fmt.Sprintf("%s: %s\n", u.title(), u.problem))
			}
		}
		return nil
	})
	slices.Sort(lines)
	return strings.Join(lines, ""), err
}

// recompute makes all flows anew.
func (q *questions) recompute(ctx context.Context, _ []string) (text string, err error) {
	err = q.Ask(ctx, func(s *source) error {
		s.recompute()
		text = fmt.Sprintf("flows of %d rows are made anew\n", len(s.units))
		return nil
	})
	return text, err
}
