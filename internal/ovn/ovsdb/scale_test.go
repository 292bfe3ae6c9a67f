package ovsdb

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb/ovsdbtest"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// startBig starts a server with Logical_Flows that no transaction has made, and returns its TCP endpoint. It is not waited for:
// to read 500,000 rows it takes more than half a minute.
func startBig(t testing.TB, s *ovstest.Sandbox, name string, rows int) string {
	t.Helper()
	file := filepath.Join(s.Dir, "db", name+".db")
	if _, err := s.Run("ovsdb-tool", "create", file, ovstest.SouthboundSchema); err != nil {
		t.Fatal(err)
	}
	if err := ovsdbtest.AppendLogicalFlows(file, rows); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	s.Add(ovstest.Daemon{Name: name, Program: "ovsdb-server", Args: []string{"-vconsole:off", "--log-file=" + s.Log(name),
		"--unixctl=" + controlSocket(s, name), "--remote=ptcp:" + port + ":127.0.0.1", file}})
	s.Start(t, name)
	return "tcp:127.0.0.1:" + port
}

// A big southbound over TCP, where the server probes its clients every 5 s: it is loaded in one session, however long the server
// composes its reply, and loaded again.
func TestBigDatabase(t *testing.T) {
	rows, wait := 5_000, patience
	if soaking() {
		rows, wait = 500_000, 15*time.Minute
	}
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	const name = "big"
	endpoint := startBig(t, s, name, rows)
	cfg := sbConfig(t, endpoint, Table{Name: sb.LogicalFlowTable})
	cfg.Probe, cfg.LoadTimeout = 5*time.Second, wait
	c := consume(t, cfg)
	c.patience = wait
	started := time.Now()
	c.untilRows(sb.LogicalFlowTable, rows)
	t.Logf("%d rows after %v", rows, time.Since(started))
	if n := c.received(); n != 1 {
		t.Errorf("%d batches for one load: the connection broke", n)
	}
	s.Kill(t, name)
	c.untilPhase(Waiting)
	before := c.received()
	s.Start(t, name)
	c.until(func() error {
		if len(c.batches) == before {
			return fmt.Errorf("nothing since the restart")
		}
		return nil
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := c.batches[len(c.batches)-1]; !last.Reload || last.Len() != 0 {
		t.Errorf("loaded again: %d rows differ, want none", last.Len())
	}
}

// Many rows change in one transaction, more than libovsdb's queue of events holds.
func TestBigTransaction(t *testing.T) {
	rows, wait := 2_000, patience
	if soaking() {
		rows, wait = 70_000, 15*time.Minute
	}
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	cfg := sbConfig(t, startBig(t, s, "big", rows), Table{Name: sb.LogicalFlowTable, Columns: []string{"priority", "tags"}})
	cfg.Probe = time.Minute // the server is deaf while it works on the transaction
	c := consume(t, cfg)
	c.patience = wait
	c.untilRows(sb.LogicalFlowTable, rows)
	c.untilPhase(Ready)
	results, err := c.Transact(t.Context(), Operation{Op: libovsdb.OperationUpdate, Table: sb.LogicalFlowTable,
		Where: []Condition{libovsdb.NewCondition("priority", libovsdb.ConditionGreaterThanOrEqual, 0)},
		Row:   libovsdb.Row{"tags": notation(map[string]string{"k": "v"})}})
	if err != nil || results[0].Count != rows {
		t.Fatalf("results %+v, error %v", results, err)
	}
	c.until(func() error {
		if n := len(c.batches); n != 2 || c.batches[1].Len() != rows {
			return fmt.Errorf("%d batches, want 2, the last with %d rows", n, rows)
		}
		return nil
	})
	for id, row := range c.rows[sb.LogicalFlowTable] {
		if row.(*sb.LogicalFlow).Tags["k"] != "v" {
			t.Fatalf("row %v has tags %v", id, row.(*sb.LogicalFlow).Tags)
		}
	}
}
