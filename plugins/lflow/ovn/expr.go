package main

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
)

const exprHelp = `Show what becomes of matches of OVN's logical flows (ovn-sb(5), Logical_Flow, column match): each line of standard input is one.
The stages are its tokens; what the parser makes of it, with sets replaced by their members; annotated with what fields need;
simplified, so that only == is left; normalized; and the OpenFlow matches, with the conjunctions whose clauses they are in.

The exit code is 1 when one of them is refused; the error is in OVN's words.

` + namesHelp

func newExpr() *cobra.Command {
	n := new(names)
	options := new(expr.MatchOptions)
	cmd := &cobra.Command{
		Use:     "expr",
		Short:   "Show each stage of matches, one a line of standard input",
		Long:    exprHelp,
		Example: `  echo 'ip4.src == $web && tcp.dst == {80, 443}' | flowhost ovn expr --name 'address-set web 10.0.0.1 10.0.0.2'`,
		Args:    cobra.NoArgs,
	}
	n.addFlags(cmd.Flags())
	cmd.Flags().Uint64Var(&options.Metadata, "metadata", 0, "tunnel `KEY` of the datapath, for the matches to match")
	cmd.Flags().Uint32Var(&options.FirstConjunction, "conjunction", 1, "`ID` of the first conjunction")
	cmd.Flags().IntVar(&options.Limit, "limit", expr.DefaultLimit, "refuse a match of more `FLOWS`")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := n.read(); err != nil {
			return err
		}
		options.Port = n.port
		w := bufio.NewWriter(cmd.OutOrStdout())
		c := &expr.Compiler{Env: n.env(), Dialect: n.dialect, Resident: n.resident, Limit: options.Limit}
		return each(cmd.InOrStdin(), w, func(text string) bool { return explainExpr(w, c, options, n.expand(text)) })
	}
	return cmd
}

// explainExpr writes the stages of one match, as far as it comes, and says whether that is the end.
func explainExpr(w *bufio.Writer, c *expr.Compiler, o *expr.MatchOptions, text string) bool {
	fmt.Fprintf(w, "  tokens: %s\n", tokens(text))
	flows := 0
	failed, err := c.Explain(text, nil, o, func(stage, text string) {
		if stage == "flow" {
			flows++
			if text == "" {
				text = "(every packet)"
			}
		}
		fmt.Fprintf(w, "  %s: %s\n", stage, text)
	})
	switch {
	case err != nil:
		fmt.Fprintf(w, "  %s: error: %s\n", failed, err)
	case flows == 0:
		fmt.Fprintln(w, "  no flow: nothing can match")
	}
	return err == nil
}
