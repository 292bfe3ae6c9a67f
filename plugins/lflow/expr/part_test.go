package expr

import (
	"errors"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
)

func TestDiff(t *testing.T) {
	d := dialect.OVN2303()
	before, _ := NewAddressSet("s", []string{"10.0.0.3", "10.0.0.1", "10.0.0.0/24", "10.0.0.2/32", "10.0.0.2"}, d)
	after, _ := NewAddressSet("s", []string{"10.0.0.0/24", "10.0.0.2", "10.0.0.3", "10.0.0.0/25", "10.0.0.9"}, d)
	text := func(list []Constant, t Type) string {
		return string((&ConstantSet{Type: t, Values: list, InBraces: true}).Append(nil))
	}
	added, removed := before.Diff(after)
	if a, r := text(added, Integer), text(removed, Integer); a != "{10.0.0.0/25, 10.0.0.9}" || r != "{10.0.0.1, 10.0.0.2/32}" {
		t.Errorf("%s added, %s removed", a, r)
	}
	added, removed = NewPortGroup([]string{"c", "a", "a"}).Diff(NewPortGroup([]string{"b", "a"}))
	if a, r := text(added, String), text(removed, String); a != `{"b"}` || r != `{"c"}` {
		t.Errorf("%s added, %s removed", a, r)
	}
}

func TestPart(t *testing.T) {
	set, _ := NewAddressSet("s", []string{"10.0.0.1", "10.0.0.2/32", "10.0.0.2", "10.0.0.3", "::/0", "fd00::1"}, dialect.OVN2303())
	of, _ := NewAddressSet("s", []string{"10.0.0.2", "10.0.0.4", "10.0.0.3/32"}, dialect.OVN2303())
	if got := string(set.Part(of.Values).Append(nil)); got != "{10.0.0.2/32, 10.0.0.2, 10.0.0.3}" {
		t.Error(got)
	}
	if !set.Has(&of.Values[0]) || set.Has(&of.Values[len(of.Values)-1]) {
		t.Error("what the set has")
	}
	if got := string((&ConstantSet{Values: set.Decisive()}).Append(nil)); got != "{::/0, fd00::1}" {
		t.Error(got)
	}
}

// TestEntangled is about when members of sets have flows of their own.
func TestEntangled(t *testing.T) {
	d := dialect.Default()
	whole, _ := NewAddressSet("s", scattered(1000), d)
	part := whole.Part(whole.Values[5:8])
	most, _ := NewAddressSet("all", append(scattered(5), "0.0.0.0/0"), dialect.OVN2303())
	ports := NewPortGroup(strings.Split("a b c d e f g", " "))
	c := Compiler{Dialect: d, Env: Env{
		Symtab: LogicalFields(d),
		AddressSet: func(name string) *ConstantSet {
			switch name {
			case "part":
				return part
			case "all":
				return most.Part(most.Decisive())
			}
			return whole
		},
		PortGroup: func(string) *ConstantSet { return ports.Part(ports.Values[:3]) },
	}}
	for text, entangled := range map[string]bool{
		"ip4.src == $part": false,
		"ip4.src == $part && ip4.dst == $part && tcp.dst == {1, 2}": false,
		"outport == @ports && ip4.src == $part":                     false,
		"ip4.src == $part || ip4.dst == {$part, 1.2.3.4}":           false,
		"ip4.src == $part && ip4.dst != 10.0.0.1":                   false,
		"ip4.dst != {10.0.0.1, 10.0.0.2} && ip4.src == $whole":      false, // there is no part
		"!(!(ip4.src == $part))":                                    false,
		"ip4.src != $part":                                          true,
		"!(ip4.src == $part)":                                       true,
		"ip4.src[0..7] == $part":                                    true,
		"reg0 == $part":                                             true, // which fields a member is in depends on its value
		"ip4.src == $all":                                           true,
		"ip4.src == $part && ip4.src == 10.0.0.0/8":                 true,
		"ip4.src == $part && (tcp || ip4.src == 10.0.0.0/8)":        true,
		"(ip4.src == $part || tcp) && (ip4.dst == $part || udp)":    true, // as many as one set times the other
		"(ip4.src == $part || tcp) && inport == @ports":             true,
		// A conjunction for each member:
		"(ip4.src == $part || ip4.dst == $part) && tcp.src == {1, 2} && tcp.dst == {1, 2}": true,
	} {
		_, err := c.Compile(text, nil)
		if err != nil && !errors.Is(err, ErrEntangled) {
			t.Fatal(err)
		}
		if got := err != nil; got != entangled {
			t.Errorf("%s: %v", text, err)
		}
	}
	c.Limit = 100
	if _, err := c.Compile("ip4.src == $part", nil); !errors.Is(err, ErrEntangled) {
		t.Errorf("beyond the limit: %v", err)
	}
}
