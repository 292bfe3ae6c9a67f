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
	"path/filepath"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb/ovsdbtest"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// timeout is generous: what is measured is CPU time, and other work on the machine may stretch the rest.
const timeout = 15 * time.Minute

func main() {
	rows := flag.Int("rows", 100_000, "Logical_Flow rows in the database")
	child := flag.String("load", "", "be the process that is measured: flowhost or libovsdb, with the endpoint as argument")
	flag.Parse()
	bar.Main("bars", timeout, func(ctx context.Context, dir string) (missed int, err error) {
		if *child != "" {
			return 0, load(ctx, *child, flag.Arg(0), *rows)
		}
		return run(ctx, dir, *rows)
	})
}

// load is what a process does that is measured. (What wait4(2) says of its memory begins with what its parent had.)
func load(ctx context.Context, which, endpoint string, rows int) error {
	if err := loads[which](ctx, endpoint, rows); err != nil {
		return err
	}
	peak, err := bar.Peak(os.Getpid())
	if err == nil {
		fmt.Println(peak)
	}
	return err
}

// run starts a server and measures. It returns the number of bars missed.
func run(ctx context.Context, dir string, rows int) (missed int, err error) {
	defer ovstest.StopDir(dir)
	endpoint, err := startServer(ctx, dir, rows)
	if err != nil {
		return 0, err
	}
	figures, err := measure(ctx, endpoint, rows)
	if err != nil {
		return 0, err
	}
	for _, f := range figures {
		missed += f.Print()
	}
	return missed, nil
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
