package expr

import (
	"slices"
	"strconv"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// intersect is what both alternatives match; ok is false when that is nothing. It belongs to no address set.
func (a alternative) intersect(b alternative) (both alternative, ok bool) {
	if !a.value.Xor(b.value).And(a.mask).And(b.mask).IsZero() {
		return alternative{}, false
	}
	mask := a.mask.Or(b.mask)
	return alternative{value: a.value.Or(b.value), mask: mask, ones: uint8(mask.OnesCount())}, true
}

// all pushes the values that all children allow: "x && (a0 || a1) && (b0 || b1)" becomes those of xa0b0, xa0b1, xa1b0 and xa1b1
// that are no contradiction.
func (c *crusher) all(first nodeID) {
	from, spans := len(c.alts), len(c.spans)
	var single alternative // of the children with one alternative
	for child := first; child != 0; child = c.expr.nodes[child].next {
		start := len(c.alts)
		c.tree(child)
		switch list := c.alts[start:]; len(list) {
		case 0:
			c.alts, c.spans = c.alts[:from], c.spans[:spans]
			return
		case 1:
			both, ok := single.intersect(list[0])
			if !ok {
				c.alts, c.spans = c.alts[:from], c.spans[:spans]
				return
			}
			single, c.alts = both, c.alts[:start]
		default:
			c.spans = append(c.spans, span{start, len(c.alts)})
		}
	}
	lists := c.spans[spans:]
	if len(lists) > 1 && c.areRanges(lists) {
		c.product = c.mergeRanges(lists)
		c.finish(from, single, c.product)
	} else {
		c.multiply(from, single, lists)
	}
	c.spans = c.spans[:spans]
}

// multiply replaces the lists, which begin at a place, by what they and the single alternative have in common.
func (c *crusher) multiply(from int, single alternative, lists []span) {
	var common []alternative // of the lists so far, nil when single says it
	for i, l := range lists {
		list := c.alts[l.from:l.to]
		if common == nil {
			common = list
			continue
		}
		common = c.pairs(single, common, list, lists[i+1:])
		single = alternative{}
		if len(common) == 0 {
			c.alts = c.alts[:from]
			return
		}
		if len(common) == 1 {
			single, common = common[0], nil
		}
	}
	if common == nil {
		c.alts = append(c.alts[:from], single)
		return
	}
	c.finish(from, single, common)
}

// finish puts what the single alternative and each of the others have in common on the stack, at a place.
func (c *crusher) finish(from int, single alternative, others []alternative) {
	n := 0
	for _, a := range others {
		if both, ok := single.intersect(a); ok {
			both.set = a.set
			others[n] = both
			n++
		}
	}
	c.alts = append(c.alts[:from], others[:n]...)
	c.tidy(from)
}

// pairs is what each a has in common with each b, and all with the single alternative. rest is lists that are to follow.
func (c *crusher) pairs(single alternative, as, bs []alternative, rest []span) []alternative {
	list, full := c.spare[:0], manyAlternatives
	c.budget.pairs += len(as) * len(bs)
	for _, a := range as {
		a, ok := single.intersect(a)
		if !ok {
			continue
		}
		for _, b := range bs {
			if both, ok := a.intersect(b); ok {
				list = append(list, both)
			}
		}
		if len(list) >= full {
			list = c.tidied(list)
			full = 2*len(list) + manyAlternatives
		}
		if c.budget.tooMany(len(list)) {
			c.budget.refuse(c.alternatives(len(list), rest), "the alternatives of %s multiply: %d times %d%s",
				c.symbol.Name, len(as), len(bs), c.timesRest(rest))
			return nil
		}
	}
	c.spare, c.product = c.product, list
	return c.tidied(list)
}

// alternatives is how many there can be when n are multiplied by further lists.
func (c *crusher) alternatives(n int, rest []span) float64 {
	total := float64(n)
	for _, l := range rest {
		total *= float64(l.to - l.from)
	}
	return total
}

func (c *crusher) timesRest(rest []span) (text string) {
	for i, l := range rest {
		if i == mostFactors {
			return text + " and so on"
		}
		text += " times " + strconv.Itoa(l.to-l.from)
	}
	return text
}

// manyAlternatives is how many may come together before duplicates among them are looked for.
const manyAlternatives = 1 << 16

// areRanges says whether the lists are of disjoint ranges in ascending order, under one common mask from whose lower end bits are
// missing: prefixes, and what != becomes. Then no range overlaps with another but by lying in it.
func (c *crusher) areRanges(lists []span) bool {
	if c.keep || c.symbol.Level != Ordinal {
		return false
	}
	var universe lex.Value
	for _, l := range lists {
		for i := l.from; i < l.to; i++ {
			universe = universe.Or(c.alts[i].mask)
		}
	}
	for _, l := range lists {
		list := c.alts[l.from:l.to]
		slices.SortFunc(list, func(a, b alternative) int { return a.value.Compare(b.value) })
		for i, a := range list {
			low := lex.Ones(a.mask.TrailingZeros())
			if a.mask != universe.AndNot(low) {
				return false
			}
			if i > 0 && list[i-1].value.Or(universe.AndNot(list[i-1].mask)).Compare(a.value) >= 0 {
				return false
			}
		}
	}
	return true
}

// mergeRanges is what lists as areRanges describes have in common. It merges them by twos, so that the work grows with the number
// of ranges, not with its square: ip4.src != $set with thousands of addresses is thousands of lists.
func (c *crusher) mergeRanges(lists []span) []alternative {
	merged := make([][]alternative, len(lists))
	for i, l := range lists {
		merged[i] = c.alts[l.from:l.to]
	}
	for len(merged) > 1 {
		n := 0
		for i := 0; i < len(merged); i += 2 {
			if i+1 < len(merged) {
				merged[n] = mergeTwo(merged[i], merged[i+1])
			} else {
				merged[n] = merged[i]
			}
			n++
		}
		merged = merged[:n]
	}
	return append(c.product[:0], merged[0]...)
}

// mergeTwo is what two lists of ranges have in common: of two that overlap, the one that lies in the other.
func mergeTwo(as, bs []alternative) (common []alternative) {
	common = make([]alternative, 0, len(as)+len(bs))
	for len(as) > 0 && len(bs) > 0 {
		a, b := &as[0], &bs[0]
		switch {
		case a.mask.Contains(b.mask) && a.value.And(b.mask) == b.value:
			common, as = append(common, *a), as[1:]
		case b.mask.Contains(a.mask) && b.value.And(a.mask) == a.value:
			common, bs = append(common, *b), bs[1:]
		case a.value.Compare(b.value) < 0:
			as = as[1:]
		default:
			bs = bs[1:]
		}
	}
	for i := range common {
		common[i].set = 0
	}
	return common
}
