package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowhost/flowhost/core/admin"
)

const commandHelp = `Have a plugin do one of its own commands, and print what it answers. Without COMMAND, show which commands it has. A plugin
that does not answer within ten seconds is left alone, and that is an error.`

func newCommand() *cobra.Command {
	q := new(query)
	cmd := &cobra.Command{
		Use:   "command NAME [COMMAND [ARG...]]",
		Short: "Have a plugin do one of its own commands, or show which it has",
		Long:  commandHelp,
	}
	q.addFlags(cmd)
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := cobra.MinimumNArgs(1)(cmd, args); err != nil {
			return err
		}
		return check(cmd, nil)
	}
	cmd.Flags().SetInterspersed(false) // what follows NAME is the plugin's
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(cmd, q, func(ctx context.Context, c *admin.Client) (admin.PluginReply, error) {
			if len(args) == 1 {
				return commandsOf(ctx, c, args[0])
			}
			text, err := c.Command(ctx, args[0], args[1], args[2:]...)
			return admin.PluginReply{Text: text}, err
		}, printReply)
	}
	return cmd
}

// commandsOf lists the commands of a plugin, one a line.
func commandsOf(ctx context.Context, c *admin.Client, name string) (admin.PluginReply, error) {
	plugins, err := c.Plugins(ctx)
	for i := range plugins {
		if plugins[i].Name == name {
			return admin.PluginReply{Text: strings.Join(plugins[i].Commands, "\n")}, err
		}
	}
	if err == nil {
		err = fmt.Errorf("plugin %q: not configured", name)
	}
	return admin.PluginReply{}, err
}

func printReply(out io.Writer, reply admin.PluginReply) error {
	if reply.Text == "" {
		return nil
	}
	_, err := fmt.Fprintln(out, strings.TrimSuffix(reply.Text, "\n"))
	return err
}
