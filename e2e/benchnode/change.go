package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/e2e/bar/watch"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// A change is one transaction on the southbound database, and one that undoes it. Both are made anew for each number.
type change struct{ do, undo func(n int) []ovsdb.Operation }

// changes measures the time from the commit of a change until the last flow that follows from it is in the switch.
func (s *site) changes(c change) ([]outcome, error) {
	monitors := make(map[*contestant]*watch.Monitor)
	for _, who := range []*contestant{s.own, s.theirs} {
		m, err := watch.Start(s.ctx, who.Sandbox)
		if err != nil {
			return nil, err
		}
		defer m.Stop()
		monitors[who] = m
	}
	commit, err := s.commitTime(c)
	if err != nil {
		return nil, err
	}
	n := 0
	const perTurn = 5
	var own, theirs []time.Duration
	took := map[*contestant]*[]time.Duration{s.own: &own, s.theirs: &theirs}
	_, _, err = s.turns((s.n+perTurn-1)/perTurn, func(who *contestant) (time.Duration, error) {
		for range perTurn {
			n++
			t, err := s.once(monitors[who], c, n)
			if err != nil {
				return 0, err
			}
			*took[who] = append(*took[who], t-commit)
		}
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return []outcome{durations("", own, theirs)}, nil
}

// commitTime is how long a change takes to be committed when nobody hears of it: what is measured begins when it is sent, and when its
// reply is seen depends on who else wants the processors then.
func (s *site) commitTime(c change) (time.Duration, error) {
	var took []time.Duration
	err := s.withoutBoth(func() error {
		for n := range max(10, s.n) {
			start := time.Now()
			if _, err := s.transact(c.do(n)...); err != nil {
				return err
			}
			took = append(took, time.Since(start))
			if _, err := s.transact(c.undo(n)...); err != nil {
				return err
			}
			time.Sleep(10 * time.Millisecond)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return bar.Median(took), nil
}

// once makes a change, says how long after that the last flow came to the switch, and undoes it.
func (s *site) once(m *watch.Monitor, c change, n int) (took time.Duration, err error) {
	start := time.Now()
	if _, err := s.transact(c.do(n)...); err != nil {
		return 0, err
	}
	last, err := m.Settle(start)
	if err != nil {
		return 0, err
	}
	undone := time.Now()
	if _, err := s.transact(c.undo(n)...); err != nil {
		return 0, err
	}
	_, err = m.Settle(undone)
	return last.Sub(start), err
}

func (s *site) transact(operations ...ovsdb.Operation) ([]ovsdb.OperationResult, error) {
	return s.sb.Transact(s.ctx, operations...)
}

// find returns the rows of a table with a value in a column, or in a column with a map.
func (s *site) find(table, column string, value any, columns ...string) ([]libovsdb.Row, error) {
	function := libovsdb.ConditionEqual
	if _, ok := value.(libovsdb.OvsMap); ok {
		function = libovsdb.ConditionIncludes
	}
	results, err := s.transact(ovsdb.Operation{Op: libovsdb.OperationSelect, Table: table, Columns: append(columns, "_uuid"),
		Where: []libovsdb.Condition{libovsdb.NewCondition(column, function, value)}})
	if err != nil {
		return nil, err
	}
	if len(results[0].Rows) == 0 {
		return nil, fmt.Errorf("there is no %s with %s %v", table, column, value)
	}
	return results[0].Rows, nil
}

// first is find's first row.
func (s *site) first(table, column string, value any, columns ...string) (libovsdb.Row, error) {
	rows, err := s.find(table, column, value, columns...)
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

func keyed(key, value string) libovsdb.OvsMap {
	return libovsdb.OvsMap{GoMap: map[any]any{key: value}}
}

func where(column string, value any) []libovsdb.Condition {
	return []libovsdb.Condition{libovsdb.NewCondition(column, libovsdb.ConditionEqual, value)}
}

// mutate inserts a value into a column of a row, or deletes it.
func mutate(table string, row any, column string, mutator libovsdb.Mutator, value any) []ovsdb.Operation {
	return []ovsdb.Operation{{Op: libovsdb.OperationMutate, Table: table, Where: where("_uuid", row),
		Mutations: []libovsdb.Mutation{*libovsdb.NewMutation(column, mutator, value)}}}
}

// unused is an address that nothing has.
func unused(n int) string { return fmt.Sprintf("10.250.%d.%d", n>>8, n&255) }

// macBinding is a MAC_Binding that comes.
func (s *site) macBinding() ([]outcome, error) {
	port, err := s.first(sb.PortBindingTable, "logical_port", "lr0-ls0", "datapath")
	if err != nil {
		return nil, err
	}
	return s.changes(change{
		do: func(n int) []ovsdb.Operation {
			return []ovsdb.Operation{{Op: libovsdb.OperationInsert, Table: sb.MACBindingTable, Row: libovsdb.Row{
				"logical_port": "lr0-ls0", "datapath": port["datapath"], "ip": unused(n), "mac": fmt.Sprintf("0e:00:00:00:%02x:%02x", n>>8, n&255)}}}
		},
		undo: func(n int) []ovsdb.Operation {
			return []ovsdb.Operation{{Op: libovsdb.OperationDelete, Table: sb.MACBindingTable, Where: where("ip", unused(n))}}
		},
	})
}

// acl is a Logical_Flow that comes: what becomes of an ACL of one switch.
func (s *site) acl() ([]outcome, error) {
	like, err := s.first(sb.LogicalFlowTable, "external_ids", keyed("stage-name", "ls_in_acl"), "table_id")
	if err != nil {
		return nil, err
	}
	port, err := s.first(sb.PortBindingTable, "logical_port", portName(0, 0), "datapath")
	if err != nil {
		return nil, err
	}
	match := func(n int) string { return fmt.Sprintf("ip4 && ip4.src == %s && tcp.dst == 80", unused(n)) }
	return s.changes(change{
		do: func(n int) []ovsdb.Operation {
			return []ovsdb.Operation{{Op: libovsdb.OperationInsert, Table: sb.LogicalFlowTable, Row: libovsdb.Row{
				"logical_datapath": port["datapath"], "pipeline": "ingress", "table_id": like["table_id"], "priority": 2500,
				"match": match(n), "actions": "next;", "external_ids": keyed("stage-name", "ls_in_acl")}}}
		},
		undo: func(n int) []ovsdb.Operation {
			return []ovsdb.Operation{{Op: libovsdb.OperationDelete, Table: sb.LogicalFlowTable, Where: where("match", match(n))}}
		},
	})
}

// address is one that comes into an address set.
func (s *site) address() ([]outcome, error) {
	set, err := s.first(sb.AddressSetTable, "name", "as0")
	if err != nil {
		return nil, err
	}
	mutation := func(mutator libovsdb.Mutator) func(int) []ovsdb.Operation {
		return func(n int) []ovsdb.Operation {
			return mutate(sb.AddressSetTable, set["_uuid"], "addresses", mutator, libovsdb.OvsSet{GoSet: []any{unused(n)}})
		}
	}
	return s.changes(change{do: mutation(libovsdb.MutateOperationInsert), undo: mutation(libovsdb.MutateOperationDelete)})
}

// member is a port that goes out of its port group, and comes back: what is measured is that it goes.
func (s *site) member() ([]outcome, error) {
	port, err := s.first(sb.PortBindingTable, "logical_port", portName(0, 0), "datapath")
	if err != nil {
		return nil, err
	}
	datapath, err := s.first(sb.DatapathBindingTable, "_uuid", port["datapath"], "tunnel_key")
	if err != nil {
		return nil, err
	}
	group, err := s.first(sb.PortGroupTable, "name", fmt.Sprintf("%v_%s", datapath["tunnel_key"], groupName(0)))
	if err != nil {
		return nil, err
	}
	mutation := func(mutator libovsdb.Mutator) func(int) []ovsdb.Operation {
		return func(n int) []ovsdb.Operation {
			return mutate(sb.PortGroupTable, group["_uuid"], "ports", mutator, libovsdb.OvsSet{GoSet: []any{portName(0, n%s.size.ports)}})
		}
	}
	return s.changes(change{do: mutation(libovsdb.MutateOperationDelete), undo: mutation(libovsdb.MutateOperationInsert)})
}

// backend is one that a load balancer gets more: northd replaces its logical flow, and changes its row.
func (s *site) backend() ([]outcome, error) {
	const vip, has = "172.16.0.0:80", "10.1.0.1:8080"
	balancer, err := s.first(sb.LoadBalancerTable, "name", "lb0", "vips")
	if err != nil {
		return nil, err
	}
	flows, err := s.find(sb.LogicalFlowTable, "external_ids", keyed("stage-name", "ls_in_lb"),
		"logical_datapath", "logical_dp_group", "pipeline", "table_id", "priority", "match", "actions", "external_ids")
	if err != nil {
		return nil, err
	}
	for _, old := range flows {
		if actions, _ := old["actions"].(string); strings.Contains(actions, has) && strings.Contains(fmt.Sprint(old["match"]), "172.16.0.0") {
			return s.changes(replaceBackends(old, balancer, vip, has))
		}
	}
	return nil, errors.New("no logical flow has the backends of lb0")
}

func replaceBackends(old, balancer libovsdb.Row, vip, has string) change {
	is := old // the row that is there now
	replace := func(backends string) []ovsdb.Operation {
		row := libovsdb.Row{}
		for column, value := range old {
			if column != "_uuid" {
				row[column] = value
			}
		}
		row["actions"] = strings.Replace(old["actions"].(string), has, backends, 1)
		vips := map[any]any{}
		for v, b := range balancer["vips"].(libovsdb.OvsMap).GoMap {
			vips[v] = b
			if v == vip {
				vips[v] = strings.Replace(b.(string), has, backends, 1)
			}
		}
		operations := []ovsdb.Operation{
			{Op: libovsdb.OperationDelete, Table: sb.LogicalFlowTable,
				Where: append(where("actions", is["actions"]), where("match", is["match"])...)},
			{Op: libovsdb.OperationInsert, Table: sb.LogicalFlowTable, Row: row},
			{Op: libovsdb.OperationUpdate, Table: sb.LoadBalancerTable, Where: where("_uuid", balancer["_uuid"]),
				Row: libovsdb.Row{"vips": libovsdb.OvsMap{GoMap: vips}}},
		}
		is = row
		return operations
	}
	return change{
		do:   func(n int) []ovsdb.Operation { return replace(has + "," + unused(n) + ":8080") },
		undo: func(int) []ovsdb.Operation { return replace(has) },
	}
}
