package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/core/config"
	"github.com/spf13/cobra"
)

// answerTimeout is how long a host may take to answer: it may be in the middle of a big commit.
const answerTimeout = 30 * time.Second

// query is what all subcommands that ask a host have in common.
type query struct {
	socket string
	output string
}

// addFlags gives cmd --socket and --output.
func (q *query) addFlags(cmd *cobra.Command) {
	addSocketFlag(cmd, &q.socket)
	cmd.Flags().StringVarP(&q.output, "output", "o", "table", "`format`: table or json")
	cmd.Args = noArgsAnd(q.check)
}

func (q *query) check() error {
	if q.output != "table" && q.output != "json" {
		return fmt.Errorf("output format %q; it is table or json", q.output)
	}
	return nil
}

// noArgsAnd is the Args of a command that takes no arguments, and whose flags check looks at: what it finds is wrong usage.
func noArgsAnd(check func() error) cobra.PositionalArgs { return argsAnd(cobra.NoArgs, check) }

func argsAnd(args cobra.PositionalArgs, check func() error) cobra.PositionalArgs {
	return func(cmd *cobra.Command, list []string) error {
		if err := args(cmd, list); err != nil {
			return err
		}
		return check()
	}
}

func addSocketFlag(cmd *cobra.Command, socket *string) {
	builtIn := cmp.Or(os.Getenv("FLOWHOST_SOCKET"), config.DefaultSocket("br-int"))
	cmd.Flags().StringVar(socket, "socket", builtIn, "admin socket of the host; $FLOWHOST_SOCKET if set")
}

// ask calls get with a client of the host and prints what it returns, as JSON or by table.
func ask[T any](cmd *cobra.Command, q *query, get func(context.Context, *admin.Client) (T, error), table func(io.Writer, T) error) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), answerTimeout)
	defer cancel()
	answer, err := get(ctx, admin.NewClient(q.socket))
	if err != nil {
		return err
	}
	if q.output == "table" {
		return table(cmd.OutOrStdout(), answer)
	}
	e := json.NewEncoder(cmd.OutOrStdout())
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(answer)
}
