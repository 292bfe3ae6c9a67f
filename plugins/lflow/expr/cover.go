package expr

import "github.com/flowhost/flowhost/plugins/lflow/lex"

// cover is a set of alternatives that is asked whether one of them covers another: whether all that the other matches, one of
// them matches. That is so when its mask is part of the other's mask, and both agree there.
//
// A large set has an index by mask, so that a question costs as many look-ups as there are masks: 33 at most for IPv4 prefixes,
// however many there are.
type cover struct {
	list  []alternative
	masks []lex.Value // those of list, each once; only of a large set
	index map[[2]lex.Value]struct{}
}

// smallCover is up to how many alternatives it is cheaper to look at each.
const smallCover = 24

func (c *cover) add(a alternative) {
	c.list = append(c.list, a)
	switch {
	case c.index != nil:
		c.put(a)
	case len(c.list) > smallCover:
		c.index = make(map[[2]lex.Value]struct{})
		for _, a := range c.list {
			c.put(a)
		}
	}
}

// put adds to the index. Alternatives come with masks of rising size, so that equal masks come close together.
func (c *cover) put(a alternative) {
	known := false
	for i := len(c.masks) - 1; i >= 0 && !known; i-- {
		known = c.masks[i] == a.mask
	}
	if !known {
		c.masks = append(c.masks, a.mask)
	}
	c.index[[2]lex.Value{a.value, a.mask}] = struct{}{}
}

func (c *cover) covers(b alternative) bool {
	if c.index == nil {
		for i := range c.list {
			if a := &c.list[i]; b.mask.Contains(a.mask) && b.value.And(a.mask) == a.value {
				return true
			}
		}
		return false
	}
	for _, mask := range c.masks {
		if b.mask.Contains(mask) {
			if _, ok := c.index[[2]lex.Value{b.value.And(mask), mask}]; ok {
				return true
			}
		}
	}
	return false
}
