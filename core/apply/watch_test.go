package apply

import (
	"errors"
	"testing"

	"github.com/flowhost/flowhost/core/table"
)

// mark commits a flow and marks.
func (c *client) mark(n int, marks ...table.Mark) uint64 {
	c.t.Helper()
	c.txns++
	txn := &table.Txn{ID: c.txns, Ops: []table.Op{addFlow(n, numbered(n))}, Marks: marks}
	if _, err := c.Commit(c.t.Context(), txn); err != nil {
		c.t.Fatal(err)
	}
	return c.txns
}

func (c *client) watch(owner, name string) {
	c.t.Helper()
	if err := c.Watch(c.t.Context(), owner, name); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) awaitMark(owner string, m table.Mark) table.Event {
	c.t.Helper()
	return c.await("mark "+m.Name+"="+m.Value, func(e table.Event) bool {
		return e.Kind == table.EventMarked && e.Other == owner && e.Marks[0] == m
	})
}

// heardOf says whether the client has heard of a mark so far.
func (c *client) heardOf(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.events {
		if e.Kind == table.EventMarked && e.Marks[0].Name == name {
			return true
		}
	}
	return false
}

func TestMarksAreToldOnceInstalled(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	alice.syncDone()
	bob.syncDone()
	bob.watch("alice", "nb_cfg")
	alice.awaitInstalled(alice.mark(1, table.Mark{Name: "nb_cfg", Value: "17"}, table.Mark{Name: "port/x", Value: "1"}))
	bob.awaitMark("alice", table.Mark{Name: "nb_cfg", Value: "17"})
	if bob.heardOf("port/x") {
		t.Error("bob hears of a mark that he does not watch")
	}

	// The switch stands still: nobody hears of what is not installed.
	sw.Hang(true)
	alice.mark(2, table.Mark{Name: "nb_cfg", Value: "18"}, table.Mark{Name: "port/y", Value: "2"})
	bob.watch("alice", "port/*") // late: the installed one comes at once
	bob.awaitMark("alice", table.Mark{Name: "port/x", Value: "1"})
	if bob.heardOf("port/y") {
		t.Error("bob hears of a mark that the switch has not confirmed")
	}
	sw.Hang(false)
	bob.awaitMark("alice", table.Mark{Name: "nb_cfg", Value: "18"})
	bob.awaitMark("alice", table.Mark{Name: "port/y", Value: "2"})

	if err := bob.Watch(t.Context(), "nobody", "x"); !errors.Is(err, ErrUnknownOwner) {
		t.Errorf("nobody's mark: %v, want ErrUnknownOwner", err)
	}
	bob.watching = maxWatches
	if err := bob.Watch(t.Context(), "alice", "x"); !errors.Is(err, table.ErrQuota) {
		t.Errorf("one too many: %v, want ErrQuota", err)
	}
}

func TestMarksOfADeadSessionAreNotTold(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	alice.syncDone()
	bob.syncDone()
	bob.watch("alice", "*")
	alice.awaitInstalled(alice.mark(1, table.Mark{Name: "first", Value: "1"}))
	bob.awaitMark("alice", table.Mark{Name: "first", Value: "1"})
	sw.Hang(true)
	alice.mark(2, table.Mark{Name: "second", Value: "2"})
	alice.Detach()
	sw.Hang(false)
	eventually(t, "alice's flow is in", func() bool { return len(sw.Flows()) == 2 })
	bob.awaitInstalled(bob.add(3))
	if bob.heardOf("second") {
		t.Error("bob hears of a mark whose session ended before it was installed")
	}

	again := attach(t, l, "alice")
	again.awaitInstalled(again.mark(1, table.Mark{Name: "third", Value: "3"}))
	bob.awaitMark("alice", table.Mark{Name: "third", Value: "3"})
	again.syncDone()
	bob.awaitMark("alice", table.Mark{Name: "first"}) // not said again
	bob.Detach()
	if o, _ := l.owners.get("alice"); len(l.watches[o.id]) != 0 {
		t.Error("a session that ended is remembered as a watcher")
	}
}
