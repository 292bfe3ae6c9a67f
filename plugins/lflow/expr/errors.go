package expr

import (
	"errors"
	"fmt"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// ErrLimit is what it is when a match would take more flows than the limit, or more work than is reasonable to find that out.
// The match has to be written differently, or the limit raised.
var ErrLimit = errors.New("too many flows")

// ErrNoMatch is what it is when a well-formed match says something that OpenFlow cannot match on, such as icmp4.frag_mtu, which
// is a field for actions only.
var ErrNoMatch = errors.New("cannot be matched")

// DefaultLimit is the most flows that one match becomes unless the caller says otherwise.
const DefaultLimit = 100_000

// LimitError says how many flows a match would take, and what makes them so many. It Is ErrLimit.
type LimitError struct {
	Flows float64 // how many it would take at most, infinite if that is more than a float64 can say
	Limit int
	Why   string // what multiplies, in terms of the match
}

func (e *LimitError) Error() string {
	how := fmt.Sprintf("%.0f", e.Flows)
	switch {
	case e.Flows > 1e300:
		how = "more than 1e300"
	case e.Flows > 1e15:
		how = fmt.Sprintf("%.1e", e.Flows)
	}
	return fmt.Sprintf("too many flows: up to %s, and the limit is %d: %s", how, e.Limit, e.Why)
}

// Is makes every LimitError an ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// textError is an error in OVN's words that belongs to no place in the text.
func textError(format string, args ...any) error {
	return &lex.Error{Text: fmt.Sprintf(format, args...)}
}

// nestedError wraps an error in the text of a prerequisite or predicate. That text is part of the symbol table, so only a
// symbol table made by hand has one.
func nestedError(text string, err error) error {
	return textError("Error parsing expression `%s' encountered as prerequisite or predicate of initial expression: %s", text, err)
}
