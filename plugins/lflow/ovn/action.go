package main

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/sdk/flow"
)

const actionHelp = `Show what becomes of actions of OVN's logical flows (ovn-sb(5), Logical_Flow, column actions): each line of standard input is one
list. Shown are its tokens; the parsed actions as OVN writes them; what they need, which the match must imply; the OpenFlow actions
as ovs-ofctl writes them, and their instructions in hexadecimal; and the groups and meters they use, whose ids begin with 1.
DHCP options are those of an OVN 26.03's database. A tunnel to a port is on the OpenFlow port with the number of its key.

The exit code is 1 when one of them is refused; the error is in OVN's words.

` + namesHelp

// place is what flags say about where the actions stand and what for.
type place struct {
	names
	egress, router, snatZone bool
	table, tables            int
	datapath                 uint32
}

func newAction() *cobra.Command {
	p := new(place)
	cmd := &cobra.Command{
		Use:     "action",
		Short:   "Show each stage of lists of actions, one a line of standard input",
		Long:    actionHelp,
		Example: `  echo 'ip.ttl--; outport = "lrp0"; next;' | flowhost ovn action --name 'port lrp0 3' --router --table 11`,
		Args:    cobra.NoArgs,
	}
	flags := cmd.Flags()
	p.addFlags(flags)
	flags.BoolVar(&p.egress, "egress", false, "the logical flow is in the egress pipeline, not the ingress pipeline")
	flags.IntVar(&p.table, "table", 0, "logical `TABLE` of the logical flow")
	flags.IntVar(&p.tables, "tables", 0, "how many `TABLES` each pipeline has (default as ovn-controller: 29, with ovn-26.03 35)")
	flags.BoolVar(&p.router, "router", false, "the datapath is a logical router, not a logical switch")
	flags.BoolVar(&p.snatZone, "snat-zone", false, "the datapath's common zone for NAT is that of SNAT")
	flags.Uint32Var(&p.datapath, "datapath", 1, "tunnel `KEY` of the datapath")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := p.read(); err != nil {
			return err
		}
		env, err := action.New(p.dialect, p.env().Symtab, standardOptions())
		if err != nil {
			return err
		}
		w := bufio.NewWriter(cmd.OutOrStdout())
		return each(cmd.InOrStdin(), w, func(text string) bool { return p.explain(w, env, p.expand(text)) })
	}
	return cmd
}

// explain writes the stages of one list, as far as it comes, and says whether that is the end.
func (p *place) explain(w *bufio.Writer, env *action.Env, text string) bool {
	fmt.Fprintf(w, "  tokens: %s\n", tokens(text))
	var list action.List
	if err := list.Parse(text, env, p.place()); err != nil {
		fmt.Fprintf(w, "  parse: error: %s\n", err)
		return false
	}
	fmt.Fprintf(w, "  parse: %s\n", list.String())
	fmt.Fprintf(w, "  prereqs: %s\n", cmp.Or(list.Prereqs().String(), "(none)"))
	var groups, meters texts
	o := &action.Options{
		Switch: !p.router, Datapath: p.datapath, SNATZone: p.snatZone, Meters: true, Port: p.port, Resident: p.resident,
		TunnelPort: func(name string) (flow.Port, bool) { key, ok := p.port(name); return flow.Port(key), ok },
		Collector:  func(uint32) bool { return true },
		Group:      func(text string) (flow.GroupID, bool) { return flow.GroupID(groups.id(text)), true },
		Meter:      func(text string) (flow.MeterID, bool) { return flow.MeterID(meters.id(text)), true },
	}
	actions, err := list.Encode(o)
	if err != nil {
		fmt.Fprintf(w, "  encode: error: %s\n", err)
		return false
	}
	fmt.Fprintf(w, "  encode: %s\n", cmp.Or(actions.String(), "drop"))
	fmt.Fprintf(w, "  hex: %s\n", cmp.Or(hex.EncodeToString([]byte(actions)), "(none)"))
	groups.print(w, "group")
	meters.print(w, "meter")
	return true
}

// place is where the logical flow is. By default it may go to as many tables as ovn-controller knows (LOG_PIPELINE_LEN).
func (p *place) place() action.Place {
	tables := 29
	if p.dialect.Release == dialect.Release2603 {
		tables = 35
	}
	tables = cmp.Or(p.tables, tables)
	place := action.Place{Table: p.table, Ingress: tables, Egress: tables}
	if p.egress {
		place.Pipeline = action.Egress
	}
	return place
}

// texts are those of groups or meters; the id of the first is 1.
type texts []string

func (t *texts) id(text string) uint32 {
	for i, known := range *t {
		if known == text {
			return uint32(i + 1)
		}
	}
	*t = append(*t, text)
	return uint32(len(*t))
}

func (t *texts) print(w *bufio.Writer, what string) {
	for i, text := range *t {
		fmt.Fprintf(w, "  %s %d: %s\n", what, i+1, text)
	}
}
