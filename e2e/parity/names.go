package parity

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// names are what the free numbers of one side stand for. Each number has one name, and each name one number, so that naming loses
// nothing: two groups of the same content, or two conjunctions of the same clauses, are told apart by a count behind the name. It follows from
// the flows that name them, so that they have the same on both sides, whatever else is there that no flow names.
type names struct {
	groups, meters, conjunctions map[string]string
}

var (
	groupLine   = regexp.MustCompile(`group_id=(\d+),?`)
	meterLine   = regexp.MustCompile(`meter=(\d+) ?`)
	groupAction = regexp.MustCompile(`\bgroup:(\d+)`)
	meterAction = regexp.MustCompile(`\b(meter:|meter_id=)(\d+)`)
	// The meter of an action to a controller that is part of another's user data: a property of 8 bytes (NXAC2PT_METER_ID).
	innerMeter  = regexp.MustCompile(`\b00\.05\.00\.08((?:\.[0-9a-f]{2}){4})`)
	conjunction = regexp.MustCompile(`\bconjunction\((\d+),(\d+/\d+)\)`)
	conjID      = regexp.MustCompile(`\bconj_id=(\d+)`)
)

func newNames(flows []Flow, groups, meters []string) *names {
	n := &names{meters: content(meters, meterLine, users(flows, meterAction))}
	var metered []string // a group's buckets may name meters
	for _, line := range groups {
		metered = append(metered, meterAction.ReplaceAllStringFunc(line, n.meter))
	}
	n.groups = content(metered, groupLine, users(flows, groupAction))
	n.conjunctions = n.nameConjunctions(flows)
	return n
}

// users are the flows that name numbers in actions of a kind, the first of each.
func users(flows []Flow, action *regexp.Regexp) map[string]string {
	first := make(map[string]string)
	for _, f := range flows {
		for _, m := range action.FindAllStringSubmatch(f.Actions, -1) {
			id, user := m[len(m)-1], fmt.Sprintf("table=%d,priority=%d,%s", f.Table, f.Priority, f.Match)
			if before, is := first[id]; !is || user < before {
				first[id] = user
			}
		}
	}
	return first
}

// content names what has an id on a line of its own by the rest of the line.
func content(lines []string, id *regexp.Regexp, users map[string]string) map[string]string {
	byText := make(map[string][]string)
	for _, line := range lines {
		if at := id.FindStringSubmatchIndex(line); at != nil {
			text := line[:at[0]] + line[at[1]:]
			byText[text] = append(byText[text], line[at[2]:at[3]])
		}
	}
	return distinct(byText, users)
}

// distinct gives each id the hash of its text, and those that share one a count as well, in the order of their users, those without last.
func distinct(byText map[string][]string, users map[string]string) map[string]string {
	named := make(map[string]string)
	for text, ids := range byText {
		h := fnv.New64a()
		h.Write([]byte(text))
		slices.SortFunc(ids, func(a, b string) int {
			one, other := users[a], users[b]
			if (one == "") != (other == "") {
				return strings.Compare(other, one)
			}
			return cmp.Or(strings.Compare(one, other), len(a)-len(b), strings.Compare(a, b))
		})
		for i, id := range ids {
			named[id] = fmt.Sprintf("%x", h.Sum64())
			if i > 0 {
				named[id] += fmt.Sprintf(".%d", i+1)
			}
		}
	}
	return named
}

// nameConjunctions names each conjunction by the matches of its clauses and of the flows that match on it, but for the number itself. What
// these do tells conjunctions of the same matches apart; it is no part of the name, for more than one flow may want to be there.
func (n *names) nameConjunctions(flows []Flow) map[string]string {
	parts, does := make(map[string][]string), make(map[string]string)
	for _, f := range flows {
		for _, c := range conjunction.FindAllStringSubmatch(f.Actions, -1) {
			parts[c[1]] = append(parts[c[1]], fmt.Sprintf("clause %s of table=%d,priority=%d,%s", c[2], f.Table, f.Priority, f.Match))
		}
		if c := conjID.FindStringSubmatch(f.Match); c != nil {
			rest := conjID.ReplaceAllString(f.Match, "conj_id")
			match := fmt.Sprintf("table=%d,priority=%d,%s", f.Table, f.Priority, rest)
			parts[c[1]] = append(parts[c[1]], match)
			does[c[1]] = min(cmp.Or(does[c[1]], "~"), fmt.Sprintf("%s %s %s", match, n.actions(f.Actions), f.Cookie))
		}
	}
	byText := make(map[string][]string)
	for id, list := range parts {
		slices.Sort(list)
		text := strings.Join(slices.Compact(list), "\n")
		byText[text] = append(byText[text], id)
	}
	return distinct(byText, does)
}

// rename names the numbers in a flow, and sorts conjunction actions.
func (n *names) rename(f Flow) Flow {
	f.Match, f.Actions = n.match(f.Match), n.actions(f.Actions)
	if !strings.HasPrefix(f.Actions, "conjunction(") {
		return f
	}
	var clauses []string
	for _, c := range conjunction.FindAllStringSubmatch(f.Actions, -1) {
		clauses = append(clauses, fmt.Sprintf("conjunction(%s,%s)", name(n.conjunctions, c[1]), c[2]))
	}
	slices.Sort(clauses)
	f.Actions = strings.Join(slices.Compact(clauses), ",")
	return f
}

// match names the conjunction in a match.
func (n *names) match(text string) string {
	return conjID.ReplaceAllStringFunc(text, func(s string) string {
		return "conj_id=" + name(n.conjunctions, conjID.FindStringSubmatch(s)[1])
	})
}

// actions names groups and meters in actions.
func (n *names) actions(text string) string {
	text = groupAction.ReplaceAllStringFunc(text, func(s string) string {
		return "group:" + name(n.groups, groupAction.FindStringSubmatch(s)[1])
	})
	text = innerMeter.ReplaceAllStringFunc(text, func(s string) string {
		id, _ := strconv.ParseUint(strings.ReplaceAll(innerMeter.FindStringSubmatch(s)[1], ".", ""), 16, 32)
		if meter, ok := n.meters[fmt.Sprint(id)]; ok {
			return "meter:" + meter
		}
		return s // anything may look like it
	})
	return meterAction.ReplaceAllStringFunc(text, n.meter)
}

func (n *names) meter(s string) string {
	m := meterAction.FindStringSubmatch(s)
	return m[1] + name(n.meters, m[2])
}

// name is the name of a number; one that stands for nothing is itself, and says so.
func name(in map[string]string, number string) string {
	if n, ok := in[number]; ok {
		return n
	}
	return "missing " + number
}
