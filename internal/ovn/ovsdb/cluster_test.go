package ovsdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// cluster is a raft cluster of southbound databases, in one folder.
type cluster struct {
	*ovstest.Sandbox
	t     testing.TB
	names []string
}

func startCluster(t testing.TB, size int) *cluster {
	t.Helper()
	c := &cluster{Sandbox: ovstest.StartServer(t, ovstest.SouthboundSchema), t: t}
	c.Stop(t, ovstest.OVSDB) // only its folder is of use
	for i := range size {
		name := fmt.Sprintf("sb%d", i+1)
		c.names = append(c.names, name)
		c.Add(ovstest.Daemon{
			Name:    name,
			Program: "ovsdb-server",
			Args: []string{"-vconsole:off", "--log-file=" + c.Log(name), "--unixctl=" + controlSocket(c.Sandbox, name),
				"--remote=p" + c.endpoint(name), c.file(name)},
			Prepare: func() error { return c.create(name) },
			Ready:   func() error { return c.joined(name) },
		})
		c.Start(t, name)
	}
	return c
}

func (c *cluster) endpoint(name string) string {
	return "unix:" + filepath.Join(c.Dir, "run", name+".sock")
}
func (c *cluster) raft(name string) string {
	return "unix:" + filepath.Join(c.Dir, "run", name+".raft")
}
func (c *cluster) file(name string) string { return filepath.Join(c.Dir, "db", name+".db") }

func (c *cluster) endpoints() string {
	var list []string
	for _, name := range c.names {
		list = append(list, c.endpoint(name))
	}
	return strings.Join(list, ",")
}

func (c *cluster) create(name string) error {
	if _, err := os.Stat(c.file(name)); err == nil {
		return nil
	}
	args := []string{"join-cluster", c.file(name), southbound, c.raft(name), c.raft(c.names[0])}
	if name == c.names[0] {
		args = []string{"create-cluster", c.file(name), ovstest.SouthboundSchema, c.raft(name)}
	}
	_, err := c.Run("ovsdb-tool", args...)
	return err
}

func (c *cluster) joined(name string) error {
	out, err := c.status(name)
	if err == nil && !strings.Contains(out, "Status: cluster member") {
		err = fmt.Errorf("%s: %s", name, out)
	}
	return err
}

func (c *cluster) status(name string) (string, error) {
	return c.Run("ovs-appctl", "-t", controlSocket(c.Sandbox, name), "cluster/status", southbound)
}

// leader waits until a member that runs leads, and all others that run know it.
func (c *cluster) leader() (leader string) {
	c.t.Helper()
	ovstest.Eventually(c.t, patience, func() error {
		leader = ""
		for _, name := range c.names {
			if c.Pid(name) == 0 {
				continue
			}
			out, err := c.status(name)
			if err != nil {
				return err
			}
			if strings.Contains(out, "Role: leader") {
				leader = name
			} else if strings.Contains(out, "Leader: unknown") {
				return fmt.Errorf("%s knows no leader", name)
			}
		}
		if leader == "" {
			return errors.New("no leader")
		}
		return nil
	})
	return leader
}

// ballast is addresses enough that the database stays larger than its history of transactions since, which ovsdb-server shortens
// otherwise, the oldest first: ovsdb_txn_history_run(). It is no part of the transaction that must stay known.
func ballast() (addresses []string) {
	for i := range 200 {
		addresses = append(addresses, fmt.Sprint("10.0.0.", i))
	}
	return addresses
}

// The leader dies: a client of any member goes on from its last transaction, and one of the leader only finds the next one.
func TestClusterLeaderKilled(t *testing.T) {
	cl := startCluster(t, 3)
	leader := cl.leader()
	transact(t, cl.Sandbox, cl.endpoint(leader), addressSet("ballast", ballast()...))
	transact(t, cl.Sandbox, cl.endpoint(leader), addressSet("as1"))
	for _, name := range cl.names {
		watch(t, cl.Sandbox, name)
	}
	cfg := sbConfig(t, cl.endpoints(), Table{Name: sb.AddressSetTable})
	anyMember := consume(t, cfg)
	cfg.LeaderOnly = true
	ofLeader := consume(t, cfg)
	followLeader := cfg
	followLeader.LeaderOnly, followLeader.Endpoints = false, cl.endpoint(leader)
	bound := consume(t, followLeader)
	for _, c := range []*consumer{anyMember, ofLeader, bound} {
		c.untilNames("as1", "ballast")
		c.untilPhase(Ready)
	}
	if got := ofLeader.State().Endpoint; got != cl.endpoint(leader) {
		t.Errorf("follows %s, the leader is %s", got, leader)
	}
	cl.Kill(t, leader)
	next := cl.leader()
	transact(t, cl.Sandbox, cl.endpoint(next), addressSet("as2"), deleteByName(sb.AddressSetTable, "as1"))
	ofLeader.untilNames("as2", "ballast")
	anyMember.untilNames("as2", "ballast")
	if got := ofLeader.State().Endpoint; got != cl.endpoint(next) {
		t.Errorf("follows %s, the leader is %s", got, next)
	}
	ofLeader.mu.Lock()
	for _, b := range ofLeader.batches[1:] {
		if b.Reload {
			t.Error("everything was loaded again, where the transaction was known")
		}
	}
	if last := ofLeader.batches[len(ofLeader.batches)-1]; last.TxnID == uuid.Nil {
		t.Error("a cluster's batch without a transaction id")
	}
	ofLeader.mu.Unlock()
	if slices.Contains(methods(t, cl.Sandbox, next), "monitor") {
		t.Error("an older method was tried")
	}
	cl.Start(t, leader)
	bound.untilNames("as2", "ballast")
	bound.untilEqual(cl.Sandbox, cl.endpoint(leader), sb.AddressSetTable)
}

// A member that the rest of its cluster has left behind is left.
func TestClusterStaleMember(t *testing.T) {
	cl := startCluster(t, 3)
	cl.leader()
	c := consume(t, sbConfig(t, cl.endpoints(), Table{Name: sb.AddressSetTable}))
	c.untilPhase(Ready)
	for _, name := range cl.names { // all but the one it is at
		if cl.endpoint(name) != c.State().Endpoint {
			cl.Kill(t, name)
		}
	}
	ovstest.Eventually(t, patience, func() error {
		if err := c.State().Err; !errors.Is(err, ErrUnsuitable) {
			return fmt.Errorf("still at a member without a cluster: %+v", c.State())
		}
		return nil
	})
	for _, name := range cl.names {
		if cl.Pid(name) == 0 { // the other is ready only when it has a cluster again
			cl.Start(t, name)
		}
	}
	c.untilPhase(Ready)
}

// A relay feeds clients that it has more of than the server has: with conditions of their own, through its own restart and
// its source's.
func TestRelay(t *testing.T) {
	cl := startCluster(t, 1)
	source := cl.names[0]
	relay := "relay"
	endpoint := cl.endpoint(relay)
	cl.Add(ovstest.Daemon{
		Name:    relay,
		Program: "ovsdb-server",
		Args: []string{"-vconsole:off", "--log-file=" + cl.Log(relay), "--unixctl=" + controlSocket(cl.Sandbox, relay),
			"--remote=p" + endpoint, "relay:" + southbound + ":" + cl.endpoint(source)},
	})
	cl.Start(t, relay)
	transact(t, cl.Sandbox, cl.endpoint(source), addressSet("as1"), addressSet("as2"))
	c := consume(t, sbConfig(t, endpoint, Table{Name: sb.AddressSetTable, Where: Any(Equal("name", "as1"), Equal("name", "as3"))}))
	c.untilNames("as1")
	watch(t, cl.Sandbox, relay)
	transact(t, cl.Sandbox, cl.endpoint(source), addressSet("as3"))
	c.untilNames("as1", "as3")
	epoch, err := c.SetConditions(map[string]Where{sb.AddressSetTable: {}})
	if err != nil {
		t.Fatal(err)
	}
	c.untilEpoch(epoch)
	c.untilNames("as1", "as2", "as3")
	if _, err := c.Transact(t.Context(), deleteByName(sb.AddressSetTable, "as2")); err != nil {
		t.Errorf("a transaction through the relay: %v", err)
	}
	c.untilNames("as1", "as3")
	if got := methods(t, cl.Sandbox, relay); !slices.Contains(got, "monitor_cond_change") || !slices.Contains(got, "transact") {
		t.Errorf("the relay heard %v", got)
	}

	cl.Stop(t, relay)
	transact(t, cl.Sandbox, cl.endpoint(source), deleteByName(sb.AddressSetTable, "as1"), addressSet("as4"))
	cl.Start(t, relay)
	c.untilNames("as3", "as4")

	cl.Stop(t, source)
	cl.Start(t, source)
	transact(t, cl.Sandbox, cl.endpoint(source), addressSet("as5"))
	c.untilNames("as3", "as4", "as5")
}
