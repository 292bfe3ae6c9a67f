package apply

import (
	"errors"
	"fmt"
	"regexp"
	"testing"

	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// realObjects is a loop on a real switch in which alice has group 7 and meter 8, two flows through each, one through neither, and
// all owners have synced.
func realObjects(t *testing.T) (*ovstest.Sandbox, *Loop, *client) {
	t.Helper()
	s, l, alice := realLoop(t, 1)
	alice.awaitInstalled(alice.mustCommit(
		table.Op{Kind: table.OpSetGroup, ID: 7, Body: parsedGroup(t, "group_id=7,type=select,bucket=output:1,bucket=output:2")},
		table.Op{Kind: table.OpSetMeter, ID: 8, Body: dropMeter(t, 100)},
		addFlow(2, toGroup(t, 2, 7)), addFlow(3, toGroup(t, 3, 7)),
		addFlow(4, throughMeter(4, 8)), addFlow(5, throughMeter(5, 8)),
	))
	return s, l, alice
}

// everything is what the switch shows of its flows, groups and meters.
func everything(s *ovstest.Sandbox) (string, error) {
	flows, err := flowsOf(s)
	groups, err2 := s.Run("ovs-ofctl", "-O", "OpenFlow15", "dump-groups", ovstest.Bridge)
	meters, err3 := s.Run("ovs-ofctl", "-O", "OpenFlow15", "dump-meters", ovstest.Bridge)
	xid := regexp.MustCompile(`\(xid=0x[0-9a-f]+\)`)
	return xid.ReplaceAllString(fmt.Sprintf("%q\n%s\n%s", flows, groups, meters), ""), errors.Join(err, err2, err3)
}

// awaitEverything waits until the switch shows this.
func awaitEverything(t *testing.T, s *ovstest.Sandbox, want string) {
	t.Helper()
	ovstest.Eventually(t, patience, func() error {
		got, err := everything(s)
		if err == nil && got != want {
			err = fmt.Errorf("in the switch:\n%s\nwant:\n%s", got, want)
		}
		return err
	})
}

func TestVswitchdGroupAndMeterDrift(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		drifted func(table.Event) bool // nil: nothing of alice's
	}{
		"group deleted":         {[]string{"del-groups", ovstest.Bridge, "group_id=7"}, objectDrifted(table.Group, 7)},
		"all groups deleted":    {[]string{"del-groups", ovstest.Bridge}, objectDrifted(table.Group, 7)},
		"group changed":         {[]string{"mod-group", ovstest.Bridge, "group_id=7,type=all,bucket=output:1"}, objectDrifted(table.Group, 7)},
		"bucket added":          {[]string{"insert-buckets", ovstest.Bridge, "group_id=7,command_bucket_id=last,bucket=bucket_id=9,output:3"}, objectDrifted(table.Group, 7)},
		"meter deleted":         {[]string{"del-meter", ovstest.Bridge, "meter=8"}, objectDrifted(table.Meter, 8)},
		"all meters deleted":    {[]string{"del-meters", ovstest.Bridge}, objectDrifted(table.Meter, 8)},
		"meter changed":         {[]string{"mod-meter", ovstest.Bridge, "meter=8,pktps,bands=type=drop,rate=7"}, objectDrifted(table.Meter, 8)},
		"group of nobody added": {[]string{"add-group", ovstest.Bridge, "group_id=1000,type=all,bucket=output:1"}, nil},
		"meter of nobody added": {[]string{"add-meter", ovstest.Bridge, "meter=1000,kbps,bands=type=drop,rate=7"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, l, alice := realObjects(t)
			want, err := everything(s)
			if err != nil {
				t.Fatal(err)
			}
			sessions := status(t, l).Since
			s.Ofctl(t, c.args...)
			if c.drifted != nil {
				alice.await("drifted", c.drifted)
			}
			awaitEverything(t, s, want)
			if n := alice.heard(func(e table.Event) bool { return e.Kind == table.EventRefused }); n > 0 {
				t.Errorf("%d refused: what names a group must come behind it", n)
			}
			if st := status(t, l); st.Phase != Steady || st.Since != sessions {
				t.Errorf("phase %v since %v, want steady since %v: the connection was lost", st.Phase, st.Since, sessions)
			}
		})
	}
}

// TestVswitchdGroupsDeletedUnderFlows deletes all groups again and again while flows that name one are on their way among others.
func TestVswitchdGroupsDeletedUnderFlows(t *testing.T) {
	manyWays(t, func(t *testing.T, commit func(*client, []table.Op) uint64) {
		s, l, alice := realObjects(t)
		since := status(t, l).Since
		var ops []table.Op
		for n := 100; n < 100+goodFlows; n++ {
			f := numbered(n)
			if n%10 == 0 {
				f = toGroup(t, n, 7)
			}
			ops = append(ops, addFlow(n, f))
		}
		deleted := make(chan error)
		go func() {
			for range 4 { // fewer than are a fight
				if _, err := s.Run("ovs-ofctl", "-O", "OpenFlow15", "del-groups", ovstest.Bridge); err != nil {
					deleted <- err
					return
				}
			}
			deleted <- nil
		}()
		installed := alice.awaitInstalled(commit(alice, ops))
		if err := <-deleted; err != nil {
			t.Fatal(err)
		}
		t.Logf("%d refused", len(installed.Refused))
		awaitFlows(t, s, 5+goodFlows)
		eventually(t, "nothing in quarantine", func() bool { return status(t, l).Table.Quarantined == 0 })
		unharmed(t, l, since)
	})
}
