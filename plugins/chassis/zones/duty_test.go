package zones

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/sdk"
)

func mustParse(id string) uuid.UUID { return uuid.MustParse(id) }

func expectFlushed(t *testing.T, what string, got []int, want ...int) {
	t.Helper()
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("%s: %v are flushed, want %v", what, got, want)
	}
}

// A zone is written only after the switch has confirmed its flush, and by this process' mark.
func TestWrittenAfterFlush(t *testing.T) {
	c := newChassis(t, map[string]int{"a": 1})
	c.plug("a")
	c.plug("b")
	c.Settle()
	c.tell()
	c.Settle()
	c.duty.Marked(sdk.MarkInstalled{Name: Mark, Value: "another/99"})
	c.duty.Marked(sdk.MarkInstalled{Name: "nb_cfg", Value: c.marks[0]})
	c.Settle()
	c.expect(t, "before the flush is confirmed", map[string]int{"a": 1})
	c.confirm()
	c.Settle()
	c.expect(t, "after it", map[string]int{"a": 1, "b": 2})
	expectFlushed(t, "a new port", c.flushed, 2)
}

// A freed zone goes from the bridge, is flushed then, and is the next to be given, after a flush.
func TestFreed(t *testing.T) {
	c := newChassis(t, map[string]int{"a": 1, "b": 2, "c": 3})
	for _, name := range []string{"a", "b", "c"} {
		c.plug(name)
	}
	expectFlushed(t, "what was there", c.settle())
	c.unplug("a")
	c.Settle()
	c.expect(t, "when unplugged", map[string]int{"b": 2, "c": 3})
	c.plug("d")
	c.Settle()
	c.expect(t, "before the flush", map[string]int{"b": 2, "c": 3})
	expectFlushed(t, "a freed zone", c.settle(), 1)
	c.expect(t, "after it", map[string]int{"b": 2, "c": 3, "d": 1})
}

// A port has its zone before its interface has a number, and nothing is left to be done when that comes.
func TestBeforeNumber(t *testing.T) {
	c := newChassis(t, nil)
	c.add("a")
	expectFlushed(t, "no number yet", c.settle(), 1)
	c.expect(t, "no number yet", map[string]int{"a": 1})
	c.restart()
	expectFlushed(t, "no number yet, and a restart", c.settle())
	c.expect(t, "no number yet, and a restart", map[string]int{"a": 1})
	c.number("a", 1)
	if written := c.Settle(); len(written) > 0 || c.tell() {
		t.Errorf("when there is one: %d writes, flushes of %v", len(written), c.flushed)
	}
	c.expect(t, "when there is one", map[string]int{"a": 1})
}

// A port whose interface never gets a number has no zone in the end, whether ovs-vswitchd cannot open it or it goes.
func TestNeverNumbered(t *testing.T) {
	for what, end := range map[string]func(*chassis){
		"it cannot be opened": func(c *chassis) { c.number("a", -1) },
		"it goes":             func(c *chassis) { c.unplug("a") },
	} {
		c := newChassis(t, nil)
		c.add("a")
		c.settle()
		end(c)
		expectFlushed(t, what, c.settle(), 1)
		c.expect(t, what, map[string]int{})

		c.add("b")
		c.Settle()
		c.tell() // its zone is being flushed
		end(c)
		c.unplug("b")
		c.settle()
		c.expect(t, what+" before the flush is confirmed", map[string]int{})
		c.plug("c")
		c.settle()
		c.expect(t, what+", and another comes", map[string]int{"c": 1})
	}
}

// Keys of nobody go, and those that somebody else has taken away come back without a flush: connections go on.
func TestStrangers(t *testing.T) {
	c := newChassis(t, map[string]int{"gone": 1, "a": 2})
	c.plug("a")
	expectFlushed(t, "a zone of nobody", c.settle(), 1)
	c.expect(t, "zones", map[string]int{"a": 2})
	id, _ := c.bridge()
	c.Transact(duty.Vswitch, duty.Update(vswitch.BridgeTable, id, libovsdb.Row{"external_ids": duty.Map(map[string]string{})}))
	expectFlushed(t, "what was taken away", c.settle())
	c.expect(t, "written again", map[string]int{"a": 2})
	c.Transact(duty.Vswitch, duty.Update(vswitch.BridgeTable, id,
		libovsdb.Row{"external_ids": duty.Map(map[string]string{prefix + "a": "7"})}))
	expectFlushed(t, "what another has written", c.settle(), 7)
	c.expect(t, "written again", map[string]int{"a": 2})
}

// A key that has no zone is written over, once the port needs one.
func TestNonsense(t *testing.T) {
	c := newChassis(t, nil)
	id, _ := c.bridge()
	c.Transact(duty.Vswitch, duty.Update(vswitch.BridgeTable, id, libovsdb.Row{"external_ids": duty.Map(map[string]string{
		prefix + "a": "x", prefix + "b": "65536", prefix: "1", "other": "2"})}))
	c.plug("a")
	expectFlushed(t, "a key with no zone", c.settle(), 1)
	if _, row := c.bridge(); row.ExternalIDs[prefix+"a"] != "1" || len(row.ExternalIDs) != 4 {
		t.Errorf("external_ids %v", row.ExternalIDs)
	}
}

// A bridge that is made anew has no zones at first; its ports get those that they have had.
func TestBridgeMadeAnew(t *testing.T) {
	c := newChassis(t, map[string]int{"a": 5, "b": 6})
	c.plug("a")
	c.settle()
	old := c.duty.row
	c.duty.Change("", ovsdb.Change{UUID: uuid.New(), New: &vswitch.Bridge{Name: "br-int"}})
	c.duty.Change("", ovsdb.Change{UUID: old, Old: &vswitch.Bridge{Name: "br-int"}})
	c.State.Settle()
	writes, _ := c.duty.Plan(c.Now, 10)
	if len(writes) != 1 || len(c.duty.queue) > 0 || c.duty.zones["a"] != 5 {
		t.Errorf("writes %v, flushes of %v, zones %v", writes, c.duty.queue, c.duty.zones)
	}
}

// What is looked at is what a change is about.
func TestCostOfChange(t *testing.T) {
	c := newChassis(t, nil)
	for n := range 100 {
		c.plug("p" + strconv.Itoa(n))
	}
	gw := c.gateway("gw0", "")
	c.settle()
	for what, change := range map[string]func(){
		"a port comes":        func() { c.plug("another") },
		"a port goes":         func() { c.unplug("p7") },
		"a request":           func() { c.request(gw, "9") },
		"a bridge's neighbor": func() { c.Transact(duty.Vswitch, duty.Insert(vswitch.BridgeTable, "", libovsdb.Row{"name": "other"})) },
	} {
		change()
		if c.State.Settle(); len(c.duty.dirty) > 3 {
			t.Errorf("%s: %d names are looked at", what, len(c.duty.dirty))
		}
		if c.settle(); len(c.duty.dirty)+len(c.duty.unwritten)+len(c.duty.queue)+len(c.duty.flushing) > 0 {
			t.Errorf("%s: in the end there is still something to do", what)
		}
	}
}

// Of two names with the same zone one gets another.
func TestTwice(t *testing.T) {
	c := newChassis(t, map[string]int{"a": 1, "b": 1})
	c.plug("b")
	c.plug("a")
	expectFlushed(t, "two of a zone", c.settle(), 2)
	c.expect(t, "two of a zone", map[string]int{"a": 1, "b": 2})
}

// Who asks for a zone gets it after who has it has left, and it has been flushed. It keeps it when it asks no more.
func TestRequested(t *testing.T) {
	c := newChassis(t, map[string]int{"a": 1})
	c.plug("a")
	c.settle()
	gw := c.gateway("gw0", "1")
	expectFlushed(t, "evicted", c.settle(), 1, 2, 3, 4)
	want := map[string]int{dnat(gw): 2, "gw0": 3, "a": 4, snat(gw): 1}
	c.expect(t, "evicted", want)
	c.request(gw, "nonsense")
	expectFlushed(t, "asks no more", c.settle())
	c.expect(t, "asks no more", want)
}

// Zone 0 is flushed for nobody. Two that ask for the same zone share it, and the second does not lose the first one its connections.
func TestRequestedShared(t *testing.T) {
	for _, zone := range []int{0, 9} {
		c := newChassis(t, nil)
		first := c.gateway("gw0", strconv.Itoa(zone))
		c.settle()
		second := c.gateway("gw1", strconv.Itoa(zone))
		if flushed := c.settle(); slices.Contains(flushed, zone) || zone == 0 && slices.Contains(c.flushed, 0) {
			t.Errorf("zone %d is flushed", zone)
		}
		if keys := c.keys(); keys[snat(first)] != zone || keys[snat(second)] != zone || len(keys) != 6 {
			t.Errorf("zones %v, want %d twice", keys, zone)
		}
		c.request(first, "")
		c.settle()
		if keys := c.keys(); keys[snat(first)] == zone || keys[snat(second)] != zone {
			t.Errorf("zones %v, want %d for %s only", keys, zone, second)
		}
	}
}

// Two that change places do not wait for each other.
func TestRequestedSwap(t *testing.T) {
	c := newChassis(t, nil)
	first, second := c.gateway("gw0", "8"), c.gateway("gw1", "9")
	c.settle()
	c.request(first, "9")
	c.request(second, "8")
	expectFlushed(t, "changing places", c.settle(), 8, 9)
	if keys := c.keys(); keys[snat(first)] != 9 || keys[snat(second)] != 8 {
		t.Errorf("zones %v, want them changed", keys)
	}
}

// After a resync what was on its way is flushed again, and what is written is not; nor is it by another process.
func TestRestart(t *testing.T) {
	c := newChassis(t, map[string]int{"a": 1})
	c.plug("a")
	c.plug("b")
	c.Settle()
	c.tell()
	lost := c.marks
	c.marks = nil
	c.duty.Restart()
	c.plug("c")
	expectFlushed(t, "resync", c.settle(), 2, 3)
	c.duty.Restart()
	expectFlushed(t, "resync when all is done", c.settle())

	c.unplug("b")
	c.plug("d")
	c.Settle()
	c.tell()
	c.restart()
	c.marks = lost
	c.plug("e")
	expectFlushed(t, "another process", c.settle(), 2, 4)
	c.expect(t, "another process", map[string]int{"a": 1, "c": 3, "d": 2, "e": 4})
}

// When there is no zone left, the operator is told, and who waits gets the first that is freed.
func TestExhausted(t *testing.T) {
	c := newChassis(t, nil)
	for zone := 1; zone <= maxZone; zone++ {
		c.duty.give(strconv.Itoa(zone), zone)
	}
	c.plug("a")
	c.settle()
	if c.expect(t, "when there is none", map[string]int{}); c.duty.Note() == "" {
		t.Error("the operator is not told")
	}
	c.duty.mark("5")
	c.settle()
	if c.expect(t, "when one is freed", map[string]int{"a": 5}); c.duty.Note() != "" {
		t.Errorf("the operator is told: %s", c.duty.Note())
	}
}

func TestWhat(t *testing.T) {
	for want, names := range map[string][]string{
		"conntrack zones of a, b":                  {"b", "a"},
		"conntrack zones of a, b, c, d, e, 1 more": {"f", "b", "a", "c", "e", "d"},
	} {
		if got := what(names); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
