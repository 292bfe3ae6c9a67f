// Command flowhost-ovn shows what becomes of the languages of OVN's logical flows, stage by stage: `flowhost ovn expr` for matches and
// `flowhost ovn action` for actions. flowhost itself knows nothing of OVN and runs this program, which lies beside it.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// Exit codes, those of flowhost.
const (
	exitTrouble = 1
	exitUsage   = 2
)

func main() { os.Exit(execute(os.Args[1:])) }

// errRefused is the error of a run in which a text was refused. What is wrong with it has been printed.
var errRefused = errors.New("a text was refused")

// execute runs one command line and returns the exit code.
func execute(args []string) int {
	understood := false
	root := &cobra.Command{
		Use:              "ovn",
		Annotations:      map[string]string{cobra.CommandDisplayNameAnnotation: "flowhost ovn"},
		Short:            "Show what becomes of matches and actions of OVN's logical flows",
		SilenceErrors:    true,
		SilenceUsage:     true,
		Args:             cobra.NoArgs,
		PersistentPreRun: func(*cobra.Command, []string) { understood = true },
		RunE:             func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newExpr(), newAction())
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errRefused):
		return exitTrouble
	case understood:
		fmt.Fprintf(os.Stderr, "flowhost: %v\n", err)
		return exitTrouble
	}
	fmt.Fprintf(os.Stderr, "flowhost: %v; see %s --help\n", err, cmd.CommandPath())
	return exitUsage
}

// maxText is the longest text, in bytes.
const maxText = 16 << 20

// each calls explain with each line of the input that is not blank, behind a line that repeats it. After a refused text it goes on
// with the next; the error is errRefused then.
func each(in io.Reader, w *bufio.Writer, explain func(text string) bool) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxText)
	refused := false
	for lines.Scan() {
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			continue
		}
		fmt.Fprintf(w, "> %s\n", text)
		refused = !explain(text) || refused
		if err := w.Flush(); err != nil {
			return err
		}
	}
	switch {
	case lines.Err() != nil:
		return fmt.Errorf("standard input: %w", lines.Err())
	case refused:
		return errRefused
	}
	return nil
}

// tokens is the text as the lexer has it: each token printed back, one blank between two.
func tokens(text string) string {
	var b []byte
	for l := lex.New(text); l.Token.Kind != lex.End; l.Next() {
		b = append(l.Token.Append(b), ' ')
	}
	return strings.TrimSuffix(string(b), " ")
}
