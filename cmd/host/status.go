package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/spf13/cobra"
)

const statusHelp = `Show how the host is: its switch connection, its flows, its plugins, and whether it is ready.

Ready means: the switch is connected and its tables are read, and every plugin has said everything it wants. If the
host is not ready, the last lines say why. The exit code is 0 whenever the host answers.`

func newStatus() *cobra.Command {
	q := new(query)
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the host is: switch, flows, plugins",
		Long:  statusHelp,
	}
	q.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(cmd, q, func(ctx context.Context, c *admin.Client) (admin.Status, error) {
			return c.Status(ctx)
		}, printStatus)
	}
	return cmd
}

func printStatus(out io.Writer, s admin.Status) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "host\t%s\tpid %d, flowhost %s, up %s\n", s.Bridge, s.PID, s.Version, ago(s.Started))
	if s.Config != "" {
		fmt.Fprintf(w, "config\t%s\tnot reloaded: %s\n", s.Bridge, s.Config)
	}
	fmt.Fprintf(w, "switch\t%s\t%s\n", s.Switch.Target, describeSwitch(&s.Switch))
	if text := describeProgress(&s.Switch.Progress); text != "" {
		fmt.Fprintf(w, "load\t%s\t%s\n", s.Bridge, text)
	}
	for _, trouble := range s.Switch.Troubles {
		fmt.Fprintf(w, "trouble\t%s\t%s\n", s.Bridge, trouble)
	}
	fmt.Fprintf(w, "flows\t%d desired\t%s\n", s.Flows.Desired, describeCounts(&s.Flows))
	for i := range s.Plugins {
		fmt.Fprintf(w, "plugin\t%s\t%s\n", s.Plugins[i].Name, describePlugin(&s.Plugins[i]))
	}
	if s.Ready {
		fmt.Fprintf(w, "ready\tyes\t\n")
	} else {
		fmt.Fprintf(w, "ready\tno\t%s\n", strings.Join(s.Reasons, "; "))
	}
	return w.Flush()
}

func describeSwitch(s *admin.Switch) string {
	text := fmt.Sprintf("%s for %s", s.Phase, ago(s.Since))
	if s.DatapathID != "" {
		text += ", datapath " + s.DatapathID
	}
	return withError(text, s.Error)
}

// describeProgress is empty when there is none.
func describeProgress(p *admin.Progress) string {
	switch {
	case p.Read > 0:
		return fmt.Sprintf("%d flows read", p.Read)
	case p.Due+p.InFlight == 0:
		return ""
	}
	text := fmt.Sprintf("%d changes due, %d on their way (%d kB", p.Due, p.InFlight, (p.Unanswered+999)/1000)
	if p.Backlog > 0 {
		text += fmt.Sprintf(", %d kB of them not written yet", (p.Backlog+999)/1000)
	}
	text += ")"
	if p.Lanes > 1 {
		text += fmt.Sprintf(", over %d connections", p.Lanes)
	}
	return text
}

func describeCounts(c *admin.Counts) string {
	text := fmt.Sprintf("%d installed", c.Installed)
	for _, more := range []struct {
		n    int
		what string
	}{
		{c.Pending, "pending"}, {c.Quarantined, "quarantined"}, {c.Stale, "stale"}, {c.Held, "held"}, {c.Orphans, "orphans"},
	} {
		if more.n > 0 {
			text += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	return text
}

func describePlugin(p *admin.Plugin) string {
	text := fmt.Sprintf("%s for %s", p.State, ago(p.Since))
	if p.PID != 0 {
		text += fmt.Sprintf(", pid %d", p.PID)
	}
	text += fmt.Sprintf(", %d restarts, %d flows", p.Restarts, p.Desired)
	if p.Stale > 0 {
		text += fmt.Sprintf(" (%d stale)", p.Stale)
	}
	if p.Says != "" {
		text += ": " + p.Says
	}
	return withError(text, p.Error)
}

func withError(text, err string) string {
	if err == "" {
		return text
	}
	return text + " (" + err + ")"
}

// now is the clock; tests stop it.
var now = time.Now

// ago is the time since t in two units at most: "3m12s", "5h1m".
func ago(t time.Time) string {
	d := now().Sub(t).Round(time.Second)
	if d >= time.Hour {
		return strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
	}
	return d.String()
}
