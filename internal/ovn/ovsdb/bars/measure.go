package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
)

const (
	runs    = 3   // of each load, of which the median counts, and of each round of changes, of which the best does
	changes = 201 // of one row, in a round
)

func measure(ctx context.Context, endpoint string, rows int) ([]bar.Figure, error) {
	ours, err := loadCost(ctx, "flowhost", endpoint, rows)
	if err != nil {
		return nil, err
	}
	library, err := loadCost(ctx, "libovsdb", endpoint, rows)
	if err != nil {
		return nil, err
	}
	inC, err := cost(ctx, "ovn-sbctl", "--db="+endpoint, "--no-leader-only", "find", "Logical_Flow")
	if err != nil {
		return nil, err
	}
	latency, err := changeLatency(ctx, endpoint)
	if err != nil {
		return nil, err
	}
	fmt.Printf("%d Logical_Flow rows: flowhost %v, libovsdb %v, ovn-sbctl %.2f s CPU\n", rows, ours, library, inC.cpu.Seconds())
	return []bar.Figure{
		{Name: "OVSDB load, CPU beside libovsdb", Unit: "times", Value: ours.cpu.Seconds() / library.cpu.Seconds(), Limit: 1. / 8},
		{Name: "OVSDB load, peak memory beside libovsdb", Unit: "times", Value: float64(ours.memory) / float64(library.memory), Limit: 1. / 4},
		{Name: "OVSDB load, CPU beside ovn-sbctl find", Unit: "times", Value: ours.cpu.Seconds() / inC.cpu.Seconds(), Limit: 0.5},
		{Name: "OVSDB change, sent to handed out, median", Unit: "ms", Value: latency.Seconds() * 1000, Limit: 0.5},
	}, nil
}

// spent is what a process has used.
type spent struct {
	cpu    time.Duration
	memory int64 // bytes, at the peak; 0: not known
}

func (s spent) String() string {
	return fmt.Sprintf("%.2f s CPU %d MB", s.cpu.Seconds(), s.memory>>20)
}

// loadCost runs one of the loads a few times in processes of their own, and returns the medians.
func loadCost(ctx context.Context, which, endpoint string, rows int) (spent, error) {
	self, err := os.Executable()
	if err != nil {
		return spent{}, err
	}
	return cost(ctx, self, "-rows", strconv.Itoa(rows), "-load", which, endpoint)
}

// cost runs a program a few times, and returns the medians. The memory is what the program says itself, if it does.
func cost(ctx context.Context, program string, args ...string) (spent, error) {
	var cpu []time.Duration
	var memory []int64
	for range runs {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return spent{}, fmt.Errorf("%s %v: %w", program, args, err)
		}
		cpu = append(cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		peak, _ := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		memory = append(memory, peak)
	}
	return spent{bar.Median(cpu), bar.Median(memory)}, nil
}

// changeLatency is the median time from sending a transaction that changes one row until another client's batch with the new
// row is there: more than the time from its commit.
func changeLatency(ctx context.Context, endpoint string) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reader, err := newClient(endpoint, flows)
	if err != nil {
		return 0, err
	}
	writer, err := newClient(endpoint)
	if err != nil {
		return 0, err
	}
	go reader.Run(ctx)
	go writer.Run(ctx)
	if _, err := receive(ctx, writer); err != nil {
		return 0, err
	}
	first, err := receive(ctx, reader)
	if err != nil {
		return 0, err
	}
	id := first.Table(sb.LogicalFlowTable)[0].UUID
	best := time.Hour
	for round := range runs {
		var took []time.Duration
		for n := range changes {
			start := time.Now()
			if _, err := writer.Transact(ctx, setMeter(id, fmt.Sprint(round, n))); err != nil {
				return 0, err
			}
			if _, err := receive(ctx, reader); err != nil {
				return 0, err
			}
			took = append(took, time.Since(start))
			time.Sleep(2 * time.Millisecond) // as a change that comes alone
		}
		best = min(best, bar.Median(took))
	}
	return best, nil
}

func setMeter(id uuid.UUID, name string) ovsdb.Operation {
	return ovsdb.Operation{Op: libovsdb.OperationUpdate, Table: sb.LogicalFlowTable,
		Where: []ovsdb.Condition{ovsdb.Equal("_uuid", id)}, Row: libovsdb.Row{"controller_meter": name}}
}
