package apply

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/hashicorp/go-hclog"
)

// oversized is a group whose description is too long for a message. Cut short, the one of type all ends in the middle of a bucket,
// the one of type select between two: it looks whole.
func oversized(id uint32, t openflow.GroupType) openflow.Group {
	g := openflow.Group{ID: id, Type: t}
	for n := range uint32(3000) {
		g.Buckets = openflow.AppendBucket(g.Buckets, &openflow.Bucket{
			ID: n, Actions: []byte("\x00\x00\x00\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"), Weight: 1, HasWeight: t == openflow.GroupTypeSelect,
			WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny,
		})
	}
	return g
}

// logged makes a loop log into said.
func logged(said *lines) func(*Config) {
	return func(c *Config) { c.Logger = hclog.New(&hclog.LoggerOptions{Output: said}) }
}

func keepUnclaimed(c *Config) { c.Options.Unclaimed = table.UnclaimedKeep }

func TestOversizedGroupIsLeftOut(t *testing.T) {
	for name, typ := range map[string]openflow.GroupType{"cut in a bucket": openflow.GroupTypeAll, "cut between buckets": openflow.GroupTypeSelect} {
		t.Run(name, func(t *testing.T) {
			sw := newSwitch(t)
			sw.PutGroup(openflow.Group{ID: 999})
			sw.PutGroup(oversized(1000, typ))
			sw.PutGroup(openflow.Group{ID: 1001})
			var said lines
			l, _ := startLoop(t, sw, keepUnclaimed, logged(&said))
			alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
			bob.syncDone()
			alice.awaitInstalled(alice.mustCommit(table.Op{Kind: table.OpSetGroup, ID: 7, Body: dropGroup()}, addFlow(1, toGroup(t, 1, 7))))
			alice.syncDone()
			eventually(t, "steady", func() bool { return status(t, l).Phase == Steady })
			if log := sw.Log(); log.Sessions != 2 || log.Crashes != 0 || len(sw.Groups()) != 4 {
				t.Errorf("%d sessions, %d crashes, %d groups; want 2, none, and 4", log.Sessions, log.Crashes, len(sw.Groups()))
			}
			if !strings.Contains(said.String(), "breaks the connection, and is left out from now on: group=1000") {
				t.Errorf("group 1000 is not told:\n%s", said.String())
			}
			if s := status(t, l); len(s.Unreadable) != 1 || s.Unreadable[0] != 1000 {
				t.Errorf("unreadable: %v, want 1000", s.Unreadable)
			}

			sw.Cut()
			alice.awaitInstalled(alice.add(2))
			if sessions := sw.Log().Sessions; sessions != 3 {
				t.Errorf("%d sessions after the next connection, want 3", sessions)
			}
			sw.DeleteGroup(1000) // told, so it is readable, and gone
			eventually(t, "nothing is unreadable", func() bool { return len(status(t, l).Unreadable) == 0 })
		})
	}
}

// TestOversizedGroupIsPutRight: made while the host looks on, the group is put right where it is somebody's, and deleted where it is
// nobody's.
func TestOversizedGroupIsPutRight(t *testing.T) {
	for _, id := range []uint32{7, 9, 1000} { // alice's; in her range; nobody's
		t.Run(fmt.Sprint("group ", id), func(t *testing.T) {
			l, _, sw := withObjects(t)
			flows, groups, meters := content(sw)
			sw.PutGroup(oversized(id, openflow.GroupTypeSelect))
			eventually(t, "it has broken the stream", func() bool { return sw.Log().Sessions == 2 })
			awaitContent(t, sw, flows, groups, meters)
			eventually(t, "steady", func() bool { return status(t, l).Phase == Steady && len(status(t, l).Unreadable) == 0 })
			if log := sw.Log(); log.Sessions != 2 || len(sw.Groups()) != 1 {
				t.Errorf("%d sessions, %d groups; want 2 and 1", log.Sessions, len(sw.Groups()))
			}
		})
	}
}

// TestGroupsCannotBeListed has a group of so many buckets that even its statistics break the stream: the next connection reads only
// the groups that somebody wants.
func TestGroupsCannotBeListed(t *testing.T) {
	sw := newSwitch(t)
	many := openflow.Group{ID: 1000}
	for n := range uint32(5000) {
		many.Buckets = openflow.AppendBucket(many.Buckets, &openflow.Bucket{ID: n, WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny})
	}
	sw.PutGroup(many)
	var said lines
	l, _ := startLoop(t, sw, keepUnclaimed, logged(&said))
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	bob.syncDone()
	alice.awaitInstalled(alice.mustCommit(table.Op{Kind: table.OpSetGroup, ID: 7, Body: dropGroup()}, addFlow(1, toGroup(t, 1, 7))))
	alice.syncDone()
	eventually(t, "steady", func() bool { return status(t, l).Phase == Steady })
	sw.Cut()
	alice.awaitInstalled(alice.add(2))
	if log := sw.Log(); log.Sessions != 3 || log.GroupMods != 1 || len(sw.Groups()) != 2 {
		t.Errorf("%d sessions, %d group mods, %d groups; want 3, 1 and 2", log.Sessions, log.GroupMods, len(sw.Groups()))
	}
	if n := strings.Count(said.String(), "the statistics of some group"); n != 1 {
		t.Errorf("told %d times, want once:\n%s", n, said.String())
	}
}

func TestVswitchdOversizedGroup(t *testing.T) {
	s := ovstest.Start(t, ovstest.Options{})
	pid := s.Pid(ovstest.Vswitchd)
	outputs := strings.Repeat(",output:3", 2000)[1:]
	for _, id := range []int{7, 999, 1000, 1001} {
		s.Ofctl(t, "add-group", ovstest.Bridge, fmt.Sprintf("group_id=%d,type=all,bucket=output:1", id))
		for n := 0; n < 4 && id%1000 < 10 && id != 1001; n++ {
			s.Ofctl(t, "insert-buckets", ovstest.Bridge, fmt.Sprintf("group_id=%d,command_bucket_id=last,bucket=bucket_id=%d,actions=%s", id, 10+n, outputs))
		}
	}
	var said lines
	l, _ := startLoop(t, nil, keepUnclaimed, logged(&said), func(c *Config) {
		c.Switch = swconn.Config{Target: s.Mgmt(ovstest.Bridge), BackoffMin: 10 * time.Millisecond}
	})
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	bob.syncDone()
	// Group 7 is alice's: it is put right. Group 1000 is nobody's.
	txn := alice.mustCommit(table.Op{Kind: table.OpSetGroup, ID: 7, Body: parsedGroup(t, "group_id=7,type=all,bucket=output:1")}, addFlow(1, toGroup(t, 1, 7)))
	alice.syncDone() // it is held until then
	alice.awaitInstalled(txn)
	eventually(t, "steady", func() bool { return status(t, l).Phase == Steady })
	awaitFlows(t, s, 1)
	if out := s.Ofctl(t, "dump-groups", ovstest.Bridge, "7"); strings.Count(out, "output:") != 1 {
		t.Errorf("group 7 is %s", out)
	}
	if u := status(t, l).Unreadable; len(u) != 1 || u[0] != 1000 {
		t.Errorf("unreadable: %v, want 1000", u)
	}
	if n := strings.Count(said.String(), "breaks the connection"); n != 2 {
		t.Errorf("told %d times, want once of each group:\n%s", n, said.String())
	}

	s.Ofctl(t, "del-groups", ovstest.Bridge, "group_id=1000")
	alice.awaitInstalled(alice.add(2))
	awaitFlows(t, s, 2)
	eventually(t, "nothing is unreadable", func() bool { return len(status(t, l).Unreadable) == 0 })
	if got := s.Pid(ovstest.Vswitchd); got != pid {
		t.Errorf("ovs-vswitchd is process %d, was %d: it has ended", got, pid)
	}
}
