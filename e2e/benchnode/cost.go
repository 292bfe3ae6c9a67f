package main

import (
	"fmt"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// restTime is how long a node is watched that has nothing to do.
const restTime = 20 * time.Second

// memoryLimit is what all of flowhost's processes together may have, of ovn-controller's, with a quarter of a million flows.
const memoryLimit, memoryLimitAt = 1.0, "250k"

// rest measures processor and memory of both while nothing happens.
func (s *site) rest() ([]outcome, error) {
	type used struct {
		cpu    time.Duration
		memory int64
	}
	of := make(map[*contestant]used)
	for _, c := range []*contestant{s.theirs, s.own} {
		pids, err := c.pids(s)
		if err != nil {
			return nil, err
		}
		before := spent(pids)
		time.Sleep(restTime)
		cpu := spent(pids) - before
		m, err := memory(pids)
		if err != nil {
			return nil, err
		}
		of[c] = used{cpu, m}
	}
	own, theirs := of[s.own], of[s.theirs]
	cpu := func(u used) string { return fmt.Sprintf("%v/s", round(u.cpu/time.Duration(restTime.Seconds()))) }
	m := outcome{what: "memory", own: fmt.Sprintf("%d MB", own.memory>>20), theirs: fmt.Sprintf("%d MB", theirs.memory>>20),
		ratio: float64(own.memory) / float64(theirs.memory)}
	if s.size.name == memoryLimitAt {
		m.limit = memoryLimit
	}
	return []outcome{
		{what: "CPU", own: cpu(own), theirs: cpu(theirs), ratio: bar.Ratio(own.cpu, theirs.cpu), incomparable: theirs.cpu == 0},
		m,
	}, nil
}

// Churn is MAC bindings that come and go.
const churnTime, churnPace = 10 * time.Second, 10 * time.Millisecond

// churn measures the processor time of a change among many.
func (s *site) churn() ([]outcome, error) {
	port, err := s.first(sb.PortBindingTable, "logical_port", "lr0-ls0", "datapath")
	if err != nil {
		return nil, err
	}
	own, theirs, err := s.turns(max(1, s.runs/2), func(c *contestant) (time.Duration, error) {
		pids, err := c.pids(s)
		if err != nil {
			return 0, err
		}
		before, changes := spent(pids), 0
		for end := time.Now().Add(churnTime); time.Now().Before(end); changes++ {
			ip := unused(changes / 2 % 1000)
			operation := ovsdb.Operation{Op: libovsdb.OperationInsert, Table: sb.MACBindingTable, Row: libovsdb.Row{
				"logical_port": "lr0-ls0", "datapath": port["datapath"], "ip": ip, "mac": "0e:00:00:00:00:01"}}
			if changes%2 == 1 {
				operation = ovsdb.Operation{Op: libovsdb.OperationDelete, Table: sb.MACBindingTable, Where: where("ip", ip)}
			}
			if _, err := s.transact(operation); err != nil {
				return 0, err
			}
			time.Sleep(churnPace)
		}
		if changes%2 == 1 {
			last := ovsdb.Operation{Op: libovsdb.OperationDelete, Table: sb.MACBindingTable, Where: where("mac", "0e:00:00:00:00:01")}
			if _, err := s.transact(last); err != nil {
				return 0, err
			}
		}
		if _, err := c.awaitRest(s); err != nil {
			return 0, err
		}
		return (spent(pids) - before) / time.Duration(changes), nil
	})
	if err != nil {
		return nil, err
	}
	return []outcome{durations("CPU of a change", own, theirs)}, nil
}
