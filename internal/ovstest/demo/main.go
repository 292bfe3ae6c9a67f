// Command demo shows flowhost at work on a private Open vSwitch and OVN: `make demo` and its companions.
//
//	demo start   start the sandbox and flowhost, or mend what does not run; add MAC bindings; show the flows
//	demo env     print the shell's exports that make the tools talk to the sandbox
//	demo host    start flowhost again
//	demo stop    stop everything and remove the sandbox's folder
//
// The folder is the same at each call by one user from one checkout, so that one call finds what another started.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = "usage: demo start|env|host|stop"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New(usage)
	}
	demo, err := open()
	if err != nil {
		return err
	}
	switch args[0] {
	case "start":
		return demo.start(ctx)
	case "env":
		return demo.printEnv()
	case "host":
		return demo.startHost(ctx)
	case "stop":
		return demo.stop()
	}
	return errors.New(usage)
}
