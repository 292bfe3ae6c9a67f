package config

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Range is the numbers from First to Last, both included. In YAML it is a number ("66") or two with a dash ("8-36").
type Range struct {
	// Invariant: First <= Last.
	First, Last uint32
}

// parseRange reads "N" or "N-M".
func parseRange(s string) (Range, error) {
	first, last, dashed := strings.Cut(s, "-")
	if !dashed {
		last = first
	}
	a, errA := strconv.ParseUint(strings.TrimSpace(first), 0, 32)
	b, errB := strconv.ParseUint(strings.TrimSpace(last), 0, 32)
	if errA != nil || errB != nil || a > b {
		return Range{}, fmt.Errorf("%q is not a range; write N or N-M with N <= M", s)
	}
	return Range{uint32(a), uint32(b)}, nil
}

// String is the range as parseRange reads it.
func (r Range) String() string {
	if r.First == r.Last {
		return strconv.FormatUint(uint64(r.First), 10)
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (r *Range) UnmarshalYAML(n *yaml.Node) error {
	parsed, err := parseRange(n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	*r = parsed
	return nil
}

// MarshalYAML implements yaml.Marshaler.
func (r Range) MarshalYAML() (any, error) { return r.String(), nil }
