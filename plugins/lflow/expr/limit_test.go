package expr

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
)

// scattered are n addresses far from each other, so that prefixes have little in common.
func scattered(n int) []string {
	list := make([]string, n)
	for i := range list {
		v := uint32(i) * 2654435761 // 2**32 over the golden ratio
		list[i] = fmt.Sprintf("%d.%d.%d.%d", v>>24, v>>16&255, v>>8&255, v&255)
	}
	return list
}

// alternatives is a set of n constants from first on.
func alternatives(first, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(first + i)
	}
	return "{" + strings.Join(list, ", ") + "}"
}

func TestLimit(t *testing.T) {
	different := "(ip4.src == " + alternatives(0, 300) + " || tcp.src == " + alternatives(0, 300) + ")"
	for _, c := range []struct {
		name, text string
		limit      int
		flows      float64 // in the error, 0 when there is to be none
		why        string  // a part of it
	}{
		{"within", "tcp.dst == " + alternatives(1, 500), 1000, 0, ""},
		{"one too many", "tcp.dst == " + alternatives(1, 500), 999, 1000, "500 alternatives of tcp.dst in each of 2 terms"},
		{"conjunction within", "ip4.src == " + alternatives(1, 500) + " && ip4.dst == " + alternatives(1, 498), 999, 0, ""},
		{"conjunction", "ip4.src == " + alternatives(1, 500) + " && ip4.dst == " + alternatives(1, 499), 999, 1000, "500 alternatives of ip4.src"},
		{"fields that multiply", different + " && " + strings.ReplaceAll(different, "src", "dst"), 1000, 900 * 900,
			"900 of (ip4.src, eth.type, tcp.src, ip.proto) times 900 of"},
		{"fields that add up", "(ip4.src == $large || ip4.dst == $large) && tcp.dst == 80", 0, 0, ""},
		{"far too many", strings.Repeat("("+different+") && ", 30) + "1", 10_000, 1e88, "alternatives of"},
		{"not in a large set", "ip4.src != $large", 0, 185_000, "alternatives of ip4.src"},
		{"not in a set", "ip4.src != $small", 0, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := compileWithin(t, dialect.Default(), c.text, c.limit)
			if c.flows == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var limit *LimitError
			if !errors.As(err, &limit) || !errors.Is(err, ErrLimit) {
				t.Fatalf("%v instead of a limit", err)
			}
			if limit.Flows < c.flows || limit.Limit == 0 || !strings.Contains(limit.Why, c.why) {
				t.Errorf("%v; it should say at least %.0f, and %q", err, c.flows, c.why)
			}
			if len(limit.Error()) > 400 {
				t.Errorf("a message of %d bytes", len(limit.Error()))
			}
		})
	}
}

// TestLimitOfNegateBits is about the method in which few negations become many flows.
func TestLimitOfNegateBits(t *testing.T) {
	d := dialect.OVN2303()
	if err := compileWithin(t, d, "ip4.src != {10.0.0.1, 10.0.0.2, 172.16.4.9}", 0); err != nil {
		t.Error(err)
	}
	err := compileWithin(t, d, "ip4.src != $small", 10_000)
	if !errors.Is(err, ErrLimit) {
		t.Errorf("%v instead of a limit", err)
	}
}

// compileWithin compiles a text and sees that it does not take all day, whatever comes out.
func compileWithin(t *testing.T, d *dialect.Dialect, text string, limit int) error {
	t.Helper()
	sets := make(map[string]*ConstantSet)
	sets["large"], _ = NewAddressSet("large", scattered(10_000), d)
	sets["small"], _ = NewAddressSet("small", scattered(500), d)
	env := Env{Symtab: LogicalFields(d), AddressSet: func(name string) *ConstantSet { return sets[name] }}
	c := Compiler{Env: env, Dialect: d, Limit: limit}
	start := time.Now()
	e, err := c.Compile(text, nil)
	if err == nil {
		_, err = e.Matches(d, &MatchOptions{Limit: limit})
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	}
	t.Logf("%v: %v", time.Since(start).Round(time.Millisecond), err)
	return err
}

// TestSpeedOfNegation is about the work for != on a large set, which must not grow with its square.
func TestSpeedOfNegation(t *testing.T) {
	d := dialect.Default()
	measure := func(n int) time.Duration {
		set, _ := NewAddressSet("s", scattered(n), d)
		c := Compiler{Env: Env{Symtab: LogicalFields(d), AddressSet: func(string) *ConstantSet { return set }}, Dialect: d, Limit: 1 << 30}
		best := time.Hour
		for range 3 {
			start := time.Now()
			if _, err := c.Compile("ip4.src != $s", nil); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	few, many := measure(500), measure(4000)
	if many > 40*few {
		t.Errorf("%v for 500 addresses and %v for 8 times as many", few, many)
	}
}

// TestFlowsOfNegation compares the two methods: they mean the same (TestMeaning), and cost differently.
func TestFlowsOfNegation(t *testing.T) {
	for d, want := range map[*dialect.Dialect]int{dialect.Default(): 31, dialect.OVN2603(): 31, dialect.OVN2303(): 6506} {
		c := Compiler{Env: Env{Symtab: LogicalFields(d)}, Dialect: d}
		e, err := c.Compile("ip4.src != {10.0.0.1, 10.0.0.2, 10.0.0.3}", nil)
		if err != nil {
			t.Fatal(err)
		}
		matches, err := e.Matches(d, &MatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(matches) != want {
			t.Errorf("%s: %d flows instead of %d", d.Name, len(matches), want)
		}
	}
}
