package main

import (
	"fmt"
	"strings"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/e2e/bar/watch"
	"github.com/flowhost/flowhost/e2e/standin"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// chassisCount is how many other chassis there are.
const chassisCount = 1000

// chassis measures the processor time of the start, and of one chassis more or less, among a thousand. ovn-controller makes their
// tunnels, too; the other one's Open vSwitch gets the same.
func (s *site) chassis() ([]outcome, error) {
	var all []ovsdb.Operation
	for n := range chassisCount {
		all = append(all, addChassis(n)...)
	}
	if _, err := s.transact(all...); err != nil {
		return nil, err
	}
	defer s.removeAllChassis()
	if _, err := s.theirs.awaitRest(s); err != nil {
		return nil, err
	}
	if err := s.mirrorTunnels(); err != nil {
		return nil, err
	}
	if _, err := s.own.awaitRest(s); err != nil {
		return nil, err
	}
	start, err := s.chassisStart()
	if err != nil {
		return nil, err
	}
	const more = 50 // the system counts in ticks of 10 ms
	added, err := s.chassisCost("one added", more, func(n int) error {
		_, err := s.transact(addChassis(chassisCount + n)...)
		return err
	})
	if err != nil {
		return nil, err
	}
	removed, err := s.chassisCost("one removed", more, func(n int) error {
		_, err := s.transact(removeChassis(chassisCount + n)...)
		return err
	})
	return []outcome{start, added, removed}, err
}

func chassisName(n int) string { return fmt.Sprintf("far%d", n) }

func addChassis(n int) []ovsdb.Operation {
	encap := fmt.Sprintf("encap%d", n)
	return []ovsdb.Operation{
		{Op: libovsdb.OperationInsert, Table: sb.EncapTable, UUIDName: encap, Row: libovsdb.Row{
			"type": "geneve", "ip": fmt.Sprintf("172.31.%d.%d", n>>8, n&255), "chassis_name": chassisName(n),
			"options": keyed("csum", "true")}},
		{Op: libovsdb.OperationInsert, Table: sb.ChassisTable, Row: libovsdb.Row{
			"name": chassisName(n), "hostname": chassisName(n),
			"encaps": libovsdb.OvsSet{GoSet: []any{libovsdb.UUID{GoUUID: encap}}}}},
	}
}

// removeChassis deletes a chassis; its encap goes with it, as nothing else names it.
func removeChassis(n int) []ovsdb.Operation {
	return []ovsdb.Operation{{Op: libovsdb.OperationDelete, Table: sb.ChassisTable, Where: where("name", chassisName(n))}}
}

// removeAllChassis leaves the site as it was; what fails here fails the next measurement.
func (s *site) removeAllChassis() {
	var all []ovsdb.Operation
	for n := range chassisCount {
		all = append(all, removeChassis(n)...)
	}
	_, _ = s.transact(all...)
}

// mirrorTunnels gives the other Open vSwitch the tunnels that ovn-controller has made on its own, with the same numbers, and takes those away
// that it has no more.
func (s *site) mirrorTunnels() error {
	lists := make(map[*contestant]map[string]bool)
	for _, c := range []*contestant{s.own, s.theirs} {
		out, err := s.command(c, "ovs-vsctl", "list-ports", ovstest.Bridge)
		if err != nil {
			return err
		}
		lists[c] = make(map[string]bool)
		for port := range strings.FieldsSeq(out) {
			if strings.HasPrefix(port, "ovn-") {
				lists[c][port] = true
			}
		}
	}
	var commands []string
	for port := range lists[s.own] {
		if !lists[s.theirs][port] {
			commands = append(commands, "del-port "+port)
		}
	}
	for port := range lists[s.theirs] {
		if lists[s.own][port] {
			continue
		}
		out, err := s.command(s.theirs, "ovs-vsctl", "get", "Interface", port, "ofport", "options", "--", "get", "Port", port, "external_ids")
		if err != nil {
			return err
		}
		of := strings.Split(strings.TrimSpace(out), "\n")
		commands = append(commands, fmt.Sprintf("add-port br-int %[1]s -- set Interface %[1]s type=geneve ofport_request=%[2]s 'options=%[3]s'"+
			" -- set Port %[1]s 'external_ids=%[4]s'", port, of[0], of[1], of[2]))
	}
	return s.batches(s.own, "ovs-vsctl", nil, commands)
}

// chassisStart is the processor time of a start with all chassis there.
func (s *site) chassisStart() (outcome, error) {
	own, theirs, err := s.turns(s.runs, func(c *contestant) (time.Duration, error) {
		if err := c.Down(c.daemon); err != nil {
			return 0, err
		}
		if err := c.Up(s.ctx, c.daemon); err != nil {
			return 0, err
		}
		if _, err := c.awaitRest(s); err != nil {
			return 0, err
		}
		return s.cost(c)
	})
	if err != nil {
		return outcome{}, err
	}
	return durations("start, CPU", own, theirs), s.noteStart()
}

// noteStart tells which of the other one's processes have used what since the last start.
func (s *site) noteStart() error {
	status, err := s.own.admin.Status(s.ctx)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("host %v", spent([]int{s.own.Pid(s.own.daemon)}))
	for _, p := range status.Plugins {
		text += fmt.Sprintf(", %s %v", p.Name, spent([]int{p.PID}))
	}
	bar.Note("chassis at %s: start, CPU by process: %s", s.size.name, text)
	return nil
}

// cost is the processor time that a contestant has used so far, without what only stands in for a source that this is not about.
func (s *site) cost(c *contestant) (time.Duration, error) {
	pids, err := c.pids(s, standin.Name)
	return spent(pids), err
}

// chassisCost is the processor time of each of so many changes.
func (s *site) chassisCost(what string, count int, do func(n int) error) (outcome, error) {
	before := make(map[*contestant]time.Duration)
	took := make(map[*contestant]time.Duration)
	both := []*contestant{s.own, s.theirs}
	read := func(into map[*contestant]time.Duration) error {
		for _, c := range both {
			if _, err := c.awaitRest(s); err != nil {
				return err
			}
			cost, err := s.cost(c)
			if err != nil {
				return err
			}
			into[c] = cost
		}
		return nil
	}
	if err := read(before); err != nil {
		return outcome{}, err
	}
	for n := range count {
		if err := do(n); err != nil {
			return outcome{}, err
		}
		time.Sleep(watch.Quiet)
		if err := s.mirrorTunnels(); err != nil {
			return outcome{}, err
		}
	}
	if err := read(took); err != nil {
		return outcome{}, err
	}
	for _, c := range both {
		took[c] = (took[c] - before[c]) / time.Duration(count)
	}
	return durations(what+", CPU", []time.Duration{took[s.own]}, []time.Duration{took[s.theirs]}), nil
}
