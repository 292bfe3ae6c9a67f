// Command flowhost owns the OpenFlow tables of one Open vSwitch bridge and shares them between flow sources, each of them a
// plugin process. `flowhost run` is the daemon; the other subcommands ask it over its admin socket.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// Exit codes, as of most network daemons: 0 success, 1 trouble, 2 wrong usage.
const (
	exitTrouble = 1
	exitUsage   = 2
)

func main() {
	os.Exit(execute(os.Args[1:]))
}

// execute runs one command line and returns the exit code. Errors are one line on standard error.
func execute(args []string) int {
	root, understood := newRoot()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(context.Background())
	var exit *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.err != nil {
			fmt.Fprintf(os.Stderr, "flowhost: %v\n", exit.err)
		}
		return exit.code
	case *understood:
		fmt.Fprintf(os.Stderr, "flowhost: %v\n", err)
		return exitTrouble
	default:
		fmt.Fprintf(os.Stderr, "flowhost: %v; see %s --help\n", err, cmd.CommandPath())
		return exitUsage
	}
}

// exitError is the error of a command that has exit codes of its own. With a nil err nothing is said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d: %v", e.code, e.err) }

// newRoot makes the command tree. *understood becomes true once a command line was parsed and its command begins: an error
// before that is one of usage.
func newRoot() (root *cobra.Command, understood *bool) {
	understood = new(bool)
	root = &cobra.Command{
		Use:           "flowhost",
		Short:         "Own one Open vSwitch bridge's flow tables, and share them between flow sources",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		PersistentPreRun: func(*cobra.Command, []string) {
			*understood = true
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newRun(), newCleanup(), newDev(), newConfig(), newStatus(), newFlows(), newDiff(), newPlugins(), newOwners(), newConflicts(), newExplain(), newOVN())
	return root, understood
}
