package parity

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Packet is one that is traced: a flow and options as ofproto/trace reads them (ovs-vswitchd(8)), from which it imagines a packet.
type Packet struct {
	Flow    string
	Options []string // --ct-next: what connection tracking says of it each time
}

func (p Packet) String() string { return strings.Join(append([]string{p.Flow}, p.Options...), " ") }

// A Verdict is what becomes of a packet.
type Verdict string

const (
	Forwarded  Verdict = "forwarded"
	Controlled Verdict = "to a controller" // which may send it on
	Dropped    Verdict = "dropped"
)

// verdicts are all of them.
var verdicts = [...]Verdict{Forwarded, Controlled, Dropped}

// A Trace is what a switch would do with a packet.
type Trace struct {
	// Actions are the datapath's: of the packet as it comes in, and then of each time that it is recirculated; and before them, what
	// OpenFlow says to a controller, of which those do not tell, least of all where the packet waits for an answer. Numbers that say
	// nothing are named in the order in which they come up.
	Actions []string
	// Path are the flows that it meets, without their cookies, in that order: to find where two traces part.
	Path []string
}

var (
	actionsLine = regexp.MustCompile(`(?m)^(?:Datapath actions: (.*)| *(controller\(.*\)))$`)
	pathFlow    = regexp.MustCompile(`(?m)^ *(\d+\. .*?)(?:, cookie 0x[0-9a-f]+)?$`)
	freeNumber  = regexp.MustCompile(`\b(recirc\(|recirc_id=|meter\()(0x[0-9a-f]+|[0-9]+)`)
	// A packet for a controller names the flow that sends it, whose cookie is compared elsewhere as its meters are, and the socket that it
	// goes to.
	sender = regexp.MustCompile(`\b(pid=|rule_cookie=|meter_id=)[0-9a-fx]+`)
)

// readTrace reads what ofproto/trace prints.
func readTrace(text string) (t Trace, err error) {
	for _, m := range actionsLine.FindAllStringSubmatch(text, -1) {
		t.Actions = append(t.Actions, m[1]+m[2])
	}
	if !strings.Contains(text, "\nDatapath actions: ") {
		return t, fmt.Errorf("a trace without datapath actions: %q", text)
	}
	type number struct {
		meter bool // or a recirculation
		value uint64
	}
	names := make(map[number]string)
	for i, actions := range t.Actions {
		actions = freeNumber.ReplaceAllStringFunc(actions, func(s string) string {
			m := freeNumber.FindStringSubmatch(s)
			value, _ := strconv.ParseUint(m[2], 0, 64)
			n := number{m[1] == "meter(", value}
			if names[n] == "" {
				names[n] = fmt.Sprintf("#%d", len(names)+1)
			}
			return m[1] + names[n]
		})
		t.Actions[i] = innerMeter.ReplaceAllString(sender.ReplaceAllString(actions, "$1*"), "00.05.00.08.*")
	}
	for _, m := range pathFlow.FindAllStringSubmatch(text, -1) {
		t.Path = append(t.Path, m[1])
	}
	return t, nil
}

// Verdict says what becomes of the packet: a copy that is forwarded counts more than one for a controller.
func (t Trace) Verdict() Verdict {
	verdict := Dropped
	for _, actions := range t.Actions {
		switch {
		case outputs(actions):
			return Forwarded
		case strings.Contains(actions, "userspace(") || strings.HasPrefix(actions, "controller("):
			verdict = Controlled
		}
	}
	return verdict
}

// plainActions are the datapath's actions without arguments; what else has none is the name of a port (ovs-actions(7)).
var plainActions = []string{"drop", "ct_clear", "pop_vlan", "pop_eth", "pop_nsh", "push_eth", "dec_ttl"}

// outputs says whether one of some actions sends to a port.
func outputs(actions string) bool {
	for _, action := range splitOuter(actions) {
		name, arguments, nested := strings.Cut(strings.TrimSuffix(action, ")"), "(")
		switch {
		case nested && slices.Contains([]string{"clone", "check_pkt_len", "gt", "le", "sample", "actions"}, name):
			if outputs(arguments) {
				return true
			}
		case !nested && !strings.Contains(name, "=") && !slices.Contains(plainActions, name):
			return true
		}
	}
	return false
}

// splitOuter splits a list at the commas that no parentheses enclose.
func splitOuter(list string) (parts []string) {
	depth, begin := 0, 0
	for i, c := range list {
		switch {
		case c == '(' || c == '{':
			depth++
		case c == ')' || c == '}':
			depth--
		case c == ',' && depth == 0:
			parts, begin = append(parts, list[begin:i]), i+1
		}
	}
	return append(parts, list[begin:])
}

// parts is the first flow that two traces do not have in common.
func parts(a, b Trace) (flowA, flowB string) {
	i := 0
	for i < len(a.Path) && i < len(b.Path) && a.Path[i] == b.Path[i] {
		i++
	}
	at := func(t Trace) string {
		if i < len(t.Path) {
			return t.Path[i]
		}
		return "the end"
	}
	return at(a), at(b)
}
