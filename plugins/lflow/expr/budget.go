package expr

import (
	"fmt"
	"strings"
)

// budget is what may be spent on one match. When it is spent, err says so, and everything ends early with anything as its result.
type budget struct {
	limit int // flows
	// terms are the comparisons that multiplying has copied, pairs the pairs of alternatives it has compared. Both come back as
	// fewer flows, because much of what one multiplies is a contradiction; so they have limits of their own, well above.
	terms, pairs int
	copies       int // of terms
	err          error
	outOfTerms   bool // err is because of terms
}

const (
	termsPerFlow        = 32
	pairsPerFlow        = 1000
	alternativesPerFlow = 4

	mostFactors = 4 // in the reason of a refusal
)

func newBudget(limit int) budget {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return budget{limit: limit}
}

// tooMany says whether there are too many alternatives of one field, or it took too long to find them.
func (b *budget) tooMany(alternatives int) bool {
	return alternatives > alternativesPerFlow*b.limit || b.pairs > pairsPerFlow*b.limit
}

// refuse ends the work. The first reason stays.
func (b *budget) refuse(flows float64, format string, args ...any) {
	if b.err == nil {
		b.err = &LimitError{Flows: flows, Limit: b.limit, Why: fmt.Sprintf(format, args...)}
	}
}

// refuseTerms is refuse because of the terms. The last reason stays: it is that of the outermost and.
func (b *budget) refuseTerms(flows float64, why string) {
	if b.err == nil || b.outOfTerms {
		b.err, b.outOfTerms = nil, true
		b.refuse(flows, "alternatives of different fields multiply: %s", why)
	}
}

// alternativesText is a factor in a reason: "300 of (ip4.src, tcp.dst)".
func alternativesText(count float64, symbols []string) string {
	return fmt.Sprintf("%.0f of (%s)", count, strings.Join(symbols, ", "))
}
