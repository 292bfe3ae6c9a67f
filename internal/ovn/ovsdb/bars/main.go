// Command bars holds the OVSDB client against what it must reach: beside libovsdb's own client and OVN's in C, following the
// Logical_Flow table of a real ovsdb-server.
//
//	go run ./internal/ovn/ovsdb/bars
//
// It prints a line for each bar and exits with 1 if one is missed. CPU time and memory are those of whole processes, so that
// nothing is left out.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb/ovsdbtest"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// timeout is generous: what is measured is CPU time, and other work on the machine may stretch the rest.
const timeout = 15 * time.Minute

func main() {
	rows := flag.Int("rows", 100_000, "Logical_Flow rows in the database")
	child := flag.String("load", "", "be the process that is measured: flowhost or libovsdb, with the endpoint as argument")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var err error
	missed := 0
	if *child != "" {
		err = loads[*child](ctx, flag.Arg(0), *rows)
		if err == nil {
			err = printPeak()
		}
	} else {
		missed, err = run(ctx, *rows)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bars:", err)
	}
	if err != nil || missed > 0 {
		os.Exit(1)
	}
}

// run starts a server and measures. It returns the number of bars missed.
func run(ctx context.Context, rows int) (missed int, err error) {
	dir, err := os.MkdirTemp("", "bars")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	defer ovstest.StopDir(dir)
	endpoint, err := startServer(ctx, dir, rows)
	if err != nil {
		return 0, err
	}
	results, err := measure(ctx, endpoint, rows)
	if err != nil {
		return 0, err
	}
	for _, b := range results {
		verdict := "pass"
		if b.figure > b.limit {
			verdict = "FAIL"
			missed++
		}
		fmt.Printf("bar %s: %.3g %s, must be ≤ %.3g: %s\n", b.name, b.figure, b.unit, b.limit, verdict)
	}
	return missed, nil
}

// bar is one figure and what it must not exceed.
type bar struct {
	name, unit    string
	figure, limit float64
}

// startServer starts an ovsdb-server of a southbound with so many Logical_Flow rows, and returns its endpoint.
func startServer(ctx context.Context, dir string, rows int) (endpoint string, err error) {
	const name = "southbound"
	for _, sub := range []string{"run", "db", "log"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return "", err
		}
	}
	s := ovstest.Open(dir, ovstest.Options{})
	file := filepath.Join(dir, "db", name+".db")
	if _, err := s.Run("ovsdb-tool", "create", file, ovstest.SouthboundSchema); err != nil {
		return "", err
	}
	if err := ovsdbtest.AppendLogicalFlows(file, rows); err != nil {
		return "", err
	}
	s.Add(ovstest.Daemon{Name: name, Program: "ovsdb-server", Args: []string{"-vconsole:off", "--log-file=" + s.Log(name),
		"--unixctl=" + filepath.Join(dir, "run", name+".ctl"), "--remote=p" + s.OVSDB(), file}})
	if err := s.Up(ctx, name); err != nil {
		return "", err
	}
	return s.OVSDB(), nil
}
